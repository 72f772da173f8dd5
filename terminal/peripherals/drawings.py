"""Words as pictures for a glass: drawn with fonts, on another thread, once each; those a shop always shows, once
for all its days.

What opens the fonts takes 6 MB for as long as the service runs, and a tenth of a second when somebody waits.
So the words of every screen are kept as dots in the state folder, those of a sale before there is one.
"""

import asyncio
import contextlib
import hashlib
import struct
import zlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Final

import drivers
from drivers.display.tiles import Tile
from drivers.printer.bitmap import Bitmap, Paint
from terminal.given_file import read_given
from terminal.peripherals import lettering
from terminal.peripherals.glyphs import FONTS

SIZE_MIN: Final = 10  # dots high: below it letters are no letters
DRAWN_MAX: Final = 256  # captions kept, in memory and as files; then the one wanted longest ago goes, or all files
_SUM: Final = 4  # bytes: CRC-32 of the file's name, which is of the words, and of all that follows
_PLACE: Final = struct.Struct("<HHHH?")  # and size, in dots; on a result's colour; the rows follow
_OURS: Final = Path(__file__).parent
_DRAW: Final = (
    *(_OURS / name for name in ("drawings.py", "lettering.py", "painters.py")),
    *(Path(drivers.__file__).parent / name for name in ("raster.py", "shaping.py")),
    *(Path(drivers.__file__).parent / "printer" / name for name in ("bitmap.py", "charset.py", "scripts.py")),
)
"""What draws: with any of these changed, dots from before may look otherwise."""


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

    def side(self, left: int, right: int) -> "Box":
        """Of its width, in hundredths."""
        x0, x1 = self.width * left // 100, self.width * right // 100
        return Box(self.x + x0, self.y, x1 - x0, self.height)


@dataclass(frozen=True, slots=True)
class Caption:
    """Words for a place: in letters ``size`` dots high, on at most ``lines`` lines, perhaps white on black."""

    text: str
    box: Box
    size: int
    lines: int = 1
    band: bool = False
    kept: bool = True  # a shop's own words, the same every day; no goods and nothing of one sale


What = tuple[Caption, bool]
"""And whether it stands on the colour of a result."""


class Drawings:
    """Captions drawn once, for every glass that wants them: a thousand counters say the same words.

    Args:
        kept: folder of the words that every day needs; None: nothing is kept.
    """

    def __init__(self, paint: Paint, kept: Path | None = None) -> None:
        self._paint, self._kept = paint, kept
        self._known: OrderedDict[What, Tile] = OrderedDict()
        self._drawing: asyncio.Future[Tile] | None = None
        self._later: dict[What, None] = {}  # in order, each once
        self._waiting = 0

    async def tile(self, caption: Caption, coloured: bool) -> Tile:
        """Raises OSError, ImportError when there are no fonts to draw with."""
        what = (caption, coloured)
        while (known := self._known.get(what)) is None:
            if (drawing := self._busy()) is None:
                return await asyncio.shield(self._begin(what))
            self._waiting += 1
            try:
                await asyncio.wait({drawing})  # fonts are for one thread at a time
            finally:
                self._waiting -= 1
        self._known.move_to_end(what)
        return known

    def ahead(self, wanted: Iterable[What]) -> None:
        """What a sale will want, where that is kept: drawn now, while nobody waits, one after the other.

        No more than are kept, as where each of a thousand stalls has a name: one would put the other out.
        """
        if self._kept is None:
            return
        for each in wanted:
            if each not in self._known and len(self._later) < DRAWN_MAX:
                self._later[each] = None
        self._next()

    def _busy(self) -> asyncio.Future[Tile] | None:
        drawing = self._drawing
        mine = drawing is not None and not drawing.done() and drawing.get_loop() is asyncio.get_running_loop()
        return drawing if mine else None

    def _begin(self, what: What) -> asyncio.Future[Tile]:
        loop = asyncio.get_running_loop()
        self._drawing = drawing = loop.run_in_executor(None, _found, *what, self._paint, self._kept)
        drawing.add_done_callback(partial(self._drawn, what))
        return drawing

    def _drawn(self, what: What, drawing: asyncio.Future[Tile]) -> None:
        if drawing.cancelled() or drawing.exception() is not None:
            self._later.clear()  # no fonts, or no time left; who wants a caption hears it
            return
        self._known[what] = drawing.result()
        if len(self._known) > DRAWN_MAX:
            self._known.popitem(last=False)
        self._next()

    def _next(self) -> None:
        if self._later and not self._waiting and self._busy() is None:
            first = next(iter(self._later))
            del self._later[first]
            try:
                self._begin(first)
            except RuntimeError:  # the service ends: its threads take nothing more
                self._later.clear()


@lru_cache(maxsize=8)
def shared_drawings(paint: Paint, kept: Path | None) -> Drawings:
    return Drawings(paint, kept)


# --- on another thread -----------------------------------------------------------------------------------------


def _found(caption: Caption, coloured: bool, paint: Paint, kept: Path | None) -> Tile:
    """Its kept dots; else drawn, and kept where the caption says so."""
    if kept is None or not caption.kept:
        return as_tile(_lettered(caption, paint), caption.box, coloured)
    file = kept / hashlib.sha256(repr((caption, coloured, _letters())).encode()).hexdigest()
    with contextlib.suppress(OSError, ValueError):
        return _read(file, caption.box)
    tile = as_tile(_lettered(caption, paint), caption.box, coloured)
    with contextlib.suppress(OSError):  # a full disk: drawn again after the next start
        _write(file, tile)
    return tile


@cache
def _letters() -> str:
    """What the dots come from: another program or other fonts draw them anew."""
    made = hashlib.sha256(b"".join(each.read_bytes() for each in _DRAW))
    made.update(repr(sorted((each.name, each.stat().st_size) for each in FONTS.iterdir())).encode())
    return made.hexdigest()


def _write(file: Path, tile: Tile) -> None:
    """Not synced: what a power cut leaves half is found by its checksum, and drawn again."""
    file.parent.mkdir(mode=0o700, exist_ok=True)
    others = list(file.parent.iterdir())
    if len(others) >= DRAWN_MAX:
        for each in others:
            each.unlink(missing_ok=True)
    file.unlink(missing_ok=True)  # what cannot be read may be a pipe, which would wait for a reader
    body = _PLACE.pack(tile.x, tile.y, tile.width, tile.height, tile.on_screen_colour) + tile.rows
    file.write_bytes(_sum(file, body) + body)


def _read(file: Path, box: Box) -> Tile:
    """Raises OSError; ValueError: not whole, or other words: "paid" stands only where that was drawn."""
    data = read_given(file, _SUM + _PLACE.size + (box.width + 7) // 8 * box.height)
    body = data[_SUM:]
    if len(body) < _PLACE.size or _sum(file, body) != data[:_SUM]:
        raise ValueError("not whole")
    x, y, width, height, coloured = _PLACE.unpack_from(body)
    return Tile(x, y, width, height, body[_PLACE.size :], coloured)


def _sum(file: Path, body: bytes) -> bytes:
    return zlib.crc32(body, zlib.crc32(file.name.encode())).to_bytes(_SUM)


def _lettered(caption: Caption, paint: Paint) -> Bitmap:
    """The caption in the middle of its box: in smaller letters where its lines do not fit above each other.

    Down to half its size also rather than shortened.
    """
    box, size = caption.box, caption.size
    least = max(size // 2, SIZE_MIN)
    while size > SIZE_MIN:
        told = lettering.broken(caption.text, box.width, size, caption.lines, paint)
        cut = size > least and lettering.shortened(told, box.width, size, paint)
        if not cut and len(told) * size <= box.height:
            break
        size = max(size * 7 // 8, SIZE_MIN)
    lines = lettering.wrapped(caption.text, box.width, size, caption.lines, paint)
    rows = tuple(row for each in lines for row in each.rows)[: box.height]
    drawn = centred(Bitmap(box.width, rows), box)
    if not caption.band:
        return drawn
    full = (1 << box.width) - 1
    return Bitmap(box.width, tuple(row ^ full for row in drawn.rows))


def centred(bitmap: Bitmap, box: Box) -> Bitmap:
    above = (box.height - len(bitmap.rows)) // 2
    left = (box.width - bitmap.width) // 2
    shift = box.width - bitmap.width - left
    below = box.height - len(bitmap.rows) - above
    return Bitmap(box.width, (*((0,) * above), *(row << shift for row in bitmap.rows), *((0,) * below)))


def as_tile(bitmap: Bitmap, box: Box, coloured: bool) -> Tile:
    stride = (bitmap.width + 7) // 8
    pad = stride * 8 - bitmap.width
    rows = b"".join((row << pad).to_bytes(stride, "big") for row in bitmap.rows)
    return Tile(box.x, box.y, bitmap.width, len(bitmap.rows), rows, on_screen_colour=coloured)
