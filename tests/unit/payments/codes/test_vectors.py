"""Published codes, sound and broken (tests/golden/SOURCES.md): read with the meaning, or refused by name."""

from typing import Any

import pytest

from terminal.payments.codes import emv
from terminal.payments.codes.emv_fields import check_fields
from terminal.payments.codes.entry import build, check, identify, read
from terminal.payments.codes.flaws import BadCode
from tests.unit.payments.codes.packs import SCHEMES, VECTORS, money, order_of

Vector = dict[str, Any]


def taken_apart(scheme: str, text: str) -> None:
    """By its scheme, or by the rules that all EMV codes share."""
    if scheme:
        read(SCHEMES[scheme], text)
    else:
        check_fields(emv.parse(text).values)


def name(vector: Vector) -> str:
    return f"{vector.get('scheme') or 'emv'}-{vector['text'][-8:]}".replace("\n", " ").replace("\r", "")


@pytest.mark.row(17)
@pytest.mark.parametrize("vector", VECTORS["valid"], ids=name)
def test_a_published_code_says_what_its_publisher_says(vector: Vector) -> None:
    scheme = SCHEMES[vector["scheme"]]
    reading = read(scheme, vector["text"])
    assert reading.amount == money(vector["amount"])
    assert reading.account == vector["account"]
    assert reading.reference == vector["reference"]
    assert check(scheme, vector["text"], order_of(reading)).text == vector["text"]


@pytest.mark.row(17)
@pytest.mark.parametrize("vector", VECTORS["valid"], ids=name)
def test_our_own_code_of_the_same_order_says_the_same(vector: Vector) -> None:
    scheme = SCHEMES[vector["scheme"]]
    reading = read(scheme, vector["text"])
    ours = build(scheme, order_of(reading)).reading
    assert (ours.amount, ours.currency, ours.fields) == (reading.amount, reading.currency, reading.fields)


BY_THE_LETTER = {
    "pix_static", "pix_dynamic", "vietqr", "qris", "sgqr", "khqr_merchant", "duitnow", "unionpay", "swiss_qr_bill",
    "wechat_native", "alipay_precreate",
}  # fmt: skip


@pytest.mark.parametrize(
    "vector", [each for each in VECTORS["valid"] if each["scheme"] in BY_THE_LETTER], ids=name
)
def test_where_the_order_of_fields_is_agreed_our_code_is_the_published_one(vector: Vector) -> None:
    scheme = SCHEMES[vector["scheme"]]
    assert build(scheme, order_of(read(scheme, vector["text"]))).text == vector["text"]


@pytest.mark.row(17)
@pytest.mark.parametrize("vector", VECTORS["invalid"], ids=name)
def test_a_broken_code_is_refused_by_name(vector: Vector) -> None:
    with pytest.raises(BadCode) as refused:
        taken_apart(vector["scheme"], vector["text"])
    assert (refused.value.flaw, refused.value.at) == (vector["flaw"], vector.get("at", ""))
    assert refused.value.slug == "code_unsound"


@pytest.mark.parametrize("vector", VECTORS["emv"], ids=name)
def test_the_standards_own_samples_come_apart(vector: Vector) -> None:
    payload = emv.parse(vector["text"])
    check_fields(payload.values)
    assert not payload.lower_case_crc
    assert vector["leaves"].items() <= payload.values.items()


def test_the_checksum_is_ccitt_false() -> None:
    assert emv.crc(b"123456789") == 0x29B1


@pytest.mark.row(17)
@pytest.mark.parametrize("vector", VECTORS["valid"], ids=name)
def test_a_strangers_code_finds_its_scheme(vector: Vector) -> None:
    """What a poster check asks: whose money is this."""
    found = identify(SCHEMES.values(), vector["text"])
    assert found is not None
    assert (found.scheme, found.account) == (vector["scheme"], vector["account"])


def test_what_is_no_payment_code_has_no_scheme() -> None:
    assert identify(SCHEMES.values(), "https://example.com/menu") is None
    assert identify(SCHEMES.values(), "") is None
