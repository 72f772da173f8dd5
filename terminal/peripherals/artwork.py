"""What stands beside a code or a sign on the counter display: amount, words, the shop's name, the TEST mark.

The amount comes from ready dots at once; words are drawn with fonts on another thread, once each. TEST is on
every screen of a test (I25) and comes before other words.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final, Literal

from drivers import qr
from drivers.display.messages import STRIP
from drivers.display.tiles import Tile
from drivers.printer.bitmap import Bitmap, Paint
from terminal.counter.ports import CodeScreen, IdleScreen, ResultScreen, ScanScreen, Screen
from terminal.payments.money import Money
from terminal.peripherals import glyphs
from terminal.peripherals.drawings import SIZE_MIN, Box, Caption, What, as_tile, centred, shared_drawings
from terminal.peripherals.marks import mark, short_mark
from terminal.peripherals.painters import Sign, no_sign

Words = Callable[[str], str]
MoneyText = Callable[[Money], str]
LEVEL: Final = "M"  # of every code on a glass
QUIET: Final = 4  # modules (ISO/IEC 18004:2015, 9.1)
MODULE_MIN: Final = 3  # pixels
LINES_MIN: Final = 64  # a strip with less has one line: the mark of a test, then the amount
MARK_MIN: Final = 8  # lower letters are dots
SHORT_MARK: Final = 30  # hundredths of a strip of one line
USUAL: Final = "x" * 40  # as long as most codes that a wallet opens
WORD_MIN: Final = 64  # pixels for any language's word
_SIGN: Final = re.compile(r"([^0-9-]*)(.*)")
_WORD: Final = 58  # hundredths of a result's line for its word, where a check code stands beside it
_RESULT_WORDS: Final[
    dict[Literal["paid", "not_paid", "checking", "cancelled", "late", "unverified"], tuple[str, ...]]
] = {
    "paid": ("customer.paid", "customer.thank_you"),
    "not_paid": ("customer.not_paid",),
    "cancelled": ("customer.cancelled",),
    "checking": ("customer.checking",),
    "late": (),
    "unverified": ("customer.unverified",),
}

_SCAN_WORDS: Final[dict[Literal["scan", "scanned", "acting"], str]] = {
    "scan": "customer.show_yours",
    "scanned": "customer.checking",
    "acting": "customer.finish_on_phone",
}


class Artwork:
    """Args:
    words: a key of the catalogue in the display's language -> its text.
    money: an amount as that language writes it.
    paint: glasses with the same one share what it has drawn.
    kept: folder of drawn words; with it those of a sale are there before the first one.
    sign: the bank's, above the shop's name while nobody pays; asked each time.
    """

    __slots__ = ("_drawings", "_money", "_sign", "_title", "_words")

    def __init__(
        self,
        words: Words,
        money: MoneyText,
        *,
        title: str = "",
        paint: Paint,
        sign: Sign = no_sign,
        kept: Path | None = None,
    ) -> None:
        self._words, self._money, self._title = words, money, title
        self._drawings = shared_drawings(paint, kept)
        self._sign = sign

    async def tiles(self, screen: Screen, width: int, height: int) -> AsyncIterator[Tile]:
        """Everything beside the code or sign of a glass of ``width`` × ``height``, the amount first."""
        coloured = isinstance(screen, ResultScreen)
        for bitmap, box in self._amounts(screen, width, height):
            yield as_tile(bitmap, box, coloured)
        if isinstance(screen, ResultScreen) and (code := _ready(screen, width, height)) is not None:
            yield as_tile(*code, coloured)
        if isinstance(screen, ResultScreen) and screen.receipt:
            for tile in receipt_code(screen.receipt, width, height):
                yield tile
        if isinstance(screen, IdleScreen) and screen.entered is None:
            box = Box(0, 0, width, height).part(3, 21)
            if (sign := self._sign(box.width, box.height)) is not None:
                yield as_tile(centred(sign, box), box, coloured)
        for caption in self._captions(screen, width, height):
            if _fits(caption):
                yield await self._drawings.tile(caption, coloured)
        if isinstance(screen, IdleScreen) and screen.entered is None:
            self._drawings.ahead(self._of_a_sale(screen, width, height))

    # --- amounts ------------------------------------------------------------------------------------------

    def _amounts(self, screen: Screen, width: int, height: int) -> Iterator[tuple[Bitmap, Box]]:
        if isinstance(screen, IdleScreen):
            glass = Box(0, 0, width, height)
            if screen.entered is not None:
                yield from _fitted(self._money(screen.entered.total), glass.part(62, 86))
                yield from _fitted(self._money(screen.entered.amount), glass.part(30, 44))
            return
        text = self._money(screen.amount)
        if isinstance(screen, ScanScreen):
            yield from _fitted(text, Box(0, 0, width, height).part(24, 56))
            return
        short = min(width, height)
        if isinstance(screen, ResultScreen) and height - short < LINES_MIN:
            yield from _fitted(text, Box(0, 0, width, height).part(83, 100))
        elif height - short >= LINES_MIN:
            yield from _fitted(text, Box(0, short, width, height - short).part(0, 45))
        elif width - short < STRIP and isinstance(screen, CodeScreen):
            yield from _one_line(screen, text, _below(screen, width, height))
        else:  # a narrow column: the sign above the number
            sign, number = _SIGN.fullmatch(text).groups()  # type: ignore[union-attr]  # it matches every text
            column = Box(short, 0, width - short, height)
            if below := list(_fitted(number, column.part(15, 30))):
                yield from (*_fitted(sign.strip(), column.part(4, 14)), *below)

    def _of_a_sale(self, idle: IdleScreen, width: int, height: int) -> Iterator[What]:
        """The words of every screen that may follow."""
        amount, marks = Money(0, "CNY"), (idle.test, idle.training)
        screens: list[Screen] = [CodeScreen(0, USUAL, amount, 0, marks[0], idle.title, marks[1])]
        for result in _RESULT_WORDS:
            text = "0000" if result == "paid" else ""  # a check code's own letters are ready dots
            screens.append(ResultScreen(0, result, amount, text, marks[0], 0, marks[1]))
        screens += [ScanScreen(0, now, amount, marks[0], idle.title, marks[1]) for now in _SCAN_WORDS]
        for screen in screens:
            wanted = [each for each in self._captions(screen, width, height) if each.kept and _fits(each)]
            yield from ((each, isinstance(screen, ResultScreen)) for each in wanted)

    # --- words --------------------------------------------------------------------------------------------

    def _captions(self, screen: Screen, width: int, height: int) -> list[Caption]:
        match screen:
            case IdleScreen():
                return self._idle(screen, width, height)
            case CodeScreen():
                return self._beside_code(screen, width, height)
            case ResultScreen():
                return self._beside_sign(screen, width, height)
            case ScanScreen():
                return self._around_amount(screen, width, height)

    def _test(self, screen: Screen, box: Box, size: int, lines: int = 1) -> Caption:
        return Caption(self._words(mark(screen)), box, size, lines, band=True)

    def _idle(self, screen: IdleScreen, width: int, height: int) -> list[Caption]:
        glass, unit = Box(0, 0, width, height), min(width, height) // 10
        words = [
            Caption(screen.title or self._title, glass.part(22, 58), unit * 3 // 2, 3),
            Caption(self._words("customer.welcome"), glass.part(62, 74), unit),
        ]
        if screen.entered is not None:
            words = [
                Caption(screen.entered.name, glass.part(3, 29), unit, 2, kept=False),
                Caption(self._words("receipt.total"), glass.part(48, 60), unit),
            ]
        return [self._test(screen, glass.part(88, 100), unit * 3 // 4), *words] if screen.test else words

    def _around_amount(self, screen: ScanScreen, width: int, height: int) -> list[Caption]:
        glass, unit = Box(0, 0, width, height), min(width, height) // 10
        words = [
            Caption(self._words(_SCAN_WORDS[screen.now]), glass.part(59, 86), unit * 5 // 4, 2),
            Caption(screen.title or self._title, glass.part(3, 22), unit, 2),
        ]
        return [self._test(screen, glass.part(88, 100), unit * 3 // 4), *words] if screen.test else words

    def _beside_code(self, screen: CodeScreen, width: int, height: int) -> list[Caption]:
        short, hint = min(width, height), self._words("customer.scan_or_show")
        title = screen.title or self._title
        named = partial(Caption, title, kept=title != screen.payload)  # a test's code, once and never again
        if width - short < STRIP and height - short < LINES_MIN:
            return self._below_code(screen, _below(screen, width, height))
        if height - short >= LINES_MIN:
            strip = Box(0, short, width, height - short)
            size = strip.height * 20 // 100
            if not screen.test:
                return [Caption(hint, strip.part(47, 73), size + 2), named(strip.part(74, 98), size)]
            words = [Caption(hint, strip.part(43, 63), size), named(strip.part(62, 82), size)]
            return [self._test(screen, strip.part(81, 100), strip.height * 18 // 100), *words]
        column = Box(short, 0, width - short, height)
        if column.width < LINES_MIN:
            return [self._short_test(screen, column.part(85, 100))] if screen.test else []
        size = column.width // 5
        words = [Caption(hint, column.part(33, 68), size, 5), named(column.part(69, 84), size, 2)]
        return [self._test(screen, column.part(85, 100), size * 3 // 4, 2), *words] if screen.test else words

    def _below_code(self, screen: CodeScreen, strip: Box) -> list[Caption]:
        if not screen.test or strip.height < glyphs.HEIGHT_MIN:
            return []
        return [self._short_test(screen, strip.side(0, SHORT_MARK))]

    def _short_test(self, screen: Screen, box: Box) -> Caption:
        """The mark in one word, whole: where a longer one has no room it is TEST in every language."""
        word = self._words(short_mark(screen)) if box.width >= WORD_MIN else "TEST"
        return Caption(word, box, min(box.height, 24, max(box.width * 2 // len(word), SIZE_MIN)), band=True)

    def _beside_sign(self, screen: ResultScreen, width: int, height: int) -> list[Caption]:
        words = [self._words(key) for key in _RESULT_WORDS[screen.result]]
        (box, size), band = _beside(width, height), _marked(width, height)
        if not screen.text:
            caption = Caption(" · ".join(words), box, size)
        elif _ready(screen, width, height) is not None:
            caption = Caption("".join(words[:1]), box.side(0, _WORD), size)
        else:
            caption = Caption(" · ".join([*words[:1], screen.text]), box, size, kept=False)
        return [self._test(screen, *band), caption] if screen.test else [caption]


def _below(screen: CodeScreen, width: int, height: int) -> Box:
    """What the display leaves free below a code where nothing is beside it (docs/display-frame.md, rule 1)."""
    top = min(width, height)
    if height - top < STRIP:
        modules = 17 + 4 * qr.version_for(screen.payload, level=LEVEL) + 2 * QUIET
        top = top // modules * modules
    return Box(0, top, width, height - top)


def _one_line(screen: CodeScreen, text: str, strip: Box) -> Iterator[tuple[Bitmap, Box]]:
    """The amount, or its number alone, below a code; before it TEST in dots where no font has letters so low."""
    if screen.test and MARK_MIN <= strip.height < glyphs.HEIGHT_MIN:
        box = strip.side(0, SHORT_MARK)
        full = (1 << box.width) - 1
        yield Bitmap(box.width, tuple(row ^ full for row in centred(_low_test(strip.height), box).rows)), box
    place = strip.side(SHORT_MARK, 100) if screen.test else strip
    number = _SIGN.fullmatch(text)[2]  # type: ignore[index]  # it matches every text
    yield from next((found for each in (text, number) if (found := list(_fitted(each, place)))), [])


def _low_test(height: int) -> Bitmap:
    dots = glyphs.amount("TEST", 60, height - 1) or glyphs.LOW_TEST
    return Bitmap(dots.width, (0, *dots.rows))  # the letters touch no white above; the rim below is dark


def _beside(width: int, height: int) -> tuple[Box, int]:
    """Where a result's words stand, and how high they are."""
    short = min(width, height)
    if height - short < LINES_MIN:
        return Box(0, 0, width, height).part(2, 16), height // 10
    strip = Box(0, short, width, height - short)
    return strip.part(52, 76), strip.height * 22 // 100


def _marked(width: int, height: int) -> tuple[Box, int]:
    """The same of the mark of a test."""
    short = min(width, height)
    if height - short < LINES_MIN:
        return Box(0, 0, width, height).part(16, 25), height * 8 // 100
    strip = Box(0, short, width, height - short)
    return strip.part(81, 100), strip.height * 18 // 100


def _ready(screen: ResultScreen, width: int, height: int) -> tuple[Bitmap, Box] | None:
    """A paid sale's check code beside its word, from ready dots; None where it has no room or another letter."""
    box, size = _beside(width, height)
    place = box.side(_WORD, 100)
    bitmap = glyphs.amount(screen.text, place.width - 4, min(place.height, size + 4))
    return None if bitmap is None else (centred(bitmap, place), place)


def _fits(caption: Caption) -> bool:
    return bool(caption.text) and caption.box.height >= caption.size


def receipt_code(link: str, width: int, height: int) -> Iterator[Tile]:
    """A receipt's address in the middle of a result: black on white with its quiet zone, as cameras want it.

    Nothing where a module would be smaller than ``MODULE_MIN`` pixels: no phone reads that. The result's colour,
    the amount and the words stay around it.
    """
    code, short = qr.encode(link, level="M"), min(width, height)
    flat = height - short < LINES_MIN
    room = Box(0, 0, width, height).part(25, 83) if flat else Box(0, short // 6, width, short * 2 // 3)
    scale = min(room.width, room.height) // (code.size + 2 * QUIET)
    if scale < MODULE_MIN:
        return
    edge, bits = QUIET * scale, bin(int.from_bytes(b"\x01" + code.packed))[3:]
    lines = [bits[y * code.size : (y + 1) * code.size] for y in range(code.size)]
    rows = [int("".join(bit * scale for bit in line), 2) << edge for line in lines for _ in range(scale)]
    side = code.size * scale + 2 * edge
    box = Box((width - side) // 2, room.y + (room.height - side) // 2, side, side)
    yield as_tile(Bitmap(side, (*((0,) * edge), *rows, *((0,) * edge))), box, coloured=False)


def receipt_fits(link: str, width: int, height: int) -> bool:
    """Whether ``receipt_code`` draws anything."""
    return next(receipt_code(link, width, height), None) is not None


def _fitted(text: str, box: Box) -> Iterator[tuple[Bitmap, Box]]:
    bitmap = glyphs.amount(text, box.width - 4, box.height)
    if bitmap is not None:
        yield centred(bitmap, box), box
