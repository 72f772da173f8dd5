"""What the report calls and pages work with, held once by the application."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Final

from aiohttp import web

from terminal.counter.report_paper import effect
from terminal.counter.service import Service
from terminal.help.wording import CatalogueWording
from terminal.payments.fees import FeeRule
from terminal.payments.receipt import Receipt
from terminal.payments.slip import Shop
from terminal.people.service import People
from terminal.settlement.business_day import ShopTime
from terminal.settlement.fees import NothingSettled, Settled
from terminal.settlement.paper import Say, report_slip
from terminal.settlement.totals import Totals
from terminal.settlement.z_report import Owes, Report, Reports, nothing_owed
from terminal.web.shapes.reports import ReportView, cashiers, report_view

if TYPE_CHECKING:
    from terminal.settlement.period import Period

KEPT: Final = 3  # months whose days are kept folded


@dataclass(frozen=True, slots=True)
class ReportParts:
    """What reports need beside the service.

    Args:
        settled: what bills said; ``rules``: a channel's price where a sale has none of its own.
        sealed: awaited after each Z: a signed checkpoint (S52).
        heal: awaited before each Z, bounded by itself: doubts that bills can end (row 111).
        cashier_totals: whether who only sells may see today's sums.
    """

    cut_off: str = "00:00"
    settled: Settled = field(default_factory=NothingSettled)
    rules: Mapping[str, FeeRule] = field(default_factory=dict)
    sealed: Callable[[], Awaitable[object]] | None = None
    cashier_totals: bool = True
    heal: Callable[[], Awaitable[object]] | None = None


class Periods:
    """Days that were read stay read: the next look takes only what is new."""

    def __init__(self, reports: Reports, shop: ShopTime) -> None:
        self._reports, self._shop = reports, shop
        self._turn = asyncio.Lock()
        self._kept: dict[tuple[date, date], Period] = {}

    async def of(self, first: date, last: date) -> "Period":
        from terminal.settlement.period import Period  # of the pages alone, which are loaded late

        async with self._turn:
            found = self._kept.pop((first, last), None)
            if found is None:
                found = Period(self._reports.journal, self._shop, first, last, ledger=self._reports.ledger)
            while len(self._kept) >= KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[first, last] = found  # the newest at the end
            await found.read()
            return found


class Desk:
    def __init__(self, service: Service, people: People, zone: str, parts: ReportParts) -> None:
        self.service, self.people, self.parts = service, people, parts
        self.shop = ShopTime.of(zone, parts.cut_off)
        house = service.house
        self.reports = Reports(
            service.feed,
            service.parts.clock,
            self.shop,
            store=house.store,
            ledger=house.ledger,
            sealed=parts.sealed,
            heal=parts.heal,
        )
        self.periods = Periods(self.reports, self.shop)
        self._wording = CatalogueWording(zone)

    def labels(self, totals: Totals) -> dict[str, str]:
        return {actor: self.people.label(actor) for actor in cashiers(totals)}

    def view(self, report: Report, unsealed: list[str] | None = None) -> ReportView:
        labels = self.labels(report.totals)
        return report_view(
            report, zone=self.shop.zone.key, cut_off=self.parts.cut_off, labels=labels, unsealed=unsealed
        )

    def slip(self, report: Report, counter: str) -> Receipt:
        """In the language of this counter's receipts."""
        service, wording = self.service, self._wording
        language = service.lane(counter).settings.language("receipt")
        say = Say(
            words=wording.words(language),
            money=lambda amount: wording.money(amount, language),
            when=lambda wall_ms: wording.when(wall_ms, language),
            method=partial(service.parts.slips.method, language=language),
            name=lambda actor: self.people.label(actor) or actor,
        )
        house = service.house
        return report_slip(report, Shop(house.title, house.lines, house.store, counter), say)

    def owing(self, counter: str, by: str) -> Owes:
        """What a Z owes that shall be printed at this counter; nothing without one."""
        if not counter:
            return nothing_owed

        def owes(report: Report) -> list[dict[str, object]]:
            subject = self.reports.subject(report.n)
            return [effect(f"{subject}:paper", counter, self.slip(replace(report, by=by), counter))]

        return owes

    def copies(self, subject: str) -> int:
        """How often this report was begun on paper."""
        return sum(each.type == "report_print_started" for each in self.service.feed.of_subject(subject))


DESK: Final = web.AppKey("desk", Desk)
