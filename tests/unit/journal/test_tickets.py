"""An append behind another one, over every store: refused with it, and what waits for it hears first."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from terminal.counter.ports import Ticket
from terminal.errors import Conflict
from terminal.journal.postgres.store import PostgresJournal
from terminal.journal.sqlite import SqliteJournal
from terminal.payments.event import Event
from tests.unit.journal.world import event

Reopen = Callable[..., AbstractAsyncContextManager[SqliteJournal | PostgresJournal]]
TAKEN = {"claims": [["order", "taken", "sale-0"]]}


async def test_d7_what_was_decided_on_a_refused_append_is_refused_with_it(reopen: Reopen) -> None:
    """Handed in before anybody heard; nobody else is hurt, in the same group or in the next."""
    async with reopen() as journal:
        await journal.append([event("sale-0", index=TAKEN)])
        first = Ticket()
        second = Ticket(first)
        third = Ticket(second)
        asked: list[Any] = [
            journal.append([event("sale-1", index=TAKEN)], ticket=first),
            journal.append([event("sale-1")], ticket=second),
            journal.append([event("sale-1")], ticket=third),
            journal.append([event("sale-2")], ticket=Ticket()),
        ]
        ended = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(each) for each in ended] == [Conflict, Conflict, Conflict, tuple]
        with pytest.raises(Conflict):
            await journal.append([event("sale-1")], ticket=Ticket(third))
        assert [each.subject for each in journal.after(0)] == ["sale-0", "sale-2"]
        await journal.append([event("sale-1")])
        assert journal.last_number() == 3, "nothing of the refused ones was numbered"


async def test_i6_what_waits_for_an_append_hears_before_anybody_when_it_is_durable_and_never_of_a_refused_one(
    reopen: Reopen,
) -> None:
    async with reopen() as journal:
        heard: list[str] = []

        async def append(name: str, ticket: Ticket, index: Any = None) -> tuple[Event, ...]:
            try:
                return await journal.append([event(name, index=index)], ticket=ticket)
            finally:
                heard.append(f"told {name}")

        one = Ticket(durable=(lambda: heard.append("1st"), lambda: heard.append("2nd")))
        await append("sale-0", one, TAKEN)
        assert heard == ["1st", "2nd", "told sale-0"]
        refused = Ticket(one, durable=(lambda: heard.append("never"),))
        with pytest.raises(Conflict):
            await append("sale-1", refused, TAKEN)
        assert heard[3:] == ["told sale-1"]


async def test_i24_what_waits_and_fails_hurts_neither_the_journal_nor_who_waits_beside_it(reopen: Reopen) -> None:
    """A device's bug must not stop money: the entry is durable, and everybody hears so."""

    def fails() -> None:
        raise ValueError("a closed line")

    async with reopen() as journal:
        heard: list[str] = []
        ticket = Ticket(durable=(fails, lambda: heard.append("2nd")))
        done = await asyncio.gather(
            journal.append([event("sale-0")], ticket=ticket), journal.append([event("sale-1")])
        )
        assert [each.number for (each,) in done] == [1, 2]
        assert heard == ["2nd"]
        await journal.append([event("sale-0")])
        assert journal.dead is None


async def test_i24_what_goes_meanwhile_goes_once_and_never_for_a_refused_append(
    reopen: Reopen,
) -> None:
    """A device is asked while the disk works; a bug of it is no business of the journal's."""

    def fails() -> None:
        raise ValueError("a closed line")

    async with reopen() as journal:
        heard: list[str] = []

        def ticket(name: str, behind: Ticket | None = None) -> Ticket:
            meanwhile = (fails, lambda: heard.append(f"{name} asked"))
            return Ticket(behind, durable=(lambda: heard.append(f"{name} durable"),), meanwhile=meanwhile)

        first, taken = ticket("1st"), ticket("taken")
        ended = await asyncio.gather(
            journal.append([event("sale-0", index=TAKEN)], ticket=first),
            journal.append([event("sale-1", index=TAKEN)], ticket=taken),
            journal.append([event("sale-1")], ticket=ticket("behind", taken)),
            journal.append([event("sale-2")], ticket=ticket("2nd")),
            return_exceptions=True,
        )
        assert [type(each) for each in ended] == [tuple, Conflict, Conflict, tuple]
        assert sorted(heard) == ["1st asked", "1st durable", "2nd asked", "2nd durable"]


async def test_what_goes_meanwhile_goes_before_the_disk_is_waited_for(reopen: Reopen) -> None:
    heard: list[str] = []
    async with reopen(fault=heard.append) as journal:
        heard.clear()
        ticket = Ticket(durable=(lambda: heard.append("durable"),), meanwhile=(lambda: heard.append("asked"),))
        await journal.append([event("sale-0")], ticket=ticket)
        assert heard[:4] == ["asked", "before_commit", "after_commit", "durable"]


async def test_who_has_ended_holds_on_to_nobody_before_it(reopen: Reopen) -> None:
    """Else a busy sale's tickets, each behind the one before, would stay in memory as long as it is served."""
    async with reopen() as journal:
        first = Ticket()
        second = Ticket(first)
        await asyncio.gather(*[journal.append([event()], ticket=each) for each in (first, second)])
        assert second.behind is None
