"""Paper as a picture: what the simulated printer laid out, dot for dot, with letters a person can read.

The preview of a receipt prints its bytes on a simulated printer and draws the paper, so that preview and paper
are the same thing.
"""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from drivers import qr
from firmware_stubs.paper import CodeItem, ImageItem, Item, StubSlip, TextItem, lay_out
from firmware_stubs.printer import PrinterStub

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

FONTS: Final = Path(__file__).parent.parent / "data" / "fonts"
FONT_FILES: Final = ("NotoSansMonoCJKsc-Common.otf", "DejaVuSansMono-Latin.ttf")
MARGIN_DOTS: Final = {384: 40, 576: 32}  # 58 and 80 mm of paper around what is printable, at 8 dots a millimetre
MARGIN_TOP: Final = 24
HALF: Final = (0.92, 0.80)  # of a cell's height: letter size and base line of half-width letters, tails included
FULL: Final = (0.96, 0.85)  # of full-width ones
INK, PAPER, EDGE = 24, 252, 200
DOTS_MAX: Final = 20_000  # two and a half metres: what is longer is cut off, not drawn
_LEVELS: Final[tuple[qr.Level, ...]] = ("L", "M", "Q", "H")
_MISSING: Final = "\U0010ffff"


def slip_png(slip: StubSlip, width_dots: int) -> bytes:
    """A slip as PNG, one pixel a dot. Takes tens of milliseconds: not for the loop's thread."""
    out = BytesIO()
    slip_picture(slip, width_dots).save(out, "PNG", optimize=True)
    return out.getvalue()


def slip_picture(slip: StubSlip, width_dots: int) -> "Image":
    """The same as brightness, 8 bits a dot."""
    from PIL import Image

    layout = lay_out(slip, width_dots, _modules)
    margin = MARGIN_DOTS.get(width_dots, 32)
    height = min(layout.height, DOTS_MAX) + 2 * MARGIN_TOP
    paper = Image.new("L", (width_dots + 2 * margin, height), PAPER)
    paper.paste(EDGE, (0, height - 2, paper.width, height))
    for item in layout.items:
        if item.y < DOTS_MAX:
            dots = _drawn(item)
            paper.paste(INK, (margin + item.x, MARGIN_TOP + item.y), dots)
    return paper


def receipt_png(data: bytes, *, width_dots: int, charset: str, native_qr: bool) -> bytes:
    """What ``data``, one slip in ESC/POS, looks like on a printer of this kind."""
    printer = PrinterStub(width_dots=width_dots, charset=charset, native_qr=native_qr)
    for start in range(0, len(data), 1024):
        printer.receive(data[start : start + 1024], 0)
    printer.tick(0)
    return slip_png(printer.slips[0] if printer.slips else printer.hanging, width_dots)


def _modules(payload: str, level: int) -> tuple[int, bytes]:
    code = qr.encode(payload, level=_LEVELS[level])
    return code.size, code.packed


def _drawn(item: Item) -> "Image":
    """The item as a mask of ink."""
    match item:
        case TextItem():
            return _text(item)
        case ImageItem():
            return _bits(item.rows, item.width)
        case CodeItem():
            assert item.modules is not None, "codes are drawn by this file's own function"
            bits = int.from_bytes(item.modules, "big") >> (len(item.modules) * 8 - item.side**2)
            rows = tuple(
                bits >> item.side * (item.side - 1 - row) & (1 << item.side) - 1 for row in range(item.side)
            )
            return _bits(rows, item.side).resize((item.width, item.height), 0)


def _bits(rows: tuple[int, ...], width: int) -> "Image":
    from PIL import Image

    stride = (width + 7) // 8
    data = b"".join((row << stride * 8 - width).to_bytes(stride, "big") for row in rows)
    return Image.frombytes("1", (width, len(rows)), data).convert("L")


def _text(item: TextItem) -> "Image":
    """Each letter in its own cell, as the printer's character generator does it."""
    from PIL import Image, ImageDraw

    cell = item.width // max(1, len(item.text))
    wide = cell * 2 > item.height and cell == item.height * round(cell / item.height)
    natural = item.height if wide else item.height // 2
    mask = Image.new("L", (natural * len(item.text), item.height), 0)
    pen = ImageDraw.Draw(mask)
    size, base = FULL if wide else HALF
    for index, char in enumerate(item.text):
        if char.isspace():
            continue
        font = _font_for(char, round(item.height * size), natural)
        x = index * natural + (natural - font.getlength(char)) / 2
        for shift in (0, 1) if item.bold else (0,):
            pen.text((x + shift, round(item.height * base)), char, fill=255, font=font, anchor="ls")
    return mask if cell == natural else mask.resize((item.width, item.height))


def _font_for(char: str, height: int, cell: int) -> "FreeTypeFont":
    """The first font that has it and fits the cell, else the narrowest that has it, as large as fits."""
    having = [name for name in FONT_FILES if bytes(_opened(name, height).getmask(char)) != _missing(name, height)]
    rooms = [(_opened(name, height).getlength(char), name) for name in having or FONT_FILES[:1]]
    room, name = next((each for each in rooms if each[0] <= cell + 1), min(rooms))
    return _opened(name, height if room <= cell + 1 else round(height * cell / room))


@cache
def _opened(name: str, size: int) -> "FreeTypeFont":
    from PIL import ImageFont

    return ImageFont.truetype(str(FONTS / name), size)


@cache
def _missing(name: str, size: int) -> bytes:
    return bytes(_opened(name, size).getmask(_MISSING))
