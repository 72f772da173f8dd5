"""Reconciling beside no service: the house from its settings, nothing running, told as the service would."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from terminal.bills.desk import BillDesk, bill_desk
from terminal.cli.reconcile_asked import Asked, Told, about_day
from terminal.cli.words import language
from terminal.counter.feed import Feed
from terminal.counter.floor import Parts
from terminal.counter.lane import Devices
from terminal.counter.service import Service
from terminal.counter.settings import CounterSettings
from terminal.counter.slips import Slips
from terminal.errors import JournalError, NotFound
from terminal.help.catalogue import Catalogue
from terminal.help.wording import CatalogueWording
from terminal.settings import Loaded
from terminal.settlement.reconcile import Report
from terminal.system import SystemClock, SystemEntropy, SystemIds
from terminal.web.desks.settlements import SettlementDesk
from terminal.web.shapes.settlements import day_view, difference_view, report_view
from terminal.wiring.channels import notify_url, open_channel
from terminal.wiring.house import house_of
from terminal.wiring.stores import open_store, reading_path

LISTED_MAX: Final = 200


async def beside(loaded: Loaded, asked: Asked) -> Told:
    """Raises JournalError, NotFound, BadSettings: what is missing, or in the way."""
    async with _offline(loaded, asked.channel) as (desk, bills):
        return await _read(desk, bills, asked)


@asynccontextmanager
async def _offline(loaded: Loaded, channel: str) -> AsyncIterator[tuple[SettlementDesk, BillDesk]]:
    """The house with one channel, without devices and without running: what waits is left for the next start."""
    if not reading_path(loaded).exists():
        raise JournalError("journal_missing", path=str(reading_path(loaded)))
    if channel and channel not in loaded.settings.channels:
        raise NotFound("channel_unknown", channel=channel)
    clock, entropy, house = SystemClock(), SystemEntropy(), house_of(loaded)
    journal = await open_store(loaded, clock, entropy)
    names = [channel] if channel else []
    opened = {each: open_channel(loaded, each, clock, entropy, notify_url(loaded, each)) for each in names}
    try:
        slips = Slips(house, CatalogueWording(loaded.settings.shop.zone))
        parts = Parts(house, Feed(journal), clock, SystemIds(), opened, slips, code_key=entropy.bytes(32))
        service = Service(parts, [(CounterSettings(each.id), Devices()) for each in loaded.settings.counters])
        bills = bill_desk(loaded, service, journal.settled)
        yield SettlementDesk(service, loaded.settings.shop.zone, bills), bills
    finally:
        for each in opened.values():
            await each.aclose()
        await journal.close()


async def _read(desk: SettlementDesk, bills: BillDesk, asked: Asked) -> Told:
    words, reports = Catalogue.load(language()), list[Told]()
    channel, day = asked.channel, asked.day
    if asked.file:
        report = await bills.import_file(asked.file, asked.form, channel)
        reports.append(msgspec.to_builtins(report_view(report, words)))
    elif channel:
        fetched = await bills.fetch_now(channel, day)
        reports += [msgspec.to_builtins(report_view(each, words)) for each in fetched.reports]
        for kind, none in fetched.without.items():
            empty = Report(channel, kind, day.isoformat())
            reports.append(msgspec.to_builtins(report_view(empty, words, without=none.why)))
    await desk.differences.look_again(channel)
    about = about_day(reports, day)
    listed = desk.differences.page("open", channel, about, limit=LISTED_MAX)
    told = day_view(desk.differences.summary(about), [], None, words)
    return {
        "reports": reports,
        "day": msgspec.to_builtins(told),
        "differences": [msgspec.to_builtins(difference_view(each, words)) for each in listed],
    }
