"""Paid and settled are two words: the notice pays, the day's statement settles, both by the same reference."""

import pytest

from terminal.bills.statement_folder import Imported
from terminal.counter.service import Service
from terminal.payments.notice import Notice, RefundNotice
from terminal.payments.sale import SaleState
from terminal.settlement.ports import BillChannel, BillHead
from terminal.settlement.reconcile import Reconciler, Report
from tests.flows.any_bank_rig import NAME, BankShop, story


class Hears:
    """What a bill proves goes the way of every evidence; a bank without an API cannot be asked."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def take(self, channel: str, notice: Notice | RefundNotice) -> None:
        assert isinstance(notice, Notice)
        await self._service.notices.take_verified(channel, notice)

    async def ask(self, channel: str, order_no: str) -> str:
        return ""


def settled_by_statement(shop: BankShop) -> list[Report]:
    """The house's reconciliation reads every statement that was imported."""
    service, reports = shop.service, list[Report]()
    channel = BillChannel(NAME, service.provider(NAME).account, ("EUR",), aliases=("any_bank",))
    reconciler = Reconciler(service.feed, shop.world.journal.settled, shop.world.clock, "s1", Hears(service))

    async def then(imported: Imported) -> None:
        file = BillHead(channel, "statement", imported.sha256, name=imported.path.name)
        reports.append(await reconciler.run(file, imported.open()))

    assert shop.desk is not None
    shop.desk.settle_by(then)
    return reports


@pytest.mark.row(34, 110)
@story()
async def test_line_4_the_days_statement_settles_what_the_notice_paid(shop: BankShop) -> None:
    reports = settled_by_statement(shop)
    sale = await shop.with_code()
    shop.bank.set_fault("reference-spaced")
    shop.pays(sale)
    shop.bank.set_fault("reference-lost")
    shop.pays(sale)
    await shop.looks()
    settled = shop.world.journal.settled
    assert shop.sale(sale).state is SaleState.PAID
    assert settled.settlement(shop.attempt(sale).id) is None, "paid is not settled"
    await shop.day_ends()
    found = settled.settlement(shop.attempt(sale).id)
    assert found is not None
    assert (found.settle_minor, found.day) == (2850, shop.bank.entries[0].day.isoformat())
    assert [each.kind for each in reports[-1].differences] == ["missing_here"], "the other credit names no order"
