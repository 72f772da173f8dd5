"""The conformance suite runs over every store; another store joins by one more parameter here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from terminal.journal.sqlite import SqliteJournal
from tests.unit.journal.world import open_at


@pytest.fixture(params=["inline", "thread"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., SqliteJournal]:
    """Opens the same journal each time it is called."""

    def opening(**more: Any) -> SqliteJournal:
        return open_at(tmp_path / "journal.db", inline=request.param == "inline", **more)

    return opening
