"""Receipts of six languages on every model: everything on paper, in its place, codes readable, bytes harmless."""

from functools import reduce
from io import BytesIO
from operator import or_
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from drivers.printer.bitmap import inked
from drivers.printer.charset import charset_of
from drivers.printer.driver import EscPosPrinter, Outcome
from drivers.printer.escpos import render
from drivers.printer.layout import lay_out
from drivers.printer.profile import PrinterProfile, load
from drivers.printer.scripts import FROM_LEFT, FROM_RIGHT
from drivers.printer.star import StarPrinter
from drivers.printer.writer import CHUNK_BYTES
from firmware_stubs.paper import Picture, StubSlip, text_view
from firmware_stubs.printer import PrinterStub
from firmware_stubs.star_printer import StarPrinterStub
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
STAR = load("star-line")
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


@pytest.mark.row(59, 60)
@pytest.mark.parametrize("profile", [SMALL, STAR], ids=lambda profile: profile.name)
@pytest.mark.parametrize("amount", ["₹1,000,179.99", "฿5.00 A", "-R$ 9.999,99 ₫"])
def test_a_line_drawn_for_one_sign_has_each_letter_in_its_own_place(amount: str, profile: PrinterProfile) -> None:
    """As letters of the printer's own stand above and below: amounts end at one edge, words keep one blank."""
    slip = on_paper((Row("Gulab jamun", amount),), profile)
    ink = reduce(or_, (row << profile.width_dots - image.width for image in slip.images for row in image.rows))
    wanted = "Gulab jamun" + amount.rjust(profile.columns - len("Gulab jamun"))
    assert in_places(ink, profile) == "".join("x" if each != " " else " " for each in wanted)


def on_paper(receipt: Receipt, profile: PrinterProfile) -> StubSlip:
    if profile is not STAR:
        return printed(receipt, profile)[1]
    stub = StarPrinterStub()
    assert virtual(StarPrinter(wire(stub), STAR, paint=PAINT).print(as_document(receipt, STAR), "job")) in Outcome
    return stub.slips[0]


def in_places(ink: int, profile: PrinterProfile) -> str:
    dots = profile.width_dots // profile.columns
    bits = f"{ink:0{profile.width_dots}b}"
    return "".join("x" if "1" in bits[at : at + dots] else " " for at in range(0, len(bits), dots))


def test_a_sign_that_no_font_has_leaves_the_rest_of_what_is_drawn() -> None:
    lacking, asked = (printed((Row(f"Ch\u00e1 {sign}₫5", "₹3"),), SMALL)[1].images for sign in ("\u01a1", "?"))
    assert lacking == asked
    [line] = printed((Row("Ch\u00e1 \u01a1₫5"),), EPSON)[1].text_lines
    assert line.text == "Ch\u00e1 \ufffc5"
    [drawn] = (part for part in line.parts if isinstance(part, Picture))
    assert all(any(row >> shift & 0xFFF for row in drawn.rows) for shift in (12, 0)), "? and the dong's sign"


def test_a_letter_that_the_printer_has_and_no_font_is_never_lost_for_a_sign_beside_it() -> None:
    assert printed((Row("\u7523\u30fb", "5"),), SMALL)[1].lines[0].split() == ["\u7523?", "5"]


def test_goods_in_arabic_on_an_english_slip_leave_the_amounts_at_the_right() -> None:
    slip = printed((Row("Sale no.", "0042"), Row("شاورما", "36.00")), EPSON)[1]
    [drawn] = slip.images
    amount = rows_of(FROM_LEFT + "36.00", 1, False, 5)
    assert shows(drawn, amount, at_left=False)
    assert drawn.width >= EPSON.width_dots - 2


@pytest.mark.parametrize(("word", "from_right"), [("छूट", False), ("خصم", True)])
def test_a_line_that_belongs_to_its_goods_is_set_in(word: str, from_right: bool) -> None:
    [image] = printed((Row("  " + word, "5"),), EPSON)[1].images
    bits = f"{reduce(or_, image.rows):0{image.width}b}".ljust(EPSON.width_dots, "0")
    assert (bits[::-1] if from_right else bits).index("1") == 2 * 12


def test_thai_is_broken_where_a_syllable_begins_for_sure() -> None:
    """Never a last letter on a line of its own; a name behind a blank goes to the next line whole."""
    charset = charset_of(SMALL, PAINT)

    def lines(text: str, size: Literal[1, 2] = 1) -> list[str]:
        found = lay_out(Row(text, size=size), SMALL.columns, charset)
        return ["".join(cell.text for cell in line.cells) for line in found]

    assert lines("Noodle Shop ป้าน้อย", 2) == ["Noodle Shop", "ป้าน้อย"]
    assert lines("ข้าวผัดปูพิเศษใส่ไข่ดาวสองฟองไม่ใส่ผักชีกับน้ำปลาพริกเพิ่ม") == [
        "ข้าวผัดปูพิเศษใส่ไข่ดาวสองฟองไม่",
        "ใส่ผักชีกับน้ำปลาพริกเพิ่ม",
    ]


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
