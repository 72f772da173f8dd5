"""Transfers without our reference: proposed to a person with the sales they may be for, never taken (row 22)."""

import json
from collections import OrderedDict
from collections.abc import Iterator
from functools import partial
from typing import Final

from terminal.counter.book import here
from terminal.counter.floor import Floor
from terminal.counter.notices import Notices
from terminal.counter.ports import Provider
from terminal.errors import Conflict, NotFound
from terminal.payments.event import Actor, Summary
from terminal.payments.fact import Facts
from terminal.payments.money import Money
from terminal.payments.notice import Notice, Trade
from terminal.payments.poster import ENTRY, Candidate, Proposal, Transfer, candidate, match, propose
from terminal.payments.sale import ENDED, Sale

STATEMENTS: Final = 40  # the newest files looked through
SALES: Final = 500  # that wait for money at one time
SHOWN_MAX: Final = 20


class Posters:
    """Reads what statements left over; the journal keeps each of them once matched."""

    def __init__(self, floor: Floor, notices: Notices) -> None:
        self._floor, self._notices = floor, notices
        self.changes = 0
        self._read: OrderedDict[str, tuple[Transfer, ...]] = OrderedDict()  # by statement: a file never changes

    def told(self) -> None:
        """What is left over is another; it belongs to no counter, so every counter's screens are told."""
        self.changes += 1
        self._floor.shop.tell()

    def waiting(self) -> list[Proposal]:
        """Newest statements first, at most SHOWN_MAX."""
        rows = self._statements()
        channels = {str(row.body["channel"]) for row in rows}
        sales = {each: self._candidates(each) for each in channels} if channels else {}
        sales = {channel: found for channel, found in sales.items() if found}
        found: list[Proposal] = []
        for channel, candidates in sales.items():
            mine = {each.entry: each for row in rows for each in self._left(row) if each.channel == channel}
            found += propose(mine.values(), candidates)
        return found[:SHOWN_MAX]

    def _statements(self) -> tuple[Summary, ...]:
        known = self._floor.parts.providers
        rows = self._floor.feed.list("statement", limit=STATEMENTS)
        return tuple(row for row in rows if row.body["channel"] in known)

    def _left(self, row: Summary) -> Iterator[Transfer]:
        """What this file left over and nobody has matched since."""
        for each in self._transfers(row.subject):
            if self._floor.feed.claimed(ENTRY, f"{each.channel}/{each.entry}") is None:
                yield each

    def _transfers(self, statement: str) -> tuple[Transfer, ...]:
        known = self._read.get(statement)
        if known is None:
            events = self._floor.feed.of_subject(statement)
            known = self._read[statement] = tuple(
                Transfer(
                    event.body["channel"], each["entry"], Money(each["amount_minor"], each["currency"]), each["at"]
                )
                for event in events
                if event.type == "statement_unmatched"
                for each in event.body["credits"]
            )
            while len(self._read) > STATEMENTS:
                self._read.popitem(last=False)
        return known

    def _candidates(self, channel: str) -> list[Candidate]:
        """Told by the rows first, so that only sales that wait are read whole."""
        floor = self._floor
        rows = [x for x in floor.feed.unfinished() if x.body["kind"] == "sale" and x.body["state"] not in ENDED]
        found = []
        for row in rows[-SALES:]:
            sale = floor.book.sale(row.subject)
            names = {each.provider: floor.channel(each.provider) or "" for each in sale.attempts}
            if (one := candidate(sale, names, channel)) is not None:
                found.append(one)
        return found

    async def confirm(self, channel: str, entry: str, sale_id: str, *, actor: Actor) -> Sale:
        """A person says whose it is: the credit is the sale's for ever, and proves it like any statement's line.

        Raises:
            NotFound("credit_unknown"), Conflict("credit_taken" | "credit_no_match").
        """
        floor = self._floor
        order_no = floor.feed.claimed(ENTRY, f"{channel}/{entry}")
        if order_no is not None and floor.feed.claimed("order", order_no) == sale_id:
            return floor.book.sale(sale_id)  # pressed twice
        if order_no is not None:
            raise Conflict("credit_taken")
        transfer, sales = self._proposed(channel, entry)
        if sale_id not in sales:
            raise Conflict("credit_no_match", sale=sale_id)
        provider, attempt = floor.provider(channel), floor.parts.ids.ulid()
        at_ms = floor.parts.clock.wall_ms()

        def decide(current: Sale | None) -> Facts:
            sale = here(current)
            names = {each.provider: floor.channel(each.provider) or "" for each in sale.attempts}
            if candidate(sale, names, channel) is None:
                raise Conflict("credit_no_match", sale=sale_id)
            told = partial(_told, transfer)
            return match(sale, transfer, attempt=attempt, at_ms=at_ms, told=told, fee=provider.profile.fee)

        try:
            sale = await floor.book.commit(sale_id, decide, actor)
        except Conflict as taken:
            if taken.facts.get("kind") == ENTRY:
                raise Conflict("credit_taken") from None
            raise
        order_no = str(floor.feed.claimed(ENTRY, f"{channel}/{entry}"))
        await self._notices.take_verified(channel, _notice(provider, transfer, order_no))
        self.told()
        return floor.book.sale(sale.id)

    def _proposed(self, channel: str, entry: str) -> tuple[Transfer, set[str]]:
        for row in self._statements():
            for each in self._left(row):
                if (each.channel, each.entry) == (channel, entry):
                    [*found] = propose([each], self._candidates(channel))
                    return each, {sale.sale for one in found for sale in one.sales}
        raise NotFound("credit_unknown")


def _notice(provider: Provider, transfer: Transfer, order_no: str) -> Notice:
    """The statement's line as evidence; the sale's own record is compared by whoever hears it."""
    account = provider.account
    return Notice(
        provider=account.provider,
        source="bill",
        evidence_id=f"entry:{transfer.entry}",
        merchant_id=account.merchant_id,
        app_id=account.app_id,
        order_no=order_no,
        trade=Trade.PAID,
        amount_minor=transfer.amount.minor,
        currency=transfer.amount.currency,
        provider_txn=transfer.entry,
        payer_minor=transfer.amount.minor,
        paid_at=transfer.at,
        wallet=provider.profile.name,
    )


def _told(transfer: Transfer, order_no: str) -> str:
    """As statements keep a credit of an order: a process killed before the sale heard it finds it there."""
    credit = {
        "order_no": order_no,
        "amount_minor": transfer.amount.minor,
        "currency": transfer.amount.currency,
        "entry": transfer.entry,
        "txn": transfer.entry,
        "at": transfer.at,
        "line": 0,
    }
    return json.dumps(credit, separators=(",", ":"))
