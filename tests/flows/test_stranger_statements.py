"""A bank we did not write makes statements that we read as it meant them; two parsers of PyPI read ours alike."""

import json
from pathlib import Path

import pytest

from terminal.banks.statements import camt, mt940
from terminal.payments.bill import BillEnd, BillLine, BillReader
from terminal.payments.reference import Form, give, key_of, order_of
from terminal.sandbox.any_bank import AccountBank
from terminal.sandbox.payment_codes import Transfer
from tests.strangers.environments import ROOT, python_of, run
from tests.unit.banks.statements.test_mt940 import GERMAN, statement
from tests.unit.sandbox.test_any_bank import AT_MS, DAY

ORDER = "01K9ABCDEFGHJKMNPQRSTVWXYZ"
INCOME = "payment"


def lines(reader: BillReader) -> list[BillLine]:
    *found, end = reader
    assert isinstance(end, BillEnd)
    return [each for each in found if isinstance(each, BillLine)]


def as_told(found: list[BillLine]) -> list[list[str]]:
    """As the strangers write it."""
    signs = {INCOME: "CRDT"}
    return [[f"{x.gross_minor // 100}.{x.gross_minor % 100:02}", signs.get(x.kind, "DBIT")] for x in found]


@pytest.mark.row(22, 110)
async def test_mock_bank_pycamt_and_mt940_agree_with_our_readers_and_our_bank(tmp_path: Path) -> None:
    reference, given = give(ORDER, Form.CREDITOR)
    bank = AccountBank(tmp_path)
    bank.transfer(Transfer(2850, "EUR", reference), AT_MS)
    bank.set_fault("credit-returned")
    bank.transfer(Transfer(100, "EUR", reference), AT_MS)
    ours, swift = bank.end_day(DAY), statement(GERMAN)
    asked = {"reference": reference, "camt": ours, "mt940": swift.decode("latin-1")}
    python, client = await python_of("statements"), ROOT / "tests" / "strangers" / "statements_client.py"
    told = json.loads(await run(str(python), "-I", str(client), json.dumps(asked)))

    assert told["ours"] == as_told(lines(camt.read([ours.encode()])))
    assert told["mt940"] == as_told(lines(mt940.read([swift])))
    kinds = [camt.name_of(each["body"].encode()[:4096]) for each in told["mailbox"]]
    assert kinds == ["camt.054", "camt.054", "camt.053"]
    *early, day = [lines(camt.read([each["body"].encode()])) for each in told["mailbox"]]
    assert told["theirs"] == as_told(day)
    assert [each.entry_id for notice in early for each in notice] == [each.entry_id for each in day]
    known = {key_of(ORDER): given}.get
    assert [order_of(each.references, known) for each in day] == [given, given], "structured, and cut by line ends"
