"""Lessons where a real counter practises: over HTTP, by the shop's people, beside a journal that stays clean."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from typer.testing import CliRunner
from yarl import URL

from terminal.cli.commands import app
from terminal.counter.service import Service
from terminal.errors import InvalidRequest
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.money import Money
from terminal.people.roles import Role
from terminal.system import SystemEntropy
from terminal.training.exam import question
from terminal.training.exam_desk import ExamDesk
from terminal.visit.keys import open_key
from terminal.visit.seal import check, fingerprint
from terminal.wiring.practice import World
from tests.flows.browser.shop import OWNER_PIN, Shop, open_shop

pytestmark = pytest.mark.no_cover
MEI = Actor("person", "mei")
WATCHDOG_S = 30


class Student:
    """A browser of the shop, on the practice pages. ``world`` is what it practises in."""

    def __init__(self, shop: Shop, http: aiohttp.ClientSession) -> None:
        self.shop, self.http = shop, http
        self.tried = 0

    @property
    def world(self) -> World:
        assert self.shop.running.training.world is not None
        return self.shop.running.training.world

    @property
    def service(self) -> Service:
        return self.world.service

    async def sign_in(self) -> None:
        async with self.http.get(self.shop.link("1", self.shop.owner)) as page:
            assert page.status == 200

    async def page(self, path: str) -> tuple[int, str]:
        async with self.http.get(self.world.url + path) as answer:
            text = await answer.text() if answer.content_type.startswith("text") else ""
            return answer.status, text

    async def get(self, path: str) -> dict[str, Any]:
        async with self.http.get(f"{self.world.url}/api/v1{path}") as answer:
            told: dict[str, Any] = await answer.json()
            return told

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self.tried += 1
        headers = {
            "Idempotency-Key": f"key-{self.tried:08d}",
            "X-Requested-With": "countertop",
            "Origin": str(URL(self.world.url).origin()),
        }
        async with self.http.post(f"{self.world.url}/api/v1{path}", json=body, headers=headers) as answer:
            told: dict[str, Any] = await answer.json()
            return {"status": answer.status, **told}

    async def act(self, act: str) -> dict[str, Any]:
        return await self.post("/counters/1/lesson/acts", {"act": act})

    async def sell(self, minor: int) -> str:
        by = Actor("person", self.shop.owner)
        sale = await self.service.checkout.open_sale(OpenSale("1", Money(minor, "CNY")), actor=by)
        return sale.id

    async def paid(self, sale: str) -> None:
        self.service.checkout.check_again(sale)  # nobody need wait for the next look at the bank
        assert await self.service.until(sale, lambda now: now.state == "paid", WATCHDOG_S)

    def due(self) -> int:
        run = self.world.classroom.lessons.run("1")
        assert run is not None
        return run.due_minor


async def x_of(service: Service) -> tuple[int, tuple[object, ...], tuple[object, ...]]:
    """Everything of the real journal that a report could be made from."""
    feed = service.feed
    events = [each for each in feed.after(0, limit=256) if each.type not in ("training_begun", "training_ended")]
    sold = [each for each in events if each.stream.startswith(("counter:", "store:"))]
    return len(sold), feed.list("sale"), feed.list("z_report")


@pytest.mark.row(102, 103, 104, 105, 106)
async def test_a_lesson_an_exam_and_the_trainer_at_a_counter_that_practises(tmp_path: Path) -> None:
    async with open_shop(tmp_path, counters=1) as shop:
        before = await x_of(shop.running.service)
        await shop.running.training.begin("1", MEI)
        async with signed_in(shop) as student:
            await _story(student, before)
        _told_afterwards(tmp_path / "countertop.toml")


async def _story(student: Student, before: object) -> None:
    shop = student.shop
    await _pages(student)
    await _nothing_real(student)
    await _lesson_done_right(student)
    await _goods_given_away(student)
    await _exam_half_way(student)
    await shop.running.training.end("1", MEI)
    assert await x_of(shop.running.service) == before, "practice came into the shop's own journal"
    assert (await student.post("/counters/1/lesson", {"lesson": "take-money"}))["slug"] == "training_off"


@asynccontextmanager
async def signed_in(shop: Shop) -> AsyncIterator[Student]:
    """The owner at the till's browser; its cookies are good at both of the machine's ports."""
    world = shop.running.training.world
    origins = [URL(each).origin() for each in (shop.running.url, world.url if world else shop.running.url)]
    jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=origins)
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        student = Student(shop, http)
        await student.sign_in()
        yield student


def _told_afterwards(settings: Path) -> None:
    """The commands read both journals beside the running service."""
    plan, report = (
        CliRunner().invoke(app, ["train", name, "--config", str(settings), "--json"])
        for name in ("plan", "report")
    )
    assert (plan.exit_code, report.exit_code) == (0, 0), (plan.output, report.output)
    people = {each["actor"]: each for each in json.loads(plan.stdout) if each["actor"] != str(MEI)}
    (owner,) = people.values()
    states = {each["lesson"]: each["state"] for each in owner["skills"]}
    assert states["take-money"] == "done"
    assert owner["again"][0] in {name for name, state in states.items() if state == "weak"}
    (effect,) = json.loads(report.stdout)
    assert (effect["actor"], effect["passed"], effect["sales"]) == (owner["actor"], False, 0)


async def _nothing_real(student: Student) -> None:
    """Who works here, what may come in and what stands here is no practice: such an act is refused."""
    people = student.shop.running.people
    before = [each.id for each in people.people()], student.shop.running.service.feed.last_number()
    acts: dict[str, dict[str, Any]] = {
        "/people": {"role": "cashier", "label": "Bo", "pin": "604182"},
        f"/people/{student.shop.owner}/disable": {},
        f"/people/{student.shop.owner}/pin": {"pin": "604182"},
        "/visitors": {"role": "onboarding", "label": "Bo", "pin": "604182", "hours": 2},
        "/pairing-codes": {"counter": "1"},
        "/visit-codes": {"hours": 2},
        "/keys": {"label": "x", "scopes": ["sales"]},
        "/pair": {"code": "000000", "label": "x"},
        "/second-step": {},
    }
    for path, body in acts.items():
        refused = await student.post(path, body)
        assert (refused["status"], refused.get("slug")) == (409, "training_real"), path
    assert ([each.id for each in people.people()], student.shop.running.service.feed.last_number()) == before
    assert (await student.post("/confirm-pin", {"pin": OWNER_PIN}))["status"] == 200, "a PIN is typed here, too"


async def _pages(student: Student) -> None:
    for path in ("/train", "/train?track=calm&counter=1", "/train/exam?counter=1", "/train/trainer", "/c/1/till"):
        status, text = await student.page(path)
        assert status == 200, (path, text)
        assert "training-band" in text
    nothing = await student.get("/counters/1/lesson")
    assert nothing.get("run") == "", nothing
    refused = await student.act("kept")
    assert (refused["status"], refused["slug"]) == (409, "lesson_none")


async def _lesson_done_right(student: Student) -> None:
    told = await student.post("/counters/1/lesson", {"lesson": "take-money", "track": "calm", "seed": 1})
    assert (told["status"], told["step"], told["outcome"]) == (201, 1, "")
    assert "¥28.50" in told["now"]
    assert student.due() == 2850
    assert (await student.act("hung_up"))["slug"] == "lesson_act"
    sale = await student.sell(2850)
    done = await student.post("/counters/1/lesson/plays", {"play": "pays"})  # the trainer does not wait
    assert done["status"] == 200
    await student.paid(sale)
    done = await student.act("handed_over")
    assert (done["outcome"], done["told"]) == ("passed", "")


async def _goods_given_away(student: Student) -> None:
    await student.post("/counters/1/lesson", {"lesson": "drill-fake-screenshot"})
    await student.sell(student.due())
    proof = await student.post("/counters/1/proof", {"proof": "9999"})
    assert proof["status"] == 200, proof
    run = student.world.classroom.lessons.run("1")
    assert run is not None
    assert "checked_proof" in [each.kind for each in run.happened]
    acts = [each for each in student.service.feed.of_subject(run.id) if each.type == "lesson_act"]
    assert [each.actor for each in acts] == [f"person:{student.shop.owner}"], "who looked, not the program"
    told = await student.act("handed_over")
    assert told["outcome"] == "failed"
    assert "green" in told["told"]


async def _nobodys(student: Student) -> None:
    """A certificate names a person: a till at which nobody signed in sits no exam."""
    shop = student.shop
    origins = [URL(each).origin() for each in (shop.running.url, student.world.url)]
    jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=origins)
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        async with http.get(shop.link("1")) as page:
            assert page.status == 200
        till = Student(shop, http)
        assert (await till.post("/counters/1/exam", {"seed": 7})).get("slug") == "not_signed_in"


async def _exam_half_way(student: Student) -> None:
    """Left after its first task; whoever begins again goes on, and its page says what is next."""
    await _nobodys(student)
    begun = await student.post("/counters/1/exam", {"seed": 7})
    assert (begun["status"], begun["next_task"]) == (201, "take-money")
    task = await student.post("/counters/1/lesson", {"exam": begun["exam"]})
    assert task["exam"] == begun["exam"]
    sale = await student.sell(student.due())
    await student.post("/counters/1/lesson/plays", {"play": "pays"})
    await student.paid(sale)
    assert (await student.act("handed_over"))["outcome"] == "passed"
    await student.world.classroom.lessons.wait("1")
    again = await student.post("/counters/1/exam", {"seed": 8})
    assert (again["exam"], again["next_task"]) == (begun["exam"], "till-says-checking")
    status, text = await student.page("/train/exam?counter=1")
    assert status == 200
    assert "Task 2 of 4" in text
    other = await student.world.classroom.exams.begin("1", MEI, seed=3)
    assert other.id != begun["exam"], "a certificate bears one name, and nobody else's answers"
    for path in ("/counters/1/lesson", "/counters/1/exam/answers"):
        body = {"exam": other.id, **({"question": "green", "answer": 0} if "answers" in path else {})}
        assert (await student.post(path, body))["slug"] == "exam_unknown"
    assert (await student.post("/counters/1/exam", {"seed": 9}))["exam"] == begun["exam"], "one's own goes on"
    early = await student.post(
        "/counters/1/exam/answers", {"exam": begun["exam"], "question": "green", "answer": 0}
    )
    assert early["slug"] == "exam_not_asked"
    assert (await student.page(f"/train/exam/{begun['exam']}"))[0] == 409, "no certificate before its end"
    await _questions(student, begun["exam"])


async def _questions(student: Student, exam_id: str) -> None:
    """Three tasks later: each question's page, the certificate, its slip."""
    exams: ExamDesk = student.world.classroom.exams
    while exams.exam(exam_id).next_task:
        await student.post("/counters/1/lesson", {"exam": exam_id})
        await student.sell(1 if exams.exam(exam_id).next_task != "drill-quick-switch" else student.due())
        assert (await student.act("handed_over"))["outcome"] == "failed"
        await student.world.classroom.lessons.wait("1")
    while asked := exams.exam(exam_id).next_question:
        status, text = await student.page("/train/exam?counter=1")
        assert status == 200
        assert len(re.findall(r"data-answer", text)) == len(question(asked).answers)
        body = {"exam": exam_id, "question": asked, "answer": question(asked).right}
        told = await student.post("/counters/1/exam/answers", body)
    assert (told["ended"], told["passed"]) == (True, False)
    status, text = await student.page(f"/train/exam/{exam_id}")
    assert status == 200
    assert "Goods left without money" in text
    assert "Pressed by this person alone" in text
    assert (await student.page(f"/train/exam/{exam_id}/slip.png"))[0] == 200
    await _sealed(student, exam_id)
    await _nobody_elses(student, exam_id)


async def _sealed(student: Student, exam_id: str) -> None:
    """As a document it bears the seal of the shop's visits, which its sheet tells; a flipped byte is found."""
    async with student.http.get(f"{student.world.url}/train/exam/{exam_id}?format=json") as answer:
        data = await answer.read()
    key = open_key(student.shop.running.state / "keys", SystemEntropy()).public_key().public_bytes_raw()
    document = check(data, kind="certificate", key=fingerprint(key)).document
    assert (document["exam"], document["trainee"], document["passed"]) == (exam_id, "Ana Owner", False)
    assert (document["alone"], document["seconds"] is None) == (True, False)
    for place in range(0, len(data), 97):
        flipped = bytearray(data)
        flipped[place] ^= 1
        with pytest.raises(InvalidRequest, match="sealed_"):
            check(bytes(flipped), kind="certificate", key=fingerprint(key))


async def _nobody_elses(student: Student, exam_id: str) -> None:
    """A certificate tells who failed at what: their own affair, and their trainer's."""
    shop = student.shop
    people = shop.running.people
    token = await people.sign_in(shop.owner, OWNER_PIN, device="test")
    cashier = await people.add_person(people.who("", token), Role.CASHIER, "Bo", "604182")
    origins = [URL(each).origin() for each in (shop.running.url, student.world.url)]
    jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=origins)
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        async with http.get(shop.link("1", cashier)) as page:
            assert page.status == 200
        for path in (
            f"/train/exam/{exam_id}",
            f"/train/exam/{exam_id}?format=json",
            f"/train/exam/{exam_id}/slip.png",
        ):
            async with http.get(student.world.url + path) as answer:
                assert answer.status == 404, path
                assert "Goods left without money" not in await answer.text()


async def test_where_nobody_practises_there_is_no_lesson_and_the_page_leads_to_practice(tmp_path: Path) -> None:
    async with open_shop(tmp_path, counters=1) as shop, signed_in(shop) as student:
        http = student.http
        async with http.get(f"{shop.running.url}/train") as page:
            text = await page.text()
            assert page.status == 200
        assert 'data-training="begin"' in text
        assert "data-lesson" not in text
        async with http.get(f"{shop.running.url}/api/v1/counters/1/lesson") as answer:
            assert answer.status == 404
