"""Who gets the money of a code on a wall, in words; what is none says what it is instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.payments.codes import emv
from terminal.risk.payee import Payee, differences, look, nearest
from terminal.risk.table import risk_table
from terminal.wiring.risk import all_schemes
from tests.flows.risk_rig import pix

pytestmark = pytest.mark.row(23)
SCHEMES, LINKS = all_schemes(), risk_table().links
STRANGE = emv.write(
    [
        ("00", "01"),
        ("01", "11"),
        ("26.00", "org.example.pay"),
        ("26.01", "SHOP-99"),
        ("52", "5411"),
        ("53", "704"),
        ("58", "VN"),
        ("59", "EVIL TEA"),
        ("60", "HANOI"),
    ]
)
EPC = "BCD\n002\n1\nSCT\n\nTeehaus\nDE71110220330123456789\n\n\n\n\n"


@pytest.mark.parametrize(
    ("text", "name", "account", "title"),
    [
        (pix("+5511999990000"), "CASA DE CHA", "+5511999990000", "Pix"),
        (STRANGE, "EVIL TEA", "SHOP-99", "org.example.pay"),
        (EPC, "Teehaus", "DE71110220330123456789", "SEPA"),
        ("upi://pay?pa=tea@okbank&pn=Tea%20House", "Tea House", "tea@okbank", "UPI"),
        ("wxp://f2f0abcDEF123", "", "f2f0abcDEF123", "WeChat Pay"),
        ("https://qr.alipay.com/fkx012345abc", "", "", "Alipay"),
    ],
)
def test_s66_who_gets_the_money_is_read_from_the_code_itself(
    text: str, name: str, account: str, title: str
) -> None:
    looked = look(text, SCHEMES, LINKS)
    assert looked.kind == "payment"
    assert looked.payee is not None
    assert (looked.payee.name, looked.payee.title.startswith(title)) == (name, True)
    assert account in looked.payee.account
    assert looked.payee.name in looked.payee.who
    assert looked.payee.account in looked.payee.who


@pytest.mark.parametrize(
    ("text", "kind", "what", "detail"),
    [
        ("6901234567892", "not_payment", "product", "6901234567892"),
        ("https://win.example/prize?x=1", "not_payment", "link", "win.example"),
        ("CT:S-01KAK3V5M2Q8ZP6T4W9XN7B1CD", "not_payment", "receipt", ""),
        ("134567890123456789", "not_payment", "other", ""),
        ("hello", "not_payment", "other", ""),
        (STRANGE[:-4] + "0000", "unreadable", "", ""),
        (STRANGE[:-9], "unreadable", "", ""),
        ("BCD\n002\n1\nSCT\n", "unreadable", "other", ""),
        ("", "unreadable", "", ""),
    ],
)
def test_c4_what_asks_for_no_payment_says_what_it_is(text: str, kind: str, what: str, detail: str) -> None:
    looked = look(text, SCHEMES, LINKS)
    assert (looked.kind, looked.payee, looked.what, looked.detail) == (kind, None, what, detail)


def test_the_field_that_is_another_is_named() -> None:
    ours = Payee("pix", "Pix", "TEA", "key-1", "SAO PAULO")
    theirs = Payee("pix", "Pix", "TEA", "key-2", "SAO PAULO")
    assert [(each.field, each.ours, each.theirs) for each in differences(ours, theirs)] == [
        ("account", "key-1", "key-2")
    ]
    assert [each.field for each in differences(ours, ours)] == ["code"], "the same words, other bytes"


def test_a_sticker_pretends_to_be_the_one_whose_name_it_bears() -> None:
    ours = {"a": Payee("upi", "UPI", "Other", "x"), "b": Payee("pix", "Pix", "Tea House", "y")}
    assert nearest(Payee("upi", "UPI", "TEA HOUSE", "z"), ours) == "b"
    assert nearest(Payee("upi", "UPI", "Nobody", "z"), ours) == "a"
    assert nearest(Payee("upi", "UPI", "Nobody", "z"), {}) is None


@given(st.text(max_size=600))
def test_s6_any_text_at_all_is_looked_at_without_a_failure(text: str) -> None:
    looked = look(text, SCHEMES, LINKS)
    assert looked.kind in {"payment", "not_payment", "unreadable"}
