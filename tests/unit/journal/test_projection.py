import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.errors import Conflict
from terminal.journal.projection import ITEMS_MAX, OWED_KNOWN, STOOD_KNOWN
from terminal.journal.records import encode
from terminal.journal.schema import VIEW_TABLES
from terminal.journal.sqlite import SqliteJournal
from terminal.payments.event import Event, NewEvent
from tests.unit.journal.world import debt, event, open_at, summary

NAMES = st.sampled_from(["a", "b", "c", "d"])
INDEX = st.fixed_dictionaries(
    {},
    optional={
        "owes": st.lists(st.builds(debt, NAMES, st.sampled_from(["voice", "receipt"])), max_size=3),
        "settles": st.lists(NAMES, max_size=2),
        "claims": st.lists(st.tuples(NAMES, NAMES, NAMES), max_size=2),
        "settled": st.tuples(
            NAMES,
            st.lists(st.tuples(NAMES, st.just("payment"), NAMES, NAMES, st.integers(0, 9), st.integers(-9, 9))),
        ),
        "summary": st.builds(
            summary, st.sampled_from(["sale", "refund"]), final=st.booleans(), search=st.lists(NAMES, max_size=3)
        ),
    },
)
EVENT = st.builds(
    event, NAMES, stream=st.sampled_from(["counter:1", "counter:2", "store:1"]), index=st.none() | INDEX
)
APPEND = st.lists(EVENT, min_size=1, max_size=3)


class Told:
    """The rules in the plainest words: what the tables must hold, one event after the other."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Any, tuple[Any, ...]]] = {table: {} for table in VIEW_TABLES}

    def refuses(self, events: Sequence[NewEvent]) -> dict[str, str] | None:
        """The first claim that is taken, before or in here."""
        taken = {key: row[2] for key, row in self.tables["claim"].items()}
        for each in events:
            for kind, key, value in each.body.get("index", {}).get("claims", ()):
                if (kind, key) in taken:
                    return {"kind": kind, "key": key, "value": taken[kind, key]}
                taken[kind, key] = value
        return None

    def see(self, event: Event) -> None:
        index, number, ms = event.body.get("index", {}), event.number, event.wall_ms
        owed, claim, settlement = (self.tables[table] for table in ("owed", "claim", "settlement"))
        for kind, key, value in index.get("claims", ()):
            claim[kind, key] = (kind, key, value, number)
        for name in index.get("settles", ()):
            owed.pop(name, None)
        for place, body in enumerate(index.get("owes", ())):
            text = encode(body).decode()
            whose = (body["id"], body["kind"], body["counter"], event.subject)
            owed[body["id"]] = (*whose, number, place, ms, text)
        channel, settled = index.get("settled", ("", ()))
        for subject, kind, *rest in settled:
            settlement.setdefault(subject, (subject, kind, channel, *rest, number))
        if body := index.get("summary"):
            self._stand(event, body)

    def _stand(self, event: Event, body: dict[str, Any]) -> None:
        subject, ms, words = event.subject, event.wall_ms, sorted(set(body["search"]))
        fresh = (subject, body["kind"], event.counter, 0, event.number, event.number, ms, ms, "", "")
        old = self.tables["summary"].get(subject, fresh)
        counter, text = event.counter or old[2], f" {' '.join(words)} " if words else ""
        self.tables["summary"][subject] = (
            subject, body["kind"], counter, int(body["final"]), old[4], event.number, old[6], ms, text,
            encode(body).decode(),
        )  # fmt: skip
        for gone in [key for key in self.tables["word"] if key[2] == subject]:
            del self.tables["word"][gone]
        for each in words:
            self.tables["word"][body["kind"], each, subject] = (body["kind"], each, subject)

    @property
    def views(self) -> dict[str, list[Any]]:
        return {table: sorted(rows.values()) for table, rows in self.tables.items()}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(APPEND, min_size=1, max_size=3), max_size=6), st.data())
@pytest.mark.no_cover  # many rounds through lines that others measure
def test_views_are_what_the_log_tells_whoever_shares_a_commit_and_when_they_are_made_again(
    groups: list[list[list[NewEvent]]], data: st.DataObject
) -> None:
    async def story(folder: Path) -> None:
        told, seen = Told(), 0
        journal = open_at(folder / "j.db")
        for group in groups:
            outcomes = await asyncio.gather(*map(journal.append, group), return_exceptions=True)
            for events, outcome in zip(group, outcomes, strict=True):
                if (refused := told.refuses(events)) is not None:
                    assert isinstance(outcome, Conflict), outcome
                    assert outcome.facts == refused
                    continue
                for each in journal.after(seen, limit=len(events)):
                    told.see(each)
                seen += len(events)
            assert views(journal) == told.views
            if data.draw(st.booleans()):
                await journal.rebuild_views()
                assert views(journal) == told.views
            elif data.draw(st.booleans()):
                await journal.close()
                journal = open_at(folder / "j.db")
        assert (await journal.verify_all()).sound
        await journal.close()

    with tempfile.TemporaryDirectory(dir=fast_folder()) as folder:
        asyncio.run(story(Path(folder)))


@pytest.mark.parametrize("again", [False, True])
async def test_i9_of_more_debts_than_are_remembered_each_is_settled(tmp_path: Path, again: bool) -> None:
    journal = open_at(tmp_path / "j.db")
    names = [f"e{n}" for n in range(OWED_KNOWN + ITEMS_MAX)]
    await journal.append([event(index={"settles": ["never owed"]})])
    await journal.append([event(index={"owes": some}) for some in parts([debt(each) for each in names])])
    assert len(journal.owed()) == len(names)
    if again:
        await journal.close()
        journal = open_at(tmp_path / "j.db")
    for some in parts(names):
        await journal.append([event(index={"settles": some}), event(index={"owes": [debt("late")]})])
    assert [each.id for each in journal.owed()] == ["late"]
    await journal.append([event(index={"settles": ["late"]})])
    assert journal.owed() == ()
    await journal.close()


def parts(items: list[Any], size: int = ITEMS_MAX) -> list[list[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


async def test_of_more_subjects_than_are_remembered_each_loses_the_words_it_had(tmp_path: Path) -> None:
    async with open_at(tmp_path / "j.db") as journal:
        names = [f"s{n}" for n in range(STOOD_KNOWN + 8)]
        for word in ("old", "new"):
            for some in parts(names):
                await journal.append([event(each, index={"summary": summary(search=word)}) for each in some])
        assert journal.list("sale", search="old") == ()
        assert len(journal._committer._views._stood) == STOOD_KNOWN
        assert (await journal.verify_all()).sound


@contextmanager
def statements(journal: SqliteJournal) -> Iterator[list[str]]:
    """What the writing connection ran meanwhile: the first words of each."""
    told: list[str] = []

    def tell(event: dict[str, Any]) -> None:
        if not event["trigger"]:
            told.append(" ".join(event["sql"].split()[:3]))

    connection = journal._committer.connection
    connection.trace_v2(apsw.SQLITE_TRACE_STMT, tell)
    yield told
    connection.trace_v2(0, None)


async def test_a_paid_sale_takes_a_statement_a_table(tmp_path: Path) -> None:
    """After each step the thread may wait for a busy loop; how many rows a statement has costs next to nothing."""
    async with open_at(tmp_path / "j.db") as journal:
        claims = [["order", "o", "sale-1"], ["till", "t", "sale-1"]]
        await journal.append([event(index={"claims": claims, "summary": summary(), "settles": ["old"]})])
        owes = {"owes": [debt("voice"), debt("slip", "receipt")]}
        done = {"settles": ["voice"], "summary": summary(final=True, search="o")}
        with statements(journal) as told:
            await journal.append([event(index=owes), event(), event(index=done)])
        views = ["INSERT OR REPLACE", "INSERT INTO word", "INSERT INTO summary"]
        assert told == ["BEGIN IMMEDIATE", *views, "INSERT INTO event", "COMMIT"]
        assert [each.id for each in journal.owed()] == ["slip"]


async def test_what_is_settled_once_more_is_not_looked_for(tmp_path: Path) -> None:
    async with open_at(tmp_path / "j.db") as journal:
        await journal.append([event(index={"owes": [debt("voice")]})])
        with statements(journal) as told:
            await journal.append([event(index={"settles": ["voice"]})])
            await journal.append([event(index={"settles": ["voice"]})])
        once = ["SELECT id FROM", "DELETE FROM owed"]
        assert [each for each in told if "owed" in each or "id" in each] == once


async def test_who_shares_a_commit_adds_a_statement_for_what_is_claimed_and_no_other(tmp_path: Path) -> None:
    async with open_at(tmp_path / "j.db") as journal:
        indexes = [{"claims": [["order", f"o{n}", f"s{n}"]], "owes": [debt(f"e{n}")]} for n in range(4)]
        some = [journal.append([event(f"s{n}", index=index)]) for n, index in enumerate(indexes)]
        with statements(journal) as told:
            await asyncio.gather(*some)
        claims = ["INSERT INTO claim"] * 4
        assert told == ["BEGIN IMMEDIATE", *claims, "INSERT OR REPLACE", "INSERT INTO event", "COMMIT"]


def views(journal: SqliteJournal) -> dict[str, list[Any]]:
    connection = journal._reader.connection
    return {table: sorted(connection.execute(f"SELECT * FROM {table}")) for table in VIEW_TABLES}


def fast_folder() -> str | None:
    """Sixty journals of full syncs are quicker in memory; what is tested is not the disk."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
