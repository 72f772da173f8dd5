"""What happened on a counter, in order: noted cheaply while a test runs, put into words only when it failed."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from terminal.counter.ports import HttpRequest
from terminal.payments.event import Event
from terminal.sandbox.notifications import Delivery
from terminal.sandbox.outcome import Reply
from terminal.simulation.witness import Witness

KEPT: Final = 6000
SHOWN: Final = 80
SIGNS: Final = {"out": "→", "in": "←", "": " "}


class Note(NamedTuple):
    """``data`` are bytes on a cable; else ``text`` says it. ``way``: "out" to the device or bank, "in" from it."""

    at_ns: int
    place: str
    way: str
    text: str
    data: bytes = b""


class Story(Witness):
    """Also the world's witness: it sees every request, answer and notification of the bank.

    ``wrongs``: what may never be, such as a service that ended by itself.
    """

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self.wrongs: list[str] = []
        self._notes: deque[Note] = deque(maxlen=KEPT)

    def note(self, place: str, text: str, *, way: str = "") -> None:
        self._notes.append(Note(self._now_ns(), place, way, text))

    def tap(self, role: str) -> Callable[[str, bytes], None]:
        """What a cable calls with every byte that passes."""
        add, now_ns = self._notes.append, self._now_ns

        def hear(source: str, data: bytes) -> None:
            add(Note(now_ns(), role, "out" if source == "host" else "in", "", data))

        return hear

    # --- the line to the bank -----------------------------------------------------------------------------

    def request(self, request: HttpRequest) -> None:
        self.note("bank", f"{request.method} {request.target}", way="out")

    def reply(self, request: HttpRequest, reply: Reply) -> None:
        self.note("bank", f"{reply.status} {request.target}", way="in")

    def letter(self, delivery: Delivery) -> None:
        self.note("bank", f"notification {delivery.id}", way="in")

    def letter_taken(self, delivery: Delivery) -> None:
        self.note("bank", f"is told that {delivery.id} was understood", way="out")

    def wrong(self, invariant: str, what: str) -> None:
        self.wrongs.append(f"{invariant}: {what}")

    # --- telling ------------------------------------------------------------------------------------------

    def lines(self, events: list[tuple[int, Event]]) -> list[str]:
        """The last SHOWN lines that say something; ``events`` are the journal's, each with its time."""
        told = [(at_ns, 1, "journal", "", _of(event)) for at_ns, event in events]
        told += [(each.at_ns, 0, each.place, each.way, text) for each in self._notes for text in _words(each)]
        told.sort(key=lambda each: each[:2])
        left_out = max(len(told) - SHOWN, 0)
        shown = [
            f"{at_ns / 1e9:9.3f} s  {place:8} {SIGNS[way]} {text}" for at_ns, _, place, way, text in told[-SHOWN:]
        ]
        return [f"… {left_out} lines before", *shown] if left_out else shown


def _words(note: Note) -> Iterator[str]:
    if not note.data:
        yield note.text
        return
    from terminal.lab.readable import readable, telling

    text = readable(note.place, "host" if note.way == "out" else "device", note.data)
    if telling(text):
        yield text


def _of(event: Event) -> str:
    body = event.body
    said = [f"{name}={body[name]}" for name in ("to", "effect", "kind", "outcome", "amount_minor") if name in body]
    return " ".join([f"{event.number} {event.type}", *said])
