"""Bonrix DQR-222 and relatives: lines of text, fields joined by ``**``.

Source: Bonrix, "DQR-222" guide and the maker's own serial text command examples. No screen is acknowledged,
so "written" is all that can be known of one; ``getvolume`` is answered and changes nothing.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal, NoReturn

from drivers.display.panel import PanelScreen, checked_code, cut, said
from drivers.display.panel_link import PanelLink
from drivers.transport import Transport

LINE_MAX: Final = 512  # bytes of an answer; the longest that is asked for has 20
SEPARATOR: Final = "**"
_ENDS: Final = re.compile(rb"[\r\n]")
SOUND_MIN: Final = 8  # signs of its shortest answer; shorter lines stand in any garbage
_VOLUME: Final = re.compile(rb"(?:Current Volume|Volume(?: set to)?): *([0-9]{1,3})")
_EMPTY: Final = b"-"  # what an empty field would do is not documented
_RESULTS: Final = {
    "paid": "DisplaySuccessQRCodeScreen",
    "failed": "DisplayFailQRCodeScreen",
    "cancelled": "DisplayCancelQRCodeScreen",
}


@dataclass(frozen=True, slots=True)
class BonrixProfile:
    """See profiles/panels/bonrix.toml."""

    name: str = "bonrix"
    title: str = "Bonrix DQR"
    baud: int = 115200
    flow: Literal["none", "xonxoff", "rtscts"] = "none"
    dtr: bool = True
    answer_ms: int = 500
    code_max: int = 512
    field_max: int = 64
    encoding: str = "ascii"
    line_end: str = "\n"


class LineDecoder:
    """Bytes in any split -> lines without their end. What is too long is dropped up to the next line.

    So is what no display says: a flood of noise must not pass for lines (L6).
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes]:
        *whole, rest = _ENDS.split(data)
        lines: list[bytes] = []
        for piece in whole:
            self._keep(piece)
            if not self._skipping and _makes_sense(self._buffer):
                lines.append(bytes(self._buffer))
            self._buffer.clear()
            self._skipping = False
        self._keep(rest)
        return lines

    def _keep(self, data: bytes) -> None:
        if len(self._buffer) + len(data) > LINE_MAX:
            self._skipping = True
            self._buffer.clear()
        elif not self._skipping:
            self._buffer += data


def _makes_sense(line: bytearray) -> bool:
    text = line.isascii() and line.decode("ascii").isprintable() and len(line) >= SOUND_MIN
    return text or volume(bytes(line)) is not None


def volume(line: bytes) -> int | None:
    """Of an answer to ``getvolume``; None: it is none. Bytes of noise before it do no harm."""
    found = _VOLUME.search(line)
    return int(found[1]) if found else None


class BonrixPanel:
    """One display on an open transport: see ``drivers.display.panel.Panel``."""

    shows_codes = True
    answers = True
    reads_back = False

    def __init__(self, transport: Transport, profile: BonrixProfile) -> None:
        self._transport, self._profile = transport, profile
        self._link = PanelLink(transport, LineDecoder, is_echo=lambda line, sent: line == sent.strip())

    async def greet(self) -> dict[str, str]:
        await self._link.restart()
        await self._link.tell(
            self._profile.line_end.encode("ascii")
        )  # whatever stood half in its buffer ends here
        await self.alive()
        return {"model": self._profile.title}

    async def show(self, screen: PanelScreen) -> None:
        await self._link.tell(self.bytes_of(screen))

    async def alive(self) -> bool:
        await self._link.ask(self._line("getvolume"), volume, limit_ms=self._profile.answer_ms, what="getvolume")
        return True

    async def watch(self) -> NoReturn:
        await self._link.watch()

    def bytes_of(self, screen: PanelScreen) -> bytes:
        """The one line that shows ``screen``. Raises DeviceRefused: this code cannot be said here."""
        clean = said(screen, self._profile.encoding)
        name = " ".join(each for each in (clean.test, clean.title) if each)
        if screen.kind == "code":
            limit = "code_max of its profile"
            joins = "*" in (screen.payload[:1], screen.payload[-1:])  # with the separator beside it
            forbidden = ("*",) if joins else (SEPARATOR,)
            code = checked_code(
                self._transport.name, screen.payload, self._profile.code_max, limit, forbidden=forbidden
            )
            return self._line("DisplayQRCodeScreen", code, self._field(clean.digits), self._field(name))
        if command := _RESULTS.get(screen.kind):
            marks = " ".join(each for each in (clean.test, clean.amount) if each)
            fields = (self._field(clean.reference), self._field(marks), _EMPTY)
            return self._line(command, *fields)
        amount = "" if screen.kind == "idle" else clean.amount
        words = " ".join(each for each in (clean.test, amount, clean.words or clean.title) if each)
        return self._line("WelcomeScreen", self._field(words))

    def _field(self, text: str) -> bytes:
        """Words as one field: no ``**``, also none made of its end and the next separator, and never empty."""
        starless = text.replace("*", " ").strip()
        return cut(starless, self._profile.field_max, self._profile.encoding).strip() or _EMPTY

    def _line(self, command: str, *fields: bytes) -> bytes:
        return SEPARATOR.encode().join((command.encode("ascii"), *fields)) + self._profile.line_end.encode("ascii")
