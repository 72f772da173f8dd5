"""A visit and an exam at a real process that is killed (kill -9) and started again over the same disk."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from terminal.chance import Chance
from terminal.cli.words import REFUSED
from terminal.sandbox.keys_folder import KeysFolder
from terminal.system import SystemClock, SystemEntropy
from terminal.training.exam import draw, question
from terminal.visit.proofs import TICKS
from terminal.visit.seal import digest
from terminal.visit.steps import NEEDED, Step
from tests.flows.cli_rig import WATCHDOG_S, Ended, Place, command
from tests.flows.killed_rig import Cut, Lives, lives
from tests.flows.sandbox_rig import running_sandbox

SEED = 7
SECOND_PIN = "604182"
EVERYWHERE: tuple[Cut, ...] = ("before", "amid", "after")
ANSWERS = {
    **{"sells": "stall", "peak": "under_20", "printer": "no"},
    **{"scanner": "no", "internet": "cable", "works": "alone"},
}
TOLD: Mapping[Step, Mapping[str, Any]] = {
    Step.QUESTIONS: ANSWERS,
    Step.FAULTS: dict.fromkeys(TICKS, True),
    Step.CARDS: {"quick_card": True},
}
LEFT_OUT = frozenset({Step.DEVICES, Step.TRAINING})  # this shop has no devices, and its exam is a story below


@pytest.fixture(scope="module")
def bank_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RSA keys take a second to make: once for all."""
    folder = tmp_path_factory.mktemp("bank")
    KeysFolder(folder, SystemEntropy()).open(SystemClock().wall_ms(), ("Tea 茶",))
    return folder


@pytest.fixture
async def shop(tmp_path: Path, bank_keys: Path) -> AsyncIterator[Lives]:
    shutil.copytree(bank_keys, tmp_path / "bank")
    shutil.copytree(bank_keys, tmp_path / "state" / "training" / "bank")
    async with running_sandbox(tmp_path / "bank") as sandbox, lives(Place(tmp_path), sandbox) as told:
        yield told


class Visit:
    """Ten steps, each cut where ``cuts`` says; ``wait_s`` draws how long an unheard request is under way."""

    def __init__(self, shop: Lives, cuts: Mapping[Step, Cut], chance: Chance) -> None:
        self._shop, self._cuts, self._chance = shop, cuts, chance
        self._second = ""  # who signs beside the owner

    def wait_s(self) -> float:
        return (self._chance.next64() % 30) / 1000

    async def view(self) -> dict[str, Any]:
        return await self._shop.told("GET", "/visit")

    async def row(self, step: Step) -> dict[str, Any]:
        return dict(next(each for each in (await self.view())["steps"] if each["step"] == step))

    async def step(self, step: Step) -> None:
        shop, cut = self._shop, self._cuts.get(step, "")
        before = await self.view()
        await shop.told("POST", f"/visit/steps/{step}/begin")
        body: dict[str, Any] = {"result": "left_out" if step in LEFT_OUT else "passed", "told": TOLD.get(step, {})}
        if step is Step.CENT:
            body["sales"] = [await self.cent(cut)]
            if not (await self.row(step))["running"]:
                await shop.told("POST", f"/visit/steps/{step}/begin")
        told = await shop.cut(cut, f"/visit/steps/{step}/end", body, wait_s=self.wait_s())
        after = await self.view()
        assert after["visit"] == before["visit"], "the same visit goes on"
        assert [each for each in after["steps"] if each["step"] != step] == [
            each for each in before["steps"] if each["step"] != step
        ], "what was proven before is as it was"
        row = await self.row(step)
        if cut == "after" or not cut:
            assert told is not None
            assert row == next(each for each in told["steps"] if each["step"] == step), "heard, and forgotten"
        if cut:
            assert not row["running"]
        if row["result"] == "open":
            assert cut in ("before", "amid")
            assert row["tries"] == 0
            await shop.told("POST", f"/visit/steps/{step}/begin")
            await shop.told("POST", f"/visit/steps/{step}/end", body)
            row = await self.row(step)
        assert (row["result"], row["tries"]) == (body["result"], 1), row

    async def cent(self, cut: Cut) -> str:
        """One of the smallest amount, paid and given back; with a cut also between the two."""
        shop = self._shop
        body = {"counter": "1", "amount_minor": 1, "directions": ["push"]}
        sale = await shop.told("POST", "/sales", body)
        await shop.now.pay(shop.bank, await shop.now.sale_until(sale["id"], {"open"}))
        if cut:
            await shop.kill()
        await shop.now.sale_until(sale["id"], {"paid"})
        await shop.told("POST", f"/sales/{sale['id']}/refunds", {"reason": "the visit's smallest sale"})
        async with asyncio.timeout(WATCHDOG_S):
            while True:
                told = await shop.told("GET", f"/sales/{sale['id']}")
                if any(each["state"] == "refunded" for each in told["refunds"]):
                    return str(sale["id"])
                await asyncio.sleep(0.05)

    async def accepted_by_command(self) -> None:
        """Two PINs typed at a terminal; a wrong one accepts nothing."""
        shop, out = self._shop, self._shop.place.folder / "by-command.json"

        async def typed(*pins: str) -> tuple[Ended, dict[str, Any]]:
            words = ("onboard", "accept", "Owner", "Second", "--out", out, "--json", *shop.here)
            ended = await asyncio.to_thread(command, *words, typed="".join(f"{pin}\n" for pin in pins))
            return ended, msgspec.json.decode(ended.out[ended.out.index("{") :])  # before it: what was asked for

        ended, refused = await typed(shop.pins["owner"], "111222")
        assert (ended.code, refused["error"]) == (REFUSED, "pin_wrong"), ended
        assert not out.exists()
        assert "What works: done" in ended.err, "what is accepted is shown before"
        _, told = await typed(shop.pins["owner"], SECOND_PIN)
        await self.sound(await self.view())
        assert told["sha256"] == digest(out.read_bytes()) == (await self.view())["record"]
        flipped = bytearray(out.read_bytes())
        flipped[len(flipped) // 3] ^= 1
        out.write_bytes(flipped)
        assert command("verify", out).code == REFUSED

    async def accepted(self, cut: Cut) -> None:
        """Sealed once, as the journal has it, whatever of it was heard."""
        shop = self._shop
        await shop.told("POST", f"/visit/steps/{Step.ACCEPTANCE}/begin")
        people = {shop.owner: shop.pins["owner"], self._second: SECOND_PIN}
        body = {"signers": [{"person": person, "pin": pin} for person, pin in people.items()]}
        told = await shop.cut(cut, "/visit/accept", body, wait_s=self.wait_s())
        view = await self.view()
        if view["state"] == "open":
            assert told is None
            told = await shop.told("POST", "/visit/accept", body)
            view = await self.view()
        assert told is None or told["record"] == view["record"]
        await self.sound(view)

    async def sound(self, view: Mapping[str, Any]) -> None:
        shop = self._shop
        assert view["state"] == "accepted"
        status, record = await shop.ask("GET", "/visit/record")
        assert (status, digest(record)) == (200, view["record"])
        out = shop.place.folder / "acceptance.json"
        out.write_bytes(record)
        verified = command("verify", out, "--key", view["key"], "--json")
        assert verified.code == 0, verified.err
        document = msgspec.json.decode(verified.out)["document"]
        assert {each["step"] for each in document["steps"] if each["result"] == "passed"} >= NEEDED

    async def whole(self, cut: Cut) -> None:
        wish = {"role": "owner", "label": "Second", "pin": SECOND_PIN}
        self._second = (await self._shop.told("POST", "/people", wish))["id"]
        await self._shop.told("POST", "/visit")
        for step in Step:
            if step is not Step.ACCEPTANCE:
                await self.step(step)
        await (self.accepted(cut) if cut else self.accepted_by_command())


async def verified(shop: Lives) -> None:
    await shop.end()
    assert command("journal", "verify", "--config", shop.place.config).code == 0


@pytest.mark.no_cover
@pytest.mark.row(97, 99)
async def test_a_process_killed_while_a_step_ends_has_all_of_it_or_nothing_and_the_visit_is_accepted_at_a_terminal(
    shop: Lives,
) -> None:
    visit = Visit(shop, {Step.PEOPLE: "amid"}, Chance(SEED))
    await visit.whole("")
    await verified(shop)


@pytest.mark.slow
@pytest.mark.row(97, 98, 99)
@pytest.mark.parametrize("cut", EVERYWHERE)
async def test_a_process_killed_at_every_step_of_the_visit_goes_on_over_the_same_disk(
    shop: Lives, cut: Cut
) -> None:
    visit = Visit(shop, dict.fromkeys(Step, cut), Chance(SEED))
    await visit.whole(cut)
    await verified(shop)


class Exam:
    """Every task gone wrong at its first button, every question answered right; cut everywhere by turns."""

    def __init__(self, shop: Lives, chance: Chance, cuts: tuple[Cut, ...]) -> None:
        self._shop, self._chance, self._cuts, self._turn = shop, chance, cuts, 0
        self._url = self.exam = ""

    def next_cut(self) -> Cut:
        self._turn += 1
        return self._cuts[self._turn % len(self._cuts)]

    async def practise(self) -> dict[str, Any]:
        """At the counter that practises (again): the exam as it stands there."""
        self._url = str((await self._shop.told("POST", "/counters/1/training"))["url"])
        exam = await self._shop.told("POST", "/counters/1/exam", {"seed": SEED}, url=self._url)
        assert self.exam in ("", exam["exam"]), "another exam began"
        self.exam = exam["exam"]
        return exam

    async def cut(self, path: str, body: Mapping[str, Any]) -> tuple[Cut, dict[str, Any]]:
        cut, wait_s = self.next_cut(), (self._chance.next64() % 30) / 1000
        await self._shop.cut(cut, f"/counters/1{path}", body, wait_s=wait_s, url=self._url)
        return cut, await self.practise()

    async def whole(self) -> dict[str, Any]:
        paper = draw(SEED, scans=True)
        exam = await self.practise()
        for place, task in enumerate(paper.tasks):
            assert exam["next_task"] == task.lesson, "a task is done, and done again"
            cut, exam = await self.cut("/lesson", {"exam": self.exam})
            assert exam["next_task"] == task.lesson, "what was cut off is begun again"
            body = {"exam": self.exam}
            await self._shop.told("POST", "/counters/1/lesson", body, url=self._url)
            cut, exam = await self.cut("/lesson/acts", {"act": "handed_over"})
            after = [each.lesson for each in paper.tasks[place + 1 :]][:1]
            if exam["next_task"] == task.lesson:
                assert cut in ("before", "amid")
                await self._shop.told("POST", "/counters/1/lesson", body, url=self._url)
                await self._shop.told("POST", "/counters/1/lesson/acts", {"act": "handed_over"}, url=self._url)
                exam = await self.practise()
            assert [exam["next_task"]] == (after or [""])
        for asked, _ in paper.questions:
            answer = {"exam": self.exam, "question": asked, "answer": question(asked).right}
            exam = await self.question(answer, last=asked == paper.questions[-1][0])
        return exam

    async def question(self, body: dict[str, Any], *, last: bool) -> dict[str, Any]:
        cut, wait_s = self.next_cut(), (self._chance.next64() % 30) / 1000
        path = "/counters/1/exam/answers"
        told = await self._shop.cut(cut, path, body, wait_s=wait_s, url=self._url)
        if last and told is not None:
            return told
        self._url = str((await self._shop.told("POST", "/counters/1/training"))["url"])
        status, data = await self._shop.ask("POST", path, body, url=self._url)
        refused = msgspec.json.decode(data)
        if status == 200:
            assert cut in ("before", "amid"), "an answer that was heard is asked for again"
            return dict(refused)
        assert (status, refused["slug"]) == (409, "exam_not_asked")
        return await self.practise() if not last else {"ended": True}


@pytest.mark.slow
@pytest.mark.row(103)
@pytest.mark.parametrize("first", range(3))
async def test_a_process_killed_at_every_step_of_the_exam_goes_on_with_it_and_no_task_or_answer_counts_twice(
    shop: Lives, first: int
) -> None:
    cuts = EVERYWHERE[first:] + EVERYWHERE[:first]
    exam = await Exam(shop, Chance(SEED + first), cuts).whole()
    assert exam["ended"]
    plan = command("train", "plan", "--config", shop.place.config, "--json")
    assert plan.code == 0
    await verified(shop)
