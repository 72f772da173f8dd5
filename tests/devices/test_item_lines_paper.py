"""Lines of a sale on paper: read back from the printer's bytes they have the same names, prices and sum."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.printer.profile import PrinterProfile
from firmware_stubs.paper import StubSlip
from terminal.counter.settings import CounterSettings, House
from terminal.counter.slips import Slips
from terminal.help.wording import CatalogueWording
from terminal.payments import decide
from terminal.payments.attempt import Signal
from terminal.payments.event import Owed
from terminal.payments.fact import fold
from terminal.payments.lines import LINES_MAX, ONE, SaleLine
from terminal.payments.money import Money
from terminal.payments.receipt import Receipt
from terminal.peripherals.printer import printable
from tests.devices.printer_rig import GENERIC, SMALL, stub_for
from tests.unit.payments.journey import Journey, notice

pytestmark = pytest.mark.no_cover  # many cases of few lines: the core's tests measure those

_AMOUNT = re.compile(r"(-?)￥([0-9,]+)\.([0-9]{2})(?: [AB])?$")
_WORDS = {"en": "Discount", "zh-CN": "优惠"}


def slip_of(lines: list[SaleLine], language: str = "en") -> Receipt:
    minor = sum(each.amount_minor for each in lines)
    sale = Journey(minor=minor)
    request = decide.OpenSale("1", Money(minor, "CNY"), lines=tuple(lines))
    sale.sale = fold(None, decide.open_sale(request, sale="S1", no=1, at_ms=1))
    sale.shown()
    sale.hear(Signal.SUCCESS, evidence=notice("A1", amount_minor=minor))
    slips = Slips(House("m", "s", "Tea House"), CatalogueWording())
    owed = Owed("A1:receipt", "receipt", "1", "S1", 1, 1, {})
    return slips.make(CounterSettings("1", languages={"receipt": language}), sale.sale, owed, "7KQ2")


def paper_of(receipt: Receipt, profile: PrinterProfile) -> StubSlip:
    stub = stub_for(profile)
    for at in range(0, len(data := printable(receipt, profile).data), 1000):
        stub.receive(data[at : at + 1000], 0)
    stub.tear()
    assert stub.head.not_understood == []
    [slip] = stub.slips
    return slip


def what_for(slip: StubSlip, profile: PrinterProfile) -> list[str]:
    """The printed lines between the second rule and the third: what the sale is for."""
    lines = [each.rstrip() for each in slip.lines]
    rules = [at for at, each in enumerate(lines) if each == "-" * profile.columns]
    return lines[rules[1] + 1 : rules[2]]


def minor_of(line: str) -> int:
    """The amount at the right edge; 0 where a long name goes on in the next line."""
    found = _AMOUNT.search(line)
    return int(f"{found[1]}{found[2].replace(',', '')}{found[3]}") if found else 0


def squeezed(text: str) -> str:
    return "".join(text.split())


def expected(line: SaleLine, word: str) -> str:
    def money(minor: int) -> str:
        return f"{'-' * (minor < 0)}￥{abs(minor) // 100:,}.{abs(minor) % 100:02}"

    many = "" if line.quantity_milli == ONE else f"{line.quantity}x{money(line.unit_minor)}"
    off = f"{word}{money(-line.discount_minor)}" if line.discount_minor else ""
    return squeezed(f"{line.name}{many}{money(line.gross_minor)}{line.tax}{off}")


def made(name: str, unit: int, pieces: int, off: int, tax: str) -> SaleLine:
    gross = unit * pieces
    return SaleLine.made(
        name, unit, quantity_milli=pieces * ONE, discount_minor=max(gross, 0) * off // 100, tax=tax
    )


LINES = st.lists(
    st.builds(
        made,
        st.text("茶奶汤面大（）éãçñabcXYZ-/'.0 ", min_size=1, max_size=60).filter(str.strip),
        st.integers(-500, 10**7),
        st.integers(1, 30),
        st.sampled_from([0, 0, 10, 100]),
        st.sampled_from(["", "A", "B"]),
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.row(2, 60)
@given(LINES, st.sampled_from([GENERIC, SMALL]), st.sampled_from(["en", "zh-CN"]))
@settings(max_examples=40)
def test_any_lines_read_back_from_paper_with_their_names_and_their_sum(
    lines: list[SaleLine], profile: PrinterProfile, language: str
) -> None:
    missing = 1 - sum(each.amount_minor for each in lines)
    if missing > 0:
        lines.append(SaleLine.made("Rounding", missing))
    printed = what_for(paper_of(slip_of(lines, language), profile), profile)
    assert squeezed("".join(printed)) == "".join(expected(each, _WORDS[language]) for each in lines)
    assert sum(map(minor_of, printed)) == sum(each.amount_minor for each in lines)
    assert all(sum(2 if ord(each) > 0x2E7F else 1 for each in line) <= profile.columns for line in printed)


@pytest.mark.row(2, 63)
def test_two_hundred_lines_come_whole_on_narrow_paper_with_the_amount_once_below() -> None:
    lines = [SaleLine.made(f"第{n}道 Pão de açúcar", 100 + n, quantity_milli=2000) for n in range(LINES_MAX)]
    slip = paper_of(slip_of(lines), SMALL)
    printed = what_for(slip, SMALL)
    assert [each for each in printed if each.startswith("第")] == [
        f"第{n}道 Pão de açúcar" for n in range(LINES_MAX)
    ]
    total = sum(each.amount_minor for each in lines)
    assert sum(map(minor_of, printed)) == total
    below = [each for each in slip.lines if f"￥{total // 100:,}.{total % 100:02}" in each]
    assert len(below) == 1, "the sum stands there once"


@pytest.mark.row(2)
def test_weighed_goods_are_written_as_the_language_writes_numbers() -> None:
    ham = SaleLine.made("Presunto", 1299, quantity_milli=355, amount_minor=461, tax="A")
    said = [" ".join(each.split()) for each in what_for(paper_of(slip_of([ham], "pt-BR"), GENERIC), GENERIC)]
    assert said == ["Presunto", "0,355 x ￥ 12,99 ￥ 4,61 A"]
