"""A shop with a journal in memory: what is tested here is not the disk."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.settlement.shop import Shop

FAST = "/dev/shm" if Path("/dev/shm").is_dir() else None


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    folder = Path(tempfile.mkdtemp(dir=FAST))
    made = Shop(folder)
    yield made
    await made.close()
    shutil.rmtree(folder)
