"""What the calls and pages about bills and their differences work with, held once by the application."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from aiohttp import web

from terminal.counter.healing import BillEvidence
from terminal.counter.ports import Provider
from terminal.counter.service import Service
from terminal.errors import NotFound
from terminal.payments.bill import BillKind, NoBill
from terminal.payments.event import Summary
from terminal.payments.evidence import Account
from terminal.payments.settled import Settlement
from terminal.settlement.differences import Difference
from terminal.settlement.fixing import Differences
from terminal.settlement.local import sale_of
from terminal.settlement.ports import SettledViews
from terminal.settlement.reconcile import Reconciler, Report
from terminal.settlement.words import Words, letter


class Fetched(Protocol):
    """A day's bills: a report for each there is, and why there is none of the other kinds."""

    @property
    def reports(self) -> tuple[Report, ...]: ...

    @property
    def without(self) -> Mapping[BillKind, NoBill]: ...


class BillDoor(Protocol):
    """Who fetches and takes over bills; satisfied by ``terminal.bills.desk.BillDesk``."""

    @property
    def reconciler(self) -> Reconciler: ...

    async def fetch_now(self, channel: str, day: date) -> Fetched: ...

    async def import_file(self, path: Path, format: str, channel: str) -> Report: ...  # noqa: A002  # its word


class SettlementDesk:
    """``door`` None: an API without bills; what the journal holds of them can still be read and ended."""

    def __init__(self, service: Service, zone: str, door: BillDoor | None) -> None:
        self.service, self.door = service, door
        clock, store = service.parts.clock, service.house.store
        views: SettledViews = door.reconciler.views if door else _NothingRead()
        evidence = door.reconciler.evidence if door else _evidence(service)
        self.views = views
        self.differences = Differences(
            service.feed, views, clock, store, evidence, service.aftercare, ZoneInfo(zone)
        )

    def bills(self, channel: str) -> BillDoor:
        """Raises NotFound("channel_unknown"): no such channel, or none that has bills."""
        if self.door is None or channel not in self.service.providers():
            raise NotFound("channel_unknown", channel=channel)
        return self.door

    def letter(self, difference: Difference, words: Words) -> list[str]:
        """The text for the bank with every number it could look for."""
        channel, txn = self.service.channel(difference.channel), ""
        merchant = self.service.provider(channel).account.merchant_id if channel else ""
        sale = sale_of(self.service.feed.of_subject(difference.sale)) if difference.sale else None
        for attempt in sale.attempts if sale else ():
            if attempt.id == difference.attempt:
                txn = attempt.provider_txn
        return letter(difference, words, merchant=merchant, txn=txn)


class _NothingRead:
    """A journal whose bills nobody has read."""

    def settlement(self, *_asked: object) -> Settlement | None:
        return None

    def settlements(self, *_asked: object, **_by: object) -> Mapping[str, Settlement]:
        return {}

    def settled_on(self, *_asked: object, **_by: object) -> tuple[Settlement, ...]:
        return ()

    def standings(self, *_asked: object, **_by: object) -> Mapping[str, Summary]:
        return {}

    def unsettled_sales(self, *_asked: object, **_by: object) -> tuple[Summary, ...]:
        return ()

    def sales_with_refunds(self, *_asked: object) -> tuple[str, ...]:
        return ()


def _evidence(service: Service) -> BillEvidence:
    def provider(name: str) -> Provider | None:
        channel = service.channel(name)
        return service.providers()[channel] if channel else None

    def account(name: str) -> Account:
        return service.provider(name).account

    return BillEvidence(service.book, account, provider=provider, named=service.channel)


SETTLEMENT: Final = web.AppKey("settlement", SettlementDesk)
