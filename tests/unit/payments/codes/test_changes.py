"""No changed code passes for the one that was ordered: any character, any cut, any field (row 17, S62)."""

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.payments.codes import emv
from terminal.payments.codes.entry import build, check, read
from terminal.payments.codes.flaws import BadCode, Flaw
from terminal.payments.codes.scheme import CodeOrder
from terminal.payments.money import Money
from tests.unit.payments.codes.packs import SCHEMES, VECTORS, order_of

GENUINE = {each["scheme"]: each["text"] for each in VECTORS["valid"]}  # the last of each: the fullest
EMV = sorted(name for name in GENUINE if SCHEMES[name].kind == "emv")
NAMES = sorted(GENUINE)


@cache
def genuine(name: str) -> tuple[str, CodeOrder]:
    """A code as we write it, and its order."""
    order = order_of(read(SCHEMES[name], GENUINE[name]))
    return build(SCHEMES[name], order).text, order


@pytest.mark.row(17)
@pytest.mark.parametrize("name", NAMES)
def test_every_cut_is_refused(name: str) -> None:
    text, order = genuine(name)
    for end in range(len(text)):
        with pytest.raises(BadCode):
            check(SCHEMES[name], text[:end], order)


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.row(17)
@pytest.mark.parametrize("name", NAMES)
def test_every_changed_character_is_refused(name: str) -> None:
    """One step up, another digit, another case: each place of the text, each of them a different text."""
    text, order = genuine(name)
    for at, old in enumerate(text):
        for new in {chr(ord(old) + 1), "0" if old != "0" else "7", old.swapcase()} - {old}:
            with pytest.raises(BadCode):
                check(SCHEMES[name], text[:at] + new + text[at + 1 :], order)


@given(st.sampled_from(EMV), st.data())
def test_one_wrong_character_never_survives_the_checksum(name: str, data: st.DataObject) -> None:
    text, _ = genuine(name)
    at = data.draw(st.integers(0, len(text) - 5))
    new = data.draw(st.characters(min_codepoint=32, max_codepoint=126).filter(lambda each: each != text[at]))
    with pytest.raises(BadCode):
        emv.parse(text[:at] + new + text[at + 1 :])


@pytest.mark.row(17)
@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_compared(name: str) -> None:
    """An order that differs in one field, whichever, refuses the code by that field's name."""
    text, order = genuine(name)
    scheme = SCHEMES[name]
    reading = check(scheme, text, order).reading
    for field, value in reading.fields.items():
        other = ("" if field == "reference" else value[:-1]) + ("1" if value[-1:] != "1" else "2")
        with pytest.raises(BadCode) as refused:
            check(scheme, text, changed(order, field, other))
        assert (refused.value.flaw, refused.value.at) == (Flaw.DIFFERS, field)
        free = replace(changed(order, field, other), theirs=frozenset({field}))
        assert field not in check(scheme, text, free).compared
    assert set(check(scheme, text, order).compared) >= set(reading.fields)


def changed(order: CodeOrder, field: str, value: str) -> CodeOrder:
    if field == "reference":
        return replace(order, reference=value)
    if field.startswith("account."):
        return replace(order, account={**order.account, field.removeprefix("account."): value})
    return replace(order, details={**order.details, field: value})


@pytest.mark.row(17)
@pytest.mark.parametrize("name", [name for name in NAMES if SCHEMES[name].kind != "link"])
def test_another_amount_or_currency_is_refused(name: str) -> None:
    text, order = genuine(name)
    scheme = SCHEMES[name]
    for amount in {Money(700, order.currency), None} - {order.amount}:
        if amount is not None and scheme.amount.elsewhere:
            continue
        with pytest.raises(BadCode) as refused:
            check(scheme, text, replace(order, amount=amount))
        assert (refused.value.flaw, refused.value.at) == (Flaw.DIFFERS, "amount")
    with pytest.raises(BadCode) as refused:
        check(scheme, text, replace(order, currency="GBP", amount=None))
    assert refused.value.flaw is Flaw.CURRENCY


@settings(max_examples=60)
@given(
    amount=st.one_of(st.none(), st.integers(1, 10**12 - 1)),
    reference=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=20),
    shop=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=25),
    name=st.sampled_from(["pix_static", "promptpay_bill", "vietqr", "qris", "paynow", "duitnow", "unionpay"]),
)
def test_what_goes_in_comes_out(amount: int | None, reference: str, shop: str, name: str) -> None:
    _, order = genuine(name)
    scheme = SCHEMES[name]
    whole = order.currency in scheme.amount.whole and order.currency != "VND"
    minor = amount if amount is None else max(100, amount - amount % 100) if whole else amount
    details = {**order.details, "name": shop}
    money = None if minor is None else Money(minor, order.currency)
    code = build(scheme, replace(order, amount=money, reference=reference, details=details))
    assert code.reading.amount == money
    assert code.reading.reference == reference
    assert code.reading.fields["name"] == shop
    assert code.reading.account == dict(order.account)


@settings(max_examples=40)
@given(
    st.integers(1, 10**11),
    st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=35),
    st.text(min_size=1, max_size=30).filter(lambda text: text.isprintable()),
)
def test_upi_texts_in_any_script_come_back(minor: int, reference: str, note: str) -> None:
    order = CodeOrder("INR", Money(minor, "INR"), {"vpa": "tea@bank"}, reference, {"name": "Chai", "note": note})
    code = build(SCHEMES["upi"], order)
    assert code.text.isascii()
    assert " " not in code.text
    assert code.reading.fields["note"] == note


@given(st.text(max_size=80))
def test_nonsense_is_refused_and_nothing_else_happens(text: str) -> None:
    for scheme in SCHEMES.values():
        with pytest.raises(BadCode):
            read(scheme, text)


@given(st.text("0123456789A6E", max_size=60))
def test_nonsense_that_looks_like_tags_is_refused_too(text: str) -> None:
    with pytest.raises(BadCode):
        emv.parse("000201" + text)
