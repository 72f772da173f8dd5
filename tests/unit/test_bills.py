"""Files are opened by their format, and their format is guessed by their first bytes."""

from pathlib import Path

import pytest

from terminal.bills.readers import guess_format, open_bill
from terminal.payments.bill import BillEnd, BillRefused
from tests.unit.banks import test_wechatpay_bill as wechatpay
from tests.unit.banks.alipay_bills import PID, bill, packed, payment, totals
from tests.unit.banks.statements.camt_text import document, entry
from tests.unit.banks.statements.test_mt940 import GERMAN, statement
from tests.unit.banks.test_alipay_bill import FLOWS, flows
from tests.unit.banks.test_pix_list import written as pix_day

DETAIL = b"".join(bill(payment(), sums=totals(1, "10.00", 0, "0.00")))
FILES = {
    "wechatpay-trade": b"".join(wechatpay.GOOD),
    "wechatpay-funds": b"".join(wechatpay.funds(wechatpay.FLOWS, "6 3 11.02 3 9.06")),
    "alipay-trade": DETAIL,
    "alipay-funds": b"".join(flows(FLOWS)),
    "alipay-trade packed": packed({f"{PID}_20261101_业务明细.csv": DETAIL}),
    "alipay-funds packed": packed({f"{PID}_20261101_账务明细.csv": b"".join(flows(FLOWS))}),
    **{f"camt.{kind}": document(entry("1.00"), closing="101.00", kind=kind) for kind in ("053", "054", "052")},
    "mt940": statement(GERMAN),
    "pix-list": b"".join(pix_day()),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_known_by_its_first_bytes_and_read_to_its_end(name: str, tmp_path: Path) -> None:
    file = tmp_path / "whatever it is called"
    file.write_bytes(FILES[name])
    assert guess_format(file) == name.split(maxsplit=1)[0]
    *lines, end = open_bill(file, guess_format(file))
    assert isinstance(end, BillEnd)
    assert len(lines) == end.lines


def test_what_nobody_can_read_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "bill.csv"
    file.write_bytes(b"date;amount\n")
    with pytest.raises(BillRefused, match="bill_format_unknown") as unknown:
        guess_format(file)
    assert unknown.value.facts == {"file": "bill.csv"}
    with pytest.raises(BillRefused, match="bill_format_unknown"):
        open_bill(file, "chalk-board")
    with pytest.raises(BillRefused, match="bill_unreadable"):
        guess_format(tmp_path / "missing")
    with pytest.raises(BillRefused, match="bill_unreadable"):
        list(open_bill(tmp_path / "missing", "alipay-trade"))
    with pytest.raises(BillRefused, match="bill_header_missing"):
        list(open_bill(file, "wechatpay-trade"))
