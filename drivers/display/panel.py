"""What a display with letters of its own is told: a code's text, an amount, words. It draws them itself.

One protocol per file beside this one makes bytes of it; ``terminal/peripherals/panel_display.py`` drives them all.
"""

import unicodedata
from dataclasses import dataclass, replace
from typing import Final, Literal, NoReturn, Protocol

from drivers.errors import DeviceGone, DeviceRefused

Kind = Literal["code", "scan", "scanned", "acting", "paid", "failed", "cancelled", "checking", "late", "idle"]

ECHO: Final = (
    "what we send comes back: the adapter echoes (half duplex) or TX and RX are joined; "
    "use a full-duplex RS-232 or TTL adapter, or switch its echo off"
)
_NO_CONTROL: Final = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")  # no bidi marks either: an amount reads one way


@dataclass(frozen=True, slots=True)
class PanelScreen:
    """What to show, in words ready for people. Every text may be empty.

    Args:
        kind: which page, sign or lamp. ``scan``: the customer shows their own code; ``scanned``: it is being paid
            with; ``acting``: they finish that on their phone.
        payload: text of the code; only with kind ``code``.
        amount: as people write it, ``¥28.50``; ``digits``: the number alone, ``28.50``.
        title: the shop's name.
        words: what to do or what happened, in the customer's language.
        reference: of a paid sale, its check code.
        test: the mark every screen of a test carries (I25); empty in a live shop.
        item: with kind ``idle`` and an amount, what was entered last; ``price`` is its, the amount the sum so far.
            ``title`` and ``words`` say both, for panels that have a page of two texts.
    """

    kind: Kind
    payload: str = ""
    amount: str = ""
    digits: str = ""
    title: str = ""
    words: str = ""
    reference: str = ""
    test: str = ""
    item: str = ""
    price: str = ""


class Panel(Protocol):
    """One display on an open transport. Every call raises DeviceError and is bounded in time.

    ``shows_codes``: it can draw a code from its text. ``answers``: it can be asked whether it is there.
    ``reads_back``: a returned ``show`` means that the panel told the text and page it holds, not only that the
    bytes left.
    """

    @property
    def shows_codes(self) -> bool: ...
    @property
    def answers(self) -> bool: ...
    @property
    def reads_back(self) -> bool: ...

    async def greet(self) -> dict[str, str]:
        """Who is there, for people (``model``, ``serial``). Another counter's goes dark before it is refused."""
        ...

    async def show(self, screen: PanelScreen) -> None:
        """Raises DeviceRefused before the first byte when the code is longer than the panel can hold."""
        ...

    async def alive(self) -> bool:
        """Ask it; False: it is there and shows something else than it was told."""
        ...

    async def watch(self) -> NoReturn:
        """Read what it says of itself until something ends it."""
        ...


class PanelRebooted(DeviceGone):
    """It started again and shows its first page. Greet it again and repaint."""


def one_line(text: str) -> str:
    """``text`` without anything that could end a field, a line or a command: one line of printable characters."""
    composed = unicodedata.normalize("NFC", text)
    spaced = "".join(" " if char.isspace() else char for char in composed)
    return " ".join("".join(char for char in spaced if unicodedata.category(char) not in _NO_CONTROL).split())


def sayable(text: str, codec: str) -> str:
    """One clean line in the letters of ``codec``, accents dropped where it lacks them; else "".

    Half a name is nobody's name: what cannot be spelt is left out whole.
    """
    out = ""
    for char in one_line(text).replace("\N{EN DASH}", "-"):
        bare = unicodedata.normalize("NFD", char)[0]
        found = next((each for each in (char, bare) if each.encode(codec, "ignore")), "")
        if not found:
            return ""
        out += found
    return out


def said(screen: PanelScreen, codec: str) -> PanelScreen:
    """The screen in letters the panel has. The code's own text is never changed.

    An amount whose sign it lacks is its number alone; a test says TEST in every language (I25).
    """
    return replace(
        screen,
        amount=sayable(screen.amount, codec) or sayable(screen.digits, codec),
        digits=sayable(screen.digits, codec),
        title=sayable(screen.title, codec),
        words=sayable(screen.words, codec),
        reference=sayable(screen.reference, codec),
        test=screen.test and (sayable(screen.test, codec) or "TEST"),
        item=sayable(screen.item, codec),
        price=sayable(screen.price, codec),
    )


def checked_code(where: str, payload: str, longest: int, limit: str, *, forbidden: tuple[str, ...] = ()) -> bytes:
    """The code's bytes, whole: never cut, never repaired. Raises DeviceRefused, so that another glass shows it.

    Args:
        longest: bytes the panel holds; ``limit`` says where that number is set.
        forbidden: what this wire cannot carry inside a text.
    """
    if not payload or not payload.isascii() or not payload.isprintable():
        raise DeviceRefused(f"{where}: this code's text has characters the display's wire cannot carry")
    if found := next((each for each in forbidden if each in payload), ""):
        raise DeviceRefused(f"{where}: this code's text holds {found!r}, which the display's wire cannot carry")
    if len(payload) > longest:
        raise DeviceRefused(
            f"{where}: this code has {len(payload)} characters, the display holds {longest} ({limit}); "
            "a cut code would be a wrong code"
        )
    return payload.encode("ascii")


def cut(text: str, size: int, encoding: str) -> bytes:
    """Words in the panel's characters: what it lacks becomes "?", never cut within a character."""
    out = b""
    for char in text:
        data = char.encode(encoding, errors="replace")
        if len(out) + len(data) > size:
            break
        out += data
    return out
