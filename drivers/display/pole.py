"""Pole displays: two lines of 20 letters, or eight digits. They show an amount and words, never a code.

Three dialects of the same hardware: CD5220, ESC/POS and LED8N. None answers: what left is all that is known.

Source: Partner, "CD5220" command manual; Epson, ESC/POS command pages for customer displays (DM-D series);
LED8N customer display command lists (ESC Q A, ESC s).
"""

from dataclasses import dataclass, field
from typing import Final, Literal, NoReturn

from drivers.display.panel import PanelScreen, cut, said
from drivers.display.panel_link import Deaf, PanelLink
from drivers.transport import Transport

Dialect = Literal["cd5220", "escpos-vfd", "led8n"]
COLUMNS: Final = 20
DIGITS: Final = 8
CLEAR: Final = b"\x0c"  # also ends the CD5220's line mode, in which it hears nothing else
RESET: Final = b"\x1b\x40"
CHOOSE: Final = b"\x1b\x3d\x02"  # the display, not a printer behind it; a reset may forget it
_ASKS: Final = ("scan", "scanned", "acting")
_LED8N_LAMPS: Final = {  # total so far, total, received
    **{"idle": b"2", "code": b"2", "paid": b"3"},
    **dict.fromkeys(_ASKS, b"2"),
}


@dataclass(frozen=True, slots=True)
class PoleProfile:
    """See profiles/panels/cd5220.toml. ``words``: short ones for what its letters cannot say, by kind."""

    name: str = "cd5220"
    title: str = "Pole display 2x20"
    dialect: Dialect = "cd5220"
    baud: int = 9600
    flow: Literal["none", "xonxoff", "rtscts"] = "none"
    dtr: bool = True
    codec: str = "cp437"
    code_page: int = -1
    brightness: int = 4
    words: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        "".encode(self.codec)  # LookupError, which is no ValueError: a profile with it is a bug
        if self.dialect not in ("cd5220", "escpos-vfd", "led8n") or not 1 <= self.brightness <= 4:
            raise ValueError(f"display profile {self.name}: no such dialect or brightness")


class PolePanel:
    """One pole display on an open transport: see ``drivers.display.panel.Panel``."""

    shows_codes = False
    answers = False
    reads_back = False

    def __init__(self, transport: Transport, profile: PoleProfile) -> None:
        self._profile = profile
        self._link = PanelLink(transport, Deaf)

    async def greet(self) -> dict[str, str]:
        await self._link.restart()
        await self._link.tell(start(self._profile))
        return {"model": self._profile.title}

    async def show(self, screen: PanelScreen) -> None:
        await self._link.tell(bytes_of(screen, self._profile))

    async def alive(self) -> bool:
        return True

    async def watch(self) -> NoReturn:
        await self._link.watch()


def start(profile: PoleProfile) -> bytes:
    """From whatever state it is in to a dark glass in the right character set."""
    match profile.dialect:
        case "cd5220":
            page = b"\x1b\x63" + bytes((profile.code_page,)) if profile.code_page >= 0 else b""
            light = b"\x1b\x2a" + bytes((profile.brightness,))
            heard = CHOOSE + CLEAR + CHOOSE + RESET + CHOOSE  # also out of the line mode
            return heard + page + b"\x1b\x11" + b"\x1b\x5f\x00" + light + CLEAR
        case "escpos-vfd":
            page = b"\x1b\x74" + bytes((profile.code_page,)) if profile.code_page >= 0 else b""
            light = b"\x1f\x58" + bytes((profile.brightness,))
            return CHOOSE + RESET + CHOOSE + page + b"\x1f\x01" + b"\x1f\x43\x00" + light + CLEAR
        case "led8n":
            return CLEAR


def bytes_of(screen: PanelScreen, profile: PoleProfile) -> bytes:
    """Everything that shows ``screen``, whatever stood there before."""
    clean = said(screen, profile.codec)
    if profile.dialect == "led8n":
        return _led8n(clean)
    upper, lower = (_encoded(line, profile) for line in lines(clean, profile))
    if profile.dialect == "cd5220":
        return CLEAR + b"\x1b\x51\x41" + upper + b"\x0d" + b"\x1b\x51\x42" + lower + b"\x0d"
    return b"\x1f\x24\x01\x01" + upper + b"\x1f\x24\x01\x02" + lower


def lines(screen: PanelScreen, profile: PoleProfile) -> tuple[str, str]:
    """Two lines of exactly 20 columns: old text never shines through. A Chinese letter takes two.

    An amount stands on the right, whole: a longer one takes the word's place, and one that does not fit at
    all is not shown. TEST (I25) goes before the shop's name.
    """
    line, mark = _Line(profile.codec), _mark(screen, profile)
    if screen.kind == "idle" and screen.amount:
        label = f"{mark} {profile.words.get('code', '')}".strip()
        return line.pair(screen.item, screen.price), line.pair(label, screen.amount, screen.digits, else_left=mark)
    if screen.kind == "idle":
        upper, rest = line.broken(screen.title)
        return line.centred(upper), line.centred(f"{mark} {rest}".strip() or screen.words)
    amount = next((each for each in (screen.amount, screen.digits) if line.width(each) <= COLUMNS), "")
    if screen.kind in _ASKS:
        return line.pair(profile.words.get("code", ""), amount, else_left=""), line.left(_asked(screen, profile))
    label = _short(screen, profile)
    room = COLUMNS - line.width(amount) - 1
    fits = room > 0 and line.width(label) <= room
    upper = line.pair(label if fits else "", amount)
    below = " ".join(each for each in (mark, screen.reference or "") if each)
    rest = screen.title if fits and screen.kind == "code" else "" if fits else label
    return upper, line.left(f"{below} {rest}".strip())


def digits_only(text: str) -> str:
    """At most eight digits and a point, or nothing: half an amount is a wrong amount."""
    kept = text.replace(",", "")
    if not kept.isascii() or not kept.replace(".", "", 1).isdigit():
        return ""
    return kept if sum(char.isdigit() for char in kept) <= DIGITS else ""


def _led8n(screen: PanelScreen) -> bytes:
    """Digits and a lamp. It has no letters for TEST (I25), so a test leaves it dark."""
    number = digits_only(screen.digits)
    lamp = _LED8N_LAMPS.get(screen.kind)
    if screen.test or lamp is None or not number:
        return CLEAR + b"\x1b\x73\x30"
    return b"\x1b\x51\x41" + number.encode("ascii") + b"\x0d" + b"\x1b\x73" + lamp


def _asked(screen: PanelScreen, profile: PoleProfile) -> str:
    """What the customer does now, whole behind the mark of a test; in the profile's words where it has no room."""
    width, mark = _Line(profile.codec).width, _mark(screen, profile)
    said = (f"{mark} {words}".strip() for words in (screen.words, profile.words.get(screen.kind, "")) if words)
    return next((each for each in said if width(each) <= COLUMNS), mark)


def _short(screen: PanelScreen, profile: PoleProfile) -> str:
    """The customer's own words when the glass has the letters and the room, else the profile's."""
    words = screen.words
    room = _Line(profile.codec).width(words) <= COLUMNS - 8
    return words if words and room else profile.words.get(screen.kind, "")


def _mark(screen: PanelScreen, profile: PoleProfile) -> str:
    return profile.words.get("test", "TEST") if screen.test else ""


@dataclass(frozen=True, slots=True)
class _Line:
    """Text on 20 columns. On a glass of this codec a letter is as wide as it has bytes."""

    codec: str

    def width(self, text: str) -> int:
        return len(text.encode(self.codec, errors="replace"))

    def cut(self, text: str, columns: int) -> str:
        return cut(text, columns, self.codec).decode(self.codec)

    def left(self, text: str) -> str:
        shown = self.cut(text, COLUMNS)
        return shown + " " * (COLUMNS - self.width(shown))

    def centred(self, text: str) -> str:
        shown = self.cut(text, COLUMNS)
        return self.left(" " * ((COLUMNS - self.width(shown)) // 2) + shown)

    def broken(self, text: str) -> tuple[str, str]:
        """A text of two lines, between words where that leaves anything above."""
        if self.width(text) <= COLUMNS:
            return text, ""
        upper = self.cut(text, COLUMNS)
        rest = text[len(upper) :]
        if not rest.startswith(" ") and (space := upper.rfind(" ")) > 0:
            upper, rest = text[:space], text[space:]
        return upper, rest.strip()

    def pair(self, left: str, *rights: str, else_left: str | None = None) -> str:
        """The first right text that fits. The left one is cut to its room, or ``else_left``, whole, is there."""
        least = self.width(else_left) + 1 if else_left else 0
        right = next((each for each in rights if self.width(each) + least <= COLUMNS), "")
        room = COLUMNS - self.width(right) - bool(right)
        whole = else_left is None or self.width(left) <= room
        shown = self.cut(left, max(room, 0)) if whole else else_left or ""
        return shown + " " * (COLUMNS - self.width(shown) - self.width(right)) + right


def _encoded(line: str, profile: PoleProfile) -> bytes:
    """20 bytes, no control byte among them (S61): line ends and escapes come from this file only."""
    data = line.encode(profile.codec, errors="replace")
    assert len(data) == COLUMNS, "a letter is as wide as it has bytes"
    return bytes(byte if byte >= 0x20 and byte != 0x7F else 0x3F for byte in data)
