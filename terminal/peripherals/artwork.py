"""What stands beside a code or a sign on the counter display: amount, words, the shop's name, the TEST mark.

The amount comes from ready dots at once; words are drawn with fonts on another thread, once each. TEST is on
every screen of a test (I25) and comes before other words.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

from drivers import qr
from drivers.display.tiles import Tile
from drivers.printer.bitmap import Bitmap, Paint
from terminal.counter.ports import CodeScreen, IdleScreen, ResultScreen, Screen
from terminal.payments.money import Money
from terminal.peripherals import glyphs, lettering
from terminal.peripherals.marks import mark
from terminal.peripherals.painters import Sign, no_sign

Words = Callable[[str], str]
MoneyText = Callable[[Money], str]
DRAWN_MAX: Final = 256  # captions kept; the one that was wanted longest ago goes
QUIET: Final = 4  # modules (ISO/IEC 18004:2015, 9.1)
MODULE_MIN: Final = 3  # pixels
SIZE_MIN: Final = 10  # dots high: below it letters are no letters
STRIP_MIN: Final = 24  # a glass with less beside its code has no room for words
_SIGN: Final = re.compile(r"([^0-9-]*)(.*)")
_RESULT_WORDS: Final = {
    "paid": ("customer.paid", "customer.thank_you"),
    "not_paid": ("customer.not_paid",),
    "cancelled": ("customer.cancelled",),
    "checking": ("customer.checking",),
    "late": (),
    "unverified": ("customer.unverified",),
}


@dataclass(frozen=True, slots=True)
class Box:
    x: int
    y: int
    width: int
    height: int

    def part(self, top: int, bottom: int) -> "Box":
        """Of its height, in hundredths."""
        y0, y1 = self.height * top // 100, self.height * bottom // 100
        return Box(self.x, self.y + y0, self.width, y1 - y0)


@dataclass(frozen=True, slots=True)
class Caption:
    """Words for a place: in letters ``size`` dots high, on at most ``lines`` lines, perhaps white on black."""

    text: str
    box: Box
    size: int
    lines: int = 1
    band: bool = False


class Drawings:
    """Captions drawn once, for every glass that wants them: a thousand counters say the same words."""

    def __init__(self, paint: Paint) -> None:
        self._paint = paint
        self._known: OrderedDict[tuple[Caption, bool], Tile] = OrderedDict()
        self._drawing: asyncio.Future[Tile] | None = None

    async def tile(self, caption: Caption, coloured: bool) -> Tile:
        """Raises OSError, ImportError when there are no fonts to draw with."""
        what = (caption, coloured)
        while (known := self._known.get(what)) is None:
            loop, drawing = asyncio.get_running_loop(), self._drawing
            if drawing is not None and not drawing.done() and drawing.get_loop() is loop:
                await asyncio.wait({drawing})  # fonts are for one thread at a time
                continue
            self._drawing = loop.run_in_executor(None, _draw, caption, coloured, self._paint)
            self._drawing.add_done_callback(partial(self._keep, what))
            return await asyncio.shield(self._drawing)
        self._known.move_to_end(what)
        return known

    def _keep(self, what: tuple[Caption, bool], drawing: asyncio.Future[Tile]) -> None:
        if drawing.cancelled() or drawing.exception() is not None:
            return
        self._known[what] = drawing.result()
        if len(self._known) > DRAWN_MAX:
            self._known.popitem(last=False)


@lru_cache(maxsize=8)
def _drawings(paint: Paint) -> Drawings:
    return Drawings(paint)


class Artwork:
    """Args:
    words: a key of the catalogue in the display's language -> its text.
    money: an amount as that language writes it.
    paint: glasses with the same one share what it has drawn.
    sign: the bank's, above the shop's name while nobody pays; asked each time.
    """

    def __init__(
        self, words: Words, money: MoneyText, *, title: str = "", paint: Paint, sign: Sign = no_sign
    ) -> None:
        self._words, self._money, self._title, self._drawings = words, money, title, _drawings(paint)
        self._sign = sign

    async def tiles(self, screen: Screen, width: int, height: int) -> AsyncIterator[Tile]:
        """Everything beside the code or sign of a glass of ``width`` × ``height``, the amount first."""
        coloured = isinstance(screen, ResultScreen)
        for bitmap, box in self._amounts(screen, width, height):
            yield _tile(bitmap, box, coloured)
        if isinstance(screen, ResultScreen) and screen.receipt:
            for tile in receipt_code(screen.receipt, width, height):
                yield tile
        if isinstance(screen, IdleScreen) and screen.entered is None:
            box = Box(0, 0, width, height).part(3, 21)
            if (sign := self._sign(box.width, box.height)) is not None:
                yield _tile(_centred(sign, box), box, coloured)
        for caption in self._captions(screen, width, height):
            if caption.text and caption.box.height >= caption.size:
                yield await self._drawings.tile(caption, coloured)

    # --- amounts ------------------------------------------------------------------------------------------

    def _amounts(self, screen: Screen, width: int, height: int) -> Iterator[tuple[Bitmap, Box]]:
        if isinstance(screen, IdleScreen):
            glass = Box(0, 0, width, height)
            if screen.entered is not None:
                yield from _fitted(self._money(screen.entered.total), glass.part(62, 86))
                yield from _fitted(self._money(screen.entered.amount), glass.part(30, 44))
            return
        text = self._money(screen.amount)
        short = min(width, height)
        if isinstance(screen, ResultScreen) and height - short < STRIP_MIN:
            yield from _fitted(text, Box(0, 0, width, height).part(83, 100))
        elif height - short >= STRIP_MIN:
            yield from _fitted(text, Box(0, short, width, height - short).part(0, 45))
        elif width - short >= STRIP_MIN:  # a narrow column: the sign above the number
            sign, number = _SIGN.fullmatch(text).groups()  # type: ignore[union-attr]  # it matches every text
            column = Box(short, 0, width - short, height)
            yield from _fitted(sign.strip(), column.part(4, 14))
            yield from _fitted(number, column.part(15, 30))

    # --- words --------------------------------------------------------------------------------------------

    def _captions(self, screen: Screen, width: int, height: int) -> list[Caption]:
        match screen:
            case IdleScreen():
                return self._idle(screen, width, height)
            case CodeScreen():
                return self._beside_code(screen, width, height)
            case ResultScreen():
                return self._beside_sign(screen, width, height)

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
                Caption(screen.entered.name, glass.part(3, 29), unit, 2),
                Caption(self._words("receipt.total"), glass.part(48, 60), unit),
            ]
        return [self._test(screen, glass.part(88, 100), unit * 3 // 4), *words] if screen.test else words

    def _beside_code(self, screen: CodeScreen, width: int, height: int) -> list[Caption]:
        short, hint = min(width, height), self._words("customer.scan_or_show")
        title = screen.title or self._title
        if height - short >= STRIP_MIN:
            strip = Box(0, short, width, height - short)
            size = strip.height * 20 // 100
            if not screen.test:
                return [Caption(hint, strip.part(47, 73), size + 2), Caption(title, strip.part(74, 98), size)]
            words = [Caption(hint, strip.part(43, 63), size), Caption(title, strip.part(62, 82), size)]
            return [self._test(screen, strip.part(81, 100), strip.height * 18 // 100), *words]
        column = Box(short, 0, width - short, height)
        if column.width < STRIP_MIN:
            return []
        size = column.width // 5
        words = [Caption(hint, column.part(33, 68), size, 5), Caption(title, column.part(69, 84), size, 2)]
        return [self._test(screen, column.part(85, 100), size * 3 // 4, 2), *words] if screen.test else words

    def _beside_sign(self, screen: ResultScreen, width: int, height: int) -> list[Caption]:
        words = [self._words(key) for key in _RESULT_WORDS[screen.result]]
        said = " · ".join([*words[:1], screen.text] if screen.text else words)
        short = min(width, height)
        if height - short < STRIP_MIN:
            glass = Box(0, 0, width, height)
            caption = Caption(said, glass.part(2, 16), height // 10)
            return (
                [self._test(screen, glass.part(16, 25), height * 8 // 100), caption] if screen.test else [caption]
            )
        strip = Box(0, short, width, height - short)
        size = strip.height * 22 // 100
        caption = Caption(said, strip.part(52, 76), size)
        return (
            [self._test(screen, strip.part(81, 100), strip.height * 18 // 100), caption]
            if screen.test
            else [caption]
        )


def receipt_code(link: str, width: int, height: int) -> Iterator[Tile]:
    """A receipt's address in the middle of a result: black on white with its quiet zone, as cameras want it.

    Nothing where a module would be smaller than ``MODULE_MIN`` pixels: no phone reads that. The result's colour,
    the amount and the words stay around it.
    """
    code, short = qr.encode(link, level="M"), min(width, height)
    flat = height - short < STRIP_MIN
    room = Box(0, 0, width, height).part(25, 83) if flat else Box(0, short // 6, width, short * 2 // 3)
    scale = min(room.width, room.height) // (code.size + 2 * QUIET)
    if scale < MODULE_MIN:
        return
    edge, bits = QUIET * scale, bin(int.from_bytes(b"\x01" + code.packed))[3:]
    lines = [bits[y * code.size : (y + 1) * code.size] for y in range(code.size)]
    rows = [int("".join(bit * scale for bit in line), 2) << edge for line in lines for _ in range(scale)]
    side = code.size * scale + 2 * edge
    box = Box((width - side) // 2, room.y + (room.height - side) // 2, side, side)
    yield _tile(Bitmap(side, (*((0,) * edge), *rows, *((0,) * edge))), box, coloured=False)


def receipt_fits(link: str, width: int, height: int) -> bool:
    """Whether ``receipt_code`` draws anything."""
    return next(receipt_code(link, width, height), None) is not None


def _fitted(text: str, box: Box) -> Iterator[tuple[Bitmap, Box]]:
    bitmap = glyphs.amount(text, box.width - 4, box.height)
    if bitmap is not None:
        yield _centred(bitmap, box), box


def _draw(caption: Caption, coloured: bool, paint: Paint) -> Tile:
    return _tile(_lettered(caption, paint), caption.box, coloured)


def _lettered(caption: Caption, paint: Paint) -> Bitmap:
    """The caption in the middle of its box, shrunk while its lines do not fit above each other."""
    box, size = caption.box, caption.size
    lines = lettering.wrapped(caption.text, box.width, size, caption.lines, paint)
    while len(lines) * size > box.height and size > SIZE_MIN:
        size = max(size * 7 // 8, SIZE_MIN)
        lines = lettering.wrapped(caption.text, box.width, size, caption.lines, paint)
    rows = tuple(row for each in lines for row in each.rows)[: box.height]
    drawn = _centred(Bitmap(box.width, rows), box)
    if not caption.band:
        return drawn
    full = (1 << box.width) - 1
    return Bitmap(box.width, tuple(row ^ full for row in drawn.rows))


def _centred(bitmap: Bitmap, box: Box) -> Bitmap:
    above = (box.height - len(bitmap.rows)) // 2
    left = (box.width - bitmap.width) // 2
    shift = box.width - bitmap.width - left
    below = box.height - len(bitmap.rows) - above
    return Bitmap(box.width, (*((0,) * above), *(row << shift for row in bitmap.rows), *((0,) * below)))


def _tile(bitmap: Bitmap, box: Box, coloured: bool) -> Tile:
    stride = (bitmap.width + 7) // 8
    pad = stride * 8 - bitmap.width
    rows = b"".join((row << pad).to_bytes(stride, "big") for row in bitmap.rows)
    return Tile(box.x, box.y, bitmap.width, len(bitmap.rows), rows, on_screen_colour=coloured)
