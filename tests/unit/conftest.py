from collections.abc import Iterator

import pytest

from tests.postgres import Server, meeting_of, shared_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real PostgreSQL server, one for the whole run."""
    with shared_server(meeting_of(tmp_path_factory.getbasetemp())) as running:
        yield running
