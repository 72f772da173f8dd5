"""Several instances on one database: one log, one holder a counter, and another one that takes over."""

import asyncio
import gc
from pathlib import Path

import pytest

from terminal.counter.ports import Ticket
from terminal.errors import Conflict, JournalError, Unavailable
from terminal.journal.postgres.hold import Hold, Pace
from terminal.journal.postgres.place import Place
from terminal.journal.postgres.store import PostgresJournal
from tests.unit.journal.postgres.wire import wired
from tests.unit.journal.world import debt, event, open_in, summary

FAST = Pace(beat_s=0.2, lease_s=3.0, idle_s=4.0, poll_s=0.05)  # a busy machine is held up for a second
WATCHDOG_S = 30


def heard(journal: PostgresJournal) -> asyncio.Event:
    """Set when this instance next hears of something that is no event, or after a gap in hearing."""
    heard, pass_on = asyncio.Event(), journal._hold._news

    def news(told: str) -> None:
        pass_on(told)
        if not told.isdigit():
            heard.set()

    journal._hold._news = news
    return heard


async def seen(journal: PostgresJournal, number: int) -> None:
    """Wait until this instance shows that event."""
    news = asyncio.Event()
    journal.on_foreign = lambda _events: news.set()
    async with asyncio.timeout(WATCHDOG_S):
        while journal.last_number() < number:
            await news.wait()
            news.clear()


async def test_two_instances_write_one_log_and_each_sees_what_the_other_wrote(
    place: Place, tmp_path: Path
) -> None:
    one = await open_in(place, tmp_path / "1.db", counters=("1",))
    two = await open_in(place, tmp_path / "2.db", counters=("2",))
    both = [(one, "counter:1"), (two, "counter:2")]
    await asyncio.gather(
        *(each.append([event(f"{stream}-{n}", stream=stream), event(f"{stream}-{n}", stream="store:s-1")])
          for n in range(15) for each, stream in both)
    )  # fmt: skip
    for each, _stream in both:
        await seen(each, 60)
        assert [x.number for x in each.after(0, limit=1000)] == list(range(1, 61))
        assert (await each.verify_all()).sound
    assert one.after(0, limit=1000) == two.after(0, limit=1000)
    await one.close()
    await two.close()


async def test_i3_one_order_number_at_two_instances_at_once_is_one_sale(place: Place, tmp_path: Path) -> None:
    one = await open_in(place, tmp_path / "1.db", counters=("1",))
    two = await open_in(place, tmp_path / "2.db", counters=("2",))
    for number in range(10):
        index = {"claims": [["order", f"o{number}", "x"]]}
        ended = await asyncio.gather(
            one.append([event(f"a{number}", stream="counter:1", index=index)]),
            two.append([event(f"b{number}", stream="counter:2", index=index)]),
            return_exceptions=True,
        )
        assert sorted(type(each).__name__ for each in ended) == ["Conflict", "tuple"]
        assert [each.slug for each in ended if isinstance(each, Conflict)] == ["key_taken"]
    await seen(one, 10)
    assert (await one.verify_all()).sound
    await one.close()
    await two.close()


async def test_i14_a_counter_that_another_instance_serves_takes_nothing_from_here(
    place: Place, tmp_path: Path
) -> None:
    one = await open_in(place, tmp_path / "1.db", counters=("1",))
    two = await open_in(place, tmp_path / "2.db", counters=("2",))
    with pytest.raises(Unavailable, match="counter_elsewhere"):
        await two.append([event(stream="counter:1")])
    with pytest.raises(JournalError, match="counter_held") as held:
        await open_in(place, tmp_path / "3.db", counters=("1", "3"))
    assert held.value.facts == {"counter": "1", "instance": "one"}
    third = await open_in(place, tmp_path / "3.db", counters=("3",))  # nothing of it was kept
    for each in (one, two, third):
        await each.close()


async def test_who_decided_without_knowing_of_another_instance_is_refused_and_nothing_stands(
    place: Place, tmp_path: Path
) -> None:
    """Both decide at the same moment, about the same thing, with the very same words."""
    one = await open_in(place, tmp_path / "1.db", counters=("1",))
    two = await open_in(place, tmp_path / "2.db", counters=("2",))
    pin = event("pin", stream="people:s-1")
    ended = await asyncio.gather(one.append([pin]), two.append([pin]), return_exceptions=True)
    assert [each.slug for each in ended if isinstance(each, Unavailable)] == ["journal_behind"]
    await seen(one, 1)
    await seen(two, 1)
    assert one.last_number() == two.last_number() == 1
    await one.append([pin])
    await one.close()
    await two.close()


async def test_d7_who_is_refused_in_a_try_that_did_not_count_and_stands_in_the_next_takes_his_follower_along(
    place: Place, tmp_path: Path
) -> None:
    one = await open_in(place, tmp_path / "1.db", counters=("1",))
    two = await open_in(place, tmp_path / "2.db", counters=("2",))
    one._hold._news = lambda _told: None  # the notice is late: the database says it first
    await two.append([event("shop", stream="store:s-1")])

    def claim(value: str) -> dict[str, list[list[str]]]:
        return {"claims": [["order", "o", value]]}

    asked: list[str] = []

    def ticket(name: str, behind: Ticket | None = None) -> Ticket:
        return Ticket(behind, meanwhile=(lambda: asked.append(name),))

    first = ticket("first")
    ended = await asyncio.gather(
        one.append([event("shop", stream="store:s-1", index=claim("late"))]),
        one.append([event("sale", index=claim("sale"))], ticket=first),
        one.append([event("sale")], ticket=ticket("behind", first)),
        one.append([event("other")], ticket=ticket("stands in both")),
        return_exceptions=True,
    )
    assert sorted(asked) == ["behind", "first", "stands in both"], "once, however often it was tried"
    assert [str(each) for each in ended if isinstance(each, Exception)] == ["journal_behind"]
    assert [each.subject for each in one.after(1)] == ["sale", "sale", "other"]
    assert one.claimed("order", "o") == "sale"
    await one.close()
    await two.close()


async def test_i22_a_counter_with_an_open_sale_goes_over_to_the_one_that_stood_by(
    place: Place, tmp_path: Path
) -> None:
    one = await open_in(place, tmp_path / "1.db", counters=("1",), pace=FAST)
    by = asyncio.create_task(
        open_in(place, tmp_path / "2.db", counters=("1",), standby=True, pace=FAST, instance="two")
    )
    index = {"summary": summary(), "owes": [debt("receipt")], "claims": [["order", "o", "sale-1"]]}
    await one.append([event(index=index)])
    assert not by.done()
    await one.abandon()  # killed
    async with asyncio.timeout(WATCHDOG_S):
        two = await by
    assert [each.subject for each in two.unfinished()] == ["sale-1"]
    assert [each.id for each in two.owed()] == ["receipt"]
    with pytest.raises(Conflict):
        await two.append([event("sale-2", index={"claims": [["order", "o", "sale-2"]]})])
    await two.append([event(index={"settles": ["receipt"], "summary": summary(final=True)})])
    assert (await two.verify_all()).sound
    await two.close()


async def test_a_machine_that_was_cut_off_stops_by_itself_before_another_one_begins(
    place: Place, short: Path, tmp_path: Path
) -> None:
    async with wired(place, short) as wire:
        one = await open_in(wire.place, tmp_path / "1.db", counters=("1",), pace=FAST)
        two = asyncio.create_task(open_in(place, tmp_path / "2.db", counters=("1",), standby=True, pace=FAST))
        await one.append([event("told")])
        wire.deaf = wire.down = True  # the network is gone; no end of a connection tells anybody
        stuck = asyncio.create_task(one.append([event("lost")]))
        async with asyncio.timeout(WATCHDOG_S):
            failure = await one.failure()
            assert not two.done(), "we stopped first"
            taken = await two
        assert failure.slug == "database_lost"
        with pytest.raises(JournalError, match="commit_unknown"):
            await stuck
        assert [each.subject for each in taken.after(0)] == ["told"]
        await one.close()
        await taken.close()


async def test_an_append_of_a_holder_that_was_replaced_is_refused_by_the_database(
    place: Place, tmp_path: Path
) -> None:
    """As after a long stop of the whole machine: it still believes that the counter is its own."""
    one = await open_in(place, tmp_path / "1.db", counters=("1",))
    await one.append([event("told")])
    lease = one._hold._connection
    assert lease is not None
    await lease.execute("SELECT pg_advisory_unlock_all()")
    two = await open_in(place, tmp_path / "2.db", counters=("1",))
    with pytest.raises(JournalError, match="counter_lost"):
        await one.append([event("late")])
    assert (await one.failure()).slug == "counter_lost"
    await two.append([event("next")])
    assert [each.subject for each in two.after(0)] == ["told", "next"]
    await one.close()
    await two.close()


async def test_an_append_that_waits_while_its_counter_changes_hands_is_refused(
    place: Place, tmp_path: Path
) -> None:
    """It was sent before the other one took over, and reaches the log's row after it."""
    one = await open_in(place, tmp_path / "1.db", counters=("1",))
    await one.append([event("told")])
    taker, looker = await place.connect(), await place.connect()
    taking = taker.transaction()
    await taking.start()
    fence = await taker.fetchval("UPDATE log SET fence = fence + 1 RETURNING fence")
    late = asyncio.create_task(one.append([event("late")]))
    writing = one._writer._connection
    assert writing is not None
    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = $1"
    for _ in range(100_000):  # a watchdog
        if await looker.fetchval(waits, writing.get_server_pid()):
            break
    await taker.execute("UPDATE holder SET fence = $1, instance = 'two'", fence)
    await taking.commit()
    with pytest.raises(JournalError, match="counter_lost"):
        await late
    assert await looker.fetchval("SELECT count(*) FROM event") == 1
    await one.close()
    await taker.close()
    await looker.close()


async def test_a_lease_that_broke_is_taken_again_while_nobody_else_had_it(
    place: Place, short: Path, tmp_path: Path
) -> None:
    async with wired(place, short) as wire:
        wire.spared = -1
        async with await open_in(wire.place, tmp_path / "1.db", counters=("1",), pace=FAST) as one:
            fence = one._hold.fence
            news = heard(one)
            wire.sever()
            await one.append([event()])
            async with asyncio.timeout(WATCHDOG_S):
                await news.wait()
            await one.append([event()])
            assert (one.dead, one._hold.fence) == (None, fence)
            with pytest.raises(JournalError, match="counter_held"):
                await open_in(place, tmp_path / "2.db", counters=("1",))


async def test_what_is_done_once_a_shop_goes_over_with_its_instance(place: Place, tmp_path: Path) -> None:
    one = await open_in(place, tmp_path / "1.db", counters=("1",), pace=FAST)
    two = await open_in(place, tmp_path / "2.db", counters=("2",), pace=FAST)
    await one.chores()
    waits = asyncio.create_task(two.chores())
    await two.append([event(stream="counter:2")])
    assert not waits.done()
    await one.close()
    async with asyncio.timeout(WATCHDOG_S):
        await waits
    await two.close()


async def test_pr9_what_one_instance_erased_leaves_the_other_ones_view_too(place: Place, tmp_path: Path) -> None:
    one = await open_in(place, tmp_path / "1.db", counters=("1",))
    two = await open_in(place, tmp_path / "2.db", counters=("2",))
    (first,) = await one.append([event(personal={"phone": "13800138000"})])
    await seen(two, 1)
    assert two.personal(first.number) == {"phone": "13800138000"}
    news = heard(two)
    assert await one.erase("sale-1") == 1
    async with asyncio.timeout(WATCHDOG_S):
        await news.wait()
    await two.checkpoint()  # in its turn, after the news
    assert two.personal(first.number) == {}
    await two.close()
    assert await one.erase("sale-1") == 0
    (later,) = await one.append([event(personal={"phone": "13900139000"})])
    two = await open_in(place, tmp_path / "2.db", counters=("2",))
    assert two.personal(later.number) == {"phone": "13900139000"}, "given again after the erasure"
    await two.close()
    await one.close()


async def test_d5_a_lease_given_up_at_any_piece_leaves_no_connection_behind(
    place: Place, short: Path, tmp_path: Path
) -> None:
    """Nobody answers any more, and who waits is ended: what is left open is told when it is collected."""
    await (await open_in(place, tmp_path / "v.db")).close()
    for piece in range(1, 7):
        async with wired(place, short) as wire:
            wire.spared, wire.silent_after = -1, piece
            hold = Hold(wire.place, ["counter:0"], "", "one", lambda _: None, Pace(lease_s=60, idle_s=90))
            taking = asyncio.create_task(hold.take(None))
            async with asyncio.timeout(WATCHDOG_S):
                await wire.cut.wait()
            wire.deaf = False
            taking.cancel()
            await asyncio.wait({taking})
            hold.abandon()
            del hold, taking
            while asking := [each for each in asyncio.all_tasks() if "Connection._cancel" in repr(each)]:
                await asyncio.wait(
                    asking
                )  # the library asks the server to stop, and holds the connection meanwhile
            del asking
            await asyncio.sleep(0)
            gc.collect()
        (short / ".s.PGSQL.5432").unlink(missing_ok=True)
