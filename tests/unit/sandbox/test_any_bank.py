"""The simulated bank: what it reads in a code, and statements that add up unless told otherwise."""

from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from terminal.sandbox.any_bank import FAULTS, AccountBank, UnknownFault
from terminal.sandbox.payment_codes import NotACode, Transfer, read

AT_MS = 1_793_620_800_000  # 2026-11-02T12:00Z
DAY = date(2026, 11, 2)
SENT = Transfer(2850, "EUR", "RF0601K9ABCDEFGHJKMNPQRST")


def amounts(text: str, tag: str) -> list[str]:
    return [each.text or "" for each in ET.fromstring(text).iter() if each.tag.endswith(f"}}{tag}")]


def test_what_a_customer_sends_is_in_the_notice_and_in_the_days_statement(tmp_path: Path) -> None:
    bank = AccountBank(tmp_path, opening_minor=10_000)
    bank.transfer(SENT, AT_MS)
    text = bank.end_day(DAY)
    assert amounts(text, "Amt") == ["100.00", "128.50", "28.50", "28.50"]
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "2026-11-02-0001-camt054.xml",
        "2026-11-02-camt053.xml",
    ]
    early = (tmp_path / "2026-11-02-0001-camt054.xml").read_text()
    assert amounts(early, "AcctSvcrRef") == amounts(text, "AcctSvcrRef") == ["SBX00000001"]
    assert amounts(bank.end_day(date(2026, 11, 3)), "ElctrncSeqNb") == ["2"], (
        "numbers count on, balances carry over"
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_has_an_effect_and_is_used_up(tmp_path: Path, fault: str) -> None:
    def told(folder: Path, slug: str) -> list[str]:
        bank = AccountBank(folder)
        if slug:
            bank.set_fault(slug)
        bank.transfer(SENT, AT_MS)
        bank.end_day(DAY)
        bank.transfer(SENT, AT_MS)
        return [each.read_text() for each in sorted(folder.iterdir())]

    assert told(tmp_path / "with", fault) != told(tmp_path / "without", "")


def test_an_unknown_fault_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownFault):
        AccountBank(tmp_path).set_fault("statement-mising")


@pytest.mark.parametrize(
    "text", ["https://example.com", "SPC\n0200", "upi://pay?pn=x", "000201", "0002015303999", "00020X"]
)
def test_what_is_no_code_is_not_paid(text: str) -> None:
    with pytest.raises(NotACode):
        read(text)
