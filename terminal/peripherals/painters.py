"""What draws letters where a device has none: fonts that come with the product, opened at the first letter."""

from collections.abc import Callable
from functools import cache
from typing import Final

from drivers.printer.bitmap import Bitmap
from terminal.peripherals.glyphs import FONTS

PAPER_FONTS: Final = ("NotoSansMonoCJKsc-Common.otf", "DejaVuSansMono-Latin.ttf")
GLASS_FONTS: Final = ("DejaVuSansCondensed-Bold-Latin.ttf", "NotoSansMonoCJKsc-Common.otf")


SHAPED_FONTS: Final = ("NotoSansDevanagari.ttf", "NotoSansThai.ttf", "NotoSansArabic.ttf")


Sign = Callable[[int, int], Bitmap | None]
"""(width, height in dots) -> a bank's sign, no larger than that; None without one."""


def no_sign(_width: int, _height: int) -> Bitmap | None:
    return None


class Painter:
    """Fonts that come with the product, for what a device has no letters for; opened at the first letter."""

    def __init__(self, *names: str) -> None:
        self._names = names
        self._paint: Callable[[str, int, int, bool], Bitmap | None] | None = None

    def __call__(self, text: str, width: int, height: int, bold: bool) -> Bitmap | None:
        if self._paint is None:
            from drivers import raster

            shaped = [FONTS / name for name in SHAPED_FONTS]
            self._paint = raster.Painter(*(FONTS / name for name in self._names), shaped=shaped)
        return self._paint(text, width, height, bold)


@cache
def shared_painter(*names: str) -> Painter:
    """One for all counters: open fonts are megabytes, and a thousand counters say the same words."""
    return Painter(*names)
