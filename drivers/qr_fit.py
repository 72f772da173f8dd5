"""Which QR code a glass or a print head of so many dots can show so that a phone reads it. Pure.

Sources: ISO/IEC 18004:2015, 6.3.8 (quiet zone of 4 modules), table 9 (levels). The least module is ours, as the
camera of the lab grades it; a module of one dot is never chosen where a larger one fits.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from drivers.qr import version_for
from drivers.qr_tables import Level

QUIET: Final = 4  # modules on every side
MODULE_MIN_MM: Final = 0.25  # finer ones are lost on a phone at arm's length
MODULE_EASY_MM: Final = 0.5  # from here on a phone has no trouble, and error correction is worth more than size
VERSION_MAX: Final = 25  # ours: 117 modules; more is lost in a hand that is not steady
LEVELS: Final[tuple[Level, ...]] = ("L", "M", "Q", "H")


class TooFine(ValueError):
    """No phone could rely on this code on this glass. Show a shorter one, or use another display."""


class Fit(NamedTuple):
    """``scale``: dots a module, so that code and quiet zone fill (17 + 4 * version + 8) * scale dots."""

    level: Level
    version: int
    scale: int


def choose(
    text: str | bytes,
    width_px: int,
    height_px: int,
    dot_mm: float,
    *,
    levels: Sequence[Level] = LEVELS,
    version_max: int = VERSION_MAX,
) -> Fit:
    """The level, version and scale of ``text`` on a field of so many dots, each ``dot_mm`` wide.

    M is taken where it is easy to read; a higher level where it costs no size; L where that makes modules larger.

    Args:
        levels: those that the code's scheme allows, lowest first (EPC and Swiss codes are always M).

    Raises:
        TooFine: a module would be finer than MODULE_MIN_MM, or the version above ``version_max``.
        ValueError: nothing to encode, or too long for any version.
    """
    side_px = min(width_px, height_px)
    fits = list(_fits(text, [level for level in LEVELS if level in levels], side_px))
    best = next((each for each in fits if each.level == "M"), fits[0])
    if best.scale * dot_mm < MODULE_EASY_MM or best.version > version_max:
        best = max(fits, key=lambda each: (each.scale, each.level == best.level, LEVELS.index(each.level)))
    else:
        best = [each for each in fits if each.scale == best.scale and each.version <= version_max][-1]
    if best.version > version_max:
        raise TooFine(f"a code of version {best.version} is too large to read (at most {version_max})")
    if best.scale * dot_mm < MODULE_MIN_MM:
        raise TooFine(f"modules of {best.scale * dot_mm:.2f} mm are too fine (at least {MODULE_MIN_MM} mm)")
    return best


def _fits(text: str | bytes, levels: Sequence[Level], side_px: int) -> Iterator[Fit]:
    """Those levels that hold the text at all; the lowest must."""
    for level in levels:
        try:
            version = version_for(text, level=level)
        except ValueError:
            if level == levels[0]:
                raise
            return
        yield Fit(level, version, side_px // (17 + 4 * version + 2 * QUIET))
