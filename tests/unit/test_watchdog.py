"""A test that hangs is ended by its watchdog."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.watchdog import watched


@pytest.fixture
async def watchdog() -> AsyncIterator[None]:
    with watched(0.02):
        yield


@pytest.mark.usefixtures("watchdog")
async def test_a_test_that_waits_for_ever_is_ended() -> None:
    with pytest.raises(asyncio.CancelledError):
        await asyncio.Event().wait()
