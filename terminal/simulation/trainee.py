"""Scripted trainees at the simulated counter: lessons and exams in virtual time, by seed."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from terminal.counter.ports import Devices
from terminal.errors import TerminalError
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.money import Money
from terminal.simulation.models import CounterModel
from terminal.simulation.world import Outfit, World
from terminal.training.certificate import certificate
from terminal.training.desk import LessonDesk, Run
from terminal.training.exam import question
from terminal.training.exam_desk import Exam, ExamDesk
from terminal.training.judge import Progress
from terminal.training.lesson import Track, Trainee, drills, lesson, lessons
from terminal.virtual_time import run as virtual
from terminal.wiring.lesson_stage import ServiceStage

Behaviour = Literal["right", "wrong"]
COUNTER: Final = "1"
TRAINEE: Final = Actor("person", "trainee")
TYPES_S: Final = 3.0  # to type an amount, to press a button, to read a question
WAITS_S: Final = 60.0
LOOKS_S: Final = 0.5
SHORT: Final = 10  # who is fooled opens a tenth of the amount


class Onlooker:
    def painted(self, counter: str, payload: str, amount_minor: int) -> None: ...

    def printing(self, counter: str, receipt: str, copy: int) -> None: ...

    def said(self, counter: str, kind: str, amount_minor: int) -> None: ...


@dataclass(slots=True)
class Classroom:
    """A counter, the one who practises, and what is written down of it."""

    world: World
    model: CounterModel
    desk: LessonDesk
    exams: ExamDesk

    async def act(self, verb: Trainee) -> None:
        await asyncio.sleep(TYPES_S)
        await _ACTS[verb](self)

    def going(self) -> Run:
        going = self.desk.run(COUNTER)
        assert going is not None, "no lesson is going on"
        return going

    @property
    def sale(self) -> str:
        return self.going().sale

    async def charge(self, minor: int) -> None:
        request = OpenSale(COUNTER, Money(minor, self.world.house.currency))
        await self.world.service.checkout.open_sale(request, actor=TRAINEE)

    async def until(self, word: str) -> None:
        await self.world.service.until(self.sale, lambda now: now.word == word, WAITS_S)

    async def scan(self) -> None:
        """What the customer's phone shows by now."""
        for _ in range(int(WAITS_S / LOOKS_S)):
            if self.going().code:
                break
            await asyncio.sleep(LOOKS_S)
        await self.world.service.checkout.take_scan(COUNTER, self.going().code, actor=TRAINEE)

    async def refund(self) -> None:
        await self.world.service.aftercare.refund(self.sale, None, reason="customer changed mind", actor=TRAINEE)

    async def work(self, run: Run, behaviour: Behaviour) -> Progress:
        """The script of each step, until the lesson is over."""
        at = -1
        while not run.progress.outcome:
            if run.progress.step == at:
                await asyncio.sleep(LOOKS_S)
                continue
            at = run.progress.step
            step = run.lesson.steps[at]
            for verb in step.wrong if behaviour == "wrong" and step.wrong else step.right:
                if run.progress.outcome:
                    break
                await self.act(verb)
        return await self.desk.wait(COUNTER)

    async def sit(self, seed: int, behaviour: Behaviour, track: Track) -> Exam:
        exam = await self.exams.begin(COUNTER, TRAINEE, seed=seed, track=track)
        while exam.next_task:
            await self.work(await self.exams.begin_task(exam.id, TRAINEE), behaviour)
            exam = self.exams.exam(exam.id)
        while asked := exam.next_question:
            await asyncio.sleep(TYPES_S)
            right = question(asked).right
            wrong = (right + 1) % len(question(asked).answers)
            answer = right if behaviour == "right" else wrong
            exam = await self.exams.answer(exam.id, asked, answer, TRAINEE)
        return exam


async def _pressed(room: Classroom, act: Any) -> None:
    try:
        await room.desk.act(COUNTER, act, TRAINEE)
    except TerminalError as error:
        if error.slug != "lesson_none":  # it was over by the time of the button
            raise


_PRESSES: Final[Mapping[Trainee, str]] = {
    "hand_over": "handed_over",
    "keep": "kept",
    "check_sticker": "checked_sticker",
    "check_proof": "checked_proof",
    "hang_up": "hung_up",
    "take_cash": "took_cash",
    "do_it": "did_it",
    "see_report": "saw_report",
}


async def _cancel(room: Classroom) -> None:
    await room.world.service.checkout.cancel(room.sale, why="cashier", actor=TRAINEE)


def _press(act: str) -> Callable[[Classroom], Awaitable[None]]:
    return lambda room: _pressed(room, act)


_ACTS: Final[Mapping[str, Callable[[Classroom], Awaitable[None]]]] = {
    "charge": lambda room: room.charge(room.going().due_minor),
    "charge_again": lambda room: room.charge(room.going().due_minor),
    "charge_less": lambda room: room.charge(max(1, room.going().due_minor // SHORT)),
    "scan": Classroom.scan,
    "wait_paid": lambda room: room.until("paid"),
    "wait_checking": lambda room: room.until("checking"),
    "cancel": _cancel,
    "refund": Classroom.refund,
    **{verb: _press(act) for verb, act in _PRESSES.items()},
}


@asynccontextmanager
async def classroom(
    seed: int, folder: Path, *, channels: tuple[str, ...] = ("wechatpay",)
) -> AsyncIterator[Classroom]:
    """On a virtual loop: one counter with simulated devices and its bank, whose ``channels`` it takes."""
    models: dict[str, CounterModel] = {}

    def devices(counter: str) -> Devices:
        return models[counter].devices()

    world = World(seed, folder, counters=(COUNTER,), outfit=Outfit(devices=devices, channels=channels))
    models[COUNTER] = CounterModel(COUNTER, world.clock, Onlooker())
    await world.start()
    try:
        async with _desks(world, models) as room:
            yield room
    finally:
        await world.close()


@asynccontextmanager
async def _desks(world: World, models: Mapping[str, CounterModel]) -> AsyncIterator[Classroom]:
    service = world.service
    stage = ServiceStage(service, world.bank, world.bank_clock.wall_ms, world.bank_worked, models.get)
    store, feed = service.house.store, service.feed
    desk = LessonDesk(store, journal=feed, clock=world.clock, ids=world.ids, stage=stage)
    try:
        await desk.recover()
        yield Classroom(
            world,
            models[COUNTER],
            desk,
            ExamDesk(store, journal=feed, clock=world.clock, ids=world.ids, lessons=desk),
        )
    finally:
        await desk.close()


@asynccontextmanager
async def reopened(room: Classroom) -> AsyncIterator[Classroom]:
    """The process was killed where it stood, and started again over the same disk, bank and devices."""
    for task in [run.task for run in room.desk.runs() if run.task is not None]:
        task.cancel()
    await room.world.crash()
    await room.world.start()
    async with _desks(room.world, {COUNTER: room.model}) as again:
        yield again


def chosen(name: str) -> Sequence[str]:
    """A lesson, a module, ``scams``, ``incidents`` or ``all``. Raises NotFound("lesson_unknown")."""
    if name == "scams":
        return [each.id for each in drills()]
    if name == "incidents":
        return [each.id for each in lessons().values() if each.module == "trouble"]
    in_module = [each.id for each in lessons().values() if name in ("all", each.module)]
    return in_module or [lesson(name).id]


def run_lessons(
    names: Sequence[str], *, seed: int = 1, behaviour: Behaviour = "right", track: Track = "fast"
) -> list[dict[str, Any]]:
    """Each lesson at the simulated counter, as a scripted trainee does it. Times are virtual seconds."""

    async def play(folder: Path) -> list[dict[str, Any]]:
        told = []
        async with classroom(seed, folder) as room:
            for name in names:
                run = await room.desk.begin(name, COUNTER, TRAINEE, track=track, seed=seed)
                told.append(_told(run, await room.work(run, behaviour)))
        return told

    with tempfile.TemporaryDirectory() as folder:
        return virtual(play(Path(folder)), seed=seed, guard=False)


def _told(run: Run, progress: Progress) -> dict[str, Any]:
    return {
        "lesson": run.lesson.id,
        "outcome": progress.outcome,
        "seconds": (progress.ended_ms - run.began_ms) // 1000,
        "findings": [each.rule for each in progress.findings],
    }


def run_exam(seed: int, *, behaviour: Behaviour = "right", track: Track = "fast") -> dict[str, Any]:
    """One exam of this seed, sat by a scripted trainee; its certificate."""

    async def play(folder: Path) -> dict[str, Any]:
        async with classroom(seed, folder) as room:
            exam = await room.sit(seed, behaviour, track)
            feed = room.world.service.feed
            head = feed.of_subject(exam.id)[-1]
            return certificate(exam, room.world.house.title, "trainee", head)

    with tempfile.TemporaryDirectory() as folder:
        return virtual(play(Path(folder)), seed=seed, guard=False)
