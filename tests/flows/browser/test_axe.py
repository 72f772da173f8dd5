"""axe-core on every page of the visit, training and help, and on those a shop works with: nothing serious."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Page

from terminal.payments.event import Actor
from terminal.training.lesson import lessons
from terminal.training.video import OWN
from terminal.visit.steps import Step
from terminal.web.pages.care import care_routes
from terminal.web.pages.help import help_routes
from terminal.web.pages.training import train_routes
from terminal.web.pages.visit import visit_routes
from terminal.wiring.practice import World
from tests.flows.browser.axe import violations
from tests.flows.browser.conftest import Till

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls and pages
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]
NO_PAGES: Final = {
    "/setup/visit.svg",
    "/setup/cards/{card}.{kind}",
    "/setup/visit/cents",
    "/setup/visit/record.pdf",
    "/train/exam/{exam}/slip.png",
    "/train/video/{lesson}/file",
}
VISIT: Final[Mapping[str, tuple[str, ...]]] = {
    "/setup/sheet": ("/setup/sheet",),
    "/setup/cards": ("/setup/cards",),
    "/setup/pack": ("/setup/pack",),
    "/setup/visit": ("/setup/visit",),
    "/setup/visit/{step}": tuple(f"/setup/visit/{step}" for step in Step),
}
HELP: Final[Mapping[str, tuple[str, ...]]] = {
    "/help": ("/help", "/help?q=paper"),
    "/help/{code}": ("/help/P-03",),
    "/help/contact": ("/help/contact",),
    "/help/safety": ("/help/safety",),
    "/help/guide/{name}": tuple(f"/help/guide/{name}" for name in ("shopkeeper", "visit", "incidents")),
    "/cases": ("/cases",),
}
FEW: Final = (
    "/setup/sheet",
    "/setup/visit/faults",
    "/setup/visit/acceptance",
    "/help?q=paper",
    "/help/contact",
    "/train",
)
DAILY: Final = ("/", "/people", "/me", "/setup", "/reports/today", "/reports/z", "/risk", "/privacy", "/sign-in")


async def sound(till: Till, base: str, *paths: str) -> None:
    for path in paths:
        await till.page.goto(base + path)
        await till.page.locator("main").wait_for()
        await till.page.wait_for_load_state("networkidle")  # what its scripts ask for is drawn, too
        assert await violations(till.page) == [], path


async def by_night_on_a_phone(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.emulate_media(color_scheme="dark")


def lesson_video(state: Path) -> str:
    """The page of a lesson's video: the shop's own, of which axe sees the page around it and no picture."""
    lesson = next(iter(lessons()))
    (state / OWN).mkdir()
    (state / OWN / f"{lesson}.mp4").write_bytes(b"\x00\x00\x00\x18ftypmp42" + bytes(64))
    return f"/train/video/{lesson}"


async def ended_exam(world: World, counter: str, who: Actor) -> str:
    """Goods given away at every task and every question answered alike."""
    exams = world.classroom.exams
    exam = await exams.begin(counter, who, seed=7)
    while exams.exam(exam.id).next_task:
        await exams.begin_task(exam.id, who)
        assert (await exams.lessons.act(counter, "handed_over", who)).outcome
    while question := exams.exam(exam.id).next_question:
        await exams.answer(exam.id, question, 0, who)
    return exam.id


@pytest.mark.row(140, 141)
async def test_axe_finds_nothing_serious_on_pages_of_visit_training_and_help(till: Till) -> None:
    await till.open(till.shop.owner)
    assert await violations(till.page) == [], "the till"
    await sound(till, till.shop.url, *FEW)


@pytest.mark.slow  # each page costs the browser half a second; make test-long
@pytest.mark.row(140, 141)
async def test_axe_finds_nothing_serious_on_any_page_of_visit_and_help_by_day_and_by_night(till: Till) -> None:
    served = {each.path for each in (*visit_routes(), *care_routes(), *help_routes())}
    assert served - NO_PAGES == {*VISIT, *HELP}, "a page that axe does not see yet"
    await till.open(till.shop.owner)
    every = (*(each for paths in (*VISIT.values(), *HELP.values()) for each in paths), *DAILY)
    await sound(till, till.shop.url, *every)
    await by_night_on_a_phone(till.page)
    await sound(till, till.shop.url, *every, f"/c/{till.counter}/till")


@pytest.mark.slow  # as above
@pytest.mark.row(140, 141)
async def test_axe_finds_nothing_serious_in_lessons_exam_certificate_and_the_trainer_s_page(till: Till) -> None:
    shop, counter, who = till.shop, till.counter, Actor("person", till.shop.owner)
    served = {each.path for each in train_routes()}
    lesson, *pages = ("/train/video/{lesson}", "/train", "/train/exam", "/train/exam/{exam}", "/train/trainer")
    assert served - NO_PAGES == {lesson, *pages}, "a page that axe does not see yet"
    film = lesson_video(shop.running.state)
    await till.open(shop.owner)
    await sound(till, shop.url, "/train", "/train?track=calm", film)
    await till.page.goto(await shop.running.training.begin(counter, who))
    world = shop.running.training.world
    assert world is not None
    exam = f"/train/exam?counter={counter}"
    await sound(till, world.url, "/train", "/train?track=calm", exam)
    await world.classroom.exams.begin(counter, who, seed=7)
    await sound(till, world.url, exam)
    ended = await ended_exam(world, counter, who)
    await sound(till, world.url, f"/train/exam/{ended}", "/train/trainer", film)
    await by_night_on_a_phone(till.page)
    await sound(till, world.url, "/train", film, f"/train/exam/{ended}", "/train/trainer", f"/c/{counter}/till")
