"""Bills of every channel, fetched when they are there and held against the journal: the bills' part of the wiring.

Three ways lead to the same reconciliation: the job that asks every morning, a file a person has, and a statement
that was dropped into a folder. A bill that is not there yet is asked for again, ever more slowly, and a person
hears of one that stays away. What a bill settles is one thing, what pays another: an order is paid by its own
evidence (a statement's credit among it, told by the intake), and settled once, by bill or statement of its day.
"""

import asyncio
import hashlib
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

from terminal.banks.any_bank import AnyBank
from terminal.banks.channel import Channel
from terminal.bills.files import BillFiles, digest_of
from terminal.bills.round import Round
from terminal.bills.statement_folder import Imported, StatementDesk, statement_desk
from terminal.counter.healing import BillEvidence
from terminal.counter.ports import Provider
from terminal.counter.service import Service
from terminal.errors import NotFound
from terminal.payments.bill import BillEnd, BillKind, BillLine, BillReader, BillRefused, LineKind, NoBill
from terminal.settings import Loaded
from terminal.settlement.matching import day_of
from terminal.settlement.payouts import payout_source
from terminal.settlement.ports import BillChannel, BillHead, SettledViews
from terminal.settlement.reconcile import Reconciler, Report

log = logging.getLogger(__name__)
FOLDER: Final = "bills"  # of the state folder
KEEP_DAYS: Final = 400
PIECE: Final = 256  # lines between two turns of the loop
HEAL_S: Final = 10.0  # a Z waits no longer for bills
_INTRADAY: Final = frozenset({"camt.052", "camt.054"})  # the day's statement settles, these only pay
_STATEMENTS: Final = frozenset({"camt.053", "mt940", "csv", *_INTRADAY})


@dataclass(frozen=True, slots=True)
class Fetched:
    """A day's bills: a report for each kind there is, and why there is none of the others."""

    reports: tuple[Report, ...] = ()
    without: Mapping[BillKind, NoBill] = field(default_factory=dict)


class BillDesk:
    """One house's. ``start`` it once the service is ready.

    Args:
        views: what is settled, of the same journal as the service's.
        folder: where bills are kept, ``keep_days`` long.
        statements: the folders of channels whose bank has no API: started with it, settled by it.
    """

    def __init__(
        self,
        service: Service,
        views: SettledViews,
        folder: Path,
        *,
        keep_days: int = KEEP_DAYS,
        statements: StatementDesk | None = None,
    ) -> None:
        self._service, self._files, self._statements = service, BillFiles(folder, keep_days), statements
        clock, store = service.parts.clock, service.house.store
        self.reconciler = Reconciler(service.feed, views, clock, store, evidence_of(service))
        self._turns: dict[str, asyncio.Lock] = {}
        self._rounds = {
            name: Round(
                channel=self.channel(name),
                profile=each.profile,
                journal=service.feed,
                clock=clock,
                bring=partial(self._bring, name),
                missing=partial(service.alerts.refused, name, "bill_missing"),
                tidy=self._files.tidy,
            )
            for name, each in service.providers().items()
            if isinstance(each, Channel) and each.profile.bill_formats
        }
        if statements is not None:
            statements.settle_by(self.settle)

    def start(self) -> None:
        self._files.tidy_halves()
        if self._statements is not None:
            self._statements.start()
        for name, each in self._rounds.items():
            each.runs = True
            self._service.tasks.start(f"bills {name}", each.run)

    async def heal(self, limit_s: float = HEAL_S) -> bool:
        """Before a Z: ask for every bill that should be there, now (row 111).

        Returns:
            False: it took longer than ``limit_s``; it goes on, and nobody waits.
        """
        rounds = [asyncio.ensure_future(each.now()) for each in self._rounds.values() if each.runs]
        if not rounds:
            return True
        _, late = await asyncio.wait(rounds, timeout=limit_s)
        for each in late:
            each.cancel()
        return not late

    # --- on demand ----------------------------------------------------------------------------------------

    async def fetch_now(self, channel: str, day: date) -> Fetched:
        """Ask for a day's bills, also when they were taken over before.

        Raises:
            NotFound: ``channel_unknown``. BillRefused: a bill came that cannot be believed. JournalError.
        """
        provider = self._provider(channel)
        formats: Mapping[str, str] = provider.profile.bill_formats if isinstance(provider, Channel) else {}
        reports: list[Report] = []
        without: dict[BillKind, NoBill] = {}
        kinds: tuple[BillKind, ...] = ("trade", "funds")
        for kind in kinds:
            got = await self._bring(channel, day, kind) if kind in formats else NoBill("not_offered")
            if isinstance(got, NoBill):
                without[kind] = got
            else:
                reports.append(got)
        return Fetched(tuple(reports), without)

    async def import_file(self, path: Path, format: str, channel: str) -> Report:  # noqa: A002  # FetchedBill's word
        """A bill or statement that a person has; the file stays where it is, a copy is kept.

        Args:
            format: as ``readers`` calls it, also ``csv`` of a channel with a mapping; empty: by its bytes.

        Raises:
            NotFound: ``channel_unknown``. BillRefused: it cannot be believed, or it is no file of this channel's;
                nothing of it is taken over. JournalError.
        """
        provider = self._provider(channel)
        if isinstance(provider, AnyBank):
            return await self._import_statement(path, channel)
        from terminal.bills.readers import guess_format, open_bill

        format = format or guess_format(path)  # noqa: A001  # the same
        sha256 = await digest_of(path)
        if format in _STATEMENTS:
            mine = self.channel(channel)
            payouts = _payouts(open_bill(path, format), mine.account.merchant_id)
            return await self._run(BillHead(mine, "statement", sha256, name=path.name), payouts)
        kind = _kind_of(format, getattr(provider.profile, "bill_formats", {}))
        return await self._take(path, format, channel, kind, sha256, copy=True)

    async def settle(self, imported: Imported) -> Report | None:
        """A statement whose credits have reached their sales (``StatementDesk.settle_by``).

        The intake's ``statement_credits`` pays, the day's statement settles: here, once, with its date. What is
        told intraday settles nothing. Credits that name a wallet's merchant number are what that wallet paid out.
        """
        if imported.format in _INTRADAY:
            return None
        wallets = {name: self.channel(name).account.merchant_id for name in self._rounds}
        for name, merchant in wallets.items():
            if await self._tells_of(name, merchant, imported):
                file = BillHead(self.channel(name), "statement", imported.sha256, name=imported.path.name)
                await self._run(file, _payouts(imported.open(), merchant))
        file = BillHead(self.channel(imported.channel), "statement", imported.sha256, name=imported.path.name)
        return await self._run(file, _own_credits(imported.open(), tuple(wallets.values())))

    async def _tells_of(self, wallet: str, merchant: str, imported: Imported) -> bool:
        """It has a payout of this wallet, or is of the account where they came before: a day may be missed."""
        for count, each in enumerate(imported.open()):
            if isinstance(each, BillEnd):
                source = payout_source(wallet, "statement", each.account)
                return self._service.feed.claimed("payout_first", source) is not None
            if _pays_out(each, merchant):
                return True
            if count % PIECE == PIECE - 1:
                await asyncio.sleep(0)
        return False

    async def _import_statement(self, path: Path, channel: str) -> Report:
        """Through the channel's intake, as if it had lain in the folder."""
        if self._statements is None:
            raise BillRefused("bill_format_unknown", file=path.name)
        imported = await self._statements.take(path, channel)
        report = await self.settle(imported)
        return report or Report(channel, "statement", "")

    # --- one bill -----------------------------------------------------------------------------------------

    async def _bring(self, channel: str, day: date, kind: BillKind) -> Report | NoBill:
        """Fetch and read one bill. That nothing happened on a day is proof, like a bill without lines."""
        provider = self._provider(channel)
        assert isinstance(provider, Channel), channel
        async with self._turns.setdefault(channel, asyncio.Lock()):
            got = await provider.fetch_bill(day, kind, self._files.made())
            if isinstance(got, NoBill):
                return await self._nothing(channel, day, kind) if got.why == "empty" else got
            sha256 = await digest_of(got.path)
            return await self._take(got.path, got.format, channel, kind, sha256, copy=False, day=day)

    async def _nothing(self, channel: str, day: date, kind: BillKind) -> Report:
        sha256 = hashlib.sha256(f"nothing/{channel}/{kind}/{day.isoformat()}".encode()).hexdigest()
        end = BillEnd(0, first_day=day, last_day=day)
        return await self._run(BillHead(self.channel(channel), kind, sha256, day), iter((end,)))

    async def _take(
        self,
        path: Path,
        format: str,  # noqa: A002  # FetchedBill's word
        channel: str,
        kind: BillKind,
        sha256: str,
        *,
        copy: bool,
        day: date | None = None,
    ) -> Report:
        from terminal.bills.readers import open_bill

        file = BillHead(self.channel(channel), kind, sha256, day, path.name)
        try:
            report = await self._run(file, open_bill(path, format))
        except BillRefused:
            if not copy:
                self._files.drop(path)  # it is fetched anew; what cannot be believed is not kept
            raise
        told = date.fromisoformat(report.day) if report.day else self._today(channel)
        await self._files.keep(path, channel, kind, told, sha256, copy=copy)
        return report

    async def _run(self, file: BillHead, reader: BillReader) -> Report:
        report = await self.reconciler.run(file, reader)
        log.info(
            "%s: %s bill of %s: %d lines, %d settled, %d differences",
            *(report.channel, report.kind, report.day, report.lines, report.settled, report.found),
        )
        return report

    # --- channels -----------------------------------------------------------------------------------------

    def channel(self, name: str) -> BillChannel:
        """How a channel's bills are read. Raises NotFound("channel_unknown")."""
        provider, service = self._provider(name), self._service
        profile = provider.profile
        first = service.channel(profile.name) == name and profile.name != name
        return BillChannel(
            name=name,
            account=provider.account,
            currencies=profile.currencies,
            offset_min=profile.settlement_offset_min,
            aliases=(profile.name,) if first else (),
            rule=profile.fee,
            fee_returned=profile.refund_fee_returned,
            wallet=profile.name,
            payout=profile.payout,
        )

    def _provider(self, name: str) -> Provider:
        found = self._service.providers().get(name)
        if found is None:
            raise NotFound("channel_unknown", channel=name)
        return found

    def _today(self, channel: str) -> date:
        return date.fromisoformat(day_of(self._service.parts.clock.wall_ms(), self.channel(channel)))


def bill_desk(loaded: Loaded, service: Service, views: SettledViews) -> BillDesk:
    """Before the service runs. Raises BadSettings: a mapping of statements that cannot be used."""
    statements, days = statement_desk(loaded, service), loaded.settings.state.bill_days
    return BillDesk(service, views, loaded.state / FOLDER, keep_days=days, statements=statements)


def evidence_of(service: Service) -> BillEvidence:
    """The engine hears what a bill proves, and wakes who follows that order or refund."""

    def nudge(counter: str, number: str) -> None:
        for driver in (service.lane(counter).driver.get(number), service.refunding.get(number)):
            if driver is not None:
                driver.nudge()

    def provider(name: str) -> Provider | None:
        channel = service.channel(name)
        return service.providers()[channel] if channel else None

    return BillEvidence(
        service.book, lambda name: service.provider(name).account, nudge, provider, service.channel
    )


def _kind_of(format: str, formats: Mapping[str, str]) -> BillKind:  # noqa: A002  # FetchedBill's word
    """Raises BillRefused("bill_format_unknown"): this channel has no such bill."""
    kinds: tuple[BillKind, ...] = ("trade", "funds")
    for kind in kinds:
        if formats.get(kind) == format:
            return kind
    raise BillRefused("bill_format_unknown", file=format)


def _pays_out(line: BillLine | BillEnd, merchant: str) -> bool:
    """A bank's credit that names the wallet's merchant number is what the wallet paid out.

    As a number of its own: within a longer one it is a piece of somebody's reference.
    """
    if not isinstance(line, BillLine) or line.kind is not LineKind.PAYMENT or line.order_no or not merchant:
        return False
    whole = re.compile(rf"(?<![0-9]){re.escape(merchant)}(?![0-9])")
    return any(whole.search(each) for each in (*line.references, line.text))


def _payouts(reader: BillReader, merchant: str) -> Iterator[BillLine | BillEnd]:
    """Of a bank's statement, one wallet's part."""
    for each in reader:
        if isinstance(each, BillEnd):
            yield each
        elif not each.provisional and _pays_out(each, merchant):
            yield replace(each, kind=LineKind.PAYOUT)


def _own_credits(reader: BillReader, merchants: tuple[str, ...]) -> Iterator[BillLine | BillEnd]:
    """What is the account's own; a wallet's payout is told to the wallet."""
    for each in reader:
        wallets = any(_pays_out(each, merchant) for merchant in merchants)
        if isinstance(each, BillEnd) or not (each.provisional or wallets):
            yield each
