"""What a scheme's table asks of an order and of a code, seen through small schemes and the shipped ones."""

from dataclasses import replace

import pytest

from terminal.payments.codes.entry import build, check, read
from terminal.payments.codes.flaws import BadCode, Flaw
from terminal.payments.codes.links import is_under
from terminal.payments.codes.scheme import CodeOrder
from terminal.payments.money import Money
from tests.unit.payments.codes.packs import SCHEMES, VECTORS, order_of
from tests.unit.payments.codes.test_emv import sealed

PIX = SCHEMES["pix_static"]
TEA = CodeOrder("BRL", Money(1250, "BRL"), {"key": "arya@stark.com"}, "T1", {"name": "Tea", "city": "Recife"})
THAI = CodeOrder("THB", Money(1250, "THB"), {"phone": "0066801234567"})
KHQR = SCHEMES["khqr_individual"]
RIEL = CodeOrder("KHR", Money(500_000, "KHR"), {"id": "tea@nbcq"}, "", {"name": "Tea"})
TIMES = {"created_ms": "1795290688754", "expires_ms": "1795290788754"}


def refused(scheme: str, order: CodeOrder) -> tuple[Flaw, str]:
    with pytest.raises(BadCode) as why:
        build(SCHEMES[scheme], order)
    return why.value.flaw, why.value.at


@pytest.mark.row(17)
def test_name_and_city_have_their_limits() -> None:
    details = {"name": "N" * 25, "city": "C" * 15}
    assert build(PIX, replace(TEA, details=details)).reading.fields["city"] == "C" * 15
    assert refused("pix_static", replace(TEA, details={**details, "name": "N" * 26})) == (Flaw.OVERLONG, "59")
    assert refused("pix_static", replace(TEA, details={**details, "city": "C" * 16})) == (Flaw.OVERLONG, "60")
    assert refused("pix_static", replace(TEA, details={"name": "São", "city": "C"})) == (Flaw.CHARSET, "59")
    assert refused("pix_static", replace(TEA, details={"name": "N"})) == (Flaw.MISSING, "60")


def test_an_order_with_a_field_the_scheme_has_not_is_refused() -> None:
    assert refused("pix_static", replace(TEA, account={**TEA.account, "iban": "X"})) == (
        Flaw.UNEXPECTED,
        "account.iban",
    )
    assert refused("promptpay", replace(THAI, reference="A1")) == (Flaw.UNEXPECTED, "reference")


def test_exactly_one_account_of_those_a_scheme_knows() -> None:
    assert build(SCHEMES["promptpay"], THAI).reading.account == dict(THAI.account)
    two = {**THAI.account, "tax_id": "0123456789012"}
    assert refused("promptpay", replace(THAI, account=two)) == (Flaw.UNEXPECTED, "29.02")
    assert refused("promptpay", replace(THAI, account={})) == (Flaw.MISSING, "29.04")


def test_amounts_without_cents_where_nobody_has_any() -> None:
    order = replace(RIEL, details={**RIEL.details, **TIMES})
    assert "54045000" in build(KHQR, order).text
    assert refused("khqr_individual", replace(order, amount=Money(500_050, "KHR"))) == (Flaw.AMOUNT, "amount")
    dollars = build(KHQR, replace(order, currency="USD", amount=Money(150, "USD")))
    assert "54041.50" in dollars.text
    assert refused("khqr_individual", RIEL) == (Flaw.MISSING, "99.00")
    assert refused("khqr_individual", replace(order, currency="EUR", amount=None)) == (Flaw.CURRENCY, "currency")
    assert refused("khqr_individual", replace(order, amount=Money(150, "USD"))) == (Flaw.CURRENCY, "currency")


def test_a_code_in_dollars_is_none_in_riel() -> None:
    order = replace(RIEL, details={**RIEL.details, **TIMES})
    dollars = build(KHQR, replace(order, currency="USD", amount=Money(500_000, "USD"))).text
    with pytest.raises(BadCode) as why:
        check(KHQR, dollars, order)
    assert (why.value.flaw, why.value.at) == (Flaw.DIFFERS, "currency")


@pytest.mark.parametrize("minor", [0, 100_000_000_000])
def test_an_amount_beyond_the_scheme_is_not_written(minor: int) -> None:
    order = CodeOrder("EUR", Money(minor, "EUR"), {"name": "Tee", "iban": "DE89370400440532013000"})
    assert refused("epc", order) == (Flaw.AMOUNT, "amount")


@pytest.mark.parametrize(
    ("scheme", "old", "new", "flaw"),
    [
        ("promptpay", "540512.50", "540412.5", Flaw.AMOUNT),
        ("promptpay", "010212", "010211", Flaw.INITIATION),
        ("promptpay", "5303764", "5303156", Flaw.CURRENCY),
        ("promptpay", "5802TH", "5802VN", Flaw.VALUE),
        ("promptpay", "5802TH", "5802TH6503ABC", Flaw.UNEXPECTED),
        ("promptpay", "5802TH", "5802TH5926" + "N" * 26, Flaw.OVERLONG),
    ],
)
def test_a_sound_emv_code_may_still_be_none_of_this_scheme(scheme: str, old: str, new: str, flaw: Flaw) -> None:
    body = build(SCHEMES[scheme], THAI).text[:-8]
    assert old in body
    with pytest.raises(BadCode) as why:
        read(SCHEMES[scheme], sealed(body.replace(old, new, 1)))
    assert why.value.flaw is flaw


def test_rupiah_with_zeros_are_read_and_others_are_not() -> None:
    text = next(each["text"] for each in VECTORS["valid"] if each["scheme"] == "qris" and each["amount"])[:-8]
    assert "540525000" in text
    assert read(SCHEMES["qris"], sealed(text.replace("540525000", "540825000.00"))).amount == Money(
        2_500_000, "IDR"
    )
    for cents in ("540825000.50", "540625000."):
        with pytest.raises(BadCode):
            read(SCHEMES["qris"], sealed(text.replace("540525000", cents)))


@pytest.mark.row(17)
def test_a_checksum_in_small_letters_is_not_shown() -> None:
    text = build(PIX, TEA).text
    small = text[:-4] + text[-4:].lower()
    assert read(PIX, small).amount == TEA.amount
    with pytest.raises(BadCode) as why:
        check(PIX, small, TEA)
    assert why.value.flaw is Flaw.CRC_LOWER_CASE


@pytest.mark.row(17)
def test_a_dynamic_pix_code_need_not_repeat_the_amount_but_must_not_contradict_it() -> None:
    scheme = SCHEMES["pix_dynamic"]
    details = {"name": "Tea", "city": "Recife"}
    order = CodeOrder("BRL", Money(1250, "BRL"), {"url": "pix.example.com/qr/v2/9d36b84f"}, "", details)
    with_amount = build(scheme, order)
    assert "amount" in with_amount.compared
    without = build(scheme, replace(order, amount=None)).text
    assert "amount" not in check(scheme, without, order).compared
    with pytest.raises(BadCode) as why:
        check(scheme, with_amount.text, replace(order, amount=Money(1251, "BRL")))
    assert (why.value.flaw, why.value.at) == (Flaw.DIFFERS, "amount")


@pytest.mark.row(17)
def test_other_schemes_beside_ours_are_carried_and_compared() -> None:
    scheme = SCHEMES["sgqr"]
    text = next(each["text"] for each in VECTORS["valid"] if each["scheme"] == "sgqr")[:-8]
    beside = sealed(text.replace("5182", "33090005OTHER5182", 1))
    reading = read(scheme, beside)
    assert reading.others == {"33.00": "OTHER"}
    assert check(scheme, beside, order_of(reading)).text == beside
    for others in ({}, {"33.00": "ANOTHER"}):
        with pytest.raises(BadCode) as why:
            check(scheme, beside, replace(order_of(reading), others=others))
        assert why.value.flaw is Flaw.DIFFERS


@pytest.mark.parametrize(
    ("scheme", "text", "flaw", "at"),
    [
        ("epc", "BCD\n002\r\n1\nSCT\n\nA\nDE89370400440532013000\n", Flaw.ENCODING, ""),
        ("epc", "BCD\n002\n1\nSCT\n\nA", Flaw.MISSING, "07"),
        ("epc", "BCD\n002\n1\nSCT\n\nA\nDE89370400440532013000" + "\n" * 6, Flaw.UNEXPECTED, "13"),
        ("epc", "BCD\n002\n1\nSCT\n\nA\tB\nDE89370400440532013000", Flaw.CHARSET, "06"),
        ("epc", "BCD\n002\n1\nSCT\n\n" + "é" * 70 + "\n" + "é" * 130, Flaw.TOO_LONG, ""),
        ("epc", "BCD\n002\n1\nSCT\n\nA\nDE89370400440532013000\n12.50", Flaw.AMOUNT, "08"),
        ("epc", "BCD\n002\n1\nSCT\n\nA\nDE89370400440532013000\nEUR1000000000.00", Flaw.AMOUNT, "08"),
        ("swiss_qr_bill", "SPC\r\n" + "x" * 1000, Flaw.TOO_LONG, ""),
        ("upi", "upi://pay?pa=a@b&pn=A&am=1.00&am=1.00", Flaw.DUPLICATE, "am"),
        ("upi", "upi://pay?pa=a@b&pn=", Flaw.ZERO_LENGTH, "pn"),
        ("upi", "upi://pay?pa=a@b&pn", Flaw.TAG, ""),
        ("upi", "upi://pay?pa=a@b&pn=%FF", Flaw.ENCODING, "pn"),
        ("upi", "upi://pay?pa=a@b&pn=%c3%a9", Flaw.ENCODING, "pn"),
        ("upi", "upi://pay?pa=a@b&pn=A&x=1", Flaw.UNEXPECTED, "x"),
        ("upi", "UPI://pay?pa=a@b&pn=A", Flaw.FORMAT, ""),
        ("wechat_native", "weixin://wxpay/bizpayurl?pr=1\n", Flaw.CHARSET, ""),
    ],
)
def test_other_codes_are_as_strict(scheme: str, text: str, flaw: Flaw, at: str) -> None:
    with pytest.raises(BadCode) as why:
        read(SCHEMES[scheme], text)
    assert (why.value.flaw, why.value.at) == (flaw, at)


def test_a_upi_code_without_currency_is_in_rupees() -> None:
    reading = read(SCHEMES["upi"], "upi://pay?pa=tea@bank&pn=Chai%20House&am=12.5")
    assert (reading.amount, reading.currency) == (Money(1250, "INR"), "INR")


def test_a_signature_stays_as_it_came() -> None:
    order = CodeOrder(
        "INR",
        Money(100, "INR"),
        {"vpa": "tea@bank"},
        "R1",
        {"name": "Chai", "mode": "16", "signature": "MEQ+/w=="},
    )
    code = build(SCHEMES["upi"], order)
    assert code.text.endswith("&sign=MEQ+/w==")
    assert code.reading.fields["signature"] == "MEQ+/w=="


@pytest.mark.row(17)
@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("weixin://wxpay/bizpayurl?pr=1", True),
        ("weixin://wxpay/bizpayurl/up?pr=1", True),
        ("weixin://wxpay/bizpayurl", True),
        ("weixin://wxpay/bizpayurl.example?pr=1", False),
        ("weixin://wxpay/bizpayurl@example?pr=1", False),
        ("https://qr.example/a", True),
        ("https://qr.example.evil/a", False),
        ("weixin://wxpay/bizpayurl?pr= 1", False),
        ("weixin://wxpay/bizpayurl?pr=" + "1" * 600, False),
    ],
)
def test_s62_an_address_continues_only_with_a_path_or_a_query(text: str, good: bool) -> None:
    assert is_under(text, ("weixin://wxpay/bizpayurl", "https://qr.example/")) == good
