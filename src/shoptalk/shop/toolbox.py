"""A shop's tools for other programs and agents: each call works on what the shop is then."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shoptalk.agent.tools import Toolbox
    from shoptalk.shop.shop import Shop

__all__ = ["toolbox_of"]


def toolbox_of(shop: "Shop") -> "Toolbox":
    """The shop's tools: find, similar, look_up, compare, details, clarify. Safe to share."""
    from shoptalk.agent.tools import Toolbox

    return Toolbox(lambda: shop.refresh().engine)
