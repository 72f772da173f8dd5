"""What a till, its line and the bank do to the doors at the worst moment: nothing goes back twice, no lie."""

import asyncio
import contextlib
from typing import cast

import pytest

from terminal.errors import JournalError
from terminal.payments.sale import Sale
from terminal.pos.amount_line import AmountLine
from terminal.pos.amount_lines import Rules
from terminal.pos.desk import Desk, Outcome, Request, not_told, outcome
from terminal.pos.folder import FolderDoor
from terminal.pos.peers import Peers
from terminal.wiring.open_amount_line import LineServer
from tests.flows.door_rig import SlowDesk, desk_of
from tests.flows.shop import Shop, refused, story
from tests.flows.test_door_amount_line import pays, till_at
from tests.flows.test_door_folder import Place, place
from tests.flows.test_door_hw_proxy import line, shown, till_of, waits
from tests.flows.test_door_nexo import Line as NexoLine
from tests.flows.zvt_rig import counter_of


def paying_last(shop: Shop) -> Desk:
    """The customer pays at the very moment at which the till gives up."""

    class PaysLast(Desk):
        async def cancel(self, sale_id: str, why: str) -> Sale:
            shop.pay(self.sale(sale_id))
            await shop.until(lambda: outcome(self.sale(sale_id)) is Outcome.PAID, 10)
            return await super().cancel(sale_id, why)

    return desk_of(shop, kind=PaysLast)


class Unsure(Desk):
    """The disk takes the sale and does not say so."""

    async def open_sale(self, request: Request) -> Sale:
        await super().open_sale(request)
        raise JournalError("journal_stopped")


def newest(shop: Shop) -> Sale:
    return shop.service.book.sale(shop.service.feed.list("sale")[0].subject)


def folder_of(at: Place, desk: Desk, unpaid_s: float = 180) -> "asyncio.Task[None]":
    return asyncio.create_task(FolderDoor(desk, at.shelf, "en", look_s=0.5, unpaid_s=unpaid_s).run())


async def ends(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("by_file", [True, False])
@story()
async def test_a2_a_folders_cancel_that_meets_the_payment_is_told_paid(shop: Shop, by_file: bool) -> None:
    async with place(shop) as at:
        running = folder_of(at, paying_last(shop), 180 if by_file else 5)
        await shop.wait(0.1)
        at.put("1.txt")
        await shop.until(lambda: shop.lane().current is not None, 5)
        if by_file:
            await shop.wait(2)
            at.put("2.txt", b"ACTION=cancel\nSALE=1\n")
            assert (await at.comes("2.txt"))["outcome"] == "paid"
        assert (await at.comes("1.txt"))["outcome"] == "paid"
        await ends(running)


@story()
async def test_i6_what_the_journal_gave_no_answer_about_is_not_called_refused_in_a_folder(shop: Shop) -> None:
    async with place(shop) as at:
        running = folder_of(at, desk_of(shop, kind=Unsure))
        await shop.wait(0.1)
        at.put("1.txt")
        with pytest.raises(JournalError):
            await asyncio.wait_for(running, 10)
        assert (at.names("out"), at.names("work")) == ([], ["1.txt"])
        async with at.door():
            await at.pays()
            assert (await at.comes("1.txt"))["outcome"] == "paid"


@story()
async def test_a1_a_refunds_name_in_a_folder_is_that_refund_alone(shop: Shop) -> None:
    async with place(shop) as at, at.door():
        at.put("1.txt")
        await at.pays()
        await at.comes("1.txt")
        at.put("r1.txt", b"ACTION=refund\nSALE=1\nAMOUNT=5.00\n")
        await at.comes("r1.txt", 60, "refunded")
        (at.path / "out" / "r1.txt").unlink()
        at.put("r1.txt", b"ACTION=refund\nSALE=1\nAMOUNT=7.00\n")
        told = await at.comes("r1.txt", 60)
        assert (told["outcome"], told["slug"]) == ("refused", "idempotency_other_meaning")
        assert shop.kept_minor == 2350


@story()
async def test_i8_a_zvt_refund_nobody_heard_of_is_one_whatever_a_page_gives_back_meanwhile(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        till, cable = counter.plug()
        receipt = (await counter.paid(till)).status[0x87]
        sale = newest(shop)
        asked = asyncio.ensure_future(till.refund(500, receipt))
        await shop.until(lambda: len(newest(shop).refunds) == 1, 5)
        await counter.unanswered(cable, asked)
        await shop.refund(sale, 300)
        again = counter.again()
        assert (await again.refund(500, receipt)).paid
        assert [each.amount.minor for each in newest(shop).refunds] == [500, 300]


@story()
async def test_i2_a_zvt_till_is_not_told_paid_for_what_was_given_back(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        sale = await counter.lost(pays=True)
        await shop.refund(shop.sale(sale), None)
        again = counter.again()
        assert (await counter.paid(again)).paid
        assert counter.sales == 2, "it was told that the sale before, which was given back, is paid"


@story()
async def test_i2_a_browsers_till_is_not_told_paid_for_what_was_given_back(shop: Shop) -> None:
    async with till_of(shop) as till:
        first = (await till.start(line()))["transaction_id"]
        shop.pay(await shown(shop, first))
        assert (await waits(till, first))["success"]
        await shop.refund(newest(shop), None)
        again = await till.start(line())
        assert (again["success"], again["transaction_id"] != first) == (None, True)


@story()
async def test_a2_one_refund_asked_for_twice_at_once_uses_up_its_allowance_once(shop: Shop) -> None:
    desk, sale = desk_of(shop), await shop.paid(8000)
    both = await asyncio.gather(*(desk.refund(sale.id, 4000, "till", "r1") for _ in range(2)))
    assert len({refund.id for _, refund in both}) == 1
    assert len(newest(shop).refunds) == 1


@story()
async def test_i8_a_refund_that_is_too_much_uses_up_no_allowance(shop: Shop) -> None:
    desk, sale = desk_of(shop), await shop.paid(2850)
    for number in range(2):
        assert (await refused(desk.refund(sale.id, 4000, "till", f"r{number}"))).slug == "refund_too_much"
    assert (await desk.refund(sale.id, 2850, "till", "r9"))[1].amount.minor == 2850


@story()
async def test_a3_a_line_that_ends_while_its_sale_is_recorded_does_not_lose_it(shop: Shop) -> None:
    door = AmountLine(desk_of(shop, kind=SlowDesk), Rules("CNY"), shop.world.ids.ulid, unpaid_s=180)
    async with till_at(shop, door) as first:
        first.sends(b"28.50\r")
        await shop.until(lambda: shop.lane().current is not None, 5)
    async with till_at(shop, door) as again:
        await again.hears("LAST WAIT 28.50")
        await pays(shop)
        await again.hears("PAID 28.50 ")


@pytest.mark.row(94)
@story()
async def test_a3_a_nexo_till_that_goes_while_its_sale_is_recorded_is_missed_once_it_is_paid(shop: Shop) -> None:
    nexo = NexoLine(shop, kind=SlowDesk)
    asked = asyncio.ensure_future(nexo.till.pay(28.5))
    sale = await nexo.shown()
    asked.cancel()
    shop.pay(sale)
    await shop.until(lambda: not_told(shop.sale(sale)), 60)


@story()
async def test_a3_two_lines_that_come_while_the_old_one_ends_are_not_served_together(shop: Shop) -> None:
    served, most = 0, 0

    class SlowToEnd:
        async def serve(self, pipe: object) -> None:
            nonlocal served, most
            served += 1
            most = max(most, served)
            try:
                await asyncio.Event().wait()
            finally:
                for _ in range(5):
                    await asyncio.sleep(0)
                served -= 1

    class Writer:
        transport: "Writer"

        def get_extra_info(self, _name: str) -> tuple[str, int]:
            return ("127.0.0.1", 1)

        def abort(self) -> None: ...

    writer = Writer()
    writer.transport = writer
    serving = LineServer(cast("AmountLine", SlowToEnd()), Peers(()))
    lines = []
    for _ in range(3):  # the second and third at one moment
        lines.append(
            asyncio.create_task(serving.come(asyncio.StreamReader(), cast("asyncio.StreamWriter", writer)))
        )
        if len(lines) == 1:
            await shop.wait(0.1)
    await shop.wait(0.1)
    assert (served, most) == (1, 1)
    await serving.end()
    await asyncio.wait(lines)
    assert served == 0


@pytest.mark.row(94)
@story()
async def test_a1_a_doubt_parked_before_a_restart_and_paid_after_it_comes_before_a_person(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        till, cable = counter.plug()
        asked = asyncio.ensure_future(till.pay(2850))
        sale = await counter.shown()
        shop.no_notifications()
        shop.fault("unknown-state", call="query", count=1000)
        shop.pay(sale)
        await counter.unanswered(cable, asked)
        await shop.until(lambda: shop.lane().current is None, 300)
        await shop.restart()
        counter.connect_service()
        shop.world.bank.faults.clear("")
        await shop.until(lambda: outcome(shop.sale(sale)) is Outcome.PAID, 600)
        await shop.until(lambda: not_told(shop.sale(sale)), 60)
