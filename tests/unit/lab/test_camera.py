"""The simulated camera: reads what a phone would, and refuses what only luck would read."""

import pytest

from firmware_stubs.display import DisplayStub
from terminal.lab.camera import GLASS_DOT_MM, PAPER_DOT_MM, USUAL, Conditions, read, spoiled
from terminal.lab.qr_reader import NotReadable
from tests.unit.firmware_stubs.test_display import frame, matrix, show

URL = "weixin://wxpay/bizpayurl?pr=abcdefg00"
Picture = tuple[int, int, bytes]


def glass(text: str, flags: int = 0) -> Picture:
    stub = DisplayStub()
    stub.tick(0)
    version, modules = matrix(text)
    stub.receive(frame(0x10, 3, show(5, version, modules, flags=flags)), 1)
    return stub.glass()


def drawn(text: str, *, scale: int, quiet: int, dark: int = 0, light: int = 255, border: int = 0) -> Picture:
    """A code with so many dots a module and so many modules around it, in a frame of ``border`` dots as dark."""
    version, modules = matrix(text)
    side = 17 + 4 * version
    bits = int.from_bytes(modules, "big") >> -side * side % 8
    dots = f"{bits:0{side * side}b}"
    whole = (side + 2 * quiet) * scale + 2 * border
    rows = []
    for y in range(whole):
        row = bytearray([light]) * whole
        for x in range(whole):
            column, line = (x - border) // scale - quiet, (y - border) // scale - quiet
            framed = min(x, y) < border or max(x, y) >= whole - border
            inked = 0 <= column < side and 0 <= line < side and dots[line * side + column] == "1"
            if framed or inked:
                row[x] = dark
        rows.append(bytes(row))
    return whole, whole, b"".join(rows)


@pytest.mark.row(25)
@pytest.mark.parametrize("text", [URL, "upi://pay?pa=" + "x" * 150, "0002" + "A1" * 190])
def test_every_code_that_our_glass_takes_is_read_with_all_grades(text: str) -> None:
    reading = read(*glass(text), GLASS_DOT_MM)
    assert reading.text == text
    assert (reading.contrast > 0.5, reading.quiet, reading.module_mm > 0.35) == (True, 4, True)


def test_a_code_in_light_on_dark_is_read_too() -> None:
    assert read(*glass(URL, flags=1), GLASS_DOT_MM).text == URL


def test_a_slip_s_code_is_read() -> None:
    assert read(*drawn(URL, scale=6, quiet=4), PAPER_DOT_MM).text == URL


@pytest.mark.parametrize("tilt", [0.0, 0.15, 0.3])
@pytest.mark.parametrize("glare", [0.0, 0.5])
def test_a_hand_that_is_not_steady_still_reads(tilt: float, glare: float) -> None:
    assert read(*glass(URL), GLASS_DOT_MM, Conditions(tilt=tilt, glare=glare, blur_mm=0.15, noise=12)).text == URL


@pytest.mark.parametrize(
    ("picture", "why"),
    [
        (drawn(URL, scale=6, quiet=1, border=40), "quiet zone"),
        (drawn(URL, scale=6, quiet=0, border=40), "no code|quiet zone"),
        (drawn(URL, scale=6, quiet=4, dark=110, light=190), "contrast"),
        (drawn(URL, scale=2, quiet=4), "modules of 0.2. mm are too small"),
        (drawn(URL, scale=1, quiet=4), "no code"),
        ((100, 100, b"\xff" * 10_000), "no code"),
    ],
    ids=["narrow quiet zone", "no quiet zone", "grey on grey", "small modules", "tiny modules", "nothing"],
)
def test_a_spoiled_code_is_refused_with_what_spoils_it(picture: Picture, why: str) -> None:
    with pytest.raises(NotReadable, match=why):
        read(*picture, PAPER_DOT_MM)


@pytest.mark.parametrize(
    ("what", "why"), [({"fade": 0.7}, "contrast"), ({"blur_mm": 0.8}, "no code"), ({"px_per_mm": 1.2}, "no code")]
)
def test_a_bad_camera_or_a_dim_glass_reads_nothing(what: dict[str, float], why: str) -> None:
    with pytest.raises(NotReadable, match=why):
        read(*glass(URL), GLASS_DOT_MM, spoiled(USUAL, **what))


def test_the_same_conditions_see_the_same_picture() -> None:
    assert read(*glass(URL), GLASS_DOT_MM) == read(*glass(URL), GLASS_DOT_MM)
