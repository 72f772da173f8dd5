"""The code chosen for a glass is one that the simulated camera reads with good grades, or it is refused."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.qr import Level, encode
from drivers.qr_fit import LEVELS, MODULE_MIN_MM, QUIET, Fit, TooFine, choose
from terminal.lab.camera import GLASS_DOT_MM, PAPER_DOT_MM, read

NATIVE = "weixin://wxpay/bizpayurl?pr=p4lpSuKzz"
VECTORS = json.loads((Path(__file__).parents[2] / "golden" / "merchant_codes.json").read_text("utf-8"))["valid"]
LONGEST = max((each["text"] for each in VECTORS if each["scheme"] != "swiss_qr_bill"), key=len)
SWISS = next(each["text"] for each in VECTORS if each["scheme"] == "swiss_qr_bill")


def drawn(text: str, fit: Fit) -> tuple[int, int, bytes]:
    """The code as chosen, with its quiet zone, in dots."""
    code = encode(text, level=fit.level)
    assert code.version == fit.version
    bits = f"{int.from_bytes(code.packed, 'big') >> -code.size * code.size % 8:0{code.size * code.size}b}"
    side = (code.size + 2 * QUIET) * fit.scale
    picture = bytearray(b"\xff" * side * side)
    for at, bit in enumerate(bits):
        if bit == "1":
            left, top = (QUIET + at % code.size) * fit.scale, (QUIET + at // code.size) * fit.scale
            for line in range(top, top + fit.scale):
                picture[line * side + left : line * side + left + fit.scale] = bytes(fit.scale)
    return side, side, bytes(picture)


@pytest.mark.row(25)
@pytest.mark.parametrize(
    ("text", "width_px", "height_px", "dot_mm"),
    [
        (NATIVE, 240, 320, GLASS_DOT_MM),
        (NATIVE, 128, 128, 0.22),  # a 1.44 inch panel
        (LONGEST, 240, 320, GLASS_DOT_MM),
        (LONGEST, 320, 480, 0.153),  # 3.5 inch
        (LONGEST, 384, 9999, PAPER_DOT_MM),  # 58 mm paper
        (SWISS, 384, 9999, PAPER_DOT_MM),
        ("7" * 20, 240, 240, 0.0975),  # the finest glass: 1.3 inch
    ],
)
def test_what_is_chosen_is_read_by_the_camera(text: str, width_px: int, height_px: int, dot_mm: float) -> None:
    fit = choose(text, width_px, height_px, dot_mm)
    width, height, picture = drawn(text, fit)
    assert (width <= width_px, height <= height_px) == (True, True)
    reading = read(width, height, picture, dot_mm)
    assert reading.text == text
    assert reading.quiet >= 3


@pytest.mark.row(25)
@pytest.mark.parametrize(
    ("text", "side_px", "dot_mm", "chosen"),
    [
        ("1", 240, 0.1275, ("H", 1, 8)),  # a higher level for nothing
        (NATIVE, 240, 0.1275, ("M", 3, 6)),  # Q and H would make modules smaller
        (NATIVE, 128, 0.1275, ("M", 3, 3)),
        ("a" * 200, 128, 0.22, ("L", 9, 2)),  # M would be version 10, of one dot a module
    ],
)
def test_level_and_size_are_weighed(
    text: str, side_px: int, dot_mm: float, chosen: tuple[Level, int, int]
) -> None:
    assert choose(text, side_px, side_px, dot_mm) == Fit(*chosen)


def test_a_schemes_own_level_is_kept() -> None:
    assert choose("1", 240, 240, 0.1275, levels=("M",)).level == "M"
    assert choose("1", 240, 240, 0.1275, levels=("Q",)).level == "Q"


@pytest.mark.row(25)
@pytest.mark.parametrize(
    ("text", "side_px", "dot_mm", "why"),
    [
        (LONGEST, 64, 0.1275, "too fine"),
        (NATIVE, 30, 0.3, "modules of 0.00 mm"),
        ("é" * 700, 2000, 0.2, "version"),
        (SWISS, 128, 0.22, "too fine"),
    ],
)
def test_what_a_phone_could_not_read_is_refused(text: str, side_px: int, dot_mm: float, why: str) -> None:
    with pytest.raises(TooFine, match=why):
        choose(text, side_px, side_px, dot_mm)


def test_what_no_code_holds_is_an_error() -> None:
    for text in ("", "é" * 3000):
        with pytest.raises(ValueError, match="text"):
            choose(text, 2000, 2000, 0.2)


def test_a_scheme_may_limit_the_version() -> None:
    with pytest.raises(TooFine, match="at most 2"):
        choose(NATIVE, 400, 400, 0.2, version_max=2)


@settings(max_examples=60)
@given(st.text("ABCabc0189:/?=", min_size=1, max_size=300), st.integers(20, 500), st.integers(50, 300))
def test_a_choice_always_fits_and_is_never_too_fine(text: str, side_px: int, micrometres: int) -> None:
    dot_mm = micrometres / 1000
    try:
        fit = choose(text, side_px, side_px, dot_mm)
    except TooFine:
        for level in LEVELS:
            size = encode(text, level=level).size + 2 * QUIET
            assert side_px // size * dot_mm < MODULE_MIN_MM
        return
    assert (encode(text, level=fit.level).size + 2 * QUIET) * fit.scale <= side_px
    assert fit.scale * dot_mm >= MODULE_MIN_MM
