"""Text as dots, for what a device has no letters for. The only file of the drivers that imports PIL.

Text whose letters join or stack goes to ``drivers/shaping.py``; the caller brings the fonts.
"""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from drivers.printer.bitmap import Bitmap
from drivers.printer.scripts import joined
from drivers.shaping import Font, Shaper

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

_MISSING: Final = "\U0010ffff"  # no font has it: shows what "missing" looks like
_OPEN_MAX: Final = 16  # fonts × sizes held open


class Painter:
    """Draws one run of text into a box of dots; matches the printer's ``Paint``. Threads may share it.

    Args:
        fonts: TrueType or OpenType files, by path or content, tried in order; bold is struck twice.
        shaped: those of scripts whose letters join or stack, tried before ``fonts`` where such text stands.
    """

    def __init__(self, *fonts: Font, shaped: Sequence[Font] = ()) -> None:
        self._fonts: Sequence[Font] = fonts
        self._shaper = Shaper(*shaped, *fonts) if shaped else None
        self._open: dict[tuple[int, int], FreeTypeFont] = {}

    def __call__(self, text: str, width: int, height: int, bold: bool) -> Bitmap | None:
        """``text`` in a box of ``width`` × ``height`` dots, squeezed when too wide; None: no font has it."""
        if self._shaper and joined(text):
            return self._shaper.draw(text, width, height, bold=bold)
        from PIL import Image, ImageDraw

        font = next((font for font in self._sized(height) if _covers(font, text)), None)
        if font is None:
            return None
        ascent, descent = font.getmetrics()
        natural = max(1, round(font.getlength(text)))
        image = Image.new("L", (natural + 2, ascent + descent), 0)
        pen = ImageDraw.Draw(image)
        for shift in (0, 1) if bold else (0,):
            pen.text((shift, 0), text, fill=255, font=font)
        if image.width > width or image.height != height:
            image = image.resize((min(image.width, width), height))
        box = Image.new("1", (width, height), 0)
        box.paste(image.point([0] * 112 + [255] * 144, "1"), (0, 0))
        return _bitmap(box.tobytes(), width, height)

    def _sized(self, height: int) -> Sequence["FreeTypeFont"]:
        from PIL import ImageFont

        fonts: list[FreeTypeFont] = []
        for index, source in enumerate(self._fonts):
            key = index, height
            font = self._open.get(key)
            if font is None:
                if len(self._open) >= _OPEN_MAX:
                    self._open.clear()  # another thread's look-up may come next: it opens its own again
                file = BytesIO(source) if isinstance(source, bytes) else source
                font = self._open[key] = ImageFont.truetype(file, max(8, height * 5 // 6))
            fonts.append(font)
        return fonts


def picture(file: Path | BytesIO, width: int, height: int) -> Bitmap:
    """A picture in black and white, made no larger than ``width`` × ``height`` dots; dark is ink, clear is paper.

    Raises OSError: no such file; ValueError: no picture.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as found:
            colours = found.convert("RGBA")
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise ValueError(str(error)) from None
    grey = Image.new("L", colours.size, 255)
    grey.paste(colours.convert("L"), mask=colours.getchannel("A"))
    grey.thumbnail((width, height))
    dots = grey.point([255] * 128 + [0] * 128, "1")
    return _bitmap(dots.tobytes(), *dots.size)


def _covers(font: "FreeTypeFont", text: str) -> bool:
    missing = bytes(font.getmask(_MISSING))
    return all(char.isspace() or bytes(font.getmask(char)) != missing for char in text)


def _bitmap(data: bytes, width: int, height: int) -> Bitmap:
    row_bytes = (width + 7) // 8
    pad = row_bytes * 8 - width
    rows = (data[at : at + row_bytes] for at in range(0, row_bytes * height, row_bytes))
    return Bitmap(width, tuple(int.from_bytes(row, "big") >> pad for row in rows))
