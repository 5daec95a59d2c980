"""A shop: a catalog with everything built on it in one folder, and the talks that are held over it."""

from shoptalk.shop.shop import FILMS, Shop
from shoptalk.shop.talk import Talk
from shoptalk.shop.updating import UpdateReport

__all__ = ["FILMS", "Shop", "Talk", "UpdateReport"]
