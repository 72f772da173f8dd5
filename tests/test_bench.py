"""A run of the bench that cannot measure ends soon and says why."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from terminal.virtual_time import run
from tests.bench.shop import Acquirer, reason, stop
from tests.bench.timing import Silent, within

LOG = {"answers": {"a": [1.0, 1.25], "b": [2.0, 2.5]}, "posted": {"a": 1.5}, "unheard": {"b": "untrusted"}}


async def bank(says: str) -> Acquirer:
    """A process that answers every question with these words."""
    program = f"import sys\nfor line in sys.stdin:\n    print({says!r}, flush=True)"
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdin=pipe, stdout=pipe)
    return Acquirer(process, "", Path())


async def test_a_notification_that_never_came_is_told_with_its_reason() -> None:
    acquirer = await bank(json.dumps(LOG))
    try:
        times = await acquirer.times(["a"])
        assert (times.answers, times.posted) == ({"a": 0.25, "b": 0.5}, {"a": 1.5})
        never = r"^the bank's notification of 1 of 2 orders never came: untrusted$"
        with pytest.raises(Silent, match=never):
            await acquirer.times(["a", "b"], limit_s=0.0)
    finally:
        await stop(acquirer.process)


def test_every_wait_has_a_limit_and_its_words() -> None:
    async def for_ever() -> None:
        async with within(20.0, "a slip"):
            await asyncio.Event().wait()

    with pytest.raises(Silent, match=r"^waited 20 s in vain for a slip$"):
        run(for_ever(), seed=1)


def test_one_customer_of_many_ends_the_run_in_words_and_a_mistake_of_ours_with_its_trace() -> None:
    silent = Silent("no slip")
    assert reason(ExceptionGroup("customers", [KeyError("a"), ExceptionGroup("more", [silent])])) is silent
    assert reason(ExceptionGroup("customers", [KeyError("a")])) is None
