"""Readers we did not write understand our payment codes as we do, and we understand what others write."""

import json
from typing import Any, Final

import pytest

from terminal.payments.codes import emv
from terminal.payments.codes.entry import build, check, read
from terminal.payments.codes.scheme import CodeOrder
from terminal.payments.money import Money
from tests.strangers.environments import ROOT, python_of, run
from tests.unit.payments.codes.packs import SCHEMES, VECTORS, order_of

EVP: Final = "123e4567-e12b-12d1-a456-426655440000"
PIX: Final = {"name": "Loja de Chá", "key": EVP, "city": "Recife", "amount": 1250, "txid": "T0001"}
URL: Final = "pix.example.com/8b3da2f39a4140d1a91abd93113bd441"
EPC: Final = {
    "name": "Teehaus",
    "iban": "DE89370400440532013000",
    "amount": "149.00",
    "reference": "RF18539007547034",
    "bic": "BFSWDE33",
}
SWISS: Final = {
    "account": "CH4431999123000889012",
    "creditor": {
        "name": "Teehaus",
        "street": "Gasse",
        "house_num": "1",
        "pcode": "2501",
        "city": "Biel",
        "country": "CH",
    },
    "amount": "19.95",
    "reference_number": "210000000003139471430009017",
    "additional_information": "Tee",
}


def leaves(found: dict[str, Any]) -> dict[str, str]:
    """A reader's nested objects as our paths; 64, which it does not open, and the checksum left out."""
    flat: dict[str, str] = {}
    for tag, value in found.items():
        if isinstance(value, dict):
            flat |= {f"{tag}.{inner}": each for inner, each in value.items()}
        elif tag not in {"63", "64"}:
            flat[tag] = value
    return flat


@pytest.mark.row(17)
async def test_two_readers_from_pypi_agree_with_every_emv_code_and_three_writers_are_read() -> None:
    python = await python_of("starkbank-brcode")
    orders = [
        (SCHEMES[each["scheme"]], order_of(read(SCHEMES[each["scheme"]], each["text"])))
        for each in VECTORS["valid"]
        if SCHEMES[each["scheme"]].kind == "emv"
    ]
    texts = [build(scheme, order).text for scheme, order in orders]
    asked = {
        "emv": texts,
        "pix_static": PIX,
        "pix_dynamic": {"name": "Loja de Cha", "city": "Recife", "txid": "***", "url": URL},
        "epc": EPC,
        "swiss": SWISS,
    }
    client = ROOT / "tests" / "strangers" / "codes_client.py"
    told = json.loads(await run(str(python), "-I", str(client), json.dumps(asked)))

    assert len(texts) > 20
    for text, looked in zip(texts, told["looked"], strict=True):
        ours = {path: value for path, value in emv.parse(text).values.items() if not path.startswith("64")}
        assert leaves(looked["brcode"]) == ours
        assert looked["crc"] == []
        tags = list(dict.fromkeys(path.partition(".")[0] for path in emv.parse(text).values))
        assert [tag for tag, _ in looked["qriskit"]] == [*tags, "63"]
        assert {tag: value for tag, value in looked["qriskit"] if tag in ours}.items() <= ours.items()

    details = {"name": "Loja de Cha", "city": "Recife"}
    order = CodeOrder("BRL", Money(1250, "BRL"), {"key": EVP}, "T0001", details)
    assert check(SCHEMES["pix_static"], told["pix_static"], order).text == told["pix_static"]
    address = CodeOrder("BRL", None, {"url": URL}, "", details)
    assert check(SCHEMES["pix_dynamic"], told["pix_dynamic"], address).text == told["pix_dynamic"]
    transfer = read(SCHEMES["epc"], told["epc"])
    assert (transfer.amount, transfer.reference) == (Money(14900, "EUR"), "RF18539007547034")
    assert transfer.account == {"name": "Teehaus", "iban": "DE89370400440532013000", "bic": "BFSWDE33"}
    bill = read(SCHEMES["swiss_qr_bill"], told["swiss"])
    assert (bill.amount, bill.reference) == (Money(1995, "CHF"), "210000000003139471430009017")
    assert build(SCHEMES["swiss_qr_bill"], order_of(bill)).text == told["swiss"]
