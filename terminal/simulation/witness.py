"""Who looks on at a simulated shop and takes no part."""

from collections.abc import Sequence
from pathlib import Path

from terminal.counter.ports import HttpRequest
from terminal.sandbox.any_bank import Entry
from terminal.sandbox.notifications import Delivery
from terminal.sandbox.outcome import Reply


class Witness:
    """Whoever looks on: sees the line, the post and the journal's commits, and takes no part."""

    def request(self, request: HttpRequest) -> None: ...

    def worked(self, request: HttpRequest, reply: Reply, at_ms: int) -> None:
        """The bank has done it; ``at_ms`` is its own time."""

    def reply(self, request: HttpRequest, reply: Reply) -> None: ...

    def letter(self, delivery: Delivery) -> None:
        """A notification reaches the shop."""

    def letter_taken(self, delivery: Delivery) -> None:
        """The shop said yes."""

    def attempt_named(self, core: str) -> str:
        """The attempt whose number begins so."""
        return core

    def booked(self, number: str, entries: Sequence[Entry]) -> None:
        """A bank without an API booked these for the attempt."""

    def committed(self) -> None: ...

    def born(self, journal: Path) -> None:
        """A process has the journal open."""

    def died(self) -> None: ...

    def wrong(self, invariant: str, what: str) -> None: ...
