"""The command sheet on one A4 page: every barcode in a field of its own, apart enough for a scanner."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

from terminal.payments.receipt import Code, Receipt, Row

if TYPE_CHECKING:
    from PIL.Image import Image

A4: Final = (1654, 2339)  # 210 by 297 mm at 200 dots an inch (ISO 216)
DPI: Final = 200
MARGIN: Final = 80
COLUMNS: Final = 4
GAP: Final = 24
FIELDS_MAX: Final = 40
CODE_PX: Final = 165  # 21 mm: a code of 25 modules has 0.8 mm each, which every counter's scanner reads
_HEAD_PX: Final = 240
_EDGE_PX: Final = 4  # the paper's torn edge in a receipt's picture
_QUIET_PX: Final = 27  # four modules of nothing between the code and its word (ISO/IEC 18004, 6.3.8)
_INK, _WHITE = 128, 245

Draw = Callable[[Receipt], Awaitable[bytes]]


async def sheet_pdf(head: Receipt, keys: Sequence[tuple[str, str]], draw: Draw, title: str) -> bytes:
    """``keys``: what each does, and its text. ``draw`` makes the picture of a receipt."""
    return await asyncio.to_thread(_pdf, await sheet_picture(head, keys, draw), title)


async def sheet_picture(head: Receipt, keys: Sequence[tuple[str, str]], draw: Draw) -> "Image":
    """The page itself, 8 bits a dot."""
    assert len(keys) <= FIELDS_MAX, "a sheet is one page"
    top = await draw(head)
    fields = [
        (await draw((Row(what, align="center", size=2, bold=True),)), await draw((Code(text),)))
        for what, text in keys
    ]
    return await asyncio.to_thread(_page, top, fields)


def _page(top: bytes, fields: Sequence[tuple[bytes, bytes]]) -> "Image":
    from PIL import Image

    page = Image.new("L", A4, 255)
    head = _fitted(_ink_of(top), A4[0] - 2 * MARGIN, _HEAD_PX)
    page.paste(head, ((A4[0] - head.width) // 2, MARGIN))
    rows = -(-len(fields) // COLUMNS)
    width = (A4[0] - 2 * MARGIN - (COLUMNS - 1) * GAP) // COLUMNS
    height = (A4[1] - 2 * MARGIN - _HEAD_PX - rows * GAP) // rows
    for place, (what, code) in enumerate(fields):
        x = MARGIN + place % COLUMNS * (width + GAP)
        y = MARGIN + _HEAD_PX + GAP + place // COLUMNS * (height + GAP)
        _field(page, (x, y, width, height), _ink_of(what), _ink_of(code))
    return page


def _pdf(page: "Image", title: str) -> bytes:
    out = io.BytesIO()
    page.save(out, "PDF", resolution=DPI, title=title)
    return out.getvalue()


def _field(page: "Image", box: tuple[int, int, int, int], what: "Image", code: "Image") -> None:
    """A frame, the code in its middle, and below it what it does."""
    from PIL import Image, ImageDraw

    x, y, width, height = box
    ImageDraw.Draw(page).rounded_rectangle((x, y, x + width, y + height), radius=14, outline=150, width=2)
    square = code.resize((CODE_PX, CODE_PX), Image.Resampling.NEAREST)
    label = _fitted(what, width - 24, max(20, height - CODE_PX - 3 * _QUIET_PX))
    free = height - CODE_PX - label.height - _QUIET_PX
    page.paste(square, (x + (width - CODE_PX) // 2, y + free // 2))
    page.paste(label, (x + (width - label.width) // 2, y + free // 2 + CODE_PX + _QUIET_PX))


def _ink_of(png: bytes) -> "Image":
    """The picture cut to what is printed on it."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as opened:
        paper = opened.convert("L").crop((0, 0, opened.width, opened.height - _EDGE_PX))
    box = paper.point(lambda light: 255 if light < _INK else 0).getbbox()
    return (paper.crop(box) if box else paper).point(lambda light: 255 if light > _WHITE else light)


def _fitted(picture: "Image", width: int, height: int) -> "Image":
    """As large as the place allows, letters up to one and a half times what the receipt has."""
    from PIL import Image

    scale = min(1.5, width / picture.width, height / picture.height)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.LANCZOS)
