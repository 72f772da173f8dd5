"""The whole counter as a test library: ``pip install "countertop[testing]"`` brings pytest its fixtures.

The plugin is ``terminal.testing.plugin``; docs/integrate/testing.md shows each fixture. Importing this costs next
to nothing: what the fixtures are made of is loaded when a test asks for one.
"""

from typing import TYPE_CHECKING, Any

from terminal.testing.receipt import assert_receipt
from terminal.testing.setup import BadSetup, Fault, Setup

if TYPE_CHECKING:
    from terminal.testing.counter import Counter
    from terminal.testing.live import LiveCounter
    from terminal.testing.live_sale import LiveSale
    from terminal.testing.places import Bank, Clock, Display, Phone, Printer, Scanner, Slip, Speaker
    from terminal.testing.stories import play

_PLACES = {"Bank", "Clock", "Display", "Phone", "Printer", "Scanner", "Slip", "Speaker"}

__all__ = [
    "BadSetup",
    "Bank",
    "Clock",
    "Counter",
    "Display",
    "Fault",
    "LiveCounter",
    "LiveSale",
    "Phone",
    "Printer",
]
__all__ += ["Scanner", "Setup", "Slip", "Speaker", "assert_receipt", "play"]


def __getattr__(name: str) -> Any:
    """The types, for annotations, and what needs a world."""
    if name in _PLACES:
        from terminal.testing import places

        return getattr(places, name)
    if name == "Counter":
        from terminal.testing.counter import Counter

        return Counter
    if name == "LiveSale":
        from terminal.testing.live_sale import LiveSale

        return LiveSale
    if name == "LiveCounter":
        from terminal.testing.live import LiveCounter

        return LiveCounter
    if name == "play":
        from terminal.testing.stories import play

        return play
    raise AttributeError(f"terminal.testing has no {name}")
