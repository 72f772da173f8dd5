"""Text whose letters join or stack, as dots: shaped and drawn by HarfBuzz. The only file that imports it.

HarfBuzz comes as a wheel with everything inside. Pillow can shape too, but only where the system has
libfribidi; a bare counter machine has not, and two ways to draw one line would be two ways to be wrong.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from drivers.printer.bitmap import Bitmap
from drivers.printer.scripts import FROM_LEFT, FROM_RIGHT, from_right, levels, visual

if TYPE_CHECKING:
    import uharfbuzz as hb

Font = bytes | Path
SIZE: Final = (2, 3)  # letters of 20 dots in a line of 30: room for two marks above and one below
BASELINE: Final = (11, 15)  # from the top, of the line's height
_INK: Final = 112  # of 255: from here on a dot is black
_SPACE_PART: Final = 4  # a word space is a quarter of the letters' size


class _Glyph(NamedTuple):
    font: "hb.Font"
    glyph: int
    x: float  # dots from the left edge
    y: float  # dots above the baseline
    scale: float  # dots a font unit


class Shaper:
    """Draws a run of text of any direction. Fonts are tried in order for each character.

    Args:
        fonts: OpenType files, by path or content; opened at the first text.
    """

    def __init__(self, *fonts: Font) -> None:
        self._sources = fonts
        self._open: Sequence[hb.Font] = ()

    def draw(self, text: str, width: int, height: int, *, bold: bool) -> Bitmap | None:
        """A box of ``width`` × ``height`` dots, squeezed when too wide; text from the right keeps to the right.

        None: no font has one of the characters.
        """
        import uharfbuzz as hb

        turned = from_right(text)
        placed = self._line(text.lstrip(FROM_LEFT + FROM_RIGHT), turned, height * SIZE[0] / SIZE[1])
        if placed is None:
            return None
        glyphs, natural = placed
        natural = max(1.0, natural + (1 if bold else 0))
        squeeze = min(1.0, width / natural)
        left = float(max(0, width - ceil(natural))) if turned else 0.0
        base = height - round(height * BASELINE[0] / BASELINE[1])
        pen = hb.RasterDraw()
        pen.extents = hb.RasterExtents(0, -base, width, height)
        for each in glyphs:
            scale = each.scale
            pen.transform = (scale * squeeze, 0.0, 0.0, scale, left + each.x * squeeze, each.y)
            pen.draw_glyph(each.font, each.glyph)
        image = pen.render()
        return _bitmap(image, width, height, bold) if image else Bitmap(width, (0,) * height)

    def _line(self, text: str, turned: bool, size: float) -> tuple[list[_Glyph], float] | None:
        """Every glyph with its place, and how wide they are together."""
        glyphs: list[_Glyph] = []
        x = 0.0
        for run, backwards in _runs(text, turned):
            parts = self._by_font(run)
            if parts is None:
                return None
            for part, font in reversed(parts) if backwards else parts:
                x = _shape(part, font, backwards, size, x, glyphs)
        return glyphs, x

    def _by_font(self, run: str) -> list[tuple[str, "hb.Font"]] | None:
        """Neighbours of one font together; marks and spaces stay with the letter before them."""
        parts: list[tuple[str, hb.Font]] = []
        for char in run:
            if parts and (char.isspace() or unicodedata.category(char)[0] in "MC") and _has(parts[-1][1], char):
                font: hb.Font | None = parts[-1][1]
            else:
                font = next((font for font in self._fonts() if _has(font, char)), None)
            if font is None:
                return None
            if parts and parts[-1][1] is font:
                parts[-1] = parts[-1][0] + char, font
            else:
                parts.append((char, font))
        return parts

    def _fonts(self) -> Sequence["hb.Font"]:
        import uharfbuzz as hb

        if not self._open:
            found = (
                hb.Blob(source) if isinstance(source, bytes) else hb.Blob.from_file_path(str(source))
                for source in self._sources
            )
            self._open = tuple(hb.Font(hb.Face(blob)) for blob in found)
        return self._open


def _runs(text: str, turned: bool) -> Iterator[tuple[str, bool]]:
    """Pieces of one direction, from the left: (text as it is read, whether it runs from right to left)."""
    found = levels([unicodedata.bidirectional(char) for char in text], int(turned))
    run = ""
    last = -1
    for place in visual(found):
        if run and found[place] != last:
            yield (run[::-1], True) if last % 2 else (run, False)
            run = ""
        run, last = run + text[place], found[place]
    if run:
        yield (run[::-1], True) if last % 2 else (run, False)


def _shape(part: str, font: "hb.Font", backwards: bool, size: float, x: float, glyphs: list[_Glyph]) -> float:
    """Add the glyphs of ``part`` from ``x`` on; returns where the next part begins."""
    import uharfbuzz as hb

    buffer = hb.Buffer()
    buffer.add_str(part)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if backwards else "ltr"
    hb.shape(font, buffer)
    scale = size / font.face.upem
    for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        glyphs.append(_Glyph(font, info.codepoint, x + place.x_offset * scale, place.y_offset * scale, scale))
        x += size / _SPACE_PART if part[info.cluster].isspace() else place.x_advance * scale
    return x


def _has(font: "hb.Font", char: str) -> bool:
    return font.get_nominal_glyph(ord(char)) not in (None, 0)


def _bitmap(image: "hb.RasterImage", width: int, height: int, bold: bool) -> Bitmap:
    """Grey rows from the bottom to black and white rows from the top; bold is struck twice."""
    data = image.buffer
    stride = len(data) // height
    rows: list[int] = []
    for top in range(height):
        at = (height - 1 - top) * stride
        bits = "".join("1" if value >= _INK else "0" for value in data[at : at + width])
        row = int(bits, 2)
        rows.append(row | row >> 1 if bold else row)
    return Bitmap(width, tuple(rows))
