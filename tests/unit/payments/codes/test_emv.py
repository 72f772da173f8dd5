"""Data objects of EMVCo codes: what is taken apart, what is refused by name, where the limits are."""

import pytest

from terminal.payments.codes import emv
from terminal.payments.codes.emv_fields import check_fields
from terminal.payments.codes.flaws import BadCode, Flaw

BODY = "00020101021126300012D156000000000510A93FO3230Q520441115303156"


def sealed(body: str) -> str:
    """With its checksum, by the standard's definition bit for bit."""
    value = 0xFFFF
    for byte in (body + "6304").encode():
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1) ^ (0x11021 if value & 0x8000 else 0)
    return f"{body}6304{value:04X}"


def flaw_of(text: str, **how: frozenset[str]) -> tuple[Flaw, str]:
    with pytest.raises(BadCode) as refused:
        check_fields(emv.parse(text, **how).values)
    return refused.value.flaw, refused.value.at


@pytest.mark.parametrize(
    ("text", "flaw", "at"),
    [
        ("", Flaw.EMPTY, ""),
        ("0" * 513, Flaw.TOO_LONG, ""),
        (sealed("000201\n"), Flaw.CHARSET, ""),
        (sealed("000201" + "0102"), Flaw.LENGTH, "04"),
        (sealed("0002010x"), Flaw.TAG, ""),
        (sealed("00020101"), Flaw.LENGTH, "01"),
        (sealed("0002٠١"), Flaw.CHARSET, "00"),
        (sealed("010211000201"), Flaw.ORDER, "00"),
        ("000201", Flaw.CRC_MISSING, "63"),
        ("00020163021A", Flaw.CRC, "63"),
        ("0002016304XYZ0", Flaw.CRC, "63"),
        ("000201630400005802CN", Flaw.ORDER, "63"),
        (sealed("00020126"), Flaw.LENGTH, "26"),
        (sealed("00020126" + "04" + "00x1"), Flaw.TEMPLATE, "26"),
        (sealed("00020126" + "05" + "0101A"), Flaw.TEMPLATE, "26"),
        (sealed("00020126" + "10" + "0001A0001B"), Flaw.DUPLICATE, "26.00"),
        (sealed("00020126" + "04" + "0000"), Flaw.ZERO_LENGTH, "26.00"),
        (sealed("00020162" + "09" + "50050101A"), Flaw.TEMPLATE, "62.50"),
        (sealed("00020185" + "03" + "abc"), Flaw.TEMPLATE, "85"),
        (sealed("0002015904Café"), Flaw.CHARSET, "59"),
        ("000201" + "6304" + "00\ud800A", Flaw.CRC, "63"),
        ("000201" + "5901\ud800" + "63040000", Flaw.CHARSET, ""),
    ],
)
def test_a_broken_structure_has_a_name(text: str, flaw: Flaw, at: str) -> None:
    assert flaw_of(text) == (flaw, at)


def test_a_checksum_in_small_letters_is_read_and_told() -> None:
    text = sealed(BODY + "5802CN")
    assert not emv.parse(text).lower_case_crc
    small = text[:-4] + text[-4:].lower()
    assert small != text
    assert emv.parse(small).lower_case_crc


def test_lengths_count_characters_and_the_checksum_bytes() -> None:
    values = emv.parse(sealed("000201" + "6416" + "0002ZH" + "0106" + "最佳运输公司")).values
    assert values == {"00": "01", "64.00": "ZH", "64.01": "最佳运输公司"}


def test_a_template_of_a_payment_system_is_taken_apart_too() -> None:
    values = emv.parse(sealed("000201" + "6214" + "5010" + "0001A0101B")).values
    assert values == {"00": "01", "62.50.00": "A", "62.50.01": "B"}


def test_a_known_leaf_stays_whole_and_a_named_template_opens() -> None:
    body = "000201" + "8203" + "abc" + "2614" + "0001A" + "0105" + "0001B"
    text = sealed(body)
    values = emv.parse(text, leaves=frozenset({"82"}), nested=frozenset({"26.01"})).values
    assert values == {"00": "01", "82": "abc", "26.00": "A", "26.01.00": "B"}


@pytest.mark.parametrize(
    ("tail", "flaw", "at"),
    [
        ("5802CN", None, ""),
        ("5802CN" + "540598.73", None, ""),
        ("5802CN" + "540298", None, ""),
        ("5802CN" + "540398.", None, ""),
        ("5802CN" + "54140000000000000.", Flaw.AMOUNT, "54"),
        ("5802CN" + "5406098.73", Flaw.AMOUNT, "54"),
        ("5802CN" + "54040.00", Flaw.AMOUNT, "54"),
        ("5802CN" + "54059.999", Flaw.AMOUNT, "54"),
        ("5802CN" + "5402-1", Flaw.AMOUNT, "54"),
        ("5802CN" + "5413999999999999.", Flaw.AMOUNT, "54"),
        ("5802CN" + "550202" + "56043.50", None, ""),
        ("5802CN" + "550202", Flaw.TIP, "55"),
        ("5802CN" + "550202" + "56040.00", Flaw.TIP, "56"),
        ("5802CN" + "550203" + "57045.25", None, ""),
        ("5802CN" + "550203" + "57010", Flaw.TIP, "57"),
        ("5802CN" + "550203" + "57040.,1", Flaw.TIP, "57"),
        ("5802CN" + "5703100", Flaw.TIP, "55"),
        ("5802CN" + "550204", Flaw.TIP, "55"),
        ("5802CN" + "5926" + "N" * 26, Flaw.OVERLONG, "59"),
        ("5802CN" + "6016" + "N" * 16, Flaw.OVERLONG, "60"),
        ("5802CN" + "6230" + "0126" + "N" * 26, Flaw.OVERLONG, "62.01"),
        ("5802CN" + "6207" + "0903MEA", None, ""),
        ("5802CN" + "6206" + "0902MM", Flaw.VALUE, "62.09"),
        ("5802CN" + "1530" + "2" * 30, Flaw.VALUE, "15"),
        ("5802XX", Flaw.COUNTRY, "58"),
        ("5903ABC", Flaw.MISSING, "58"),
    ],
)
def test_single_fields_obey_the_standard(tail: str, flaw: Flaw | None, at: str) -> None:
    text = sealed(BODY + tail)
    if flaw is None:
        check_fields(emv.parse(text).values)
    else:
        assert flaw_of(text) == (flaw, at)


@pytest.mark.parametrize(
    ("body", "flaw", "at"),
    [
        ("000203" + "0102115303156", Flaw.FORMAT, "00"),
        ("000201" + "010213" + "0204ABCD5303156" + "5802CN", Flaw.INITIATION, "01"),
        ("000201" + "5303156" + "5802CN", Flaw.NO_ACCOUNT, ""),
        ("000201" + "0204ABCD" + "5204ABCD", Flaw.VALUE, "52"),
        ("000201" + "0204ABCD" + "5802CN", Flaw.MISSING, "53"),
        ("000201" + "0204ABCD" + "5303157" + "5802CN", Flaw.CURRENCY, "53"),
    ],
)
def test_what_every_code_must_have(body: str, flaw: Flaw, at: str) -> None:
    assert flaw_of(sealed(body)) == (flaw, at)


@pytest.mark.parametrize(
    ("values", "flaw", "at"),
    [
        ([("00", "01"), ("00", "02")], Flaw.DUPLICATE, "00"),
        ([("26", "x"), ("26.01", "y")], Flaw.DUPLICATE, "26"),
        ([("26.01", "y"), ("26", "x")], Flaw.DUPLICATE, "26"),
        ([("00", "")], Flaw.ZERO_LENGTH, "00"),
        ([("02", "x" * 100)], Flaw.OVERLONG, "02"),
        ([("26.01", "x" * 50), ("26.02", "x" * 50)], Flaw.OVERLONG, "26"),
        ([(f"{tag:02d}", "x" * 99) for tag in range(5)], Flaw.TOO_LONG, ""),
    ],
)
def test_what_cannot_be_written_is_refused(values: list[tuple[str, str]], flaw: Flaw, at: str) -> None:
    with pytest.raises(BadCode) as refused:
        emv.write(values)
    assert (refused.value.flaw, refused.value.at) == (flaw, at)
