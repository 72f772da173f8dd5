import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.journal.postgres.place import Place
from tests.postgres import Server


@pytest.fixture
def place(server: Server) -> Place:
    """A schema of its own."""
    return server.place()


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path leaves room for a socket's name (107 bytes)."""
    with tempfile.TemporaryDirectory(prefix="ctw") as folder:
        yield Path(folder)
