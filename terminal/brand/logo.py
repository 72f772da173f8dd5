"""A bank's sign: read as bytes that may be anything, kept as one small PNG that pages, paper and glass scale."""

import io
import struct
from typing import Final

from terminal.brand.brand import BadBrand

BYTES_MAX: Final = 512 * 1024
SIDE_MAX: Final = 4096  # pixels; a larger one is no sign but a poster, or a bomb
WIDTH, HEIGHT = 480, 160  # as it is kept
LEAST: Final = 16
_HEAD: Final = struct.Struct(">8s4s4sII")
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
"""PNG specification (W3C, third edition), sections 5.2 and 11.2.1: signature, then IHDR with width and height."""
UNREADABLE: Final = (OSError, SyntaxError, ValueError, IndexError)
"""What reading a damaged picture ends in."""


def kept(data: bytes) -> bytes:
    """The same sign as a PNG of at most WIDTH × HEIGHT pixels, without anything else the file held.

    Its size is read from the first bytes, so that what would fill the memory is never unpacked. Raises BadBrand.
    """
    from PIL import Image

    size = _look_at_the_head(data)
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as found:
            if found.size != size:
                raise ValueError("it has two sizes")  # told as all that is wrong with a picture
            sign = found.convert("RGBA")
    except (*UNREADABLE, Image.DecompressionBombError) as error:
        raise BadBrand((f"logo: the picture cannot be read ({error}).",)) from None
    sign.thumbnail((WIDTH, HEIGHT))
    out = io.BytesIO()
    sign.save(out, "PNG", optimize=True)
    return out.getvalue()


def _look_at_the_head(data: bytes) -> tuple[int, int]:
    """Width and height. Raises BadBrand."""
    if len(data) > BYTES_MAX:
        raise BadBrand((f"logo: the file has {len(data) // 1024} KiB; {BYTES_MAX // 1024} at most.",))
    if len(data) < _HEAD.size or not data.startswith(_SIGNATURE):
        raise BadBrand(("logo: this is no PNG picture.",))
    _, _, kind, width, height = _HEAD.unpack_from(data)
    if kind != b"IHDR":
        raise BadBrand(("logo: this is no PNG picture.",))
    if not (LEAST <= width <= SIDE_MAX and LEAST <= height <= SIDE_MAX):
        told = f"logo: {width} × {height} pixels; {LEAST} to {SIDE_MAX} on each side."
        raise BadBrand((told,))
    return width, height
