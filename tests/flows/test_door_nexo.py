"""A till that speaks nexo, on virtual time: paid, cancelled, lost and found again, given back, asked wrongly."""

import asyncio
import json
import re
from collections.abc import Awaitable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs

import pytest

from terminal.payments.sale import Sale, SaleState
from terminal.people.service import PeopleSettings
from terminal.pos import nexo_messages
from terminal.pos.desk import Desk
from terminal.pos.nexo import Nexo
from terminal.pos.nexo_counter import CounterSide
from terminal.pos.nexo_crypto import Vault
from terminal.pos.nexo_server import NexoDoor
from terminal.pos.peers import Peers
from tests.flows.door_rig import CHEAP, FREE, desk_of
from tests.flows.shop import DAY_S, Shop, story
from tests.strangers.nexo_till import Rejected, Seal, Till, result

pytestmark = pytest.mark.row(91)
T = TypeVar("T")
WAIT_S = 110.0
PASSPHRASE = "twelve or more characters"
GOLDEN = Path(__file__).parents[1] / "golden"


class Line:
    """Between till and door; a new door for every life of the service."""

    def __init__(
        self,
        shop: Shop,
        rules: PeopleSettings = FREE,
        counter: str = "1",
        *,
        sealed: bool = False,
        kind: type[Desk] = Desk,
    ) -> None:
        self.shop, self.rules, self.counter, self.sealed, self.kind = shop, rules, counter, sealed, kind
        self.till = Till(Seal(self.send, PASSPHRASE, "k") if sealed else self.send)
        self.sent: list[bytes] = []  # what somebody on the line could have kept
        self.connect()

    def connect(self) -> None:
        clock = self.shop.world.clock
        desk = desk_of(self.shop, self.rules, counter=self.counter, kind=self.kind)
        side = CounterSide(desk, clock, lambda now_ms: now_ms - 3_600_000)
        nexo = Nexo(desk, clock, side)
        vault = Vault(PASSPHRASE, "k", 1) if self.sealed else None
        self.door = NexoDoor(nexo, clock, self.shop.world.entropy, Peers(()), vault)
        desk.keep("watch", nexo.followed.watch)

    async def send(self, data: bytes) -> bytes:
        self.sent.append(data)
        taken = await self.door.take(data)
        await self.door.heard(taken)
        return b"" if taken.answer is None else nexo_messages.encode(taken.answer)

    async def shown(self) -> Sale:
        """The sale the till asked for, its code on the glass."""
        live = self.shop.lane()
        await self.shop.until(lambda: live.current is not None, 5)
        sale = self.shop.service.book.sale(str(live.current))
        await self.shop.until(lambda: bool(self.shop.attempt(sale).payload), 5)
        return sale

    async def paid(self, amount: float = 28.5, service_id: str = "") -> Any:
        asked = asyncio.ensure_future(self.till.pay(amount, service_id=service_id))
        self.shop.pay(await self.shown())
        return await asked


def sales(shop: Shop) -> int:
    return len(shop.service.feed.list("sale", limit=100))


def told(answer: Any) -> dict[str, str]:
    return {name: value[0] for name, value in parse_qs(answer["Response"]["AdditionalResponse"]).items()}


async def both(first: Awaitable[T], second: Awaitable[T]) -> tuple[T, T]:
    return await asyncio.gather(first, second)


@story()
async def test_a_payment_is_answered_when_it_is_proven_with_the_exact_amount(shop: Shop) -> None:
    line = Line(shop)
    answer = await line.paid(28.55)
    assert result(answer) == "Success"
    assert answer["PaymentResult"]["AmountsResp"] == {"AuthorizedAmount": Decimal("28.55"), "Currency": "CNY"}
    [sale] = [shop.service.book.sale(each.subject) for each in shop.service.feed.list("sale")]
    assert (sale.state, sale.amount.minor, sale.reference) == (SaleState.PAID, 2855, "order-42")
    assert answer["POIData"]["POITransactionID"]["TransactionID"] == sale.id
    assert answer["SaleData"]["SaleTransactionID"]["TimeStamp"] == "2026-11-02T10:11:12+00:00"
    assert told(answer)["checkCode"] == shop.service.check_code(sale)
    assert told(answer)["pspReference"] == sale.attempts[0].provider_txn
    [receipt] = answer["PaymentReceipt"]
    assert "28.55+CNY" in receipt["OutputContent"]["OutputText"][1]["Text"]


@pytest.mark.row(2)
@story()
async def test_items_that_add_up_are_the_sales_lines_and_others_hold_up_no_payment(shop: Shop) -> None:
    line, item = Line(shop), {"ItemID": 0, "ProductCode": "T1", "ProductLabel": "Tea", "ItemAmount": 8.5}
    for items, names in (([item, {**item, "ItemAmount": 20}], ("Tea", "Tea")), ([item], ()), (["?"], ())):
        line.till.items = items
        sale = shop.service.book.sale((await line.paid())["POIData"]["POITransactionID"]["TransactionID"])
        assert (sale.amount.minor, tuple(each.name for each in sale.lines)) == (2850, names)


@story()
async def test_a1_the_same_message_again_and_twice_at_once_is_one_sale_with_one_answer(shop: Shop) -> None:
    line = Line(shop)
    asked = asyncio.gather(*(line.till.pay(28.5, service_id="0000000001") for _ in range(3)))
    shop.pay(await line.shown())
    first, *others = await asked
    assert result(first) == "Success"
    assert others == [first, first]
    assert await line.till.pay(28.5, service_id="0000000001") == first
    assert sales(shop) == 1


@story()
async def test_a1_one_message_again_and_again_does_not_fill_the_door(shop: Shop) -> None:
    line = Line(shop)
    asked = asyncio.gather(*(line.till.pay(28.5, service_id="0000000001") for _ in range(9)))
    shop.pay(await line.shown())
    assert sorted(result(each) for each in await asked) == ["InProgress"] * 5 + ["Success"] * 4
    assert sales(shop) == 1


@story()
async def test_a1_the_same_ids_with_another_amount_are_refused_and_open_nothing(shop: Shop) -> None:
    line = Line(shop)
    await line.paid(28.5, "0000000001")
    assert result(await line.till.pay(28.51, service_id="0000000001")) == "MessageFormat"
    assert sales(shop) == 1


@story()
async def test_a_service_id_may_come_again_after_48_hours_and_is_another_sale(shop: Shop) -> None:
    line = Line(shop)
    await line.paid(28.5, "0000000001")
    await shop.wait(2 * DAY_S - 3600)
    assert result(await line.till.pay(28.5, service_id="0000000001")) == "Success"
    assert sales(shop) == 1
    await shop.wait(2 * 3600)
    await line.paid(28.5, "0000000001")
    assert sales(shop) == 2


@story()
async def test_i2_a_status_never_tells_an_old_payment_to_a_till_whose_new_one_got_lost(shop: Shop) -> None:
    line = Line(shop)
    await line.paid(28.5, "0000000001")
    await shop.wait(DAY_S)
    assert result(await line.till.status("0000000001")) == "Success"
    await shop.wait(1.5 * DAY_S)
    assert told(await line.till.status("0000000001"))["message"].startswith("Never started"), "48 hours are over"


@story()
async def test_an_abort_closes_the_code_with_proof_and_the_payment_answers_aborted(shop: Shop) -> None:
    line = Line(shop)
    asked = asyncio.ensure_future(line.till.pay(28.5, service_id="0000000001"))
    sale = await line.shown()
    await line.till.abort("0000000001")
    assert result(await asked) == "Aborted"
    assert shop.sale(sale).state is SaleState.CANCELLED
    assert "PaymentResult" not in await asked
    assert shop.captured == {}


@story()
async def test_a2_an_abort_that_is_too_late_is_answered_with_success_by_the_payment(shop: Shop) -> None:
    line = Line(shop)
    answer = await line.paid(28.5, "0000000001")
    await line.till.abort("0000000001")
    assert result(answer) == "Success"
    again = await line.till.status("0000000001")
    assert result(again["RepeatedMessageResponse"]["RepeatedResponseMessageBody"]["PaymentResponse"]) == "Success"


@story()
async def test_a2_an_abort_before_its_payment_lets_nothing_begin(shop: Shop) -> None:
    line = Line(shop)
    await line.till.abort("0000000001")
    assert result(await line.till.pay(28.5, service_id="0000000001")) == "Aborted"
    assert sales(shop) == 0


@story()
async def test_a2_an_abort_while_the_sale_is_being_opened_ends_it(shop: Shop) -> None:
    line = Line(shop)
    answer, _ = await both(line.till.pay(28.5, service_id="0000000001"), line.till.abort("0000000001"))
    assert result(answer) == "Aborted"
    assert shop.captured == {}


@story()
async def test_a3_a_lost_connection_is_answered_by_a_status_and_the_sale_goes_on(shop: Shop) -> None:
    line = Line(shop)
    asked = asyncio.ensure_future(line.till.pay(28.5, service_id="0000000001"))
    sale = await line.shown()
    asked.cancel()
    assert result(await line.till.status("0000000001")) == "InProgress"
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
    found = await line.till.status("0000000001")
    assert result(found) == "Success"
    repeated = found["RepeatedMessageResponse"]
    assert repeated["MessageHeader"]["MessageCategory"] == "Payment"
    assert repeated["MessageHeader"]["ServiceID"] == "0000000001"
    assert result(repeated["RepeatedResponseMessageBody"]["PaymentResponse"]) == "Success"
    assert result(await line.till.status("0000000002")) == "NotFound"


@story()
async def test_a1_after_a_restart_the_journal_answers_status_and_the_same_message(shop: Shop) -> None:
    line = Line(shop)
    asked = asyncio.ensure_future(line.till.pay(28.5, service_id="0000000001"))
    sale = await line.shown()
    asked.cancel()
    shop.pay(sale)
    await shop.restart()
    line.connect()
    answer = await line.till.pay(28.5, service_id="0000000001")
    assert result(answer) == "Success"
    found = await line.till.status("0000000001")
    assert result(found) == "Success"
    assert sales(shop) == 1


@pytest.mark.row(94)
@story()
async def test_paid_while_the_till_is_gone_comes_before_a_person_until_it_asks(shop: Shop) -> None:
    line = Line(shop)
    asked = asyncio.ensure_future(line.till.pay(28.5, service_id="0000000001"))
    sale = await line.shown()
    asked.cancel()
    shop.pay(sale)
    await shop.wait(25)
    assert shop.sale(sale).exceptions == ()
    await shop.wait(15)
    assert [(each.kind, each.closed) for each in shop.sale(sale).exceptions] == [("till_not_told", "")]
    assert result(await line.till.status("0000000001")) == "Success"
    assert [each.closed for each in shop.sale(sale).exceptions] == ["told"]
    heard = await line.paid(1.0)
    await shop.wait(60)
    assert shop.service.book.sale(heard["POIData"]["POITransactionID"]["TransactionID"]).exceptions == ()


@pytest.mark.row(94)
@story()
async def test_a1_paid_while_the_service_fell_over_comes_before_a_person_until_the_till_asks(shop: Shop) -> None:
    line = Line(shop)
    heard = (await line.paid(1.0))["POIData"]["POITransactionID"]["TransactionID"]
    asked = asyncio.ensure_future(line.till.pay(28.5, service_id="0000000001"))
    sale = await line.shown()
    asked.cancel()
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
    await shop.restart()
    line.connect()
    await shop.wait(40)
    assert [(each.kind, each.closed) for each in shop.sale(sale).exceptions] == [("till_not_told", "")]
    assert shop.service.book.sale(heard).exceptions == (), "that one was told"
    assert result(await line.till.status("0000000001")) == "Success"
    await shop.wait(1)
    await shop.restart()
    line.connect()
    await shop.wait(40)
    assert [each.closed for each in shop.sale(sale).exceptions] == ["told"]


@story()
async def test_s11_a_sealed_message_that_somebody_kept_moves_no_money_days_and_starts_later(shop: Shop) -> None:
    line = Line(shop, sealed=True)
    paid = (await line.paid(28.5, "0000000001"))["POIData"]["POITransactionID"]["TransactionID"]
    assert result(await line.till.reverse(paid, 10, service_id="0000000002")) == "Success"
    kept = list(line.sent)
    for _ in range(2):  # in the same life, then days later in another one
        for message in kept:
            answer = json.loads(Seal(line.send, PASSPHRASE, "k").unwrap(await line.send(message)))
            assert answer["SaleToPOIRequest"]["EventNotification"]["EventToNotify"] == "Reject"
        await shop.wait(3 * DAY_S)
        await shop.restart()
        line.connect()
        await shop.until(lambda: shop.service.ready, 30)
    assert sales(shop) == 1
    assert [each.amount.minor for each in shop.service.book.sale(paid).refunds] == [1000]


@story()
async def test_doubt_is_in_progress_with_words_and_never_a_refusal(shop: Shop) -> None:
    line = Line(shop)
    asked = asyncio.ensure_future(line.till.pay(28.5, service_id="0000000001"))
    await line.shown()
    shop.no_notifications()
    shop.cut_line()
    answer = await asked
    assert result(answer) == "InProgress"
    assert told(answer)["message"].startswith("Checking")
    assert result(await line.till.status("0000000001")) == "InProgress"
    assert result(await line.till.pay(1.0, service_id="0000000002")) in {"Busy", "UnreachableHost"}
    shop.mend_line()


@story()
async def test_a_customer_who_does_not_pay_is_told_with_proof_within_the_tills_own_limit(shop: Shop) -> None:
    line = Line(shop)
    began_s = shop.loop.time()
    asked = asyncio.ensure_future(line.till.pay(28.5))
    sale = await line.shown()
    answer = await asked
    assert result(answer) in {"Aborted", "Cancel"}
    assert shop.loop.time() - began_s < WAIT_S + 10
    assert shop.sale(sale).ended
    assert shop.captured == {}


@story()
async def test_a2_another_sale_at_this_counter_is_busy_and_a_second_counter_is_not_asked(shop: Shop) -> None:
    line = Line(shop)
    await shop.with_code()
    assert result(await line.till.pay(28.5)) == "Busy"
    diagnosis = await line.till.ask("Diagnosis", {"HostDiagnosisFlag": True})
    assert diagnosis["POIStatus"]["GlobalStatus"] == "Busy"
    assert diagnosis["HostStatus"] == [{"AcquirerID": "wechatpay", "IsReachableFlag": True}]


@story()
async def test_a_reversal_within_the_tills_limit_goes_back_once_and_says_when_it_is_done(shop: Shop) -> None:
    line = Line(shop)
    paid = (await line.paid(28.5))["POIData"]["POITransactionID"]["TransactionID"]
    answer = await line.till.reverse(paid, 10.25, service_id="0000000007")
    assert result(answer) == "Success"
    assert told(answer)["refundState"] in {"accepted", "refunded"}
    assert answer["ReversedAmount"] == Decimal("10.25")
    assert await line.till.reverse(paid, 10.25, service_id="0000000007") == answer
    [refund] = shop.service.book.sale(paid).refunds
    assert refund.amount.minor == 1025
    found = await line.till.status("0000000007", "Reversal")
    assert result(found["RepeatedMessageResponse"]["RepeatedResponseMessageBody"]["ReversalResponse"]) == "Success"


@story()
async def test_a2_two_reversals_at_once_give_back_no_more_than_was_paid(shop: Shop) -> None:
    line = Line(shop)
    paid = (await line.paid(28.5))["POIData"]["POITransactionID"]["TransactionID"]
    told = await asyncio.gather(*(line.till.reverse(paid, 20) for _ in range(3)))
    assert sorted(result(each) == "Success" for each in told) == [False, False, True]
    assert [each.amount.minor for each in shop.service.book.sale(paid).refunds] == [2000]


@story()
async def test_a_reversal_beyond_the_tills_limit_or_of_nothing_is_refused(shop: Shop) -> None:
    line = Line(shop)
    paid = (await line.paid(80))["POIData"]["POITransactionID"]["TransactionID"]
    assert result(await line.till.reverse(paid, 50.01)) == "NotAllowed"
    assert result(await line.till.reverse(paid, 80.01)) in {"PaymentRestriction", "NotAllowed"}
    assert result(await line.till.reverse(paid, 0)) == "MessageFormat"
    assert result(await line.till.reverse("01UNKNOWN")) == "NotFound"
    assert shop.service.book.sale(paid).refunds == ()


@pytest.mark.no_cover
@pytest.mark.parametrize("amount", [0, -1, 28.555, True, "28.50", None, [28.5], 1e30])
@story()
async def test_an_amount_that_is_none_opens_nothing(shop: Shop, amount: Any) -> None:
    assert result(await Line(shop).till.pay(amount)) in {"MessageFormat", "PaymentRestriction"}
    assert sales(shop) == 0


@story()
async def test_another_currency_a_refund_without_a_sale_and_cash_back_are_refused(shop: Shop) -> None:
    till = Line(shop).till
    assert result(await till.pay(28.5, currency="EUR")) == "PaymentRestriction"
    assert result(await till.pay(28.5, currency="XXX")) == "MessageFormat"
    refund = {**till.payment(28.5), "PaymentData": {"PaymentType": "Refund"}}
    assert result(await till.ask("Payment", refund)) == "NotAllowed"
    cash = till.payment(28.5)
    cash["PaymentTransaction"]["AmountsReq"]["CashBackAmount"] = 5
    assert result(await till.ask("Payment", cash)) == "NotAllowed"
    assert sales(shop) == 0


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"ProtocolVersion": "4.0"}, "ProtocolVersion"),
        ({"MessageType": "Response"}, "MessageCategory"),
        ({"MessageCategory": "Teleport"}, "MessageCategory"),
        ({"ServiceID": "12345678901"}, "ServiceID"),
        ({"SaleID": ""}, "SaleID"),
        ({"SaleID": 7}, "SaleID"),
    ],
)
@story()
async def test_a_header_nobody_can_answer_is_rejected_as_an_event(
    shop: Shop, wrong: dict[str, Any], field: str
) -> None:
    line = Line(shop)
    head = {**line.till.header("Payment", "0000000001"), **wrong}
    request = {"SaleToPOIRequest": {"MessageHeader": head, "PaymentRequest": line.till.payment(28.5)}}
    with pytest.raises(Rejected, match=field):
        line.till.read(await line.send(json.dumps(request).encode()), head)
    assert sales(shop) == 0


@story()
async def test_services_of_card_readers_are_refused_by_their_own_words(shop: Shop) -> None:
    till = Line(shop).till
    assert result(await till.ask("EnableService", {})) == "NotAllowed"
    assert result(await till.ask("Input", {}, MessageClass="Device")) == "UnavailableService"
    assert result(await till.ask("CardAcquisition", {})) == "UnavailableService"


@story()
async def test_log_in_totals_and_log_out_tell_the_till_of_its_own_day(shop: Shop) -> None:
    line = Line(shop)
    assert result(await line.till.ask("Login", {"SaleSoftware": {}})) == "Success"
    await line.paid(28.5)
    await shop.paid(100)
    for category in ("GetTotals", "Reconciliation"):
        [total] = (await line.till.ask(category, {}))["TransactionTotals"]
        debit, credit = total["PaymentTotals"]
        assert (debit["TransactionCount"], debit["TransactionAmount"]) == (1, Decimal("28.50"))
        assert credit["TransactionCount"] == 0
    assert result(await line.till.ask("Logout", {})) == "Success"


@story()
async def test_the_tills_own_slip_is_printed_and_its_words_stand_on_the_glass(shop: Shop) -> None:
    line = Line(shop)
    lines = [
        {"Text": "Your ", "EndOfLineFlag": False},
        {"Text": "order", "CharacterStyle": "Bold", "Alignment": "Centred"},
    ]
    output = {"DocumentQualifier": "Document", "OutputContent": {"OutputFormat": "Text", "OutputText": lines}}
    for _ in range(2):  # the same message twice at once, and again after a restart: one slip
        asked = (
            line.till.ask("Print", {"PrintOutput": output}, "0000000001", MessageClass="Device") for _ in range(2)
        )
        assert [result(each) for each in await asyncio.gather(*asked)] == ["Success"] * 2
        await shop.wait(5)
        await shop.restart()
        line.connect()
        await shop.wait(1)
    await shop.until(lambda: bool(shop.counter.printer.whole), 5)
    await shop.wait(10)
    [slip] = shop.counter.printer.whole
    assert "Your order" in str(slip.receipt)
    glass = {"Device": "CustomerDisplay", "OutputContent": {"OutputFormat": "Text", "OutputText": lines}}
    [shown] = (await line.till.ask("Display", {"DisplayOutput": [glass]}, MessageClass="Device"))["OutputResult"]
    assert result(shown) == "Success"
    assert getattr(shop.lane().glass.screen, "title", "") == "Your order"
    await shop.with_code()
    [refused] = (await line.till.ask("Display", {"DisplayOutput": [glass]}, MessageClass="Device"))["OutputResult"]
    assert result(refused) == "Busy"


def plain(told: object) -> Any:
    """What each run names by itself, and numbers as text."""
    text = json.dumps(told, default=lambda number: f"{number.normalize()}")
    for pattern, name in (
        (r"01[0-9A-HJKMNP-TV-Z]{24}", "<SALE>"),
        (r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", "<TIME>"),
        (r"20\d\d-\d\d-\d\dT\d\d%3A\d\d%3A\d\d%2B00%3A00", "<TIME>"),
        (r"\b4\d{27}\b", "<BANK>"),
        (r"(checkCode=|Check\+code&value=)[0-9A-Z]{4}", r"\1<CODE>"),
    ):
        text = re.sub(pattern, name, text)
    return json.loads(text)


@story()
async def test_a_session_as_a_makers_library_held_it_is_answered_as_recorded(shop: Shop) -> None:
    golden = json.loads((GOLDEN / "nexo_session.json").read_text("utf-8"), parse_float=Decimal)
    line = Line(shop, PeopleSettings(pin_cost=CHEAP))
    kept = ""
    for step in golden["exchanges"]:
        sent = json.dumps(step["request"], default=float).replace("<SALE>", kept)
        asked = asyncio.ensure_future(line.send(sent.encode()))
        if step.get("then") == "customer pays":
            shop.pay(await line.shown())
        told = json.loads(await asked, parse_float=Decimal)
        assert plain(told) == plain(step["answer"])
        kept = kept or told.get("SaleToPOIResponse", {}).get("PaymentResponse", {}).get("POIData", {}).get(
            "POITransactionID", {}
        ).get("TransactionID", "")
