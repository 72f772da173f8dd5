"""The printer driver on a simulated printer, in virtual time: what is sent is what can be read on paper."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.printer.bitmap import Bitmap
from drivers.printer.document import Blank, Code, Document, Line, Modules, Row, Rule
from drivers.printer.driver import EscPosPrinter, Outcome
from drivers.printer.profile import PrinterProfile
from drivers.printer.status import Paper
from drivers.qr import encode
from firmware_stubs.paper import text_view
from firmware_stubs.printer import PrinterStub
from tests.devices.printer_rig import EPSON, GENERIC, SMALL, stub_for, virtual
from tests.devices.wires import wire

pytestmark = pytest.mark.no_cover  # many cases of few lines: other tests measure those


def printed(profile: PrinterProfile, *document: Line, **faults: Any) -> PrinterStub:
    """Print on the profile's own kind of printer, tear off, and hand back the printer."""
    stub = stub_for(profile)
    virtual(EscPosPrinter(wire(stub, **faults), profile).print(document, "job-1"))
    stub.tear()
    assert len(stub.slips) == 1
    assert stub.head.not_understood == []
    assert stub.drawer_pulses == 0
    return stub


def lines(stub: PrinterStub) -> list[str]:
    return [line.rstrip() for line in stub.slips[0].lines]


RECEIPT: Document = (
    Row("好邻居 Padaria São João", align="center", size=2, bold=True),
    Rule(),
    Row("珍珠奶茶 Café com açúcar", "¥18.00"),
    Row("Оплата", "€5"),
    Blank(2),
    Row("合计", "¥28.50", bold=True),
    Code("https://r.example/1", Modules(encode("https://r.example/1").size, encode("https://r.example/1").packed)),
    Row("谢谢惠顾", align="right"),
)  # fmt: skip


@pytest.mark.row(60)
@pytest.mark.parametrize("profile", [EPSON, GENERIC, SMALL], ids=lambda profile: profile.name)
def test_a_receipt_in_three_scripts_reads_back(profile: PrinterProfile) -> None:
    stub = printed(profile, *RECEIPT)
    slip = stub.slips[0]
    said = [" ".join(line.split()) for line in slip.lines if line.strip()]
    title = ["好邻居 Padaria São João"] if profile is not SMALL else ["好邻居 Padaria", "São João"]
    rule = "-" * profile.columns
    assert said == [
        *title, rule, "珍珠奶茶 Café com açúcar ￥18.00", "Оплата €5", "合计 ￥28.50", "谢谢惠顾",
    ]  # fmt: skip
    assert {run.text for run in slip.runs if run.bold and run.chinese and run.scale_y == 1} == {"合计", "￥"}
    assert {(run.scale_x, run.scale_y) for run in slip.runs if "好" in run.text} == {(2, 2)}
    if profile is SMALL:
        assert [(image.width % 16, len(image.rows) % 6) for image in slip.images] == [(0, 0)]
    else:
        assert [(code.payload, code.module, code.align) for code in slip.codes] == [
            ("https://r.example/1", 6, "center")
        ]


def test_the_right_column_ends_at_the_edge_of_the_paper() -> None:
    for profile in (EPSON, SMALL):
        slip = printed(profile, Row("茶 é", "¥8.00"), Row("合计", "¥8.00", size=2)).slips[0]
        assert [line.width for line in slip.text_lines if line.parts] == [profile.width_dots] * 2


def test_a_double_height_line_is_one_line_not_two() -> None:
    slip = printed(EPSON, Row("合计", "¥84.00", size=2)).slips[0]
    assert len([line for line in slip.text_lines if line.parts]) == 1


@pytest.mark.row(59)
def test_the_text_view_is_the_paper() -> None:
    stub = printed(EPSON, Row("Shop", align="center"), Row("Tea", "¥8.00"), Code("HELLO"))
    assert text_view(stub.slips[0], 576) == [" " * 22 + "Shop", "Tea" + " " * 39 + "￥8.00", "", "[QR HELLO]", ""]


CHINESE = "收款合计好邻居小吃店珍珠奶茶，。（）"
PORTUGUESE = "São João açúcar pão É à R$ 12,34 "
ALPHABETS = {
    "zh-CN": st.text(st.sampled_from(CHINESE + "¥1234567890. "), min_size=1, max_size=60),
    "pt-BR": st.text(st.sampled_from(PORTUGUESE), min_size=1, max_size=60),
    "mixed": st.text(st.sampled_from(CHINESE + PORTUGUESE + "¥Жф€"), min_size=1, max_size=60),
}


@pytest.mark.row(60)
@pytest.mark.parametrize("profile", [EPSON, GENERIC, SMALL], ids=lambda profile: profile.name)
@pytest.mark.parametrize("language", ALPHABETS)
@given(data=st.data())
@settings(max_examples=25, deadline=None, derandomize=True)
def test_any_document_reads_back_letter_by_letter(
    language: str, profile: PrinterProfile, data: st.DataObject
) -> None:
    text = ALPHABETS[language]
    row = st.builds(Row, text, st.one_of(st.just(""), text), bold=st.booleans(), size=st.sampled_from([1, 2]))
    rows = data.draw(st.lists(row, min_size=1, max_size=5))
    stub = printed(profile, *rows)
    wanted = "".join(row.left + row.right for row in rows).replace("¥", "￥").replace(" ", "")
    got = "".join(stub.slips[0].lines).replace(" ", "")
    assert sorted(got) == sorted(wanted)
    if all(not row.right for row in rows):
        assert got == wanted


@pytest.mark.parametrize("charset", ["gbk", "gb18030"])
@pytest.mark.parametrize("at_start", [False, True])
def test_power_up_in_chinese_mode_or_not_makes_no_difference(charset: str, at_start: bool) -> None:
    stub = PrinterStub(charset=charset, chinese_at_start=at_start)
    virtual(EscPosPrinter(wire(stub), GENERIC).print((Row("é à ã ç 收款", "¥1"),), "job"))
    assert " ".join(stub.slips[0].lines[0].split()) == "é à ã ç 收款 ￥1"


HOSTILE = (
    "\x1bp\x00\x19\xfa", "\x1dV\x00", "\x1dVB\x00", "\x10\x14\x01\x00\x01", "{CUT}", "[cut]", "\x1b@\x1b@",
    "a\nb\r\tc\x00d\x7fe\x9bf", "\u202eevil\u202c\u2066x", "\x1c&\x1c.", "\x1bi\x1bm", "\x10\x05\x02",
)  # fmt: skip


@pytest.mark.parametrize("profile", [EPSON, GENERIC, SMALL], ids=lambda profile: profile.name)
@pytest.mark.parametrize("text", HOSTILE)
def test_s61_p6_order_notes_never_cut_or_open_the_drawer(text: str, profile: PrinterProfile) -> None:
    stub = printed(profile, Row(f"note {text} end", text), Row("收款" + text))
    assert stub.drawer_pulses == stub.head.beeps == 0
    assert stub.head.cuts == (0 if profile is SMALL else 1)
    everything = "".join(lines(stub))
    assert "note" in everything
    assert not [char for char in everything if not char.isprintable()]


def test_s61_template_marks_are_plain_letters() -> None:
    assert lines(printed(EPSON, Row("{CUT} [b]x[/b]")))[0] == "{CUT} [b]x[/b]"


def test_what_no_letters_exist_for_is_drawn_at_its_place() -> None:
    def black(text: str, width: int, height: int, bold: bool) -> Bitmap:
        return Bitmap(width, ((1 << width) - 1,) * height)

    stub = PrinterStub()
    virtual(EscPosPrinter(wire(stub), EPSON, paint=black).print((Row("茶 ₹ 5", "é"),), "job"))
    assert stub.slips[0].lines[0].replace(" ", "") == "茶\ufffc5é"
    assert stub.slips[0].text_lines[0].parts[2].x == 36
    small = stub_for(SMALL)
    virtual(EscPosPrinter(wire(small), SMALL, paint=black).print((Row("茶₹", "é"),), "job"))
    (image,) = small.hanging.images
    assert len(image.rows) == 24
    assert image.rows[0] == (((1 << 36) - 1) << (384 - 36)) | 0xFFF


def test_the_code_on_paper_is_the_code_asked_for() -> None:
    """Native or sent as dots: both symbols are the same modules."""
    code = encode("https://r.example/1")
    asked = Code("https://r.example/1", Modules(code.size, code.packed))
    native = printed(EPSON, asked).slips[0].dots(576, lambda *_: [], lambda *_: (code.size, code.packed))
    raster = printed(SMALL, asked).slips[0].dots(384, lambda *_: [], lambda *_: (0, b""))

    def squeezed(rows: list[int]) -> list[str]:
        dark = [f"{row:0600b}".rstrip("0") for row in rows if row]
        left = min(len(row) - len(row.lstrip("0")) for row in dark)
        return [row[left::6] for row in dark[::6]]

    assert [row.rstrip("0") for row in squeezed(native)] == [row.rstrip("0") for row in squeezed(raster)]
    assert len(squeezed(native)) == code.size


# --- what is known afterwards -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "outcome"),
    [(EPSON, Outcome.CONFIRMED), (GENERIC, Outcome.PROCESSED), (SMALL, Outcome.SENT)],
    ids=lambda value: getattr(value, "name", value),
)
def test_the_outcome_says_what_the_printer_can_prove(profile: PrinterProfile, outcome: Outcome) -> None:
    assert virtual(EscPosPrinter(wire(stub_for(profile)), profile).print(RECEIPT, "job")) is outcome


def test_a_clone_without_gs_r_prints_no_stray_letter_and_the_slip_counts_as_sent() -> None:
    stub = PrinterStub(answers=frozenset({"dle"}))
    printer = EscPosPrinter(wire(stub), GENERIC)
    assert virtual(printer.print((Row("Tea"),), "job")) is Outcome.SENT
    assert [line for slip in stub.slips for line in slip.lines] == ["Tea"]


@pytest.mark.row(46)
async def test_status_tells_paper_cover_and_cutter() -> None:
    stub = PrinterStub()
    printer = EscPosPrinter(wire(stub), EPSON)
    assert (await printer.status()).paper is Paper.OK
    stub.paper_low()
    assert (await printer.status()).paper is Paper.NEAR_END
    assert (await printer.status()).fault == ""
    stub.paper_ends()
    assert (await printer.status()).fault == "paper_out"
    stub.load_paper()
    stub.open_cover()
    assert (await printer.status()).fault == "cover_open"
    stub.close_cover()
    stub.jam_cutter()
    assert (await printer.status()).fault == "cutter_jam"


async def test_automatic_status_is_enough_where_the_model_has_nothing_else() -> None:
    stub = PrinterStub(answers=frozenset({"asb", "gs-r"}))
    cable = wire(stub)
    printer = EscPosPrinter(cable, replace(EPSON, status="asb", confirm="gs-r"))
    assert (await printer.status()).paper is Paper.OK
    stub.paper_ends()
    cable.poke()
    assert await _soon(printer) == "paper_out"


async def _soon(printer: EscPosPrinter) -> str:
    return (await printer.status()).fault


def test_the_paper_status_alone_is_understood() -> None:
    async def story() -> None:
        stub = stub_for(SMALL)
        printer = EscPosPrinter(wire(stub), SMALL)
        assert (await printer.status()).known
        stub.paper_ends()
        assert (await printer.status()).fault == "paper_out"

    virtual(story())


async def test_the_drawer_opens_by_its_own_command_only() -> None:
    stub = PrinterStub()
    printer = EscPosPrinter(wire(stub), EPSON)
    await printer.print(RECEIPT, "job")
    assert stub.drawer_pulses == 0
    await printer.open_drawer()
    await printer.beep()
    assert (stub.drawer_pulses, stub.head.beeps) == (1, 1)


def test_replies_one_byte_at_a_time_are_understood() -> None:
    stub = PrinterStub()
    printer = EscPosPrinter(wire(stub, chunk=1), EPSON)
    assert virtual(printer.print(RECEIPT, "job")) is Outcome.CONFIRMED


def test_on_a_slow_line_and_a_slow_printer_the_proof_is_awaited() -> None:
    stub = PrinterStub(bytes_per_s=400)
    printer = EscPosPrinter(wire(stub, baud=9600, paced=True), EPSON)

    async def story() -> tuple[Outcome, float]:
        outcome = await printer.print(RECEIPT, "job")
        return outcome, asyncio.get_running_loop().time()

    outcome, seconds = virtual(story())
    assert outcome is Outcome.CONFIRMED
    assert seconds < 5
