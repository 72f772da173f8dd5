"""What statements tell, made durable and brought to the sales: the credits of channels whose bank has no API.

A file's lines are matched by reference while they stream; nothing is believed before its end. The import and every
matched credit are one append; only then do they reach the sales. A process killed in between reads them back from
the journal at its next start, so a credit is told once and never lost.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec

from terminal.banks.any_bank import AnyBank
from terminal.counter.service import Service
from terminal.errors import Conflict
from terminal.payments.bill import BillEnd, BillLine, BillReader, BillRefused, LineKind
from terminal.payments.event import Actor, NewEvent
from terminal.payments.notice import Notice, Trade
from terminal.payments.reference import Given, Known, Missed, key_of, order_of

log = logging.getLogger(__name__)
T = TypeVar("T")
READER: Final = Actor("system", "statements")
MATCHED_MAX: Final = 20_000  # of one file; a counter does not make more sales in the days a statement covers
LEFT_MAX: Final = 1_000  # unmatched credits listed one by one; the rest are counted
IN_ONE_EVENT: Final = 100  # the journal takes 256 claims and 256 KiB in one event
PIECE: Final = 256  # lines between two turns of the loop
_KIND: Final = "statement"


class Credit(msgspec.Struct, frozen=True):
    """A statement's line that names one of our orders; ``back``: the money was taken back."""

    order_no: str
    amount_minor: int
    currency: str
    entry: str
    txn: str
    at: str
    line: int
    back: bool = False


class Left(msgspec.Struct, frozen=True):
    """A credit that names none of our orders; what its text says stays in the bank's file (privacy)."""

    line: int
    entry: str
    amount_minor: int
    currency: str
    at: str
    why: str


@dataclass(slots=True)
class Found:
    """One file as it was read."""

    credits: list[Credit] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    left_more: int = 0
    known: int = 0  # credits that another file told already
    waiting: int = 0  # intraday ones, where only the day's statement counts
    lines: int = 0
    credited_minor: int = 0
    entries: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a file. ``sales``: of each credit, in their order, how its sale stands now."""

    statement: str
    again: bool  # the same content was imported before: nothing changed
    found: Found = field(default_factory=Found)
    end: BillEnd | None = None
    sales: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()


class Intake:
    """The only one who writes what statements say; one file at a time."""

    def __init__(self, service: Service, banks: Mapping[str, AnyBank]) -> None:
        self._service, self._banks = service, dict(banks)
        self._feed, self._stream = service.feed, f"store:{service.house.store}"
        self._turn = asyncio.Lock()
        for name, bank in self._banks.items():
            bank.credits = ChannelCredits(service, name, bank)

    async def resume(self) -> None:
        """Credits that were durable and had not reached their sales when the power went."""
        async with self._turn:
            for row in self._feed.unfinished():
                if row.body["kind"] == _KIND:
                    log.info("%s is taken up where it stood", row.subject)
                    await self._bring(row.subject, str(row.body["channel"]))

    async def take(self, channel: str, reader: BillReader, format: str, digest: Callable[[], str]) -> Report:  # noqa: A002
        """Import one file.

        Args:
            digest: SHA-256 of the whole file, asked for once the reader ended.

        Raises:
            BillRefused: what the reader refuses, ``bill_account_unknown``, ``bill_document_repeated``,
                ``bill_too_large``; nothing was taken over.
        """
        async with self._turn:
            found, end = await self._read(channel, reader)
            sha = digest()
            if (known := self._feed.claimed("statement", f"{channel}/{sha}")) is not None:
                return Report(known, again=True)
            self._check(channel, format, end)
            statement, alerts = f"statement:{sha[:26]}", self._out_of_order(channel, format, end)
            await self._feed.append(self._events(channel, format, sha, found, end, alerts))
            if found.left:
                self._service.posters.told()
            sales = await self._bring(statement, channel)
            return Report(statement, again=False, found=found, end=end, sales=sales, alerts=alerts)

    async def warn(self, channel: str, slug: str) -> None:
        """On every till, until somebody has seen it."""
        await self._service.alerts.refused(channel, slug)

    def known(self, channel: str) -> Known:
        """Which of this channel's attempts a reference belongs to."""
        return lambda key: promised(self._feed.claimed, channel, key)

    def taken(self, channel: str) -> Callable[[str], str | None]:
        """Which attempt an entry counted for, whether a reference or a person said so."""
        return lambda entry: self._feed.claimed("entry", f"{channel}/{entry}")

    # --- reading ------------------------------------------------------------------------------------------

    async def _read(self, channel: str, reader: BillReader) -> tuple[Found, BillEnd]:
        found = Found()
        for count, told in enumerate(reader):
            if isinstance(told, BillEnd):
                found.lines = told.lines
                return found, told
            self._take_line(channel, told, found)
            if count % PIECE == PIECE - 1:
                await asyncio.sleep(0)
        raise BillRefused("bill_cut_short", line=found.lines)

    def _take_line(self, channel: str, line: BillLine, found: Found) -> None:
        if line.kind not in {LineKind.PAYMENT, LineKind.REFUND} or not line.gross_minor:
            return
        if line.kind is LineKind.PAYMENT:
            found.credited_minor += line.gross_minor
        if line.provisional and self._banks[channel].settings.intraday == "waits":
            found.waiting += 1
            return
        if line.entry_id in found.entries or self._feed.claimed("entry", f"{channel}/{line.entry_id}"):
            found.known += 1
            return
        named = order_of(line.references, self.known(channel))
        if isinstance(named, Given):
            if len(found.credits) == MATCHED_MAX:
                raise BillRefused("bill_too_large", limit=MATCHED_MAX)
            found.entries.add(line.entry_id)
            found.credits.append(_credit(line, named.order_no))
        elif line.kind is LineKind.PAYMENT:
            _leave(line, named, found)

    # --- checks over files --------------------------------------------------------------------------------

    def _check(self, channel: str, format: str, end: BillEnd) -> None:  # noqa: A002
        mine = self._banks[channel].settings.statement_account
        if _plain(end.account) != _plain(mine):
            raise BillRefused("bill_account_unknown", account=end.account[-8:] or "-")
        if end.document and self._feed.claimed("statement_document", f"{channel}/{format}/{end.document}"):
            raise BillRefused("bill_document_repeated", document=end.document)

    def _out_of_order(self, channel: str, format: str, end: BillEnd) -> tuple[str, ...]:  # noqa: A002
        """Numbers count up by one within a year, or over years; the first file ever has nothing before it."""
        if not end.sequence:
            return ()
        seen = self._feed.claimed
        if seen("statement_number", _number(channel, format, end, end.sequence)):
            return ("statement_repeated",)
        before = (_number(channel, format, end, end.sequence - 1, years) for years in (0, 1))
        first = seen("statement_first", f"{channel}/{format}") is None
        return () if first or end.sequence == 1 or any(map(seen_in(seen), before)) else ("statement_missing",)

    # --- the journal --------------------------------------------------------------------------------------

    def _events(
        self,
        channel: str,
        format: str,  # noqa: A002
        sha: str,
        found: Found,
        end: BillEnd,
        alerts: Sequence[str],
    ) -> list[NewEvent]:
        """The import with everything it told: all of it is durable, or nothing."""
        subject = f"statement:{sha[:26]}"
        body: dict[str, Any] = {
            "sha256": sha,
            "format": format,
            "channel": channel,
            "account": end.account,
            "document": end.document,
            "sequence": end.sequence,
            "lines": end.lines,
            "credited_minor": found.credited_minor,
            "matched": len(found.credits),
            "known": found.known,
            "unmatched": len(found.left) + found.left_more,
            "alerts": list(alerts),
            "index": {
                "claims": self._claims(channel, format, sha, end),
                "summary": {"kind": _KIND, "state": "open", "final": False, "open": False, "channel": channel},
            },
        }
        events = [NewEvent(self._stream, "statement_imported", subject, READER, body)]
        paid: set[str] = set()
        for some in _pieces(found.credits):
            claims = [each for credit in some for each in self._credit_claims(channel, credit, paid)]
            told = {
                "channel": channel,
                "credits": [msgspec.to_builtins(x) for x in some],
                "index": {"claims": claims},
            }
            events.append(NewEvent(self._stream, "statement_credits", subject, READER, told))
        for rest in _pieces(found.left):
            left = {"channel": channel, "credits": [msgspec.to_builtins(x) for x in rest], "index": {}}
            events.append(NewEvent(self._stream, "statement_unmatched", subject, READER, left))
        return events

    def _claims(self, channel: str, format: str, sha: str, end: BillEnd) -> list[list[str]]:  # noqa: A002
        """What of these was not claimed before: an append with a taken claim would be refused whole."""
        wanted = [["statement", f"{channel}/{sha}", f"statement:{sha[:26]}"]]
        if end.document:
            wanted.append(["statement_document", f"{channel}/{format}/{end.document}", sha])
        if end.sequence:
            wanted.append(["statement_first", f"{channel}/{format}", str(end.sequence)])
            wanted.append(["statement_number", _number(channel, format, end, end.sequence), sha])
        return [each for each in wanted if self._feed.claimed(each[0], each[1]) is None]

    def _credit_claims(self, channel: str, credit: Credit, paid: set[str]) -> Iterator[list[str]]:
        yield ["entry", f"{channel}/{credit.entry}", credit.order_no]
        key = f"{channel}/{credit.order_no}"
        if not credit.back and key not in paid and self._feed.claimed("credit", key) is None:
            paid.add(key)
            yield ["credit", key, msgspec.json.encode(credit).decode()]

    async def _bring(self, statement: str, channel: str) -> tuple[str, ...]:
        """Every credit to its sale, and then the import is done. The same credit again changes nothing."""
        sales: list[str] = []
        for event in self._feed.of_subject(statement):
            for slug in event.body["alerts"] if event.type == "statement_imported" else ():
                await self.warn(channel, slug)
            for each in event.body["credits"] if event.type == "statement_credits" else ():
                sales.append(await self._tell(channel, msgspec.convert(each, Credit)))
        row = {"kind": _KIND, "state": "done", "final": True, "open": False, "channel": channel}
        body = {"channel": channel, "credits": len(sales), "index": {"summary": row}}
        await self._feed.append([NewEvent(self._stream, "statement_taken", statement, READER, body)])
        return tuple(sales)

    async def _tell(self, channel: str, credit: Credit) -> str:
        bank = self._banks.get(channel)
        if bank is None:
            log.error("%s left the settings with a statement half taken: %s", channel, credit.order_no)
            return "channel_unknown"
        sale_id = self._feed.claimed("order", credit.order_no)
        await self._service.notices.take_verified(channel, notice_of(bank, credit))
        return self._service.book.sale(sale_id).state.value if sale_id else "orphan"


class ChannelCredits:
    """One channel's view: satisfies ``Credits``."""

    def __init__(self, service: Service, channel: str, bank: AnyBank) -> None:
        self._service, self._channel, self._bank = service, channel, bank

    async def promise(self, given: Given) -> bool:
        feed = self._service.feed
        name, value = f"{self._channel}/{key_of(given.order_no)}", _written(given)
        if (known := feed.claimed("bank_reference", name)) is not None:
            return known == value
        body: dict[str, Any] = {
            "channel": self._channel,
            "attempt": given.order_no,
            "length": given.length,
            "index": {"claims": [["bank_reference", name, value]]},
        }
        stream, subject = f"store:{self._service.house.store}", f"reference:{given.order_no}"
        try:
            await feed.append([NewEvent(stream, "reference_promised", subject, READER, body)])
        except Conflict:
            return feed.claimed("bank_reference", name) == value
        return True

    def told(self, order_no: str) -> Notice | None:
        text = self._service.feed.claimed("credit", f"{self._channel}/{order_no}")
        return None if text is None else notice_of(self._bank, msgspec.json.decode(text, type=Credit))

    def given_up(self, order_no: str) -> bool:
        sale_id = self._service.feed.claimed("order", order_no)
        if sale_id is None:
            return False
        sale = self._service.book.sale(sale_id)
        return bool(sale.cancel_why) or sale.switching or sale.ended


def notice_of(bank: AnyBank, credit: Credit) -> Notice:
    """A statement's line as evidence; amount and currency are compared by whoever hears it."""
    return Notice(
        provider=bank.profile.name,
        source="bill",
        evidence_id=f"entry:{credit.entry}",
        merchant_id=bank.account.merchant_id,
        app_id="",
        order_no=credit.order_no,
        trade=Trade.RETURNED if credit.back else Trade.PAID,
        amount_minor=credit.amount_minor,
        currency=credit.currency,
        provider_txn=credit.txn or credit.entry,
        payer_minor=credit.amount_minor,
        paid_at="" if credit.back else credit.at,
        wallet=bank.profile.name,
    )


def promised(claimed: Callable[[str, str], str | None], channel: str, key: str) -> Given | None:
    """Which attempt of this channel has a reference that begins so; ``claimed`` is a journal's."""
    value = claimed("bank_reference", f"{channel}/{key}")
    if value is None:
        return None
    order_no, _, length = value.partition(" ")
    return Given(order_no, int(length))


def seen_in(seen: Callable[[str, str], str | None]) -> Callable[[str], bool]:
    return lambda key: seen("statement_number", key) is not None


def _written(given: Given) -> str:
    return f"{given.order_no} {given.length}"


def _number(channel: str, format: str, end: BillEnd, number: int, years: int = 0) -> str:  # noqa: A002
    year = end.last_day.year - years if end.last_day else 0
    return f"{channel}/{format}/{year}/{number}"


def _credit(line: BillLine, order_no: str) -> Credit:
    back = line.kind is LineKind.REFUND
    txn, at = line.provider_txn, line.at
    return Credit(order_no, line.gross_minor, line.currency, line.entry_id, txn, at, line.line, back)


def _leave(line: BillLine, why: Missed, found: Found) -> None:
    if len(found.left) < LEFT_MAX:
        found.left.append(Left(line.line, line.entry_id, line.gross_minor, line.currency, line.at, why.value))
    else:
        found.left_more += 1


def _plain(account: str) -> str:
    return account.replace(" ", "").upper()


def _pieces(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[at : at + IN_ONE_EVENT] for at in range(0, len(items), IN_ONE_EVENT))
