import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.errors import Conflict
from terminal.journal.schema import VIEW_TABLES
from terminal.journal.sqlite import SqliteJournal
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
EVENT = st.tuples(NAMES, st.sampled_from(["counter:1", "counter:2", "store:1"]), st.none() | INDEX)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(EVENT, min_size=1, max_size=3), max_size=8))
@pytest.mark.no_cover  # many rounds through lines that others measure
def test_views_made_again_from_the_log_are_the_views_that_were(appends: list[list[tuple[str, str, Any]]]) -> None:
    async def story(folder: Path) -> None:
        async with open_at(folder / "j.db") as journal:
            for events in appends:
                try:
                    await journal.append(
                        [event(name, stream=stream, index=index) for name, stream, index in events]
                    )
                except Conflict:
                    continue
            before = views(journal)
            assert (await journal.verify_all()).sound
            await journal.rebuild_views()
            assert views(journal) == before

    with tempfile.TemporaryDirectory(dir=fast_folder()) as folder:
        asyncio.run(story(Path(folder)))


def views(journal: SqliteJournal) -> dict[str, list[Any]]:
    connection = journal._reader.connection
    return {table: sorted(connection.execute(f"SELECT * FROM {table}")) for table in VIEW_TABLES}


def fast_folder() -> str | None:
    """Sixty journals of full syncs are quicker in memory; what is tested is not the disk."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
