"""When the service looks for garbage, and among what."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from terminal.cli.serve.run import FRESH_OBJECTS, SETTLED_S, look_for_garbage_later
from terminal.virtual_time import run


class Kept:
    """Something with a reference to itself: counting references never frees it."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def as_at_a_start() -> Iterator[None]:
    threshold = gc.get_threshold()
    gc.disable()
    yield
    gc.set_threshold(*threshold)
    gc.enable()


def looked_at(thing: Kept) -> bool:
    """Whether a look for garbage, now or later, goes through it."""
    return any(each is thing for each in gc.get_objects())


def test_what_the_start_and_the_first_greetings_made_is_never_looked_through_while_the_shop_sells() -> None:
    async def start_and_settle() -> None:
        made_by_the_start = Kept()
        look_for_garbage_later()
        await asyncio.sleep(SETTLED_S / 2)
        made_by_a_greeting = Kept()
        assert not gc.isenabled()
        await asyncio.sleep(SETTLED_S)
        assert gc.isenabled()
        assert not looked_at(made_by_the_start)
        assert not looked_at(made_by_a_greeting)

    run(start_and_settle(), seed=1)


def test_garbage_of_the_settled_shop_is_found_without_asking_for_it() -> None:
    async def sell() -> None:
        look_for_garbage_later()
        await asyncio.sleep(2 * SETTLED_S)
        found: list[bool] = []
        weakref.finalize(Kept(), found.append, True)  # a look may come at any call: none of ours may hold it then
        fresh: list[list[int]] = []
        while not found and len(fresh) < 3 * FRESH_OBJECTS:
            fresh.append([])
        assert found

    run(sell(), seed=1)
