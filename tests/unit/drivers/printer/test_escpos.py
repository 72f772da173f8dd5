"""Documents to bytes: vectors, modes, what can never come out."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.printer.bitmap import Bitmap
from drivers.printer.document import Blank, Code, Document, Modules, Row, Rule
from drivers.printer.escpos import ASB_ON, ASK_PAPER, EscPos, ask_printed, ask_status, native_code, render
from drivers.printer.profile import load, parse
from drivers.printer.protocols import PROTOCOLS
from drivers.printer.writer import CHUNK_BYTES
from drivers.qr import encode
from firmware_stubs.printer import PrinterStub
from tests.unit.drivers.golden import vectors

VECTORS = vectors("escpos")
NAMES = PROTOCOLS[0].profiles
EPSON = load("epson-serial")
SMALL = load("generic-58")


def modules(text: str) -> Modules:
    code = encode(text)
    return Modules(code.size, code.packed)


def grey(text: str, width: int, height: int, bold: bool) -> Bitmap:
    """A painter whose every box is striped: real enough to see where it lands."""
    return Bitmap(width, (int("10" * width, 2) & ((1 << width) - 1),) * height)


def sent(*document: Row | Rule | Blank | Code, profile: str = "epson-serial") -> bytes:
    return b"".join(render(document, load(profile)).chunks)


def test_native_code_is_the_makers_vector() -> None:
    assert native_code("HELLO", 6) == VECTORS["HELLO size 6 level M"]


def test_questions_are_the_makers_bytes() -> None:
    assert ask_printed(b"0001") == VECTORS["process id request 0001"]
    assert b"".join(map(ask_status, (1, 2, 3, 4))) == bytes.fromhex("10 04 01 10 04 02 10 04 03 10 04 04")
    assert bytes.fromhex("1D 72 01") == ASK_PAPER
    assert bytes.fromhex("1D 61 FF") == ASB_ON


def test_styles_are_the_makers_bytes() -> None:
    say = EscPos()
    assert [say.align(side).hex() for side in ("left", "center", "right")] == ["1b6100", "1b6101", "1b6102"]
    assert [say.bold(bold).hex() for bold in (False, True)] == ["1b4500", "1b4501"]
    assert [say.size(size).hex() for size in (1, 2, 8)] == ["1d2100", "1d2111", "1d2177"]
    assert [say.size_and_weight(*style).hex() for style in ((1, False), (1, True), (2, False))] == [
        "1b2100",
        "1b2108",
        "1b2130",
    ]
    assert (say.page(17).hex(), say.feed(4).hex(), say.gap(6).hex()) == ("1b7411", "1b6404", "1b4a06")
    assert (say.position(300).hex(), say.stop(40).hex()) == ("1b242c01", "1b442800")
    assert (say.init, say.wide, say.narrow) == (b"\x1b@", b"\x1c&", b"\x1c.")


def test_cutter_and_buzzer_of_the_shipped_models_are_the_makers_bytes() -> None:
    assert {load(name).cut.hex() for name in ("epson-serial", "generic-80")} == {"1d564200"}
    assert load("epson-serial").buzzer.hex() == "1b28410400303101" + "03"
    assert (load("generic-80").buzzer.hex(), load("generic-58").cut) == ("1b420103", b"")


@pytest.mark.parametrize("name", NAMES)
def test_drawer_pulse_is_the_makers_vector_and_in_no_slip(name: str) -> None:
    assert load(name).drawer == VECTORS["drawer pulse"]
    assert b"\x1bp" not in sent(Row("钱箱 drawer", "1"), profile=name)


@pytest.mark.row(60)
def test_chinese_is_sent_in_chinese_mode() -> None:
    assert sent(Row("收款")).startswith(b"\x1b@\x1c&" + VECTORS["shoukuan in GB18030"] + b"\n")


@pytest.mark.row(60)
@pytest.mark.parametrize("sign", ["¥", "￥"])
def test_yuan_sign_is_the_double_byte_one(sign: str) -> None:
    data = sent(Row("Total", f"{sign}28.50"))
    assert data[2:4] == b"\x1c&"
    assert VECTORS["yuan sign in GBK"] + b"28.50\n" in data


@pytest.mark.row(60)
def test_accents_beside_chinese_go_through_a_code_page() -> None:
    """In Chinese mode é à ã ç would swallow the next byte and come out as a Han character."""
    data = sent(Row("咖啡 Café à São, açaí"))
    assert data.startswith(b"\x1b@\x1c&" + "咖啡".encode("gbk") + b" Caf\x1c.\x1bt\x10\xe9 \xe0 S\xe3o")
    assert data.count(b"\x1c.") == 1, "the mode is changed once, not for every letter"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["ção", "收款"])
def test_the_mode_is_set_before_the_first_letter_after_initialisation(name: str, text: str) -> None:
    data = sent(Row(text), profile=name)
    assert data[:2] == b"\x1b@"
    assert data[2:4] in (b"\x1c&", b"\x1c.")


@pytest.mark.parametrize("name", NAMES)
def test_letters_that_are_the_same_in_every_mode_need_none(name: str) -> None:
    assert sent(Row("plain"), profile=name).startswith(b"\x1b@plain\n")


@pytest.mark.parametrize(("name", "end"), [("epson-serial", b"\n\x1b@"), ("generic-80", b"\n\x1b!\x00\x1c!\x00")])
def test_every_chunk_sets_the_mode_again_and_starts_plain(name: str, end: bytes) -> None:
    """A printer that restarted between two chunks has forgotten both."""
    document = tuple(Row(f"第{n}行", "¥1.00", bold=True, size=2) for n in range(60))
    chunks = render(document, load(name)).chunks
    assert len(chunks) >= 3
    for chunk in chunks[1:-1]:
        assert chunk.startswith(b"\x1b!\x38\x1c&\x1c!\x0c")
        assert chunk.endswith(end)
        assert len(chunk) <= CHUNK_BYTES


def test_size_two_doubles_both_character_sets() -> None:
    data = sent(Row("收款 OK", size=2), Row("收款 OK"), profile="generic-80")
    assert data.count(b"\x1b!\x30") == data.count(b"\x1c!\x0c") == 1
    assert data.index(b"\x1c!\x00") < data.rindex("收款".encode("gbk"))


def test_cyrillic_uses_its_own_page_and_a_page_is_set_once() -> None:
    data = sent(Row("Оплата прошла"))
    assert data.count(b"\x1bt\x11") == 1
    assert "Оплата".encode("cp866") in data


# --- codes ------------------------------------------------------------------------------------------------


def test_a_native_code_fits_the_paper() -> None:
    """375 letters make a symbol of 73 modules: on 384 dots no module may be wider than 4."""
    wide = sent(Code("A" * 375, modules("a" * 375)), profile="epson-serial")
    assert b"\x1d(k\x03\x001C\x06" in wide
    small = parse(_toml("generic-58").replace('qr = "raster"', 'qr = "native"'))
    assert b"\x1d(k\x03\x001C\x04" in b"".join(render((Code("A" * 375, modules("a" * 375)),), small).chunks)


def _toml(name: str) -> str:
    from importlib import resources

    return (resources.files("drivers.printer") / "profiles" / f"{name}.toml").read_text(encoding="utf-8")


def test_without_a_native_code_the_modules_are_sent_doubled_by_the_printer() -> None:
    data = sent(Code("HELLO", modules("HELLO")), profile="generic-58")
    assert b"\x1dv0\x03" in data
    assert b"\x1d(k" not in data


def test_a_code_nobody_can_draw_is_printed_as_letters() -> None:
    assert b"https://r.example/1" in sent(Code("https://r.example/1"), profile="generic-58")


# --- nothing but layout controls the printer (S61) --------------------------------------------------------

CORPUS = (
    "\x1bp\x00\x19\xfa", "\x1dV\x00", "\x1dVB\x00", "\x10\x14\x01\x00\x01", "\x10\x04\x01", "{CUT}", "a\nb\rc\td",
    "\x1b@\x1c.\x1c&", "\x00\x7f\x80\x9b\x85", "\u202egnp.exe\u202c", "\u2066x\u2069", "\u200bzero\ufeff",
    "\u2028line\u2029", "👩‍👩‍👧 😀", "שלום", "مرحبا", "नमस्ते", "ไทย", "\ud800", "\U0010ffff", "e\u0301", "䶮₹",
)  # fmt: skip


@pytest.mark.parametrize("painted", [False, True])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", CORPUS)
def test_s61_hostile_text_adds_no_control_byte(text: str, name: str, painted: bool) -> None:
    profile = load(name)
    data = b"".join(render((Row(text, text),), profile, grey if painted else None).chunks)
    tail = data.removesuffix(profile.cut or b"\x1bd\x04")
    assert b"\x1bp" not in data
    assert b"\x1dV" not in tail
    assert not any(b"\x10" + bytes((n,)) in data for n in (4, 5, 20))
    if not painted:
        known = (b"\x1b@", b"\x1bt\x10", b"\x1bt\x11", b"\x1bt\x00", b"\x1c&", b"\x1c.", b"\n")
        tail = re.sub(rb"(?s)\x1b\$..", b"", tail)
        for command in known:
            tail = tail.replace(command, b"")
        assert not [value for value in tail if value < 0x20]


WORDS = st.text(st.characters(codec="utf-8"), max_size=40)
ROWS = st.builds(
    Row, WORDS, WORDS, align=st.sampled_from(["left", "center", "right"]), size=st.sampled_from([1, 2]),
    bold=st.booleans(),
)  # fmt: skip
DOCUMENTS = st.lists(st.one_of(ROWS, st.just(Rule()), st.builds(Blank, st.integers(0, 3))), max_size=8)


@pytest.mark.no_cover  # slips of every kind, in lines that single slips measure
@settings(deadline=None, derandomize=True)
@given(DOCUMENTS, st.sampled_from(NAMES), st.booleans())
def test_s61_no_document_at_all_opens_the_drawer_or_sends_real_time_commands(
    document: list[Row | Rule | Blank], name: str, painted: bool
) -> None:
    slip = render(tuple(document), load(name), grey if painted else None)
    data = b"".join(slip.chunks)
    assert not any(b"\x10" + bytes((n,)) in data for n in (4, 5, 20))
    assert data.startswith(b"\x1b@")
    assert data.count(b"\x1b@") == 1 or load(name).init_inside
    assert all(slip.chunks)


@pytest.mark.parametrize("text", ["", "a\nb", "\x1bp\x00\x19\xfa", "x" * 1001])
def test_s61_a_code_with_control_bytes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        Code(text)


# --- what no letters exist for ----------------------------------------------------------------------------


def test_unsayable_text_is_a_question_mark_without_a_painter() -> None:
    assert b"a?b" in sent(Row("a😀b"), profile="generic-80")


def test_a_run_is_drawn_inside_its_line() -> None:
    data = b"".join(render((Row("₹ 5", "Total"),), EPSON, grey).chunks)
    assert b"\x1b*\x21\x0c\x00" in data
    assert b" 5" in data
    assert b"Total\n" in data


def test_a_whole_line_is_drawn_where_the_profile_says_so() -> None:
    data = b"".join(render((Row("₹5 paid"), Row("next")), SMALL, grey).chunks)
    assert b"\x1dv0\x00" in data
    assert b"paid" not in data
    assert b"next\n" in data


def test_a_font_without_the_letters_leaves_question_marks_in_the_same_columns() -> None:
    def nothing(text: str, width: int, height: int, bold: bool) -> None:
        return None

    for profile in (EPSON, SMALL):
        data = b"".join(render((Row("龘 ₹ 5"), Row("₹", "X")), profile, nothing).chunks)
        stub = PrinterStub(width_dots=profile.width_dots, charset="gbk")
        stub.receive(data, 0)
        stub.tear()
        assert [line.rstrip() for line in stub.slips[0].lines] == [
            "龘 ? 5",
            "?" + " " * (profile.columns - 2) + "X",
        ]


@pytest.mark.row(60)
def test_four_byte_characters_go_only_to_a_gb18030_printer() -> None:
    assert "䶮".encode("gb18030") in sent(Row("䶮"), profile="epson-serial")
    assert sent(Row("䶮"), profile="generic-80").count(b"?") == 1


def chinese_receipt() -> Document:
    """25 lines with a code, as a shop in Shanghai would print it."""
    items = (
        ("珍珠奶茶（大杯）少冰", "¥18.00"), ("手工水饺 20只", "¥28.00"), ("凉拌黄瓜", "¥12.00"),
        ("酸辣土豆丝", "¥16.00"),
        ("米饭 ×2", "¥4.00"), ("青岛啤酒 500ml", "¥10.00"), ("打包盒", "¥1.00"),
    )  # fmt: skip
    return (
        Row("好邻居小吃店", align="center", size=2, bold=True),
        Row("上海市徐汇区漕溪北路88号", align="center"),
        Row("电话 021-6468 8888", align="center"),
        Rule(),
        Row("收银台 01", "2026-01-15 12:30:45"),
        Row("单号", "01JHM3V8X2K4QZ7T9W1B5C6D0E"),
        Rule(),
        Row("商品", "金额", bold=True),
        *(Row(left, right) for left, right in items),
        Rule(),
        Row("小计", "¥89.00"),
        Row("优惠（新客立减）", "-¥5.00"),
        Row("合计", "¥84.00", size=2, bold=True),
        Row("支付方式", "微信支付"),
        Row("交易号", "4200002345202601151234567890"),
        Row("支付时间", "2026-01-15 12:30:51"),
        Rule(),
        Row("谢谢惠顾，欢迎再来！", align="center"),
        Row("扫码查看电子小票", align="center"),
        Code("https://r.example.cn/01JHM3V8X2K4QZ7T9W1B5C6D0E", modules("https://r.example.cn/01JHM3V8X2K4QZ7T9W1B5C6D0E")),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["epson-serial", "generic-80"])
def test_speed_goal_6_receipt_bytes_are_near_the_text_itself(name: str) -> None:
    """Bytes against GB18030 text laid out with spaces, plus the native code."""
    spaced, stub = replace(load(name), positions=False), PrinterStub()
    stub.receive(b"".join(render(chinese_receipt(), spaced).chunks), 0)
    lines = [line for line in stub.slips[0].lines if line]
    assert len(lines) == 25
    text = sum(len(line.encode("gb18030")) + 1 for line in lines)
    least = text + len(native_code(stub.slips[0].codes[0].payload, 6))
    assert len(b"".join(render(chinese_receipt(), load(name)).chunks)) <= 1.05 * least
