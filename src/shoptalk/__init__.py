"""shoptalk: a conversational recommender over any catalog.

from shoptalk import Shop

reply = Shop.open("films").talk().say("something like Alien but funny")
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shoptalk.shop import Shop, Talk

__all__ = ["Shop", "Talk", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """`Shop` and `Talk`, imported when first asked for, so that `import shoptalk` costs nothing."""
    if name in ("Shop", "Talk"):
        from shoptalk import shop

        return getattr(shop, name)
    raise AttributeError(f"module 'shoptalk' has no attribute '{name}'")
