"""A sale and a till's screen as they are whenever a test looks."""

from collections.abc import Callable, Sequence

from terminal.counter.service import Service
from terminal.payments.sale import Attempt, Refund, Sale

Running = Callable[[], Service]  # the service as it runs now; raises AssertionError while it is down


class LiveSale:
    """A sale as it is whenever it is looked at."""

    def __init__(self, running: Running, sale_id: str) -> None:
        self._running, self.id = running, sale_id

    @property
    def now(self) -> Sale:
        """The core's own value, all of it."""
        return self._running().book.sale(self.id)

    @property
    def state(self) -> str:
        """open, checking, paid, cancelled or expired."""
        return str(self.now.state)

    @property
    def word(self) -> str:
        """What the till's screen says: waiting, acting, checking, paid, not_paid or person."""
        return str(self.now.word)

    @property
    def amount_minor(self) -> int:
        return self.now.amount.minor

    @property
    def paid_minor(self) -> int:
        return self.now.paid_minor

    @property
    def check_code(self) -> str:
        """The four characters that glass, till and slip share once it is paid."""
        return self._running().check_code(self.now)

    @property
    def attempts(self) -> Sequence[Attempt]:
        return self.now.attempts

    @property
    def refunds(self) -> Sequence[Refund]:
        return self.now.refunds

    @property
    def exceptions(self) -> list[str]:
        """Kinds of what waits for a person."""
        return [each.kind for each in self.now.exceptions]

    @property
    def events(self) -> list[str]:
        """Types of everything that the journal holds of it, in order."""
        return [each.type for each in self._running().feed.of_subject(self.id)]

    def __repr__(self) -> str:
        return f"<sale {self.id}: {self.state}, {self.word}>"


class Till:
    """What the cashier's screen is about."""

    def __init__(self, running: Running, counter: str) -> None:
        self._running, self._counter = running, counter

    @property
    def sale(self) -> LiveSale | None:
        """The open sale, else the last one."""
        lane = self._running().lane(self._counter)
        found = lane.current or lane.last_sale
        return LiveSale(self._running, found) if found else None

    @property
    def word(self) -> str:
        """The big word; ``ready`` before the first sale."""
        return self.sale.word if self.sale else "ready"
