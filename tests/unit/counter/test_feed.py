"""Listeners hear what other machines wrote into a shared journal, in order and once."""

import asyncio
from contextlib import aclosing
from pathlib import Path

from terminal.counter.feed import Feed
from tests.unit.journal.world import event, open_at


async def test_what_others_wrote_is_heard_between_our_own_in_order_and_once(tmp_path: Path) -> None:
    async with open_at(tmp_path / "j.db") as journal:
        feed = Feed(journal)
        await feed.append([event("ours")])
        await journal.append([event("theirs"), event("theirs too")])
        feed.heard()
        feed.heard()  # nothing new
        await journal.append([event("unheard of yet")])
        await feed.append([event("ours again")])
        wanted = ["ours", "theirs", "theirs too", "unheard of yet", "ours again"]
        assert [each.subject for each in feed.after(0)] == wanted
        assert feed.published == 5
        heard: list[str] = []
        async with aclosing(feed.follow(0)) as batches:
            async for batch in batches:
                heard += [each.subject for each in batch]
                if len(heard) == len(wanted):
                    break
        assert heard == wanted


async def test_a_listener_that_waits_is_woken_by_others_too(tmp_path: Path) -> None:
    async with open_at(tmp_path / "j.db") as journal:
        feed = Feed(journal)
        async with aclosing(feed.follow(0)) as batches:
            next_one = anext(batches)
            await journal.append([event("theirs")])
            feed.heard()
            assert [each.subject for each in await next_one] == ["theirs"]


async def test_who_acts_on_an_append_comes_before_who_listens(tmp_path: Path) -> None:
    async with open_at(tmp_path / "j.db") as journal:
        feed, seen = Feed(journal), list[str]()

        async def listen() -> None:
            async with aclosing(feed.follow(0)) as batches:
                await anext(batches)
                seen.append("listener")

        async def act() -> None:
            seen.append("acts")
            await asyncio.sleep(0)  # as a request that is written in the turn after it was made
            seen.append("has acted")

        listener = asyncio.create_task(listen())
        await asyncio.sleep(0)
        acting: list[asyncio.Task[None]] = []
        await feed.append([event("ours")], lambda _: acting.append(asyncio.create_task(act())))
        assert feed.published == 1, "who looks now finds it"
        await asyncio.gather(listener, *acting)
        assert seen == ["acts", "has acted", "listener"]
