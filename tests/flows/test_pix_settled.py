"""A day of Pix from the code to the settled line: sold, given back, listed by the bank, settled."""

from datetime import UTC, date, datetime, timedelta

import pytest

from terminal.bills.desk import BillDesk
from terminal.payments.refund import RefundState
from terminal.sandbox.any_bank import AccountBank
from terminal.sandbox.payment_codes import Transfer
from terminal.settlement.differences import Kind
from terminal.settlement.record import open_differences
from tests.flows.shop import Shop, story

YEAR_S = date(2025, 12, 31)  # virtual time begins at midnight UTC of the new year: 21:00 of this day in Brasília
FIRST = YEAR_S + timedelta(days=1)


def started(shop: Shop) -> BillDesk:
    desk = BillDesk(shop.service, shop.world.journal.settled, shop.world.folder / "bills")
    desk.start()
    return desk


@pytest.mark.row(34, 109, 110)
@story(channels=("pix",))
async def test_i13_a_day_of_pix_is_settled_by_its_own_list_each_on_the_day_of_brasilia(shop: Shop) -> None:
    started(shop)
    eve = await shop.paid(1000)
    await shop.wait(5 * 3600)
    sale = await shop.paid(2850)
    refund = await shop.refund(sale, 850)
    await shop.until(lambda: shop.sale(sale).refund(refund.id).state is RefundState.REFUNDED, 60)
    settlement = shop.world.journal.settled.settlement
    assert settlement(shop.attempt(sale).id) is None, "paid is not settled"
    await shop.wait(25 * 3600)
    found = [settlement(each) for each in (shop.attempt(eve).id, shop.attempt(sale).id, refund.id)]
    assert [(each.day, each.kind, each.settle_minor, each.fee_milli) if each else None for each in found] == [
        (YEAR_S.isoformat(), "payment", 1000, 0),
        (FIRST.isoformat(), "payment", 2850, 0),
        (FIRST.isoformat(), "refund", 850, 0),
    ]
    assert open_differences(shop.service.feed) == []
    told = [each.body for each in shop.events("bill_imported")]
    sums = {each["day"]: each["sums"]["payment_minor"] - each["sums"].get("refund_minor", 0) for each in told}
    assert sums == {YEAR_S.isoformat(): 1000, FIRST.isoformat(): 2000}
    assert sum(sums.values()) == shop.kept_minor, "journal and bank's lists are equal"


@pytest.mark.row(110)
@story(channels=("pix",))
async def test_i13_a_pix_nobody_ordered_is_named_and_a_statement_of_the_account_settles_nothing_twice(
    shop: Shop,
) -> None:
    desk = started(shop)
    await shop.wait(5 * 3600)
    await shop.paid(2850)
    shop.fault("bill-row-extra")
    await shop.wait(25 * 3600)
    [row] = open_differences(shop.service.feed, "pix")
    assert (row.body["about"], row.body["there_minor"], row.body["day"]) == (
        Kind.MISSING_HERE, 100, FIRST.isoformat(),
    )  # fmt: skip
    account = AccountBank(shop.world.folder / "bank", currency="BRL")
    account.transfer(Transfer(2850, "BRL", text="PIX RECEBIDO"), shop.world.clock.wall_ms())
    account.end_day(datetime.fromtimestamp(shop.world.clock.wall_ms() // 1000, UTC).date())
    [statement] = [each for each in (shop.world.folder / "bank").iterdir() if "053" in each.name]
    report = await desk.import_file(statement, "", "pix")
    assert (report.settled, report.found) == (0, 0), (
        "the account's statement names no payout: the list has settled"
    )
