"""Several machines of one shop: what one records about webhooks is so on the others, and one of them delivers."""

import asyncio
from pathlib import Path

import pytest

from terminal.counter.feed import Feed
from terminal.hooks.desk import HookParts, Hooks, Wanted
from terminal.people.second_step import Sealer
from terminal.virtual_time import run
from tests.unit.hooks.post import DEAD, HOUR, OWNER, TAKEN, URL, House, Post, opened, shape


def second(house: House) -> Hooks:
    """Another machine's desk over the same record; it delivers nothing."""
    machine = house.clock, house.entropy, house.ids
    seal = Sealer(bytes(32), house.entropy)
    return Hooks(HookParts("s-1", Feed(house.journal), *machine, seal, shape, Post(), frozenset(), house.limits))


@pytest.mark.row(90)
def test_i14_another_machine_hears_of_endpoints_letters_and_their_end(tmp_path: Path) -> None:
    async def story() -> None:
        post = Post(lambda _came: DEAD)
        async with opened(House(tmp_path, post)) as house:
            there, heard = second(house), 0

            def catch_up() -> None:
                nonlocal heard
                while batch := house.journal.after(heard, limit=256):
                    there.heard(batch)
                    heard = batch[-1].number

            hook = await house.add()
            numbers = await house.happen(3)
            await asyncio.sleep(26 * HOUR)
            catch_up()
            assert there.all() == house.hooks.all()
            assert there.register.letters(hook) == house.hooks.register.letters(hook)
            assert [each.number for each in there.register.letters(hook)] == numbers
            assert there.register.changes > 0
            post.answers = lambda _came: TAKEN
            await house.hooks.ask_again(hook, numbers[:1], actor=OWNER)
            await house.hooks.drop(hook, numbers[2:], actor=OWNER)
            await asyncio.sleep(HOUR)
            catch_up()
            assert [each.number for each in there.register.letters(hook)] == numbers[1:2]
            await house.hooks.change(hook, Wanted("other", URL), on=False, version=None, actor=OWNER)
            await house.hooks.rotate(hook, overlap_h=1, version=None, actor=OWNER)
            catch_up()
            assert there.all() == house.hooks.all()
            await house.hooks.remove(hook, version=None, actor=OWNER)
            catch_up()
            assert there.all() == []
            assert there.register.letters(hook) == []

    run(story(), seed=14)


@pytest.mark.row(90)
def test_an_endpoint_that_another_machine_added_is_delivered_to_from_here(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(House(tmp_path)) as house:
            there, before = second(house), house.journal.last_number()
            await there.add(Wanted("till", URL), actor=OWNER)
            house.feed.heard()
            house.hooks.heard(house.journal.after(before, limit=256))
            wanted = await house.happen(2)
            await asyncio.sleep(30)
            assert house.post.numbers == wanted
            assert there.all()[0].label == house.hooks.all()[0].label

    run(story(), seed=15)
