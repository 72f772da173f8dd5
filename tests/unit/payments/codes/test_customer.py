"""Customers' codes: wallets by name, card numbers refused by name, nothing guessed (rows 19, S42)."""

import json

import pytest

from terminal.payments.codes.consumer import CardNumber, KnownCodes, OtherWallet, Recognised, recognise
from terminal.payments.codes.cpm import CustomerCode, look
from terminal.payments.codes.flaws import BadCode, Flaw
from terminal.payments.scan import CardData, Link, MerchantCode, PaymentRule, Product, Unknown, Wallet, Why
from terminal.regions import known_codes
from tests.unit.payments.codes.packs import CARDS, GOLDEN, VECTORS
from tests.unit.payments.codes.test_emv import sealed

WECHAT = PaymentRule("wechatpay", ("10", "11", "12", "13", "14", "15"), (18,))
ALIPAY = PaymentRule("alipay", ("25", "26", "27", "28", "29", "30"), tuple(range(16, 25)))
KNOWN = known_codes()
CPM = json.loads((GOLDEN / "customer_codes.json").read_text("utf-8"))["valid"]
OTA = sealed("0002010102115303764" + "2937" + "0016A000000677010114" + "01130066801234567" + "5802TH")


@pytest.mark.row(19)
@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("134567890123456789", Wallet("wechatpay", "134567890123456789")),
        ("]Q1134567890123456789\r", Wallet("wechatpay", "134567890123456789")),
        ("281234567890123456", OtherWallet("alipay", "Alipay", "documented")),
        ("6212345678901234567", OtherWallet("unionpay", "UnionPay", "article")),
        ("0112345678901234567", OtherWallet("ecny", "e-CNY", "unverified")),
        ("181234567890123456", OtherWallet("jdpay", "JD Pay", "unverified")),
        ("2812345678901234", OtherWallet("alipay", "Alipay", "documented")),
        ("4111111111111111", CardNumber("visa")),
        ("4111111111111112", Unknown(Why.NO_WALLET)),
        ("5500005555555559", CardNumber("mastercard")),
        ("2223000048400011", CardNumber("mastercard")),
        ("2721000000000004", OtherWallet("alipay", "Alipay", "documented")),  # one above the last card range
        ("371449635398431", CardNumber("american_express")),
        ("30569309025904", CardNumber("diners")),
        ("6011000990139424", CardNumber("discover")),
        ("3530111333300000", CardNumber("jcb")),
        ("6200000000000005", CardNumber("unionpay")),
        ("161234567890123456", Unknown(Why.NO_WALLET)),
        ("6921168509256", Product("6921168509256")),
        ("https://qr.alipay.com/fkx0", Link("https", "https://qr.alipay.com/fkx0")),
        (OTA, OtherWallet("promptpay", "PromptPay", "article")),
        (OTA[:-4] + "0000", MerchantCode(OTA[:-4] + "0000")),
        (VECTORS["emv"][1]["text"], MerchantCode(VECTORS["emv"][1]["text"])),
        (CPM[0]["text"], CardData()),
    ],
)
def test_a_scan_has_a_name(text: str, named: Recognised) -> None:
    found = recognise(text, [WECHAT], KNOWN)
    assert found == named
    assert not any(part in repr(found) for part in (text, text[6:16]) if not isinstance(found, Product))


@pytest.mark.row(19)
def test_a_card_number_in_a_length_the_wallet_never_shows_is_no_wallets_code() -> None:
    """Alipay's documents allow 16 digits, its phones show 18; cards of 2500 to 2720 have 16 and a check digit."""
    assert recognise("2500000000000001", [ALIPAY], KNOWN) == CardNumber("mastercard")
    assert recognise("2500000000000002", [ALIPAY], KNOWN) == Wallet("alipay", "2500000000000002")
    assert recognise("250000000000000001", [ALIPAY], KNOWN) == Wallet("alipay", "250000000000000001")
    assert recognise("2500000000000001", [ALIPAY], KnownCodes(cards=CARDS)) == Wallet("alipay", "2500000000000001")


@pytest.mark.parametrize("vector", CPM, ids=["one", "two"])
def test_a_consumer_presented_code_names_its_applications_and_that_it_carries_a_card(
    vector: dict[str, str],
) -> None:
    found = look(vector["text"])
    assert found == CustomerCode(tuple(vector["applications"]), bool(vector["carries_card"]))
    assert "1234567890123458" not in repr(found)


def encoded(hexadecimal: str) -> str:
    import base64

    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()


HEAD = "85054350563031"


@pytest.mark.parametrize(
    ("text", "flaw", "at"),
    [
        ("hQVDUFYwMW-_", Flaw.ENCODING, ""),
        ("hQVDUFYwMWé=", Flaw.ENCODING, ""),
        ("h" * 1025, Flaw.TOO_LONG, ""),
        ("", Flaw.FORMAT, "85"),
        (encoded("61034F01A0"), Flaw.FORMAT, "85"),
        (encoded("85054350563032" + "61034F01A0"), Flaw.FORMAT, "85"),
        (encoded(HEAD), Flaw.MISSING, "61"),
        (encoded(HEAD + "6103500141"), Flaw.MISSING, "61.4F"),
        (encoded(HEAD + "61064F01A04F01A1"), Flaw.DUPLICATE, "61.4F"),
        (encoded(HEAD + "61034F01A0" + "00"), Flaw.LENGTH, ""),
        (encoded(HEAD + "61034F01A0" + "5A0112"), Flaw.UNEXPECTED, "5A"),
        (encoded(HEAD + "61044F01A0"), Flaw.LENGTH, ""),
        (encoded(HEAD + "61034F02A0"), Flaw.LENGTH, "61"),
        (encoded(HEAD + "6182"), Flaw.LENGTH, ""),
        (encoded(HEAD + "6181"), Flaw.LENGTH, ""),
    ],
)
def test_a_broken_consumer_presented_code_is_refused(text: str, flaw: Flaw, at: str) -> None:
    with pytest.raises(BadCode) as refused:
        look(text)
    assert (refused.value.flaw, refused.value.at) == (flaw, at)


@pytest.mark.parametrize(
    ("body", "card"),
    [
        ("61034F01A0", False),
        ("6181034F01A0", False),
        ("61074F01A05F200141", False),
        ("61064F01A0" + "5A0112", True),
        ("61094F01A0" + "6304" + "9F250112", False),
        ("61034F01A0" + "6203" + "570112", True),
        ("61034F01A0" + "6205" + "6403" + "5A0112", True),
    ],
)
def test_a_card_is_found_wherever_it_hides(body: str, card: bool) -> None:
    assert look(encoded(HEAD + body)) == CustomerCode(("A0",), card)
