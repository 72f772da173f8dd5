"""Text to the printer's own characters: the one place where data becomes bytes (S61).

Whatever the text holds, no control byte comes out of here: only the layout code writes ESC, GS, FS, DLE.
A printer knows a character in a single-byte code page, in its double-byte Chinese set, or not at all.

Source: GB 18030-2005; makers' ESC/POS manuals, commands ESC t, FS &, FS . .
"""

import re
import unicodedata
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache, reduce
from operator import or_
from typing import Final, NamedTuple

from drivers.printer.bitmap import Bitmap, Paint, inked, paste
from drivers.printer.profile import PrinterProfile
from drivers.printer.scripts import joined, syllables, without_loose_joiners, words

_KNOWN_MAX: Final = 8192  # remembered characters; enough for every shop, and a limit
_WORDS_MAX: Final = 1024
_DRAWN_MAX: Final = 1024  # letters, about a kilobyte each
_MEASURE_DOTS: Final = 1200  # a wider word is squeezed: it is none
_SYLLABLE_MAX: Final = 4  # columns; one syllable never fills a line
TALL_DOTS: Final = 30  # a line of letters that stack, at size 1: as high as the line feed
_SPACES: Final = re.compile(r"[\t\n\v\f\r\x85\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f]")
_MARKS: Final = ("Mn", "Me", "Mc")
_DROPPED: Final = ("Cc", "Cf")  # C0, C1, bidi controls, byte order marks
_JOINERS: Final = "\u200c\u200d"  # kept only behind letters that join


class How(Enum):
    ASCII = "ascii"  # the same byte in every mode
    PAGE = "page"
    CHINESE = "chinese"
    DRAW = "draw"


class Cell(NamedTuple):
    """One character, its width in columns, and how this printer says it."""

    text: str
    width: int
    how: How
    data: bytes = b""
    page: int = -1


_PLAIN: Final = {chr(code): Cell(chr(code), 1, How.ASCII, bytes((code,))) for code in range(0x20, 0x7F)}
UNKNOWN: Final = _PLAIN["?"]
SPACE: Final = _PLAIN[" "]


def clean(text: str) -> str:
    """Composed characters, every kind of space and line end as a space, no controls of any kind."""
    if text.isascii() and text.isprintable():
        return text
    composed = unicodedata.normalize("NFC", _SPACES.sub(" ", text))
    kept = "".join(char for char in composed if char in _JOINERS or unicodedata.category(char) not in _DROPPED)
    return without_loose_joiners(kept)


@lru_cache(maxsize=8)
def charset_of(profile: PrinterProfile, paint: Paint | None) -> "Charset":
    """One table per model: it takes longer to make than a slip."""
    return Charset(profile, paint)


class Charset:
    """The characters of one printer. ``paint``: text it lacks may become a picture."""

    def __init__(self, profile: PrinterProfile, paint: Paint | None = None) -> None:
        self._chinese = profile.chinese
        self._dots = profile.width_dots // profile.columns
        self._paint = paint if profile.unsayable != "replace" else None
        self._can_draw = self._paint is not None
        self._known: dict[str, Cell] = {}
        self._words: dict[str, list[Cell]] = {}
        self._drawn: dict[tuple[str, int, int, bool], Bitmap | None] = {}
        self._pages: dict[str, tuple[int, bytes]] = {}
        for codec, number in reversed(profile.code_pages):
            for value in range(0x80, 0x100):
                char = bytes((value,)).decode(codec, errors="ignore")
                if char and unicodedata.category(char) not in _DROPPED:
                    self._pages[char] = number, bytes((value,))

    def cells(self, text: str) -> list[Cell]:
        text = clean(text)
        if text.isascii():
            return [*map(_PLAIN.__getitem__, text)]
        if not joined(text):
            return [*map(self._cell, _clusters(text))]
        cells: list[Cell] = []
        for piece, is_word in words(text):
            cells += self._word(piece) if is_word else self.cells(piece)
        return cells

    def dots(self, letter: str, width: int, height: int, bold: bool) -> Bitmap | None:
        """One letter in the middle of a place of so many dots; None: no font has it."""
        key = letter, width, height, bold
        try:
            return self._drawn[key]  # one look: on another thread another counter's slip may empty it
        except KeyError:
            drawn = inked(found) if self._paint and (found := self._paint(*key)) else None
        placed = drawn and paste(width, height, [((width - drawn.width) // 2, drawn)])
        if len(self._drawn) >= _DRAWN_MAX:
            self._drawn.clear()
        self._drawn[key] = placed
        return placed

    def _word(self, word: str) -> list[Cell]:
        """Syllables that together are as wide as the word is when it is drawn whole."""
        cells = self._words.get(word)
        if cells is None:
            if len(self._words) >= _WORDS_MAX:
                self._words.clear()
            cells = self._words[word] = self._measured(word)
        return cells

    def _measured(self, word: str) -> list[Cell]:
        parts = syllables(word)
        drawn = self._paint(word, _MEASURE_DOTS, TALL_DOTS, False) if self._paint else None
        if drawn is None:
            return [UNKNOWN] * len(parts)
        ink = reduce(or_, drawn.rows, 0)
        dots = ink.bit_length() - (ink & -ink).bit_length() + 2 if ink else 1
        count = len(parts)
        columns = min(-(-dots // self._dots), _SYLLABLE_MAX * count)
        return [
            Cell(part, columns * (index + 1) // count - columns * index // count, How.DRAW)
            for index, part in enumerate(parts)
        ]

    def _cell(self, cluster: str) -> Cell:
        cell = self._known.get(cluster)
        if cell is None:
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            cell = self._known[cluster] = self._choose(cluster)
        return cell

    def _choose(self, cluster: str) -> Cell:
        """A code page before the Chinese set: é beside Chinese must not become a double-width letter.

        ¥ is the exception: with a Chinese set it is always the full-width sign A3 A4, because U+00A5 is four
        bytes in GB18030 and a GBK printer shows them as rubbish.
        """
        if plain := _PLAIN.get(cluster):
            return plain
        if self._chinese and cluster == "\u00a5":
            cluster = "\uffe5"
        if page := self._pages.get(cluster):
            return Cell(cluster, 1, How.PAGE, page[1], page[0])
        if data := self._double(cluster):
            return Cell(cluster, 2, How.CHINESE, data)
        if self._can_draw and unicodedata.category(cluster[0]) not in ("Cs", "Co", "Cn"):
            return Cell(cluster, _width(cluster), How.DRAW)
        return UNKNOWN

    def _double(self, cluster: str) -> bytes:
        if not self._chinese or len(cluster) != 1 or unicodedata.category(cluster) == "Co":
            return b""
        data = cluster.encode(self._chinese, errors="ignore")
        if len(data) == 2 or (len(data) == 4 and unicodedata.east_asian_width(cluster) in "WF"):
            return data
        return b""


def _clusters(text: str) -> Iterator[str]:
    """Each character with the marks that sit on it; a mark on nothing stands alone."""
    held = ""
    for char in text:
        if held and not char.isascii() and unicodedata.category(char) in _MARKS:
            held += char
            continue
        if held:
            yield held
        held = char
    if held:
        yield held


def _width(cluster: str) -> int:
    """Columns of a drawn character: two when wide or when a spacing mark stands beside the letter."""
    wide = unicodedata.east_asian_width(cluster[0]) in "WF"
    return 2 if wide or any(unicodedata.category(char) == "Mc" for char in cluster[1:]) else 1
