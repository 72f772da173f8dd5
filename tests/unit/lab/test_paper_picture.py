"""Receipts as pictures: what is on paper is what a person sees, at its place, with codes that read."""

import asyncio
from io import BytesIO
from typing import Literal

import pytest
from PIL import Image

from drivers.printer.profile import load
from terminal.counter.ports import Slip
from terminal.lab.paper_picture import DOTS_MAX, MARGIN_TOP, receipt_png, slip_png
from terminal.payments.receipt import Blank, Code, Receipt, Row, Rule
from terminal.peripherals.painters import PAPER_FONTS, Painter
from terminal.peripherals.printer import SlipPrinter, printable
from terminal.simulation.devices import SimulatedCounter
from terminal.virtual_time import run
from terminal.wiring.preview import receipt_picture
from tests.devices.peripheral_rig import running, well
from tests.qr_seen import texts_in

PAINT = Painter(*PAPER_FONTS)
PROFILES = ["generic-58", "generic-80", "epson-serial"]
RECEIPT: Receipt = (
    Row("TEST", align="center", size=2, bold=True),
    Row("Café 老王", align="center", size=2, bold=True),
    Rule(),
    Row("牛肉面 Beef noodles", "¥28.50"),
    Row("Pão de queijo", "R$ 12,50"),
    Row("Zażółć gęślą jaźń", "₹9"),
    Blank(),
    Code("https://shop.example/r/01JD3XG6Q5T8ZV0Y3R9KQ4B7WN"),
)


def picture(receipt: Receipt, profile: str) -> Image.Image:
    slip = printable(receipt, load(profile), PAINT)
    return Image.open(
        BytesIO(receipt_png(slip.data, width_dots=slip.width_dots, charset=slip.charset, native_qr=slip.native_qr))
    )


def ink(image: Image.Image, box: tuple[int, int, int, int]) -> float:
    part = image.crop(box)
    return sum(value < 128 for value in part.tobytes()) / (part.width * part.height)


@pytest.mark.row(59, 60, 147)
@pytest.mark.parametrize("profile", PROFILES)
def test_a_mixed_receipt_is_drawn_and_its_code_reads(profile: str) -> None:
    image = picture(RECEIPT, profile)
    assert image.width == load(profile).width_dots + {"generic-58": 80}.get(profile, 64)
    assert texts_in(image) == [RECEIPT[-1].text]  # type: ignore[union-attr]
    assert 0.02 < ink(image, (0, 0, image.width, image.height)) < 0.25


@pytest.mark.row(60)
def test_a_full_width_letter_takes_the_place_of_two_half_width_ones() -> None:
    wide = picture((Row("面面面面|"),), "epson-serial")
    narrow = picture((Row("NNNNNNNN|"),), "epson-serial")
    place = 32 + 8 * 12
    for image in (wide, narrow):
        assert ink(image, (place, MARGIN_TOP, place + 12, MARGIN_TOP + 24)) > 0.05
        assert ink(image, (place + 12, MARGIN_TOP, image.width, MARGIN_TOP + 24)) == 0


def test_a_right_column_ends_at_the_edge_of_the_paper() -> None:
    image = picture((Row("left", "N"),), "epson-serial")
    assert ink(image, (32 + 576 - 12, MARGIN_TOP, 32 + 576, MARGIN_TOP + 24)) > 0.1
    assert ink(image, (32 + 576, MARGIN_TOP, image.width, MARGIN_TOP + 24)) == 0


def test_bold_and_large_are_darker_and_larger() -> None:
    plain, bold, large = (
        picture((Row("ABC", bold=each == 1, size=2 if each == 2 else 1),), "epson-serial") for each in range(3)
    )
    area = (0, 0, 640, plain.height - 3)
    assert ink(bold, area) > ink(plain, area) * 1.1
    assert large.height > plain.height


@pytest.mark.row(59, 147)
@pytest.mark.parametrize("profile", PROFILES)
def test_the_preview_is_the_paper(profile: str) -> None:
    """The same receipt through the whole adapter and the simulated printer, and as a preview."""
    counter = SimulatedCounter(printer_profile=profile)

    async def story() -> None:
        printer = counter.devices().printer
        assert isinstance(printer, SlipPrinter)
        async with running(printer.run):
            await well(printer.health)
            await printer.print(Slip("r1", RECEIPT, 0))

    run(story(), seed=1)
    paper = counter.printer.slips[0] if counter.printer.slips else counter.printer.hanging
    assert slip_png(paper, load(profile).width_dots) == _png(profile)


def _png(profile: str) -> bytes:
    slip = printable(RECEIPT, load(profile), PAINT)
    return receipt_png(slip.data, width_dots=slip.width_dots, charset=slip.charset, native_qr=slip.native_qr)


@pytest.mark.row(59)
@pytest.mark.parametrize(
    ("profile", "like"), [*((each, each) for each in PROFILES), ("", "generic-80"), ("star-line", "generic-80")]
)
def test_the_page_draws_a_slip_for_the_counters_own_paper(profile: str, like: str) -> None:
    assert asyncio.run(receipt_picture(RECEIPT, profile)) == _png(like)


def test_nothing_and_far_too_much_are_pictures_too() -> None:
    empty = Image.open(BytesIO(receipt_png(b"", width_dots=576, charset="", native_qr=True)))
    assert empty.height == 2 * MARGIN_TOP
    endless = Image.open(BytesIO(receipt_png(b"\n" * 2000, width_dots=384, charset="", native_qr=True)))
    assert endless.height == DOTS_MAX + 2 * MARGIN_TOP


@pytest.mark.row(60)
@pytest.mark.parametrize("size", [1, 2])
def test_a_capital_with_an_accent_is_as_large_as_its_neighbours(size: Literal[1, 2]) -> None:
    """The Chinese font's Ó is as wide as a Chinese letter: made to fit, COPIA would read as CoPIA."""
    image = picture((Row("OÓÇÕÔÚÀÉÜ", size=size),), "epson-serial")
    plain, *accented = (tall(image, 32 + 12 * size * place, 12 * size, 24 * size) for place in range(9))
    assert all(each >= plain for each in accented), (plain, accented)


def tall(image: Image.Image, left: int, width: int, height: int) -> int:
    """Rows between the highest and the lowest ink of one letter."""
    letter = image.crop((left, MARGIN_TOP, left + width, MARGIN_TOP + height))
    rows = [row for row in range(height) if min(letter.crop((0, row, width, row + 1)).tobytes()) < 128]
    return rows[-1] - rows[0]
