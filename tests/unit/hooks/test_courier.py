"""Deliveries in order, at least once, given up by rule: on virtual time over a real journal (row 90, S19)."""

import asyncio
import itertools
from pathlib import Path

import pytest

from terminal.errors import Conflict, NotFound
from terminal.hooks.delivery import Outcome
from terminal.hooks.desk import Wanted
from terminal.virtual_time import run
from tests.unit.hooks.post import DEAD, HOUR, OWNER, TAKEN, URL, Arrived, House, Post, opened

SOON = 30  # virtual seconds; everything that can happen without a failure has happened


@pytest.mark.row(90)
def test_s19_events_arrive_in_order_and_only_those_asked_for(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(House(tmp_path)) as house:
            before = await house.happen()
            await house.add(events=("sale_moved",), counters=("1",))
            wanted = await house.happen(3)
            await house.happen(1, kind="sale_opened")
            await house.happen(1, stream="counter:2")
            await house.happen(1, stream="people:s-1")
            wanted += await house.happen(2)
            await asyncio.sleep(SOON)
            assert house.post.numbers == wanted
            assert before[0] not in house.post.numbers, "it hears from now on"

    run(story(), seed=1)


def test_a_shop_without_webhooks_wakes_nobody_for_them(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(House(tmp_path)) as house:
            await asyncio.sleep(SOON)
            assert not _working()
            hooks = [await house.add(), await house.add("https://shop.example/second")]
            await house.hooks.remove(hooks[0], version=None, actor=OWNER)
            await asyncio.sleep(SOON)
            assert _working() == ["webhook " + hooks[1], "webhooks"], "and one follower for all"

    run(story(), seed=12)


def _working() -> list[str]:
    """Tasks of webhooks, by name."""
    return sorted(each.get_name() for each in asyncio.all_tasks() if each.get_name().startswith("webhook"))


@pytest.mark.row(90)
def test_s19_nothing_of_people_or_of_the_webhooks_themselves_leaves(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(House(tmp_path)) as house:
            await house.add()
            await house.happen(1, stream="people:s-1", kind="pin_set")
            [number] = await house.happen(1, stream="store:s-1", kind="z_sealed")
            await asyncio.sleep(HOUR)
            assert house.post.numbers == [number]
            assert house.types().count("hook_moved") == 1, "an idle endpoint writes nothing into the journal"

    run(story(), seed=2)


@pytest.mark.row(90)
@pytest.mark.parametrize("seed", [0, 2, 3])
def test_s19_d1_killed_at_any_moment_every_event_arrives_and_a_repeat_has_the_same_id(
    tmp_path: Path, seed: int
) -> None:
    async def story() -> None:
        house = House(tmp_path)
        house.open()
        await house.add()
        wanted = []
        for round_ in range(4):
            wanted += await house.happen(5)
            await asyncio.sleep((0.003, 0.02, 0.055, 4.9, 5.2, 0.0)[(seed + round_) % 6])
            await house.crash()
            house.open()
        await asyncio.sleep(SOON)
        assert list(dict.fromkeys(house.post.numbers)) == wanted, "in order, none missing"
        ids = {(each.number, each.id) for each in house.post.came}
        assert len(ids) == len(wanted), "one id an event, however often it came"
        await house.close()

    run(story(), seed=seed)


@pytest.mark.row(90)
def test_after_an_end_in_order_nothing_is_delivered_twice(tmp_path: Path) -> None:
    async def story() -> None:
        house = House(tmp_path)
        house.open()
        await house.add()
        wanted = await house.happen(3)
        await asyncio.sleep(1)
        await house.close()
        house.open()
        wanted += await house.happen(1)
        await asyncio.sleep(SOON)
        assert [each.number for each in house.post.came] == wanted
        await house.close()

    run(story(), seed=3)


def test_s19_a_failed_delivery_is_tried_again_ever_more_slowly_and_holds_the_order(tmp_path: Path) -> None:
    async def story() -> None:
        fails = 4
        post = Post(lambda came: TAKEN if len(house.post.came) > fails or came.number < first else DEAD)
        house = House(tmp_path, post, jitter_percent=0)
        async with opened(house):
            hook = await house.add()
            first = (await house.happen(2))[0]
            await asyncio.sleep(100)
            assert house.hooks.failing()[0].id == hook
            assert house.types().count("hook_failing") == 1, "an outage is told once, not a try"
            await asyncio.sleep(HOUR)
            tries = [each.at_s for each in post.came if each.number == first]
            gaps = [round(b - a) for a, b in itertools.pairwise(tries)]
            assert gaps == [5, 30, 120, 300]
            assert post.numbers == [first, first + 1], "the second one waited its turn"
            assert house.hooks.failing() == []
            ids = {each.id for each in post.came if each.number == first}
            stamps = {each.headers["webhook-timestamp"] for each in post.came if each.number == first}
            assert (len(ids), len(stamps)) == (1, 5), "one id, a new time for each try"

    run(story(), seed=4)


def test_s19_what_the_receiver_asks_to_wait_is_waited_up_to_the_longest_pause(tmp_path: Path) -> None:
    async def story() -> None:
        busy = Outcome(False, why="answer", status=429, retry_after_s=200)
        post = Post(lambda _came: TAKEN if len(post.came) > 1 else busy)
        async with opened(House(tmp_path, post)) as house:
            await house.add()
            await house.happen()
            await asyncio.sleep(HOUR)
            assert round(post.came[1].at_s - post.came[0].at_s) == 200

    run(story(), seed=5)


@pytest.mark.row(90)
def test_s19_an_endpoint_dead_for_a_day_gets_dead_letters_and_they_can_be_sent_again(tmp_path: Path) -> None:
    async def story() -> None:
        post = Post(lambda _came: DEAD)
        house = House(tmp_path, post)
        async with opened(house):
            hook = await house.add()
            old = await house.happen(3)
            await asyncio.sleep(20 * HOUR)
            young = await house.happen(2)
            assert house.hooks.register.letters(hook) == []
            await asyncio.sleep(6 * HOUR)
            assert [each.number for each in house.hooks.register.letters(hook)] == old
            post.answers = lambda _came: TAKEN
            assert await house.hooks.ask_again(hook, old[:2], actor=OWNER) == 2
            await asyncio.sleep(SOON)
            assert post.numbers == [*old[:2], *young], "the asked ones first, then the order goes on by itself"
            assert [each.number for each in house.hooks.register.letters(hook)] == old[2:]
            assert await house.hooks.drop(hook, (), actor=OWNER) == 1
            assert house.hooks.register.letters(hook) == []
            with pytest.raises(NotFound, match="letter_unknown"):
                await house.hooks.drop(hook, old, actor=OWNER)

    run(story(), seed=6)


@pytest.mark.row(90)
def test_s19_dead_letters_are_bounded_outlive_a_crash_and_fail_again_without_a_loss(tmp_path: Path) -> None:
    async def story() -> None:
        post = Post(lambda _came: DEAD)
        house = House(tmp_path, post, letters=4)
        house.open()
        hook = await house.add()
        numbers = await house.happen(6)
        await asyncio.sleep(27 * HOUR)
        await house.crash()
        house.open()
        waiting = [each.number for each in house.hooks.register.letters(hook)]
        assert waiting == numbers[-4:]
        more = await house.happen(3)
        await asyncio.sleep(27 * HOUR)
        waiting = [each.number for each in house.hooks.register.letters(hook)]
        assert waiting == [*numbers, *more][-4:]
        assert house.hooks.register.find(hook).lost == 5
        tried = len(post.came)
        await house.hooks.ask_again(hook, (), actor=OWNER)
        await asyncio.sleep(1)
        assert len(post.came) <= tried + 2, "the first that fails sends the others back"
        assert [each.number for each in house.hooks.register.letters(hook)] == waiting
        assert house.hooks.register.asked(hook) == []
        await house.close()

    run(story(), seed=7)


def test_i17_a_wall_clock_that_jumps_gives_nothing_up(tmp_path: Path) -> None:
    async def story() -> None:
        post = Post(lambda _came: DEAD)
        async with opened(House(tmp_path, post)) as house:
            hook = await house.add()
            await house.happen()
            await asyncio.sleep(60)
            house.clock.jump_wall(400 * 86_400_000)
            await asyncio.sleep(600)
            assert house.hooks.register.letters(hook) == []

    run(story(), seed=8)


@pytest.mark.row(90)
def test_410_switches_off_and_switched_on_again_it_hears_from_now_on(tmp_path: Path) -> None:
    async def story() -> None:
        post = Post(lambda _came: Outcome(False, gone=True, why="answer", status=410))
        async with opened(House(tmp_path, post)) as house:
            hook = await house.add()
            missed = await house.happen(2)
            await asyncio.sleep(SOON)
            assert (len(post.came), house.hooks.register.find(hook).state) == (1, "gone")
            assert house.hooks.failing()[0].id == hook, "a person is told"
            post.answers = lambda _came: TAKEN
            await house.hooks.change(hook, Wanted("till", URL), on=True, version=None, actor=OWNER)
            wanted = await house.happen(1)
            await asyncio.sleep(SOON)
            assert post.numbers == wanted
            await house.hooks.send_again(hook, missed[0] - 1, version=None, actor=OWNER)
            await asyncio.sleep(SOON)
            assert post.numbers == [*wanted, *missed, *wanted], "and what it missed on request"

    run(story(), seed=9)


def test_a_removed_endpoint_hears_nothing_more_and_leaves_no_letter(tmp_path: Path) -> None:
    async def story() -> None:
        post = Post(lambda _came: DEAD)
        house = House(tmp_path, post)
        async with opened(house):
            hook = await house.add()
            await house.happen(2)
            await asyncio.sleep(26 * HOUR)
            assert house.hooks.register.count(hook) == 2
            await house.hooks.remove(hook, version=None, actor=OWNER)
            tried = len(post.came)
            await house.happen(2)
            await asyncio.sleep(26 * HOUR)
            assert len(post.came) == tried
            await house.crash()
            house.open()
            assert house.hooks.all() == []
            with pytest.raises(NotFound, match="hook_unknown"):
                await house.hooks.ask_again(hook, (), actor=OWNER)

    run(story(), seed=10)


def test_two_endpoints_do_not_wait_for_each_other(tmp_path: Path) -> None:
    async def story() -> None:
        def answers(came: Arrived) -> Outcome:
            return DEAD if came.url.startswith("https://slow") else TAKEN

        post = Post(answers)
        async with opened(House(tmp_path, post, endpoints=2)) as house:
            await house.add("https://slow.example/")
            await house.add()
            wanted = await house.happen(3)
            await asyncio.sleep(SOON)
            public = [each for each in post.numbers if each in wanted]
            assert public == wanted
            with pytest.raises(Conflict, match="hooks_full"):
                await house.add("https://third.example/")

    run(story(), seed=11)


@pytest.mark.row(90)
def test_s17_s19_while_a_secret_changes_both_sign_and_then_the_new_one_alone(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(House(tmp_path)) as house:
            hook = await house.add()
            await house.happen()
            await asyncio.sleep(1)
            changed, secret = await house.hooks.rotate(hook, overlap_h=24, version=1, actor=OWNER)
            assert secret.startswith("whsec_")
            await house.happen()
            await asyncio.sleep(1)
            await asyncio.sleep(24 * HOUR)
            await house.happen()
            await asyncio.sleep(1)
            signed = [len(each.headers["webhook-signature"].split()) for each in house.post.came]
            assert signed == [1, 2, 1]
            with pytest.raises(Conflict, match="version_moved"):
                await house.hooks.rotate(hook, overlap_h=0, version=changed.version - 1, actor=OWNER)

    run(story(), seed=12)


def test_i19_the_journal_holds_no_secret_in_the_clear(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(House(tmp_path)) as house:
            _, secret = await house.hooks.add(Wanted("till", URL), actor=OWNER)
            told = repr(house.journal.after(0, limit=256))
            assert secret.removeprefix("whsec_") not in told

    run(story(), seed=13)


@pytest.mark.row(90)
@pytest.mark.no_cover
@pytest.mark.parametrize("seed", range(3))
def test_a2_what_a_person_changes_while_events_are_delivered_is_not_undone(tmp_path: Path, seed: int) -> None:
    async def story() -> None:
        async with opened(House(tmp_path, note_s=1)) as house:
            hook = await house.add()

            async def persons() -> None:
                for n in range(6):
                    await asyncio.sleep(0.4)
                    wanted = Wanted(f"name {n}", URL)
                    await house.hooks.change(hook, wanted, on=True, version=n + 1, actor=OWNER)

            async def two_at_once() -> list[object]:
                same = [
                    house.hooks.rotate(hook, overlap_h=1, version=7, actor=OWNER),
                    house.hooks.change(hook, Wanted("last", URL), on=True, version=7, actor=OWNER),
                ]
                return list(await asyncio.gather(*same, return_exceptions=True))

            people = asyncio.create_task(persons())
            wanted = []
            for _ in range(12):
                wanted += await house.happen(2)
                await asyncio.sleep(0.2)
            await people
            assert house.hooks.register.find(hook).label == "name 5"
            assert sum(isinstance(each, Conflict) for each in await two_at_once()) == 1, "one of the two"
            await asyncio.sleep(SOON)
            assert list(dict.fromkeys(house.post.numbers)) == wanted
            kept = house.hooks.register.find(hook)
            await house.crash()
            house.open()
            assert house.hooks.register.find(hook) == kept, "and the record says the same"

    run(story(), seed=seed)
