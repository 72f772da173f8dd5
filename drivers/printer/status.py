"""What a printer says back: status bytes, automatic status, answers in turn. Pure; any split gives the same.

Source: Epson ESC/POS reference (DLE EOT, GS a, GS r, GS ( H, GS ( E memory switch 1-1); Epson TM-U220 and
Bixolon SRP-350 specifications, status tables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

BLOCK_MAX: Final = 80  # bytes of one block; longer is noise
POWERED_ON: Final = b"\x3b\x31"  # the block a printer sends after power came, with memory switch 1-1 on
_BLOCKS: Final = (0x37, 0x3B, 0x5F)


class RealTime(NamedTuple):
    """The answer to one ``10 04 n``; it does not say to which n."""

    value: int


class Automatic(NamedTuple):
    """Four bytes the printer sends when something changes, and once when switched on by ``1D 61``."""

    data: bytes


class Flow(NamedTuple):
    """XON (``ready``) or XOFF."""

    ready: bool


class Block(NamedTuple):
    """``37 … 00``, ``3B … 00`` or ``5F … 00``, without its zero."""

    data: bytes


class InTurn(NamedTuple):
    """The answer to ``1D 72``; only meaningful when one was asked."""

    value: int


class Counted(NamedTuple):
    """How many questions in turn were answered since power came, modulo ``most``."""

    value: int
    most: int


Reply = RealTime | Automatic | Flow | Block | InTurn | Counted


class Demux:
    """Tells the replies apart by their first byte; keeps at most one unfinished reply."""

    def __init__(self) -> None:
        self.strange = 0  # bytes that no printer says there
        self._held = bytearray()

    @property
    def partial(self) -> bool:
        return bool(self._held)

    def reset(self) -> None:
        """Forget an unfinished reply: nothing followed for 100 ms."""
        self._held.clear()

    def feed(self, data: bytes) -> list[Reply]:
        replies: list[Reply] = []
        for value in data:
            if reply := self._take(value):
                replies.append(reply)
        return replies

    def _take(self, value: int) -> Reply | None:
        if value in (0x11, 0x13):  # flow control stands anywhere
            return Flow(value == 0x11)
        if self._held and self._held[0] in _BLOCKS:
            return self._in_block(value)
        if self._held:
            if value & 0x90 == 0:
                self._held.append(value)
                return self._finished() if len(self._held) == 4 else None
            self._held.clear()  # a torn automatic status: this byte begins something else
        return self._first(value)

    def _first(self, value: int) -> Reply | None:
        if value & 0x93 == 0x12:
            return RealTime(value)
        if value & 0x90 == 0:
            return InTurn(value)
        if value & 0x93 == 0x10 or value in _BLOCKS:
            self._held.append(value)
        else:
            self.strange += 1
        return None

    def _in_block(self, value: int) -> Reply | None:
        if value == 0:
            return self._finished()
        self._held.append(value)
        if len(self._held) > BLOCK_MAX:
            self._held.clear()
        return None

    def _finished(self) -> Reply:
        data = bytes(self._held)
        self._held.clear()
        return Automatic(data) if len(data) == 4 and data[0] & 0x93 == 0x10 else Block(data)


class Paper(StrEnum):
    OK = "ok"
    NEAR_END = "near_end"
    OUT = "out"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """``known`` False: it did not answer, or made no sense, and nothing else here means anything."""

    known: bool = False
    paper: Paper = Paper.CANNOT_TELL
    cover_open: bool = False
    cutter_jam: bool = False
    offline: bool = False
    drawer_high: bool = False

    @property
    def fault(self) -> str:
        """The slug of what a person must mend, empty when nothing is known to be wrong."""
        if not self.known:
            return ""
        if self.cover_open:  # an open cover also reads as paper out: name what the person sees
            return "cover_open"
        if self.paper is Paper.OUT:
            return "paper_out"
        return "cutter_jam" if self.cutter_jam else "offline" if self.offline else ""


CANNOT_TELL: Final = PrinterStatus()


def from_real_time(values: Mapping[int, int]) -> PrinterStatus:
    """``values`` maps each n of ``10 04 n`` to its answer; what was not asked is not claimed."""
    printer, cause, error, paper = (values.get(n, 0) for n in (1, 2, 3, 4))
    if paper & 0x60 or cause & 0x20:  # a printer set so stops at the near end already
        state = Paper.OUT
    elif 4 in values:
        state = Paper.NEAR_END if paper & 0x0C else Paper.OK
    else:
        state = Paper.CANNOT_TELL
    return PrinterStatus(
        known=bool(values),
        paper=state,
        cover_open=bool(cause & 0x04),
        cutter_jam=bool(error & 0x08),
        offline=bool(printer & 0x08 or cause & 0x40 or error & 0x60),
        drawer_high=bool(printer & 0x04),
    )


def from_automatic(data: Sequence[int]) -> PrinterStatus:
    """The four bytes of an automatic status."""
    first, second, third, _ = data
    return PrinterStatus(
        known=True,
        paper=Paper.OUT if third & 0x0C else Paper.NEAR_END if third & 0x03 else Paper.OK,
        cover_open=bool(first & 0x20),
        cutter_jam=bool(second & 0x08),
        offline=bool(first & 0x08 or second & 0x60),
        drawer_high=bool(first & 0x04),
    )
