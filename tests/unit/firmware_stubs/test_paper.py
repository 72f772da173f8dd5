"""One layout for the text view and for every drawer of pictures."""

from firmware_stubs.paper import CodeItem, ImageItem, TextItem, lay_out, paint, text_view
from firmware_stubs.printer import PrinterStub


def printed(data: bytes) -> PrinterStub:
    stub = PrinterStub()
    stub.receive(b"\x1b@" + data, 0)
    stub.tear()
    return stub


def solid(text: str, width: int, height: int, bold: bool) -> list[int]:
    return [(1 << width) - 1] * height


def checker(payload: str, level: int) -> tuple[int, bytes]:
    return 21, b"\xaa" * 55 + b"\x80"


def test_letters_stand_where_alignment_and_size_put_them() -> None:
    slip = printed(b"ab\n\x1ba\x01cd\n\x1ba\x02\x1d!\x11\x1bE\x01ef\n").slips[0]
    assert lay_out(slip, 576).items == (
        TextItem(0, 0, 24, 24, "ab", False),
        TextItem(276, 30, 24, 24, "cd", False),
        TextItem(528, 60, 48, 48, "ef", True),
    )
    assert lay_out(slip, 576).height == 108
    assert text_view(slip, 576) == ["ab", " " * 23 + "cd", " " * 44 + "ef"]


def test_small_letters_stand_on_the_base_of_large_ones() -> None:
    slip = printed(b"a\x1d!\x11b\n").slips[0]
    small, large = lay_out(slip, 576).items
    assert small.y + small.height == large.y + large.height == 48


def test_a_line_too_long_wraps_at_the_edge_as_the_machine_does() -> None:
    assert printed(b"x" * 50 + b"\n").slips[0].lines == ["x" * 48, "xx"]


def test_a_tab_leads_to_the_next_place_of_eight_columns_or_to_ones_own() -> None:
    """Each place counts in letters as wide as they are when it is set; past the last one a tab does nothing."""
    assert printed(b"a\tb\t\tc\n").slips[0].lines == ["a       b               c"]
    assert printed(b"\x1bD\x03\x05\x00a\tb\tc\td\n").slips[0].lines == ["a  b cd"]
    assert printed(b"\x1b!\x30\x1bD\x03\x00\x1b!\x00a\tb\n").slips[0].lines == ["a     b"]
    assert printed(b"\x1bD\x03\x00a\tb\n\x1b@a\tb\n").slips[0].lines == ["a  b", "a       b"]
    assert printed(b"\x1bD\x00a\tb\n\x1bD\x04\x04\x00a\tb\n").slips[0].lines == ["ab", "a   b"]


def test_pictures_and_codes_have_their_place_and_dots() -> None:
    slip = printed(
        b"\x1dv0\x03\x01\x00\x02\x00\x80\x01\x1ba\x01\x1d(k\x03\x001C\x02\x1d(k\x06\x001P0ABC\x1d(k\x03\x001Q0"
    ).slips[0]
    image, code = lay_out(slip, 100, checker).items
    assert image == ImageItem(0, 0, 16, 4, (0xC000, 0xC000, 0x0003, 0x0003))
    assert isinstance(code, CodeItem)
    assert (code.x, code.y, code.width, code.side, code.payload) == (29, 4, 42, 21, "ABC")
    rows = slip.dots(100, solid, checker)
    assert len(rows) == 4 + 42
    assert rows[4] == rows[5] == int("1100" * 10 + "11", 2) << (100 - 29 - 42)
    assert text_view(slip, 100) == ["[picture 16×4]", "[QR ABC]"]


def test_without_a_drawer_of_codes_the_size_is_estimated() -> None:
    slip = printed(b"\x1d(k\x03\x001E1\x1d(k\x2b\x001P0" + b"x" * 40 + b"\x1d(k\x03\x001Q0").slips[0]
    (code,) = lay_out(slip, 576).items
    assert isinstance(code, CodeItem)
    assert (code.side, code.modules) == (29, None)


def test_letters_are_painted_and_cut_off_at_the_edge() -> None:
    slip = printed(b"abc\n").slips[0]
    assert paint(lay_out(slip, 576), solid)[:24] == [((1 << 36) - 1) << 540] * 24
    assert paint(lay_out(slip, 30), solid)[0] == (1 << 30) - 1


def test_a_gbk_letter_read_in_the_wrong_mode_is_what_a_customer_would_see() -> None:
    """The stub must be able to show the fault that the driver avoids."""
    assert printed(b"\x1c&caf\xe9 S\xe3o\n").slips[0].lines[0] != "café São"
    assert printed(b"\x1c.\x1bt\x10\xca\xd5\n").slips[0].lines == ["ÊÕ"]
    assert printed(b"\x1c&\xca\xd5\n").slips[0].lines == ["收"]


def test_drawer_and_cutter_obey_whoever_sends_their_bytes() -> None:
    """So that a test which finds them untouched has proven something."""
    stub = printed(b"a\n\x1bp\x00\x19\xfa\x1dV\x00b\n\x10\x14\x01\x00\x01")
    assert stub.drawer_pulses == 2
    assert [(slip.lines, slip.cut) for slip in stub.slips] == [(["a"], "full"), (["b"], "torn")]


def test_real_time_commands_inside_a_picture_are_obeyed() -> None:
    assert printed(b"\x1dv0\x00\x05\x00\x01\x00\x10\x14\x01\x00\x01").drawer_pulses == 1
