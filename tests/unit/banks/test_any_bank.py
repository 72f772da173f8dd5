"""A channel without a line: codes of every scheme, read back by a banking app that knows none of our tables."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from terminal.banks.any_bank import AnyBank, AnyBankSettings
from terminal.banks.profile_file import load_profile
from terminal.counter.ports import Order, RefundOrder
from terminal.errors import BadSettings, NotEvidence
from terminal.payments.codes.proofs import creditor_reference, swiss_reference
from terminal.payments.money import Money
from terminal.payments.notice import (
    Accepted,
    CodeReady,
    Notice,
    NotThere,
    RefundTold,
    Refused,
    Told,
    Trade,
    Unclear,
)
from terminal.payments.reference import Form, Given
from terminal.regions import load_region
from terminal.sandbox.payment_codes import read

ORDER = "01K9ABCDEFGHJKMNPQRSTVWXYZ"
PERSON = {"name": "Tea House", "city": "Bangkok"}
SWISS = {"name": "Teehaus", "postal": "2501", "town": "Biel", "country": "CH"}
RAILS: list[tuple[str, str, Mapping[str, str], Mapping[str, str]]] = [
    ("eu", "epc", {"name": "Teehaus Süd", "iban": "DE89370400440532013000"}, {}),
    ("ch", "swiss_qr_bill", {**SWISS, "iban": "CH4431999123000889012"}, {}),
    ("ch", "swiss_qr_bill", {**SWISS, "iban": "CH9300762011623852957"}, {}),
    ("in", "upi", {"vpa": "tea@upi"}, {"name": "Tea House"}),
    ("th", "promptpay_bill", {"biller": "099999999999990"}, PERSON),
    ("br", "pix_static", {"key": "loja@example.com"}, {"name": "LOJA", "city": "RECIFE"}),
    ("vn", "vietqr", {"bank": "970436", "number": "1017595600"}, {}),
    ("sg", "paynow", {"proxy_type": "2", "proxy": "201403121W"}, {"name": "TEA HOUSE"}),
]


class Statements:
    """What the statements told, as a test says it."""

    def __init__(self) -> None:
        self.promised: dict[str, Given] = {}
        self.taken = self.cancelled = False
        self.notice: Notice | None = None

    async def promise(self, given: Given) -> bool:
        self.promised[given.order_no] = given
        return not self.taken

    def told(self, order_no: str) -> Notice | None:
        return self.notice

    def given_up(self, order_no: str) -> bool:
        return self.cancelled


def bank(region: str, name: str, account: Mapping[str, str], details: Mapping[str, str], **more: Any) -> AnyBank:
    scheme = next(each for each in load_region(region).schemes if each.name == name)
    settings = AnyBankSettings(scheme, account, "ACCOUNT-1", details, **more)
    made = AnyBank(settings, msgspec.structs.replace(load_profile("any_bank"), currencies=scheme.currencies))
    made.credits = Statements()
    return made


def epc(**more: Any) -> AnyBank:
    return bank(*RAILS[0], **more)


def statements(of: AnyBank) -> Statements:
    assert isinstance(of.credits, Statements)
    return of.credits


def order(currency: str = "EUR", minor: int = 2850, order_no: str = ORDER) -> Order:
    return Order(order_no, Money(minor, currency), "tea", "1", 0)


def code(of: AnyBank, wanted: Order) -> str:
    answer = asyncio.run(of.order(wanted))
    assert isinstance(answer, CodeReady), answer
    return answer.payload


@pytest.mark.row(17, 22)
@pytest.mark.parametrize("rail", RAILS, ids=[f"{each[1]}-{n}" for n, each in enumerate(RAILS)])
def test_every_rails_code_carries_amount_and_reference_to_the_payers_app(
    rail: tuple[str, str, Mapping[str, str], Mapping[str, str]],
) -> None:
    made = bank(*rail)
    wanted = order(made.profile.currencies[0])
    text = code(made, wanted)
    assert text.startswith(made.profile.code_prefixes)
    sent = read(text)
    given = statements(made).promised[ORDER]
    assert (sent.amount_minor, sent.currency) == (2850, made.profile.currencies[0])
    assert given.core in sent.structured or swiss_reference(sent.structured)
    assert text == code(made, wanted), "the same order is the same code"
    if rail[1] == "epc" or rail[2].get("iban", "").startswith("CH93"):
        assert creditor_reference(sent.structured)


def test_a_reference_may_stand_in_the_free_text() -> None:
    sent = read(code(epc(where="message"), order()))
    assert (sent.structured, sent.text) == ("", ORDER)
    swiss = bank(*RAILS[2], where="message")
    assert ORDER in code(swiss, order("CHF"))
    assert "\r\nNON\r\n" in code(swiss, order("CHF"))
    assert read(code(epc(form=Form.CREDITOR, where="message"), order())).text.startswith("RF")


@pytest.mark.parametrize(
    ("rail", "slug"),
    [
        (("th", "promptpay", {"phone": "0066812345678"}, {}), "any_bank_no_reference"),
        (("eu", "epc", {"name": "Teehaus", "iban": "DE00370400440532013000"}, {}), "any_bank_account"),
        (("eu", "epc", {"iban": "DE89370400440532013000"}, {}), "any_bank_account"),
        (("in", "upi", {"vpa": "no-at-sign"}, {"name": "x"}), "any_bank_account"),
        (("br", "pix_static", {"key": "loja@example.com"}, {"nickname": "x"}), "any_bank_account"),
    ],
)
def test_an_account_that_makes_no_code_is_told_at_start(rail: Any, slug: str) -> None:
    with pytest.raises(BadSettings) as refused:
        bank(*rail)
    assert refused.value.slug == slug


async def test_a_taken_reference_or_a_foreign_currency_shows_no_code() -> None:
    made = epc()
    assert isinstance(await made.order(order("CHF")), Refused)
    statements(made).taken = True
    assert isinstance(await made.order(order()), Refused)


async def test_i2_only_a_statement_answers_a_query_and_nobody_can_stop_a_transfer() -> None:
    made = epc()
    assert isinstance(await made.query(ORDER), Unclear)
    assert isinstance(await made.close(ORDER), Unclear), "time over is no proof that nothing comes"
    statements(made).cancelled = True
    assert isinstance(await made.query(ORDER), NotThere)
    assert isinstance(await made.close(ORDER), Accepted), "our own promise not to wait"
    paid = Notice("any_bank", "bill", "entry:1", "ACCOUNT-1", "", ORDER, Trade.PAID, 2850, "EUR")
    statements(made).notice = paid
    assert await made.query(ORDER) == Told(paid)
    assert isinstance(await made.close(ORDER), Unclear)


async def test_what_a_bank_without_an_api_cannot_do_is_refused_or_left_to_a_person() -> None:
    made = epc()
    assert isinstance(await made.pay(order(), "281234567890123456"), Refused)
    assert isinstance(await made.reverse(ORDER), Refused)
    refund = RefundOrder("R1", ORDER, Money(100, "EUR"), Money(2850, "EUR"), "wrong size")
    answer = await made.refund(refund)
    assert isinstance(answer, RefundTold)
    assert (answer.notice.trade, answer.notice.amount_minor) == ("abnormal", 100)
    assert isinstance(await made.query_refund("R1", ORDER), NotThere)
    with pytest.raises(NotEvidence):
        await made.take_notification({}, b"{}")
    assert made.trouble() == ""
