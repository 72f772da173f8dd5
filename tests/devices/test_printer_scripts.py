"""Receipts of six languages on every model: everything on paper, in its place, codes readable, bytes harmless."""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from drivers.printer.bitmap import inked
from drivers.printer.driver import EscPosPrinter, Outcome
from drivers.printer.escpos import render
from drivers.printer.profile import PrinterProfile
from drivers.printer.scripts import FROM_LEFT, FROM_RIGHT
from drivers.printer.writer import CHUNK_BYTES
from firmware_stubs.paper import Picture, StubSlip, text_view
from firmware_stubs.printer import PrinterStub
from terminal.lab.paper_picture import slip_png
from terminal.payments.receipt import Receipt, Row
from terminal.peripherals.painters import PAPER_FONTS, shared_painter
from terminal.peripherals.printer import as_document
from terminal.web.receipts import as_text
from tests.devices.printer_rig import EPSON, SMALL, named, stub_for, virtual
from tests.devices.receipts import RECEIPTS
from tests.devices.wires import wire
from tests.qr_seen import texts_in

pytestmark = pytest.mark.no_cover  # many cases of few lines: other tests measure those

PAINT = shared_painter(*PAPER_FONTS)
LETTERS = ("en", "zh-CN", "pt-BR")
DRAWN = ("hi", "th", "ar")


def printed(receipt: Receipt, profile: PrinterProfile) -> tuple[PrinterStub, StubSlip]:
    stub = stub_for(profile)
    printer = EscPosPrinter(wire(stub), profile, paint=PAINT)
    assert virtual(printer.print(as_document(receipt, profile), "job")) in Outcome
    stub.tear()
    assert stub.head.not_understood == []
    assert stub.drawer_pulses == stub.head.beeps == 0
    assert len(stub.slips) == 1
    return stub, stub.slips[0]


def rows_of(text: str, size: int, bold: bool, columns: int) -> tuple[int, ...]:
    picture = PAINT(text, columns * 12 * size, 30 * size, bold)
    assert picture is not None
    return inked(picture).rows


@pytest.mark.row(59, 60)
@named
@pytest.mark.parametrize("language", LETTERS)
def test_what_a_printer_has_letters_for_reads_back_from_its_paper(language: str, profile: PrinterProfile) -> None:
    """The GBK and code page bytes, decoded by the printer, are the words of the plain-text receipt."""
    _, slip = printed(RECEIPTS[language], profile)
    paper = "".join("".join(text_view(slip, profile.width_dots)).split("[")[0].split())
    words = as_text(RECEIPTS[language], profile.columns).split("CT:S-")[0]
    assert paper.replace("￥", "¥") == "".join(words.split())


@pytest.mark.row(59, 60)
@named
@pytest.mark.parametrize("language", DRAWN)
def test_a_script_the_printer_lacks_is_drawn_line_by_line(language: str, profile: PrinterProfile) -> None:
    """Each drawn line holds its texts dot for dot: the label at one edge, the amount at the other."""
    _, slip = printed(RECEIPTS[language], profile)
    for row in (line for line in RECEIPTS[language] if isinstance(line, Row) and line.right):
        wanted = rows_of(FROM_LEFT + row.right, row.size, row.bold, profile.columns)
        places = (image for image in slip.images if len(image.rows) >= len(wanted))
        assert any(shows(image, wanted, at_left=language == "ar") for image in places), row


def shows(image: Picture, wanted: tuple[int, ...], *, at_left: bool) -> bool:
    """``wanted`` stands somewhere at that edge of what was drawn."""
    columns = max(wanted).bit_length()
    shift, mask = (image.width - columns, -1) if at_left else (0, (1 << columns) - 1)
    edge = [row >> shift & mask for row in image.rows]
    return any(edge[top : top + len(wanted)] == list(wanted) for top in range(len(edge)))


@pytest.mark.row(59)
@named
@pytest.mark.parametrize("language", RECEIPTS)
def test_the_picture_of_the_paper_shows_a_code_that_reads(language: str, profile: PrinterProfile) -> None:
    _, slip = printed(RECEIPTS[language], profile)
    image = Image.open(BytesIO(slip_png(slip, profile.width_dots)))
    assert texts_in(image) == ["CT:S-01JD3XG6Q5T8ZV0Y3R9KQ4B7WN"]


@pytest.mark.row(63)
@named
def test_a_drawn_line_is_sent_in_pieces_that_a_status_query_fits_between(profile: PrinterProfile) -> None:
    slip = render(as_document(RECEIPTS["hi"], profile), profile, PAINT)
    assert len(slip.chunks) > 10
    assert max(map(len, slip.chunks)) <= CHUNK_BYTES + 64


def test_arabic_stands_at_the_right_and_its_amount_at_the_left() -> None:
    _, slip = printed((Row("المجموع", "28.50 SAR"),), EPSON)
    (image,) = slip.images
    ink = 0
    for row in image.rows:
        ink |= row
    assert image.width >= EPSON.width_dots - 2
    left, right = ink >> (image.width - 120), ink & ((1 << 80) - 1)
    assert left
    assert right
    assert not ink >> 90 & ((1 << 300) - 1), "white between them"
    amount = rows_of(FROM_LEFT + "28.50 SAR", 1, False, 9)
    width = max(amount).bit_length()
    assert [row >> (image.width - width) for row in image.rows] == list(amount)
    label = rows_of(FROM_RIGHT + "المجموع", 1, False, 10)
    assert [row & ((1 << 60) - 1) for row in image.rows] == [row & ((1 << 60) - 1) for row in label]


def test_an_emoji_in_a_drawn_line_is_a_question_mark_and_the_rest_stays() -> None:
    with_emoji = printed((Row("चाय \U0001f35c गरम"),), EPSON)[1].images
    assert [image.rows for image in with_emoji] == [
        image.rows for image in printed((Row("चाय ? गरम"),), EPSON)[1].images
    ]


def test_without_fonts_it_is_question_marks_and_never_rubbish() -> None:
    stub = stub_for(SMALL)
    virtual(EscPosPrinter(wire(stub), SMALL).print(as_document((Row("चाय", "₹5"),), SMALL), "job"))
    assert stub.hanging.images == []
    assert stub.hanging.lines[0].split() == ["??", "?5"]


HOSTILE = (
    "\x1bp\x00\x19\xfa", "\x10\x14\x01\x00\x01", "\x1dV\x00", "{CUT}", "\u202e\u2066", "\u200e\u200f", "\u200d",
)  # fmt: skip


@pytest.mark.row(60)
@named
@pytest.mark.parametrize("text", HOSTILE)
def test_s61_p6_hostile_notes_beside_letters_that_join_do_nothing(text: str, profile: PrinterProfile) -> None:
    for word in ("चाय", "ชา", "شاي"):
        stub, slip = printed((Row(f"{text}{word}{text} 5", text), Row(text + word, f"1{text}")), profile)
        assert stub.head.cuts == bool(profile.cut)
        assert slip.images
        assert all(run.text.isprintable() for run in slip.runs)


def test_s61_direction_marks_of_the_text_are_not_obeyed() -> None:
    """Who writes a mark before a price must not turn it round."""
    assert printed((Row("\u200f28.50 चाय"),), EPSON)[1].images == printed((Row("28.50 चाय"),), EPSON)[1].images


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text(st.one_of(st.sampled_from("कखगि्ाीไก่นำ้ابجدِ12 .₹฿()ab中é"), st.characters()), max_size=40))
def test_p6_any_text_beside_letters_that_join_is_printed_or_asked_about(text: str) -> None:
    for profile in (EPSON, SMALL):
        for chunk in render(as_document((Row("चाय " + text, text[:6]),), profile), profile, PAINT).chunks:
            for real_time in (b"\x10\x04", b"\x10\x05", b"\x10\x14"):
                assert real_time not in chunk
