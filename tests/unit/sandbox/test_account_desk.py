"""The customer's banking app and the account's statements, as the laboratory works them."""

from pathlib import Path

import pytest

from terminal.banks.statements import camt, csv_file, mt940
from terminal.banks.statements.mapping import read_mapping
from terminal.payments.bill import BillLine, BillReader
from terminal.sandbox.account_desk import AccountDesk, Place
from terminal.sandbox.engine import CustomerCannot
from terminal.sandbox.statement_texts import mapping

NOW_MS = 1_793_620_800_000  # 2026-11-02T12:00Z
EPC = "BCD\n002\n1\nSCT\n\nTeehaus Süd\nDE89370400440532013000\nEUR28.50\n\nRF7301M812WT4W5EEPYSCE6KA\n"
UPI = "upi://pay?pa=tea@bank&pn=Tea%20House&am=10.00&cu=INR&tr=01M812WT4W5EEPYSCE6KAP3R3T"


def desk(folder: Path, form: str = "camt") -> AccountDesk:
    places = [
        Place.parse(f"EUR:DE89370400440532013000:{form}:{folder / 'EUR'}"),
        Place("INR", "501", form, folder),
    ]
    return AccountDesk(places, folder)


def pays(bank: AccountDesk, code: str = EPC, act: str = "pay") -> str:
    told = bank.scan(code)
    assert told is not None
    return bank.act(act, told["order_no"], NOW_MS)


def told_lines(reader: BillReader) -> list[tuple[int, str, str]]:
    lines = [each for each in reader if isinstance(each, BillLine)]
    return [(each.gross_minor, each.currency, " ".join(each.references)) for each in lines]


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in (folder / "EUR").iterdir())


@pytest.mark.row(143)
@pytest.mark.parametrize(
    ("code", "shop", "price", "reference"),
    [
        (EPC, "Teehaus Süd", "€ 28.50", "RF7301M812WT4W5EEPYSCE6KA"),
        (UPI, "Tea House", "₹ 10.00", "01M812WT4W5EEPYSCE6KAP3R3T"),
    ],
)
def test_the_phone_shows_who_gets_how_much_and_why(
    tmp_path: Path, code: str, shop: str, price: str, reference: str
) -> None:
    told = desk(tmp_path).scan(code)
    assert told is not None
    assert (told["shop"], told["price"], told["description"]) == (shop, price, reference)


def test_what_is_no_code_of_a_bank_is_left_to_the_wallets_and_what_nobody_can_pay_is_told(tmp_path: Path) -> None:
    bank = desk(tmp_path)
    assert bank.scan("weixin://wxpay/bizpayurl?pr=1") is None
    assert bank.scan("00020101021253037645802BR6304ABCD") is None, "no account in BRL: a Pix code"
    told = bank.scan(UPI.replace("am=10.00&", ""))
    assert told is not None
    assert told["why_not"] == "amount-open"
    with pytest.raises(CustomerCannot):
        bank.act("pay", told["order_no"], NOW_MS)


def test_a_payment_is_told_at_once_and_again_by_the_statement_and_one_code_can_be_scanned_twice(
    tmp_path: Path,
) -> None:
    bank = desk(tmp_path)
    assert (pays(bank), pays(bank), pays(bank, act="refuse")) == ("paid", "paid", "refused")
    assert bank.deliver("EUR", NOW_MS) == "2026-11-02-0001-camt053.xml"
    assert bank.deliver("EUR", NOW_MS) == "2026-11-02-0002-camt053.xml", "no file takes another's name"
    assert len(names(tmp_path)) == 4
    account = next(each for each in bank.told() if each["currency"] == "EUR")
    assert (account["balance"], account["undelivered"], account["statements"]) == ("€ 1057.00", 0, 2)


def test_late_is_later_and_faults_are_used_up(tmp_path: Path) -> None:
    bank = desk(tmp_path)
    bank.set_fault("EUR", "intraday-missing", 1)
    assert pays(bank, act="late") == "later"
    bank.advance(NOW_MS + 1_000)
    assert bank.told()[0]["entries"] == []
    bank.advance(NOW_MS + 90_000)
    assert [each["amount"] for each in bank.told()[0]["entries"]] == ["€ 28.50"]
    assert not (tmp_path / "EUR").exists(), "the notice did not come"
    bank.set_fault("EUR", "statement-missing", 1)
    assert bank.deliver("EUR", NOW_MS) == ""
    assert bank.told()[0]["faults"] == []


def test_an_account_goes_on_where_it_was_after_a_restart(tmp_path: Path) -> None:
    first = desk(tmp_path)
    pays(first)
    first.deliver("EUR", NOW_MS)
    pays(first)
    first.set_fault("EUR", "credit-twice", 1)
    again = desk(tmp_path)
    assert again.told() == first.told()
    assert again.deliver("EUR", NOW_MS) == "2026-11-02-0002-camt053.xml"
    assert len(told_lines(camt.read([(tmp_path / "EUR" / "2026-11-02-0002-camt053.xml").read_bytes()]))) == 1


@pytest.mark.parametrize("form", ["camt", "mt940", "csv"])
def test_every_format_says_the_same(tmp_path: Path, form: str) -> None:
    bank = desk(tmp_path, form)
    pays(bank)
    bank.set_fault("EUR", "credit-returned", 1)
    pays(bank)
    data = (tmp_path / "EUR" / bank.deliver("EUR", NOW_MS)).read_bytes()
    reader = {
        "camt": lambda: camt.read([data]),
        "mt940": lambda: mt940.read([data]),
        "csv": lambda: csv_file.read([data], read_mapping(mapping("DE89370400440532013000", "EUR").encode(), "m")),
    }[form]()
    found = told_lines(reader)
    assert [abs(amount) for amount, _, _ in found] == [2850, 2850, 2850]
    assert all("RF7301M812WT4W5EEPYSCE6KA" in reference for _, _, reference in found)


@pytest.mark.parametrize("text", ["", "EUR", "EUR:DE:pdf:/x", "eur:DE:camt:/x", "EUR::camt:/x"])
def test_an_account_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Place.parse(text)
