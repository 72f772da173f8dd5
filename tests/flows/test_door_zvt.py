"""A till that speaks ZVT, on virtual time: paid, cancelled, lost and found, given back, asked wrongly (A1-A3)."""

import asyncio
import contextlib

import pytest

from terminal.payments.sale import SaleState
from tests.flows.door_rig import SlowDesk
from tests.flows.shop import Shop, story
from tests.flows.zvt_rig import counter_of
from tests.strangers.zvt_till import RECEIVED, Closed, TcpWire, bitmaps

pytestmark = pytest.mark.row(92)
AGAIN, CANCELLED, MISREAD, UNKNOWN = 0x9C, 0x6C, 0x9A, 0x83
CNY, EUR = "490156", "490978"
PAY = "060107 04000000002850"


@pytest.mark.parametrize("line", [{}, {"prefix": True}, {"serial": True}, {"serial": True, "spoil": 2, "deaf": 1}])
@story()
async def test_a_payment_from_registration_to_completion(shop: Shop, line: dict[str, bool]) -> None:
    async with counter_of(shop) as counter:
        till, _ = counter.plug(**line)
        told = await till.register(0xBA)
        assert told.end == bytes.fromhex("060f0a1900295250003849") + bytes.fromhex("0156")
        heard = await counter.paid(till)
        assert heard.paid
        assert heard.status[0x04] == "000000002850"
        assert (heard.status[0x29], heard.status[0x49]) == ("52500038", "0156")
        assert (heard.status[0x0B], heard.status[0x87]) == ("000001", "0001")
        [sale] = [shop.service.book.sale(each.subject) for each in shop.service.feed.list("sale")]
        assert (sale.state, sale.amount.minor) == (SaleState.PAID, 2850)
        assert f"Check code {shop.service.check_code(sale)}" in heard.lines


@story()
async def test_a_till_that_never_registers_hears_status_and_completion_alone(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        till = counter.again()
        heard = await counter.paid(till)
        assert heard.paid
        assert [each[:2].hex() for each in heard.all] == ["8000", "040f", "060f"]


@story()
async def test_intermediate_statuses_come_only_to_a_till_that_wants_them(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        till = counter.again()

        async def slowly() -> None:
            sale = await counter.shown()
            asyncio.get_running_loop().call_later(21, shop.pay, sale)

        for config, wanted in ((0x08, True), (0x00, False)):
            await till.register(config)
            heard = await till.pay(2850, CNY, slowly)
            assert heard.paid
            assert (heard.waits > 0) is wanted


@story()
async def test_an_abort_closes_the_code_with_proof(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        till = counter.again()

        async def aborts() -> None:
            await counter.shown()
            await till.abort()

        heard = await till.pay(2850, CNY, aborts)
        assert (heard.code, heard.status[0x27]) == (CANCELLED, "6c")
        assert shop.captured == {}
        assert (await counter.paid(till)).paid
        assert counter.sales == 2


@story()
async def test_a2_an_abort_that_is_too_late_ends_paid(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        till = counter.again()

        async def both() -> None:
            await counter.pays()
            await till.abort()

        assert (await till.pay(2850, CNY, both)).paid
        assert len(shop.captured) == 1


@story()
async def test_a3_the_line_is_pulled_mid_sale_and_the_last_receipt_tells_it(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        sale = await counter.lost()
        again = counter.again()
        await again.register()
        assert (await again.status()).end[3:] == b"\x9c"
        assert (await again.repeat()).code == AGAIN
        shop.pay(sale)
        await counter.until_paid(sale)
        heard = await again.repeat()
        assert heard.paid
        assert heard.status[0x04] == "000000002850"
        assert counter.sales == 1


@story()
async def test_a1_the_same_amount_again_joins_the_live_sale_and_another_amount_is_told_to_wait(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        await counter.lost()
        again = counter.again()
        assert (await again.pay(2851)).code == AGAIN
        assert (await counter.paid(again)).paid
        assert counter.sales == 1


@story()
async def test_a1_a_result_nobody_heard_answers_the_same_amount_and_then_no_more(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        await counter.lost(pays=True)
        again = counter.again()
        assert (await again.pay(2850)).paid
        assert counter.sales == 1
        assert (await counter.paid(again)).paid
        assert counter.sales == 2


@pytest.mark.row(94)
@story()
async def test_paid_while_the_till_is_gone_comes_before_a_person_until_it_hears_of_it(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        sale = await counter.lost(pays=True)
        await shop.wait(25)
        assert shop.sale(sale).exceptions == ()
        await shop.wait(15)
        assert [(each.kind, each.closed) for each in shop.sale(sale).exceptions] == [("till_not_told", "")]
        await shop.restart()
        counter.connect_service()
        again = counter.again()
        assert (await again.repeat()).paid
        await shop.wait(1)
        assert [each.closed for each in shop.sale(sale).exceptions] == ["told"]


@pytest.mark.row(94)
@story()
async def test_a1_paid_while_the_service_fell_over_comes_before_a_person_until_the_till_hears(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        sale = await counter.lost(pays=True)
        for _ in range(2):  # the second fall finds it before a person already
            await shop.restart()
            counter.connect_service()
            await shop.wait(40)
            assert [(each.kind, each.closed) for each in shop.sale(sale).exceptions] == [("till_not_told", "")]
        assert (await counter.again().repeat()).paid
        await shop.wait(1)
        await shop.restart()
        counter.connect_service()
        await shop.wait(40)
        assert [each.closed for each in shop.sale(sale).exceptions] == ["told"]


@story()
async def test_a1_what_was_heard_before_a_fall_is_not_told_again_and_what_was_not_is_not_paid_twice(
    shop: Shop,
) -> None:
    async with counter_of(shop) as counter:
        assert (await counter.paid(counter.again())).paid
        await shop.wait(1)
        await shop.restart()
        counter.connect_service()
        await shop.wait(40)
        assert shop.service.book.sale(shop.service.feed.list("sale")[0].subject).exceptions == ()
        sale = await counter.lost(pays=True)
        assert counter.sales == 2, "the next customer's, though the amount is the same"
        await shop.restart()
        counter.connect_service()
        assert (await counter.again().pay(2850)).status[0x87] == f"{shop.sale(sale).no:04}"
        assert counter.sales == 2
        assert (await counter.paid(counter.again())).paid
        assert counter.sales == 3


@story()
async def test_a3_a_line_that_ends_while_its_sale_is_recorded_leaves_none_that_nobody_follows(shop: Shop) -> None:
    async with counter_of(shop, kind=SlowDesk) as counter:
        former = await counter.paid(counter.again())
        asked = asyncio.ensure_future(counter.again().pay(1000))
        sale = await counter.shown()
        counter.cut()
        with pytest.raises(Closed):
            await asked
        assert (await counter.again().repeat()).code == AGAIN, f"not {former.status[0x87]}, which was paid"
        shop.pay(sale)
        await shop.wait(60)
        assert [(each.kind, each.closed) for each in shop.sale(sale).exceptions] == [("till_not_told", "")]
        assert (await counter.again().repeat()).status[0x04] == "000000001000"


@story()
async def test_what_nobody_pays_ends_with_proof_also_when_the_till_is_gone(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        sale = await counter.lost()
        await shop.restart()
        counter.connect_service()
        await shop.wait(130)
        assert shop.sale(sale).ended
        assert shop.captured == {}


@story()
async def test_a1_after_a_restart_the_journal_tells_the_last_receipt(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        till = counter.again()
        await counter.paid(till)
        await shop.restart()
        counter.connect_service()
        again = counter.again()
        heard = await again.repeat()
        assert heard.paid
        assert heard.status[0x87] == "0001"


@story()
async def test_a1_a_sale_that_is_live_over_a_restart_is_joined(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        till = counter.again()
        asked = asyncio.ensure_future(till.pay(2850))
        await counter.shown()
        await shop.restart()
        counter.connect_service()
        again = counter.again()
        assert (await counter.paid(again)).paid
        assert counter.sales == 1
        asked.cancel()


@story()
async def test_doubt_is_never_called_declined(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        till = counter.again()

        async def doubts() -> None:
            await counter.shown()
            shop.no_notifications()
            shop.cut_line()

        heard = await till.pay(2850, CNY, doubts)
        assert (heard.code, heard.status[0x27]) == (AGAIN, "9c")
        assert b"KEEP THE GOODS" in bytes.fromhex(heard.status[0x3C])
        assert (await till.repeat()).code == AGAIN
        shop.mend_line()


@story()
async def test_a_customer_who_does_not_pay_ends_within_the_tills_patience(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        till = counter.again()
        heard = await till.pay(2850, CNY)
        assert heard.code == CANCELLED
        assert shop.captured == {}


async def till_closed(wire: TcpWire) -> list[bytes]:
    heard = []
    with contextlib.suppress(Closed):
        while True:
            heard.append(await wire.receive())
    return heard


@story()
async def test_a_till_that_acknowledges_nothing_loses_its_line_and_the_sale_stays(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        wire, _ = await counter.raw(PAY)
        sale = await counter.shown()
        shop.pay(sale)
        assert [each[:2].hex() for each in await till_closed(wire)] == ["8000", "040f", "040f"]
        again = counter.again()
        assert (await again.repeat()).paid
        assert shop.sale(sale).state is SaleState.PAID


@story()
async def test_a_till_that_hangs_up_at_the_end_has_heard_it_and_the_next_customer_pays(
    shop: Shop,
) -> None:
    async with counter_of(shop) as counter:
        wire, cable = await counter.raw(PAY)
        await counter.pays()
        assert await wire.receive() == RECEIVED
        assert (await wire.receive())[:2] == b"\x04\x0f"
        await wire.send(RECEIVED)
        assert await wire.receive() == b"\x06\x0f\x00"
        cable.hang_up()
        await shop.wait(1)
        again = counter.again()
        assert (await counter.paid(again)).paid
        assert counter.sales == 2


@story()
async def test_a2_an_abort_in_place_of_an_acknowledgement_is_not_lost(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        await counter.again().register(0x08)
        wire, _ = await counter.raw(PAY)
        assert await wire.receive() == RECEIVED
        assert (await wire.receive())[:2] == b"\x04\xff"
        await wire.send(b"\x06\xb0\x00")
        assert await wire.receive() == RECEIVED
        await wire.send(RECEIVED)
        status = await wire.receive()
        assert bitmaps(status[3:])[0x27] == "6c"
        await wire.send(RECEIVED)
        assert await wire.receive() == bytes.fromhex("061e016c")
        await wire.send(RECEIVED)
        assert shop.captured == {}


@story()
async def test_a2_two_lines_at_once_with_one_amount_are_one_sale(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        lines = [counter.again() for _ in range(2)]
        asked = asyncio.gather(*(till.pay(2850) for till in lines))
        await counter.pays()
        told = await asked
        assert counter.sales == 1
        assert [each.paid or each.code == AGAIN for each in told] == [True, True]
        assert any(each.paid for each in told)


@story()
async def test_a_reversal_by_receipt_number_gives_all_back_once(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        till, cable = counter.plug()
        receipt = (await counter.paid(till)).status[0x87]
        heard = await till.reverse(receipt)
        assert heard.paid
        assert b"REFUND" in bytes.fromhex(heard.status[0x3C])
        assert (await till.reverse(receipt)).code == 0xB4
        assert (await till.reverse("0099")).code == 0xB5
        [refund] = shop.service.book.sale(shop.service.feed.list("sale")[0].subject).refunds
        assert refund.amount.minor == 2850
        cable.pull()
        again = counter.again()
        assert (await again.repeat()).status[0x04] == "000000002850"


@story()
async def test_a1_a_reversal_nobody_heard_of_is_answered_again_and_not_made_again(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        till, cable = counter.plug()
        receipt = (await counter.paid(till)).status[0x87]
        asked = asyncio.ensure_future(till.reverse(receipt))
        sale = shop.service.feed.list("sale")[0].subject
        await shop.until(lambda: bool(shop.service.book.sale(sale).refunds), 5)
        await counter.unanswered(cable, asked)
        again = counter.again()
        assert (await again.reverse(receipt)).paid
        assert len(shop.service.book.sale(sale).refunds) == 1


@story()
async def test_a_refund_needs_its_receipt_and_stays_within_the_tills_limit(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        till = counter.again()
        receipt = (await counter.paid(till, 8000)).status[0x87]
        assert (await till.refund(1000)).code == 0xB5
        assert (await till.refund(5001, receipt)).code == 0xB5
        assert (await till.refund(0, receipt)).code == 0xC8
        assert (await till.refund(1000, receipt)).paid
        assert (await till.refund(1000, receipt)).paid
        refunds = shop.service.book.sale(shop.service.feed.list("sale")[0].subject).refunds
        assert [each.amount.minor for each in refunds] == [1000, 1000]
        assert (await till.reverse(receipt)).code == 0xB5


@pytest.mark.parametrize(
    ("minor", "more", "code"),
    [(0, CNY, 0xC8), (2850, EUR, 0x6F), (2850, "499999", 0x6F), (100_000_000, CNY, 0xC3)],
)
@story()
async def test_an_amount_that_cannot_be_taken_begins_nothing(shop: Shop, minor: int, more: str, code: int) -> None:
    async with counter_of(shop) as counter:
        till = counter.again()
        assert (await till.pay(minor, more)).code == code
        assert counter.sales == 0


@pytest.mark.parametrize(
    ("command", "data", "code"),
    [
        ("0601", "04000000002A50", MISREAD),  # a digit above 9
        ("0601", "0400000000", MISREAD),  # cut short
        ("0601", "04000000002850 04000000002850", MISREAD),
        ("0601", "77", MISREAD),  # of no known length
        ("0601", "22F9F9", MISREAD),
        ("0600", "000000", MISREAD),
        ("0630", "00", MISREAD),
        ("0699", "", UNKNOWN),
        ("0F10", "000000", UNKNOWN),
    ],
)
@story()
async def test_a_command_nobody_can_read_is_refused_and_the_next_one_works(
    shop: Shop, command: str, data: str, code: int
) -> None:
    async with counter_of(shop) as counter:
        till = counter.again()
        assert (await till.ask(bytes.fromhex(command), bytes.fromhex(data))).code == code
        assert (await counter.paid(till)).paid
        assert counter.sales == 1


@pytest.mark.parametrize("rest", ["0156", "0156 0300", "0300 0600", "06 06 26 04 0A 02 06 D3", ""])
@story()
async def test_what_a_registration_says_besides_is_passed_over(shop: Shop, rest: str) -> None:
    async with counter_of(shop) as counter:
        till = counter.again()
        assert (await till.register(0x00, rest)).end[:2] == b"\x06\x0f"


@story()
async def test_a_registration_for_another_currency_is_refused(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        till = counter.again()
        assert (await till.register(0xBA, "0978")).code == 0x6F


@story()
async def test_a3_half_a_command_and_one_without_end_close_the_line(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        for raw in ("0601", "0601FFFFFF", "0000 0601"):
            wire, _ = await counter.raw(raw)
            with pytest.raises(Closed):
                await wire.receive()
        assert counter.sales == 0


@story()
async def test_status_diagnosis_totals_and_log_off(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        till = counter.again()
        assert (await till.status()).end == b"\x06\x0f\x01\x00"
        assert (await till.repeat()).code == UNKNOWN
        for command in (b"\x06\x70", b"\x06\x93"):
            for password in (b"", bytes(3)):
                assert (await till.ask(command, password)).end == b"\x06\x0f\x00"
        await counter.paid(till)
        await shop.paid(100)
        await till.register(0x06)
        heard = await till.end_of_day()
        assert heard.status[0x04] == "000000002850"
        assert "1  CNY 28.50" in heard.lines
        assert (await till.ask(b"\x06\x02")).first == b"\x80\x00\x00"
        assert (await till.ask(b"\x06\xb0")).first == b"\x80\x00\x00"
        assert (await till.end_of_day()).lines == []


@story()
async def test_a2_the_cashiers_own_sale_keeps_the_till_waiting(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        till = counter.again()
        sale = await shop.with_code()
        assert (await till.pay(2850)).code == AGAIN
        shop.pay(sale)
        await counter.until_paid(sale)
        assert (await counter.paid(till)).paid
