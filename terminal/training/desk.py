"""Lessons under way: told, played, judged and written down as they happen (rows 103 to 105).

One lesson a counter. Everything a judge needs is in the practice journal before the trainee is answered, so that a
lesson that was cut off is known as such: whoever practised begins it again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from terminal.counter.ports import Clock, Ids, Journal
from terminal.errors import Conflict, InvalidRequest, NotFound
from terminal.payments.event import Actor, ActorKind, Event, NewEvent, Summary
from terminal.training.judge import Finding, Happened, Progress, judge, withheld
from terminal.training.lesson import FROM_PAGES, Act, Lesson, Play, Track, lesson
from terminal.training.reading import OF_A_SALE, OTHERS_MAX, others, read
from terminal.training.stage import Stage

LOOK_S: Final = 0.25  # how often a lesson under way looks at the journal
BATCH: Final = 256
RUNS_MAX: Final = 200  # that are looked through for a plan


@dataclass(slots=True)
class Run:
    """``code``: on the customer's phone now; ``done``: plays that were played, by step and place.

    Its times are UTC milliseconds as they were when it began, counted on by the monotonic clock: a clock that is
    set meanwhile neither hurries nor saves a trainee. No run outlives its process.
    """

    id: str
    lesson: Lesson
    counter: str
    actor: Actor
    track: Track
    due_minor: int
    began_ms: int
    began_ns: int
    number: int  # of the last event read
    exam: str = ""
    happened: list[Happened] = field(default_factory=list)
    others: set[str] = field(default_factory=set)  # who pressed something beside ``actor``
    done: set[tuple[int, int]] = field(default_factory=set)
    code: str = ""
    written: bool = False  # that it ended
    ending: asyncio.Lock = field(default_factory=asyncio.Lock)
    task: "asyncio.Task[None] | None" = None
    progress: Progress = field(default_factory=lambda: Progress(0, 0, ()))

    def at_ms(self, mono_ns: int) -> int:
        return self.began_ms + (mono_ns - self.began_ns) // 1_000_000

    @property
    def sales(self) -> frozenset[str]:
        return frozenset(each.sale for each in self.happened if each.kind == "opened")

    @property
    def sale(self) -> str:
        """The newest of this lesson."""
        return next((each.sale for each in reversed(self.happened) if each.kind == "opened"), "")


class LessonDesk:
    """Of one practice journal."""

    def __init__(self, store: str, *, journal: Journal, clock: Clock, ids: Ids, stage: Stage) -> None:
        self._stream, self._journal, self._clock, self._ids = f"store:{store}", journal, clock, ids
        self.stage = stage
        self._runs: dict[str, Run] = {}
        self._turn = asyncio.Lock()

    # --- reading ----------------------------------------------------------------------------------------

    def run(self, counter: str) -> Run | None:
        """The one at this counter, also for a while after it ended."""
        return self._runs.get(counter)

    def runs(self) -> tuple[Run, ...]:
        return tuple(self._runs.values())

    def now(self, counter: str) -> Progress | None:
        run = self._runs.get(counter)
        return run.progress if run else None

    def newest(self) -> tuple[Summary, ...]:
        """Lessons of this place, the newest first, at most RUNS_MAX."""
        return self._journal.list("lesson", limit=RUNS_MAX)

    # --- acting -----------------------------------------------------------------------------------------

    async def recover(self) -> None:
        """Lessons that a power cut ended are over, and the journal says so."""
        for row in self.newest():
            if row.body["state"] == "begun":
                actor, own = str(row.body["actor"]), self._journal.of_subject(row.subject)
                kind, _, who = actor.partition(":")
                beside = others(own, row.subject, str(row.body["place"]), actor)
                ended = _Ended("interrupted", (), _lasted_s(own), withheld=True, others=beside)
                await self._write(row.subject, row.body, Actor(cast(ActorKind, kind), who), ended)

    async def begin(
        self, lesson_id: str, counter: str, actor: Actor, *, track: Track = "fast", seed: int = 0, exam: str = ""
    ) -> Run:
        """A lesson begins, the one before it at this counter is left.

        Raises:
            NotFound("lesson_unknown"); Conflict("lesson_needs_scan"): this shop's channels read no phone.
        """
        wanted = lesson(lesson_id)
        if "scan" in wanted.needs and not self.stage.scans:
            raise Conflict("lesson_needs_scan", lesson=lesson_id)
        async with self._turn:
            await self._leave(counter)
            await self.stage.clear(counter)
            run_id, due = self._ids.ulid(), wanted.amounts_minor[seed % len(wanted.amounts_minor)]
            body: dict[str, Any] = {
                "lesson": wanted.id,
                "counter": counter,
                "track": track,
                "due_minor": due,
                "exam": exam,
                "index": {"summary": _row(wanted.id, "begun", exam, str(actor), counter)},
            }
            event = (await self._journal.append([NewEvent(self._stream, "lesson_begun", run_id, actor, body)]))[0]
            begun = event.wall_ms, event.mono_ns, event.number
            run = Run(run_id, wanted, counter, actor, track, due, *begun, exam)
            run.progress = Progress(0, event.wall_ms, ())
            self._runs[counter] = run
            run.task = asyncio.create_task(self._live(run), name=f"lesson {counter}")
            return run

    async def act(self, counter: str, act: Act, actor: Actor) -> Progress:
        """The trainee did this.

        Raises:
            Conflict("lesson_none"); InvalidRequest("lesson_act"): no button of it; NotFound("exam_unknown"): the
            exam is somebody else's, whose name its certificate will bear.
        """
        run = self._runs.get(counter)
        if run is None or run.progress.outcome:
            raise Conflict("lesson_none", counter=counter)
        if run.exam and actor.kind == "person" and actor != run.actor:
            raise NotFound("exam_unknown", exam=run.exam)
        if act not in run.lesson.buttons and act not in FROM_PAGES:
            raise InvalidRequest("lesson_act", act=act)
        self._look(run)  # what was green before the button was pressed counts
        sale = run.sale
        till = self.stage.till(sale)
        body: dict[str, Any] = {
            "act": act,
            "counter": counter,
            "sale": sale,
            "word": till.word,
            "paid_minor": till.paid_minor,
        }
        await self._journal.append([NewEvent(self._stream, "lesson_act", run.id, actor, body)])
        if self._look(run).outcome:
            await self._finish(run, run.progress.outcome)  # before the trainee hears it: an exam goes on from here
        return run.progress

    async def play(self, counter: str, play: Play, actor: Actor) -> None:
        """A trainer makes customer or bank do something, and the record says so."""
        if (run := self._runs.get(counter)) is not None and not run.progress.outcome:
            body: dict[str, Any] = {"play": play.do, "counter": counter}
            await self._journal.append([NewEvent(self._stream, "lesson_played", run.id, actor, body)])
        await self.stage.play(counter, play)

    async def leave(self, counter: str) -> None:
        """Whoever practises stops here; nothing is judged."""
        async with self._turn:
            await self._leave(counter)
            self._runs.pop(counter, None)

    async def wait(self, counter: str) -> Progress:
        """Until the run at this counter is over and written down."""
        run = self._runs[counter]
        if run.task is not None:
            await asyncio.wait({run.task})
        return run.progress

    async def close(self) -> None:
        for run in self._runs.values():
            if run.task is not None:
                run.task.cancel()
        tasks = [run.task for run in self._runs.values() if run.task is not None]
        if tasks:
            await asyncio.wait(tasks)

    # --- a run's life -----------------------------------------------------------------------------------

    async def _live(self, run: Run) -> None:
        while not self._look(run).outcome:
            await self._play(run)
            await asyncio.sleep(LOOK_S)
        await self._finish(run, run.progress.outcome)
        await self.stage.clear(run.counter)

    async def _finish(self, run: Run, outcome: str) -> None:
        """Written down once, whoever comes first; what could not be written is tried by whoever comes next."""
        async with run.ending:
            if not run.written:
                await self._end(run, run.progress, outcome)
                run.written = True

    def _look(self, run: Run) -> Progress:
        if run.progress.outcome or run.written:
            return run.progress
        while events := self._journal.after(run.number, limit=BATCH):
            run.number = events[-1].number
            run.others |= others(events, run.id, run.counter, str(run.actor))
            for each in read(events, run.id, run.counter, run.at_ms):
                if each.kind not in OF_A_SALE or each.sale in run.sales:  # what came before may end late
                    run.happened.append(each)
        now_ms = run.at_ms(self._clock.mono_ns())
        run.progress = judge(run.lesson, run.due_minor, run.happened, run.began_ms, now_ms)
        return run.progress

    async def _play(self, run: Run) -> None:
        progress, now_ms = run.progress, run.at_ms(self._clock.mono_ns())
        for place, play in enumerate(run.lesson.steps[progress.step].plays):
            since = {"begin": progress.step_began_ms} | {each.kind: each.at_ms for each in reversed(progress.seen)}
            began_ms = since.get(play.when)
            if began_ms is None or now_ms < began_ms + play.after_s * 1000 or (progress.step, place) in run.done:
                continue
            run.done.add((progress.step, place))
            run.code = await self.stage.play(run.counter, play) or run.code

    async def _leave(self, counter: str) -> None:
        run = self._runs.get(counter)
        if run is None or run.task is None or (run.task.done() and run.written):
            return
        if not run.progress.outcome:
            run.task.cancel()
        await asyncio.wait({run.task})  # one that ended clears its counter, which has a limit
        await self._finish(run, run.progress.outcome or "left")
        await self.stage.clear(counter)

    async def _end(self, run: Run, progress: Progress, outcome: str) -> None:
        seconds = ((progress.ended_ms or run.at_ms(self._clock.mono_ns())) - run.began_ms) // 1000
        ended = _Ended(outcome, progress.findings, seconds, withheld(run.happened), frozenset(run.others))
        row = _row(run.lesson.id, "begun", run.exam, str(run.actor), run.counter)
        await self._write(run.id, row, run.actor, ended)

    async def _write(self, run: str, row: Mapping[str, Any], actor: Actor, ended: "_Ended") -> None:
        found = [each.rule for each in ended.findings]
        beside = sorted(ended.others)[:OTHERS_MAX]
        more = {"findings": found, "seconds": ended.seconds, "withheld": ended.withheld, "others": beside}
        body: dict[str, Any] = {
            "outcome": ended.outcome,
            "findings": found,
            "seconds": ended.seconds,
            "withheld": ended.withheld,
            "others": beside,
            "index": {"summary": {**row, "state": ended.outcome, **more}},
        }
        await self._journal.append([NewEvent(self._stream, "lesson_ended", run, actor, body)])


def _lasted_s(own: Sequence[Event]) -> int:
    """Until a run's last button: by the clock of the process that it ran in, which nobody can set (D8)."""
    return (own[-1].mono_ns - own[0].mono_ns) // 1_000_000_000


@dataclass(frozen=True, slots=True)
class _Ended:
    outcome: str
    findings: tuple[Finding, ...]
    seconds: int
    withheld: bool
    others: frozenset[str]


def _row(lesson_id: str, state: str, exam: str, actor: str, counter: str) -> dict[str, Any]:
    """A lesson in lists; it never keeps a start from being ready, so it is final from the first."""
    return {
        "kind": "lesson",
        "final": True,
        "state": state,
        "lesson": lesson_id,
        "exam": exam,
        "actor": actor,
        "place": counter,
    }
