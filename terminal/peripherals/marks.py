"""What stands on every screen that moves no money, and why none moves."""

from terminal.counter.ports import Screen


def mark(screen: Screen) -> str:
    """The word's key in the catalogues, for a screen with ``test``."""
    return "customer.training" if screen.training else "customer.test"


def short_mark(screen: Screen) -> str:
    """The same where one word has to do."""
    return "state.training" if screen.training else "state.test"
