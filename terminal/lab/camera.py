"""A phone or scanner held before the glass or a slip: the picture is tilted, blurred, glared and noisy, then read.

A code must not only decode: like a verifier it is graded for contrast, quiet zone and module size, so that a code
which one lucky camera reads and the next does not is refused here.
Sources: ISO/IEC 15415:2011, 7.8 (grades of symbol contrast); ISO/IEC 18004:2015, 6.3.8 (quiet zone of 4 modules).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import shake_128
from itertools import product
from math import hypot
from statistics import mean
from typing import TYPE_CHECKING, Final, cast

from terminal.lab.qr_reader import NotReadable

if TYPE_CHECKING:
    from PIL.Image import Image

PAPER_DOT_MM: Final = 0.125  # 203 dpi
GLASS_DOT_MM: Final = 0.1275  # a 2 inch panel of 240 by 320
CONTRAST_MIN: Final = 0.4  # ISO/IEC 15415, grade C
QUIET_MIN: Final = 3.0  # of the 4 modules that the standard wants: what blur leaves for certain
MODULE_MIN_MM: Final = 0.25  # finer ones are lost on a phone at arm's length
DESK: Final = 40  # what lies around the glass or paper
MARGIN_MM: Final = 4.0
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Conditions:
    """How the picture comes to the camera.

    Args:
        px_per_mm: of the camera's picture at this distance.
        blur_mm: radius; tilt: how much narrower the far edge is; glare: light of a lamp on the glass, 0 to 1.
        fade: how much of the contrast is lost (a dim glass, a worn print head), 0 to 1.
        noise: of the sensor, in brightness steps; seed: which noise.
    """

    px_per_mm: float = 12.0
    blur_mm: float = 0.08
    tilt: float = 0.06
    glare: float = 0.35
    fade: float = 0.0
    noise: int = 4
    seed: int = 1


USUAL: Final = Conditions()


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, and how well: ``contrast`` 0 to 1, ``quiet`` in modules on the worst side."""

    text: str
    module_mm: float
    contrast: float
    quiet: float


def read(width: int, height: int, grey: bytes, dot_mm: float, conditions: Conditions = USUAL) -> Reading:
    """Hold a camera before a picture.

    Args:
        grey: one brightness byte a pixel, row by row, 0 dark; dot_mm: the side of such a pixel.

    Raises:
        NotReadable: no camera could rely on this code; the text says what is wrong with it.
    """
    import zxingcpp

    picture = _seen(width, height, grey, dot_mm, conditions)
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.barcode_formats_from_str("QRCode"))
    if not found:
        raise NotReadable("the camera finds no code: too small, too faint, or not a code")
    code = max(found, key=lambda each: abs(each.position.bottom_right.x - each.position.top_left.x))
    side = 17 + 4 * int(cast("dict[str, str]", code.extra)["Version"])
    place = code.position
    corners: list[Point] = [
        (p.x, p.y) for p in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
    ]
    reading = _graded(code.text, picture, corners, side, conditions)
    if reading.contrast < CONTRAST_MIN:
        raise NotReadable(f"too little contrast ({reading.contrast:.0%}, {CONTRAST_MIN:.0%} wanted)")
    if reading.module_mm < MODULE_MIN_MM:
        raise NotReadable(f"modules of {reading.module_mm:.2f} mm are too small ({MODULE_MIN_MM} mm wanted)")
    if reading.quiet < QUIET_MIN:
        raise NotReadable(f"a quiet zone of {reading.quiet:g} modules is too narrow (4 wanted)")
    return reading


def _seen(width: int, height: int, grey: bytes, dot_mm: float, how: Conditions) -> "Image":
    from PIL import Image, ImageFilter

    margin = round(MARGIN_MM / dot_mm)
    flat = Image.new("L", (width + 2 * margin, height + 2 * margin), DESK)
    picture = Image.frombytes("L", (width, height), grey)
    if how.fade:
        picture = picture.point([round(128 + (value - 128) * (1 - how.fade)) for value in range(256)])
    flat.paste(picture, (margin, margin))
    zoom = dot_mm * how.px_per_mm
    flat = flat.resize((round(flat.width * zoom), round(flat.height * zoom)), Image.Resampling.BOX)
    if how.tilt:
        map_ = _tilted(*flat.size, how.tilt)
        flat = flat.transform(
            flat.size, Image.Transform.PERSPECTIVE, map_, Image.Resampling.BILINEAR, fillcolor=DESK
        )
    if how.glare:
        flat = _glared(flat, how.glare)
    if how.blur_mm:
        flat = flat.filter(ImageFilter.GaussianBlur(how.blur_mm * how.px_per_mm))
    return _grained(flat, how) if how.noise else flat


def _glared(picture: "Image", glare: float) -> "Image":
    """A lamp behind the person, upper right."""
    from PIL import Image, ImageChops

    width, height = picture.size
    lamp = Image.radial_gradient("L").resize((width // 2, height // 2))
    light = Image.new("L", picture.size, 0)
    light.paste(lamp.point([round((255 - value) * glare) for value in range(256)]), (width // 2, height // 8))
    return ImageChops.add(picture, light)


def _grained(picture: "Image", how: Conditions) -> "Image":
    """The sensor's noise: the same for the same seed."""
    from PIL import Image, ImageChops

    grain = shake_128(how.seed.to_bytes(8, "big")).digest(picture.width * picture.height)
    speckle = Image.frombytes("L", picture.size, grain).point([value * how.noise // 255 for value in range(256)])
    return ImageChops.add(picture, speckle, offset=-how.noise // 2)


def _tilted(width: int, height: int, tilt: float) -> list[float]:
    """Coefficients that show the flat picture with its upper edge further away."""
    near = [(0.0, 0.0), (float(width), 0.0), (float(width), float(height)), (0.0, float(height))]
    cut = width * tilt / 2
    far = [(cut, height * tilt), (width - cut, height * tilt), near[2], near[3]]
    return _perspective(far, near)


def _perspective(source: list[Point], target: list[Point]) -> list[float]:
    """The eight coefficients of the projective map that takes ``source`` to ``target``."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for at in range(8):  # Gauss and Jordan
        best = max(range(at, 8), key=lambda row: abs(rows[row][at]))
        rows[at], rows[best] = rows[best], rows[at]
        rows[at] = [value / rows[at][at] for value in rows[at]]
        for other in range(8):
            if other != at and rows[other][at]:
                rows[other] = [a - rows[other][at] * b for a, b in zip(rows[other], rows[at], strict=True)]
    return [row[8] for row in rows]


def _graded(text: str, picture: "Image", corners: list[Point], side: int, how: Conditions) -> Reading:
    square = [(0.0, 0.0), (float(side), 0.0), (float(side), float(side)), (0.0, float(side))]
    a, b, c, d, e, f, g, h = _perspective(square, corners)

    def brightness(x: float, y: float) -> int:
        """At a place in modules from the code's upper left corner."""
        depth = g * x + h * y + 1
        at = (round((a * x + b * y + c) / depth), round((d * x + e * y + f) / depth))
        if not (0 <= at[0] < picture.width and 0 <= at[1] < picture.height):
            return DESK
        value = picture.getpixel(at)
        assert isinstance(value, int)
        return value

    inside = sorted(brightness(x + 0.5, y + 0.5) for x, y in product(range(side), range(side)))
    quarter = len(inside) // 4
    dark, light = inside[quarter], inside[-quarter]
    edges = [_distance(one, two) for one, two in zip(corners, corners[1:] + corners[:1], strict=True)]
    return Reading(
        text,
        mean(edges) / side / how.px_per_mm,
        (light - dark) / 255,
        _quiet(brightness, side, (dark + light) / 2),
    )


def _distance(one: Point, two: Point) -> float:
    return hypot(one[0] - two[0], one[1] - two[1])


def _quiet(brightness: Callable[[float, float], int], side: int, middle: float) -> float:
    """Modules around the code that are clear on every side, in halves, at most 4.

    Clear is what differs from the finder's edge: light around dark modules, or dark around light ones.
    """
    dark_code = brightness(0.5, 0.5) < middle
    clear = 0.0
    for ring in (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0):  # nearer ones blur into the code
        far = side + ring
        along = [at + 0.5 for at in range(side)]
        places = [(x, -ring) for x in along] + [(x, far) for x in along]
        places += [(-ring, y) for y in along] + [(far, y) for y in along]
        inked = sum((brightness(x, y) < middle) == dark_code for x, y in places)
        if inked > len(places) // 20:  # a speck of glare or dust is no bar
            break
        clear = ring
    return clear


def spoiled(conditions: Conditions = USUAL, **what: float) -> Conditions:
    """The same camera in worse conditions, for tests and drills."""
    return replace(conditions, **what)  # type: ignore[arg-type]  # numbers all of them; the names are checked
