"""What is settled: first one stands, rebuilt from the log, read many at once; an older journal learns it."""

from pathlib import Path
from typing import Any

import apsw
import pytest

from terminal.errors import JournalError
from terminal.journal.reader import Reader
from terminal.journal.schema import MIGRATIONS, connect, migrate
from terminal.journal.settled import SettledReader
from terminal.payments.event import NewEvent
from terminal.payments.settled import ROWS_MAX, Settlement
from tests.unit.journal.world import TickingClock, event, open_at, summary


def settled(*rows: tuple[str, str, str, str, int, int], channel: str = "wechatpay") -> NewEvent:
    return event("bill", stream="store:s-1", kind="settled", index={"settled": [channel, list(rows)]})


def sale(name: str, order: str, **more: Any) -> NewEvent:
    row = summary(attempt=order, final=True, **more)
    return event(name, index={"claims": [["order", order, name]], "summary": row})


ONE = ("A1", "payment", "2026-11-21", "b-1", 2850, 17_000)


@pytest.mark.row(34)
async def test_what_is_settled_has_its_day_batch_and_fee_also_after_the_views_are_made_again(
    tmp_path: Path,
) -> None:
    async with open_at(tmp_path / "j.db") as journal:
        refund = ("R1", "refund", "2026-11-21", "b-1", 100, -600)
        (made,) = await journal.append([settled(ONE, refund)])
        known = Settlement("A1", "payment", "wechatpay", "2026-11-21", "b-1", 2850, 17_000, made.number)
        assert journal.settled.settlement("A1") == known
        await journal.rebuild_views()
        assert journal.settled.settlements(["R1", "A1", "none"]).keys() == {"A1", "R1"}
        assert journal.settled.settlement("A1") == known
        assert (await journal.verify_all()).sound


@pytest.mark.row(34)
async def test_a_second_settling_of_the_same_id_is_ignored_and_seen_by_its_number(tmp_path: Path) -> None:
    async with open_at(tmp_path / "j.db") as journal:
        (first,) = await journal.append([settled(ONE)])
        (second,) = await journal.append([settled(("A1", "payment", "2026-11-22", "b-2", 9, 9), ONE)])
        found = journal.settled.settlement("A1")
        assert found is not None
        assert (found.day, found.number) == ("2026-11-21", first.number)
        assert found.number != second.number


async def test_a_day_is_read_in_pages(tmp_path: Path) -> None:
    async with open_at(tmp_path / "j.db") as journal:
        for day in ("2026-11-20", "2026-11-21"):
            await journal.append([settled(*((f"{day}-{n}", "payment", day, "b", 1, 0) for n in range(5)))])
        await journal.append([settled(("X", "payment", "2026-11-21", "b", 1, 0), channel="alipay")])
        first = journal.settled.settled_on("2026-11-21", limit=4)
        rest = journal.settled.settled_on("2026-11-21", after=first[-1].subject)
        assert [each.subject[-1] for each in (*first, *rest)] == ["0", "1", "2", "3", "4", "X"]
        assert [each.subject for each in journal.settled.settled_on("2026-11-21", channel="alipay")] == ["X"]


async def test_sales_are_found_by_order_number_and_those_without_settlement_by_time(tmp_path: Path) -> None:
    clock = TickingClock()
    async with open_at(tmp_path / "j.db", clock=clock) as journal:
        await journal.append([sale("early", "A0")])
        begin = clock.wall_ms()
        for n in range(1, 5):
            await journal.append([sale(f"s{n}", f"A{n}")])
        end = clock.wall_ms()
        await journal.append([sale("late", "A9"), settled(ONE)])
        found = journal.settled.standings("order", ["A2", "A9", "none"])
        assert {key: each.subject for key, each in found.items()} == {"A2": "s2", "A9": "late"}
        open_ = journal.settled.unsettled_sales(begin, end)
        assert [each.subject for each in open_] == ["s2", "s3", "s4"]
        after = open_[0].first_number
        assert [each.subject for each in journal.settled.unsettled_sales(begin, end, after=after)] == ["s3", "s4"]


async def test_refunds_are_found_by_the_time_they_moved(tmp_path: Path) -> None:
    clock = TickingClock()
    async with open_at(tmp_path / "j.db", clock=clock) as journal:
        await journal.append([event("old", kind="refund_moved")])
        begin = clock.wall_ms()
        await journal.append([event("s1", kind="refund_moved"), event("s1", kind="refund_moved"), event("s2")])
        assert journal.settled.sales_with_refunds(begin, begin + 60_000) == ("s1",)


async def test_too_many_or_misshapen_rows_are_a_bug_of_the_caller(tmp_path: Path) -> None:
    async with open_at(tmp_path / "j.db") as journal:
        with pytest.raises(AssertionError):
            await journal.append([settled(*[ONE] * (ROWS_MAX + 1))])
        with pytest.raises(AssertionError):
            await journal.append([settled(("A1", "payment", "d", "b", "1", 0))])  # type: ignore[arg-type]  # the point
        assert journal.last_number() == 0


async def test_d3_a_journal_of_the_first_version_learns_of_settlements_and_keeps_its_events(
    tmp_path: Path,
) -> None:
    path = tmp_path / "j.db"
    async with open_at(path) as journal:
        await journal.append([sale("s1", "A1")])
    back = connect(path)
    with back:
        back.execute("DROP INDEX event_refund")
        back.execute("DROP TABLE settlement")
        back.execute("PRAGMA user_version = 1")
    back.close()
    async with open_at(path) as journal:
        assert [each.subject for each in journal.after(0)] == ["s1"]
        await journal.append([settled(ONE)])
        assert journal.settled.settlement("A1") is not None
        assert (await journal.verify_all()).sound
    reader = Reader.at(path)
    assert SettledReader(reader).settlement("A1") is not None
    reader.close()


def test_d3_a_kill_in_the_second_migration_leaves_the_first_version_whole() -> None:
    class Killed(BaseException):
        pass

    def fault(_point: str) -> None:
        if connection.execute("PRAGMA user_version").get == 1:
            raise Killed

    connection = apsw.Connection(":memory:")
    with pytest.raises(Killed):
        migrate(connection, fault)
    assert not connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'settlement'").get
    migrate(connection, lambda _point: None)
    assert connection.execute("PRAGMA user_version").get == len(MIGRATIONS)
    connection.execute("PRAGMA user_version = 99")
    with pytest.raises(JournalError, match="journal_newer"):
        migrate(connection, lambda _point: None)
