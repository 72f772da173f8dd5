"""Everything that happens in the simulated world, in order: bytes on cables, calls at the bank, people's acts."""

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

KEPT: Final = 2000
HEX_MAX: Final = 48  # bytes of a line shown as hex; the rest is counted


class Clock(Protocol):
    def wall_ms(self) -> int: ...


class Line(msgspec.Struct, frozen=True):
    """``place``: display, scanner, printer, speaker, bank, phone, lab or service; ``way``: "out" towards the
    device or bank, "in" from it, empty for acts. ``bytes`` counts all, ``hex`` shows the first HEX_MAX."""

    number: int
    at_ms: int
    place: str
    way: str
    text: str
    hex: str = ""
    bytes: int = 0


class Timeline:
    """The last KEPT lines; ``on_line`` hears of each new one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lines: deque[Line] = deque(maxlen=KEPT)
        self._last = 0
        self.on_line: Callable[[Line], None] = lambda _line: None

    @property
    def last(self) -> int:
        return self._last

    def add(self, place: str, way: str, text: str, data: bytes = b"", *, at_ms: int | None = None) -> None:
        self._last += 1
        shown = data[:HEX_MAX].hex(" ") + (" …" if len(data) > HEX_MAX else "")
        at_ms = self._clock.wall_ms() if at_ms is None else at_ms
        line = Line(self._last, at_ms, place, way, text, shown, len(data))
        self._lines.append(line)
        self.on_line(line)

    def after(self, number: int) -> list[Line]:
        return [line for line in self._lines if line.number > number]
