"""The conformance suite runs over every store; another store joins by one more parameter here."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from terminal.journal.postgres.store import PostgresJournal
from terminal.journal.sqlite import SqliteJournal
from tests.unit.journal.world import open_at, open_in

Store = SqliteJournal | PostgresJournal
POSTGRES = pytest.param("postgres", marks=pytest.mark.no_cover)  # its own tests measure its lines


@pytest.fixture(params=["inline", "thread", POSTGRES])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., AbstractAsyncContextManager[Store]]:
    """Opens the same journal each time it is called."""
    if request.param != "postgres":
        return lambda **more: open_at(tmp_path / "journal.db", inline=request.param == "inline", **more)
    place = request.getfixturevalue("server").place()

    @asynccontextmanager
    async def opening(**more: Any) -> Any:
        async with await open_in(place, tmp_path / "journal.view.db", **more) as journal:
            yield journal

    return opening
