"""The roadshow: every shipped playlist is played on the lab as an audience sees it, on virtual time."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from terminal.cli.lab.virtual import VirtualBank, VirtualProcess
from terminal.help.languages import LANGUAGES
from terminal.lab.laboratory import Laboratory
from terminal.lab.playlist import STORIES, named, shipped
from terminal.lab.scenario_files import read
from terminal.lab.scenarios import Scenario
from terminal.lab.show import Show
from terminal.lab.stand import Stand
from terminal.lab.till_acts import TillActs
from terminal.lab.timeline import Timeline
from terminal.simulation.api_door import Ask
from terminal.simulation.lab_run import play
from terminal.testing.counter import Counter
from terminal.testing.office import OWNER_PIN
from terminal.testing.setup import Setup

pytestmark = pytest.mark.no_cover  # whole worlds; tests/unit/lab/test_playlist.py measures the rules
STORY_FILES = sorted(STORIES.glob("*.toml"))
LIMIT_S = 3600.0  # of virtual time


@dataclass
class Stage:
    """A counter on virtual time with a show over it; ``seen``: what the page was told, each change once.

    ``late_s``: how long answers of the service are on their way.
    """

    counter: Counter
    show: Show
    seen: list[dict[str, Any]]
    late_s: list[float]

    def until(self, holds: Callable[[], bool]) -> None:
        self.counter.run(self._until(holds), limit_s=LIMIT_S + 60)

    async def _until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not holds():  # noqa: ASYNC110  # nobody tells; it is looked at, and time is a number
                await asyncio.sleep(0.1)

    @property
    def story(self) -> str:
        return str(self.show.playlist.stories[self.show.told()["number"] - 1].name)


def staged(counter: Counter, name: str, *, once: bool = False) -> Stage:
    stand = Stand(counter.devices.wires, Timeline(counter.world.bank_clock))
    process, late_s = VirtualProcess(counter), [0.0]
    lab = Laboratory(stand, VirtualBank(counter), process, stand.timeline)  # type: ignore[arg-type]  # by shape

    async def send(method: str, path: str, body: Mapping[str, Any] | None, key: str) -> tuple[int, Any]:
        office = await counter.office()
        assert office is not None
        headers = {"Authorization": f"Bearer {await counter.line.key()}", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": key} if key else {}
        data = msgspec.json.encode(body) if body is not None else None
        status, _, told = await office.door.ask(Ask(method, f"/api/v1{path}", data, headers))
        await asyncio.sleep(late_s[0])
        return status, msgspec.json.decode(told) if told else None

    show = Show(lab, TillActs(send, counter.world.ids, lambda: OWNER_PIN), named(name), once=once)
    seen: list[dict[str, Any]] = []

    def look() -> None:
        now = {**show.told(), "glass": stand.screen}
        if not seen or seen[-1] != now:
            seen.append(now)

    lab.on_change = look
    return Stage(counter, show, seen, late_s)


@contextmanager
def played(name: str, *, once: bool = False) -> Iterator[Stage]:
    counter = Counter.open(Setup())
    made = staged(counter, name, once=once)
    running = counter.run(_begun(made.show))
    try:
        yield made
    finally:
        counter.run(_ended(running))
        counter.close()


@pytest.fixture
def stage() -> Iterator[Stage]:
    with played("fair") as made:
        yield made


async def _begun(show: Show) -> "asyncio.Task[None]":
    return asyncio.create_task(show.run())


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_the_playlist_plays_by_itself_from_the_first_story_to_the_last_and_again(stage: Stage) -> None:
    """What the page is told is what really happened: words of the till, of the phone, of the bank."""
    show = stage.show
    assert not show.told()["playing"]
    show.press("start")
    stage.until(lambda: show.rounds == 1)
    assert show.failed == {}
    assert stage.story == "scan-the-shop", "and again from the first"
    by_story: dict[str, list[dict[str, Any]]] = {}
    for each in stage.seen:
        by_story.setdefault(each["title"]["en"], []).append(each)
    assert len(by_story) == len(show.playlist.stories)

    def till(title: str) -> list[str]:
        words = [each["till"]["word"] for each in by_story[title] if each["till"]["word"] != "ready"]
        return [word for at, word in enumerate(words) if at == 0 or words[at - 1] != word]

    assert till("You scan the shop's code")[-2:] == ["waiting", "paid"]
    assert till("“One moment, checking”")[-3:] == ["waiting", "checking", "paid"]
    assert till("A fake screenshot is refused")[-1] == "not_paid"
    assert "paid" not in till("A fake screenshot is refused")
    told = by_story["The network is down"]
    back = next(at for at, each in enumerate(told) if each["tell"].get("en", "").startswith("The network is back"))
    dead = told[1:back]
    assert {each["glass"] for each in dead} <= {"idle", "result"}, "no code comes where nobody answers"
    assert {each["till"]["word"] for each in dead} <= {"ready", "waiting", "checking"}, "and nothing is known"
    assert till("The network is down")[-3:] == ["not_paid", "waiting", "paid"]
    assert by_story["You get your money back"][-1]["till"]["given_back"]
    phones = [each["phone"] for each in by_story["A fake screenshot is refused"]]
    assert [each["kind"] for each in phones if each["proof"] == "9Z4K"][-1] == "no"
    amounts = {each["amount"]["en"] for each in stage.seen if each["amount"]}
    assert amounts == {"¥28.50", "¥9.90"}
    assert any(each["tell"] for each in stage.seen)
    for each in stage.seen:
        assert set(each["tell"]) in (set(), set(LANGUAGES))


def test_it_stands_still_while_paused_goes_one_sentence_with_next_and_repeats_and_skips(stage: Stage) -> None:
    show = stage.show
    show.press("start")
    stage.until(lambda: show.told()["step"] == 1)
    show.press("pause")
    stage.counter.run(asyncio.sleep(30))
    assert (show.told()["step"], stage.story) == (1, "scan-the-shop")
    show.press("next")
    stage.until(lambda: show.told()["phone"]["kind"] == "order")
    assert show.told()["paused"]
    show.press("skip")
    stage.until(lambda: stage.story == "show-your-phone" and show.told()["step"] == 1)
    assert show.told()["paused"], "who speaks decides when it goes on"
    show.press("pause")
    stage.until(lambda: show.told()["till"]["word"] == "paid")
    show.press("repeat")
    stage.until(lambda: show.told()["till"]["word"] == "ready")
    assert stage.story == "show-your-phone"
    assert show.rounds == 0


def test_a_pause_longer_than_a_code_lives_begins_the_story_again_and_leaves_no_sale_open(stage: Stage) -> None:
    show = stage.show
    show.press("start")
    stage.until(lambda: show.told()["phone"]["kind"] == "order" and show.told()["step"] == 2)
    show.press("pause")
    stage.counter.run(asyncio.sleep(50))
    show.press("pause")
    stage.until(lambda: show.told()["step"] <= 1)
    assert stage.story == "scan-the-shop"
    stage.until(lambda: stage.story == "show-your-phone")
    assert show.failed == {}
    sales = [stage.counter.service.book.sale(each.subject) for each in stage.counter.service.feed.list("sale")]
    assert sorted(each.word for each in sales[-2:]) == ["not_paid", "paid"]


def test_a_sale_that_an_earlier_show_left_open_is_ended_first(stage: Stage) -> None:
    left = stage.counter.sell(1200)
    stage.show.press("start")
    stage.until(lambda: stage.story == "show-your-phone")
    assert stage.show.failed == {}
    assert stage.counter.service.book.sale(left.id).word == "not_paid"


def test_a_story_that_is_left_while_its_sale_is_being_opened_leaves_none_behind(stage: Stage) -> None:
    show, sales = stage.show, stage.counter.service.feed
    stage.late_s[0] = 5.0
    show.press("start")
    stage.until(lambda: len(sales.list("sale")) == 1)
    assert show.told()["till"]["word"] == "ready", "nobody has told the show yet"
    show.press("skip")
    stage.until(lambda: stage.story == "show-your-phone")
    stage.late_s[0] = 0.0
    [left] = sales.list("sale")
    assert stage.counter.service.book.sale(left.subject).word == "not_paid"
    stage.until(lambda: stage.story == "checking-please-wait")
    assert show.failed == {}


def test_a_show_of_one_round_opens_no_sale_after_its_last_story_until_somebody_starts_it_again(
    tmp_path: Path,
) -> None:
    title = "\n".join(f'{each} = "Short"' for each in LANGUAGES)
    stories = 'name = "short"\nstories = ["scan-the-shop", "show-your-phone"]'
    (tmp_path / "short.toml").write_text(f"{stories}\n[title]\n{title}\n", "utf-8")
    with played(str(tmp_path / "short.toml"), once=True) as stage:
        show, sales = stage.show, stage.counter.service.feed
        show.press("start")
        stage.until(lambda: show.rounds == 1)
        opened = len(sales.list("sale"))
        stage.counter.run(asyncio.sleep(60), limit_s=90)
        assert len(sales.list("sale")) == opened
        assert {each.body["open"] for each in sales.list("sale")} == {False}
        assert not show.told()["playing"]
        show.press("start")
        stage.until(lambda: len(sales.list("sale")) > opened)


def test_what_does_not_come_is_noted_and_the_next_story_finds_a_whole_counter(stage: Stage) -> None:
    """Somebody pulled the display's plug: the phone has nothing to read."""
    show, lab = stage.show, stage.show._lab
    stage.counter.run(lab.stand.unplug("display"))
    show.press("start")
    stage.until(lambda: stage.story == "show-your-phone" and show.told()["till"]["word"] == "paid")
    assert list(show.failed) == ["scan-the-shop"]
    assert "reads nothing" in show.failed["scan-the-shop"]


def test_a_picture_that_the_bank_did_not_answer_about_is_not_called_false(tmp_path: Path) -> None:
    told = (STORIES / "fake-screenshot.toml").read_text("utf-8").replace('verdict = "no"', 'verdict = "unknown"')
    dead, back = ('[[step]]\ndo = "bank_down"\n\n[[step]]\n', '[[step]]\ndo = "bank_up"\n\n[[step]]\n')
    for step, trouble in (("check_proof", dead), ("cancel", back)):
        told = told.replace(f'[[step]]\ndo = "{step}"', f'{trouble}do = "{step}"')
    (tmp_path / "own.toml").write_text(told, "utf-8")
    title = "\n".join(f'{each} = "Mine"' for each in LANGUAGES)
    (tmp_path / "mine.toml").write_text(f'name = "mine"\nstories = ["own.toml"]\n[title]\n{title}\n', "utf-8")
    with played(str(tmp_path / "mine.toml")) as stage:
        stage.show.press("start")
        stage.until(lambda: stage.show.rounds == 1)
        assert stage.show.failed == {}
        assert {each["phone"]["kind"] for each in stage.seen} == {"idle", "screenshot"}


def test_somebody_at_the_lab_s_own_page_who_refuses_on_the_phone_does_not_end_the_show(stage: Stage) -> None:
    show, lab = stage.show, stage.show._lab
    show.press("start")
    stage.until(lambda: show.told()["phone"]["kind"] == "order")
    stage.counter.run(lab.act("refuse", str(lab.shown["order_no"]), str(lab.shown["mchid"])))
    stage.until(lambda: stage.story == "show-your-phone")
    assert show.failed == {}


@pytest.mark.parametrize("path", STORY_FILES, ids=lambda path: path.stem)
def test_what_the_stories_promise_the_oracle_agrees_with(path: Path, tmp_path: Path) -> None:
    verdict = play(read(path), tmp_path)
    assert verdict.fired
    assert verdict.wrong == ()


def test_every_shipped_story_is_on_a_playlist_and_every_playlist_can_be_shown() -> None:
    lists = [named(name) for name in shipped()]
    told: set[str] = {story.name for each in lists for story in each.stories}
    assert told == {path.stem for path in STORY_FILES}
    assert all(isinstance(story, Scenario) for each in lists for story in each.stories)
