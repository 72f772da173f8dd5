"""Fewer commands, the same paper: on every model, also when it forgot everything between two pieces."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.printer.document import Blank, Code, Document, Row, Rule
from drivers.printer.escpos import render
from drivers.printer.profile import PrinterProfile, load, parse
from firmware_stubs.paper import TextItem, lay_out
from firmware_stubs.printer import PrinterStub
from tests.bench.codes import PAYLOADS
from tests.bench.paper import least, receipt

EPSON, GENERIC = load("epson-serial"), load("generic-80")
WORDY = replace(EPSON, print_mode=False, positions=False, tabs=False, init_inside=False)
RECEIPT = receipt(PAYLOADS["wechat"])
TEXT = st.text(st.sampled_from("收款合计珠，￥ 0123456789.ab  é"), max_size=30)
LINES = st.one_of(
    st.builds(
        Row, TEXT, st.one_of(st.just(""), TEXT), align=st.sampled_from(["left", "center", "right"]),
        size=st.sampled_from([1, 2]), bold=st.booleans(),
    ),
    st.builds(Row, st.sampled_from(["珍珠奶茶", "é", "Tea"]), st.sampled_from(["18.00", "-14.00", "¥8.00"])),
    st.just(Rule()),
    st.builds(Blank, st.integers(0, 2)),
    st.just(Code("HELLO")),
)  # fmt: skip
DOCUMENTS = st.lists(LINES, min_size=1, max_size=30).map(tuple)


def on_paper(document: Document, profile: PrinterProfile, *, forgets: bool = False) -> list[tuple[object, ...]]:
    """Every letter, picture and code with its place and look. ``forgets``: power fails between any two pieces."""
    stub = PrinterStub(charset=profile.chinese)
    for chunk in render(document, profile).chunks:
        stub.receive(chunk, 0)
        if forgets and not stub.slips:
            stub.power_cycle()
    assert stub.head.not_understood == []
    seen: list[tuple[object, ...]] = []
    for item in lay_out(stub.slips[0] if stub.slips else stub.hanging, profile.width_dots).items:
        if isinstance(item, TextItem):
            seen += _letters(item)
        else:
            seen.append(item)
    return seen


def _letters(item: TextItem) -> list[tuple[object, ...]]:
    wide = item.width // len(item.text)
    looks = (wide, item.y, item.height, item.bold)
    return [(char, item.x + wide * at, *looks) for at, char in enumerate(item.text) if char != " "]


def test_speed_goal_6_bytes_of_a_receipt_are_within_a_twentieth_of_its_text() -> None:
    made = sum(map(len, render(RECEIPT, EPSON).chunks))
    assert made <= 1.05 * least(RECEIPT, EPSON)
    assert made < sum(map(len, render(RECEIPT, WORDY).chunks)) - 100


@pytest.mark.no_cover  # slips of every kind, in lines that single slips measure
@settings(deadline=None, derandomize=True, max_examples=60)
@given(DOCUMENTS)
def test_few_commands_and_many_put_the_same_on_paper(document: Document) -> None:
    assert on_paper(document, EPSON) == on_paper(document, WORDY)


@pytest.mark.no_cover
@pytest.mark.parametrize("profile", [EPSON, GENERIC], ids=lambda profile: profile.name)
@settings(deadline=None, derandomize=True, max_examples=40)
@given(DOCUMENTS)
def test_p3_a_printer_that_restarts_between_pieces_prints_the_rest_as_ever(
    profile: PrinterProfile, document: Document
) -> None:
    """Even where nobody noticed: every piece sets what it needs."""
    assert on_paper(document, profile, forgets=True) == on_paper(document, profile)


def test_p3_prices_stand_below_each_other_after_a_restart_between_pieces() -> None:
    document = tuple(Row(f"第{number:02}行", "18.00") for number in range(120))
    assert {seen[1] for seen in on_paper(document, EPSON, forgets=True) if seen[0] == "."} == {45 * 12}
    assert len(render(document, EPSON).chunks) > 2


def test_a_tab_is_placed_among_small_letters() -> None:
    """Its place counts in letters as wide as they are then."""
    large = Row("Paid", "8.00", size=2)
    document = (large, *(Row("Tea", "12345.00"),) * 6, large)
    assert b"\t" in render(document, EPSON).chunks[0]
    assert on_paper(document, EPSON) == on_paper(document, WORDY)


def test_a_tab_is_placed_only_where_it_pays_for_itself() -> None:
    def sent(rows: int, profile: PrinterProfile) -> bytes:
        return b"".join(render((Row("Tea", "8.00"),) * rows, profile).chunks)

    assert sent(1, EPSON).count(b"\x1b$") == 1
    assert sent(5, EPSON) == b"\x1b@\x1bD\x2c\x00" + b"Tea\t8.00\n" * 5 + b"\x1dVB\x00"
    assert sent(5, GENERIC).count(b"\x1b$") == 5


def test_a_line_that_is_aligned_alone_is_jumped_to_and_neighbours_are_aligned() -> None:
    data = b"".join(render((Row("a"), Row("no", align="right"), Row("b")), GENERIC).chunks)
    assert b"a\n\x1b$\x28\x02no\nb\n" in data
    data = b"".join(render((Row("ab", align="center"), Blank(), Row("cd", align="center")), GENERIC).chunks)
    assert b"\x1ba\x01ab\n\ncd\n" in data


def test_one_command_for_size_and_weight_is_refused_where_it_leaves_chinese_letters_small() -> None:
    from importlib import resources

    text = (resources.files("drivers.printer") / "profiles" / "generic-80.toml").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="print_mode leaves Chinese letters small"):
        parse(text.replace("chinese_size = true", "chinese_size = false"))
