"""Check digits and relations between fields, each with numbers published by its owner."""

import pytest

from terminal.payments.codes.proofs import (
    creditor_reference,
    date,
    iban,
    is_qr_iban,
    luhn,
    pix_key,
    swiss_iban,
    swiss_reference,
)
from terminal.payments.codes.relations import RULES


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("DE89370400440532013000", True),
        ("GB82WEST12345698765432", True),
        ("DE89370400440532013001", False),
        ("DE8937040044053201300", False),
        ("de89370400440532013000", False),
        ("AE070331234567890123456", True),
        ("", False),
    ],
)
def test_ibans(text: str, sound: bool) -> None:
    assert iban(text) == sound


def test_swiss_ibans_and_those_for_qr_references() -> None:
    assert swiss_iban("CH4431999123000889012")
    assert is_qr_iban("CH4431999123000889012")
    assert swiss_iban("CH9300762011623852957")
    assert not is_qr_iban("CH9300762011623852957")
    assert not swiss_iban("DE89370400440532013000")


@pytest.mark.parametrize(
    ("text", "sound"), [("RF18539007547034", True), ("RF18539007547035", False), ("18539007547034", False)]
)
def test_creditor_references(text: str, sound: bool) -> None:
    assert creditor_reference(text) == sound


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("210000000003139471430009017", True),
        ("210000000003139471430009018", False),
        ("21000000000313947143000901", False),
    ],
)
def test_swiss_references(text: str, sound: bool) -> None:
    assert swiss_reference(text) == sound


@pytest.mark.parametrize(
    ("text", "sound"), [("4111111111111111", True), ("4111111111111112", False), ("6200000000000005", True)]
)
def test_card_numbers(text: str, sound: bool) -> None:
    assert luhn(text) == sound


@pytest.mark.parametrize(
    ("key", "sound"),
    [
        ("11144477735", True),
        ("11144477736", False),
        ("11111111111", False),  # passes the sums, is never given out
        ("11222333000181", True),
        ("11222333000182", False),
        ("12ABC34501DE35", True),
        ("12ABC34501DE36", False),
        ("arya@stark.com", True),
        ("+5561912345678", True),
    ],
)
def test_pix_keys(key: str, sound: bool) -> None:
    assert pix_key(key) == sound


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("20301231", True),
        ("20280229", True),
        ("20290229", False),
        ("20301331", False),
        ("20300431", False),
        ("20300400", False),
        ("20301231235959", True),
        ("20301231245959", False),
        ("2030123", False),
    ],
)
def test_dates(text: str, sound: bool) -> None:
    assert date(text) == sound


SWISS = {
    "account.iban": "CH4431999123000889012",
    "reference_type": "QRR",
    "reference": "210000000003139471430009017",
}
PLAIN = {"account.iban": "CH9300762011623852957", "reference_type": "SCOR", "reference": "RF18539007547034"}


@pytest.mark.parametrize(
    ("rule", "fields", "wrong"),
    [
        ("epc_bic", {"version": "001", "account.bic": "BFSWDE33"}, ""),
        ("epc_bic", {"version": "001"}, "account.bic"),
        ("epc_bic", {"version": "002"}, ""),
        ("epc_texts", {"reference": "RF1"}, ""),
        ("epc_texts", {"reference": "RF1", "message": "x"}, "message"),
        ("swiss_kind", SWISS, ""),
        ("swiss_kind", PLAIN, ""),
        ("swiss_kind", {**PLAIN, "reference_type": "NON"}, "reference"),
        ("swiss_kind", {**PLAIN, "reference_type": "NON", "reference": ""}, ""),
        ("swiss_kind", {**PLAIN, "reference_type": "QRR"}, "account.iban"),
        ("swiss_kind", {**SWISS, "reference_type": "NON", "reference": ""}, "account.iban"),
        ("swiss_texts", {"message": "m" * 100, "bill_information": "b" * 40}, ""),
        ("swiss_texts", {"message": "m" * 100, "bill_information": "b" * 41}, "message"),
        ("swiss_debtor", {}, ""),
        ("swiss_debtor", {"debtor_street": "Gasse"}, "debtor_type"),
        ("paynow_proxy", {"account.proxy_type": "0", "account.proxy": "+6591234567"}, ""),
        ("paynow_proxy", {"account.proxy_type": "0", "account.proxy": "201403121W"}, "account.proxy"),
        ("paynow_proxy", {"account.proxy_type": "2", "account.proxy": "201403121W"}, ""),
        ("upi_signed", {"mode": "01"}, ""),
        ("upi_signed", {"mode": "16"}, "signature"),
        ("upi_signed", {"mode": "16", "signature": "MEQ="}, ""),
    ],
)
def test_fields_that_belong_together(rule: str, fields: dict[str, str], wrong: str) -> None:
    assert RULES[rule](fields) == wrong
