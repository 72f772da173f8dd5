"""``assert_receipt`` reads a slip as people do, and shows it when it is not as expected."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from terminal.testing import assert_receipt

pytestmark = pytest.mark.row(147)
SLIP = """\
                    RECEIPT
Order no.                   A-1
Paid                      ￥28.50
Paid with             wechatpay
Check code                 T2AN"""


@dataclass
class Paper:
    lines: list[str]


@dataclass
class Roll:
    slips: Sequence[Paper] = ()


def test_what_stands_there_is_found_and_the_last_slip_of_a_printer_is_meant() -> None:
    assert_receipt(SLIP, paid="28.50", order_no="A-1", check_code="T2AN", copy=False, contains=["RECEIPT"])
    assert_receipt(Roll([Paper(["Refunded   ￥1.00"]), Paper(SLIP.splitlines())]), paid="28.50")
    assert_receipt(Paper(["* COPY 1 *", "Refunded  R$ 1.234,50"]), refunded="1.234,50", copy=True)


def test_what_differs_is_said_all_at_once_above_the_slip() -> None:
    with pytest.raises(AssertionError) as told:
        assert_receipt(SLIP, paid="28.00", refunded="1.00", check_code="XXXX", copy=True, contains=["tea"])
    assert str(told.value).splitlines()[:3] == [
        "the slip is not as expected: Paid is 28.50, not 28.00; it has no line 'Refunded'; "
        "Check code is T2AN, not XXXX; nowhere 'tea'; it is not marked as a copy",
        "┌──────────────────────────────────┐",
        "│                     RECEIPT      │",
    ]


def test_no_slip_at_all_is_said() -> None:
    with pytest.raises(AssertionError, match="nothing was printed"):
        assert_receipt(Roll(), paid="28.50")
