"""A limit in real seconds for tests of ports and threads. A fixture's own timeout would end only the fixture."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def watched(limit_s: float) -> Iterator[None]:
    """Everything that still runs in this loop then is cancelled, the test too: it fails instead of hanging."""
    loop = asyncio.get_running_loop()
    end = loop.call_later(limit_s, lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
    try:
        yield
    finally:
        end.cancel()
