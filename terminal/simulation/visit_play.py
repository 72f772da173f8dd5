"""Plays a written visit on the simulated shop: what a visitor, an owner and a customer do, step by step."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from drivers.device_protocol import Role
from terminal.payments.sale import Sale
from terminal.simulation.trainee import TRAINEE, classroom
from terminal.simulation.visit_lab import COUNTER, NotAsWanted, VisitLab
from terminal.visit.proofs import TICKS
from terminal.visit.script import Planned, Script
from terminal.visit.steps import Step

PAID_S: Final = 60.0
BACK_S: Final = 120.0
TEST_S: Final = 120.0
LESSONS: Final = ("take-money", "till-says-checking", "drill-fake-screenshot", "refund")
WRONG: Final = 1000  # per mille: every request


@dataclass(frozen=True, slots=True)
class Played:
    """``record``: the sealed acceptance; ``key``: its seal's fingerprint; ``seconds``: virtual time."""

    record: bytes
    key: str
    seconds: int
    steps: Mapping[str, str]  # step -> result


After = Callable[[VisitLab, str], Awaitable[None]]


async def play(script: Script, folder: Path, *, after: After | None = None) -> Played:
    """On a virtual loop. ``after``: goes on in the accepted shop, with the visitor's session.

    Raises:
        NotAsWanted: a step did not pass, or the service refused something.
    """
    lab = VisitLab(folder, script.seed, script.people, title=script.title)
    await lab.open()
    try:
        visit = _Visit(lab, script)
        played = await visit.whole()
        if after is not None:
            await after(lab, visit.session)
        return played
    finally:
        await lab.close()


class _Visit:
    def __init__(self, lab: VisitLab, script: Script) -> None:
        self._lab, self._script = lab, script
        self.session = ""
        self._acts: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
            "devices": self._devices,
            "people": self._people,
            "cent": self._cent,
            "faults": self._faults,
            "training": self._training,
        }

    async def whole(self) -> Played:
        loop, lab = asyncio.get_running_loop(), self._lab
        self.session = await lab.signed_in(lab.visitor)
        begun_s = loop.time()
        await self._post("")
        for planned in self._script.steps:
            await self._step(planned)
        record, key = await self._accept()
        view = await lab.told(self.session, "GET", "/visit")
        steps = {each["step"]: each["result"] for each in view["steps"]}
        return Played(record, key, round(loop.time() - begun_s), steps)

    async def _post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return await self._lab.told(self.session, "POST", f"/visit{path}", body)

    async def _step(self, planned: Planned) -> None:
        loop, step = asyncio.get_running_loop(), planned.step
        begun_s = loop.time()
        await self._post(f"/steps/{step}/begin")
        if planned.cut:
            await self._lab.restart()
            self.session = await self._lab.signed_in(self._lab.visitor)
            await self._post("")
            await self._post(f"/steps/{step}/begin")
        if planned.left_out:
            body: dict[str, Any] = {"result": "left_out"}
        else:
            act = self._acts.get(step)
            more = await act() if act is not None else {}
            told = {**planned.told, **more.pop("told", {})}
            body = {"result": "passed", "told": told, **more}
        await asyncio.sleep(max(0.0, planned.seconds - (loop.time() - begun_s)))
        view = await self._post(f"/steps/{step}/end", body)
        ended = next(each for each in view["steps"] if each["step"] == step)
        if ended["result"] != body["result"]:
            raise NotAsWanted(f"{step}: {ended['result']}: {ended['sentence']} {ended['fix']}")

    async def _accept(self) -> tuple[bytes, str]:
        lab, people = self._lab, self._script.people
        await self._post("/steps/acceptance/begin")
        await asyncio.sleep(self._script.seconds)
        signers = [
            {"person": lab.owner, "pin": people.owner.pin},
            {"person": lab.visitor, "pin": people.visitor.pin, "code": await lab.fresh_code()},
        ]
        told = await self._post("/accept", {"signers": signers})
        status, record = await lab.ask(self.session, "GET", "/visit/record")
        if status != 200:
            raise NotAsWanted(f"the record: {status}")
        return record, str(told["key"])

    # --- what people do in a step -------------------------------------------------------------------------

    async def _devices(self) -> dict[str, Any]:
        async with self._lab.hands():
            for role in self._lab.roles():
                await self._lab.told(self.session, "POST", f"/counters/{COUNTER}/devices/{role}/test")
                await self._tested(role)
        return {}

    async def _tested(self, role: Role) -> None:
        """Raises TimeoutError: a test that hangs."""
        async with asyncio.timeout(TEST_S):
            while True:
                found = await self._post(f"/steps/{Step.DEVICES}/check")
                row = next(each for each in found["proof"]["devices"] if each["role"] == role)
                if row["result"] not in ("none", "running"):
                    return
                await asyncio.sleep(1)

    async def _people(self) -> dict[str, Any]:
        cashier = self._script.people.cashier
        owner = await self._lab.signed_in(self._lab.owner)
        body = {"role": "cashier", "label": cashier.name, "pin": cashier.pin}
        await self._lab.told(owner, "POST", "/people", body)
        return {}

    async def _cent(self) -> dict[str, Any]:
        owner = await self._lab.signed_in(self._lab.owner)
        sales = [await self._by_display(), await self._by_scanning(1)]
        for sale in sales:
            await self._lab.told(owner, "POST", f"/sales/{sale}/refunds", {"reason": "the visit's smallest sale"})
            done = await self._lab.until(lambda sale=sale: _given_back(self._sale(sale)), BACK_S)  # type: ignore[misc]  # its own sale
            if not done:
                raise NotAsWanted(f"sale {sale} was not given back")
        return {"sales": sales}

    # --- sales of the smallest amount ---------------------------------------------------------------------

    def _sale(self, sale: str) -> Sale:
        return self._lab.world.service.book.sale(sale)

    async def _opened(self, *directions: str) -> str:
        body = {"counter": COUNTER, "amount_minor": 1, "directions": list(directions)}
        return str((await self._lab.told(self.session, "POST", "/sales", body))["id"])

    async def _by_display(self) -> str:
        sale = await self._opened("push")
        await self._customer_pays(sale)
        await self._paid(sale)
        return sale

    async def _customer_pays(self, sale: str) -> None:
        if not await self._lab.until(lambda: self._sale(sale).attempts[-1].payload, PAID_S):
            raise NotAsWanted("no code came on the glass")
        self._lab.world.pay(self._sale(sale).attempts[-1].payload)

    async def _by_scanning(self, times: int) -> str:
        sale = await self._opened("pull")
        code = self._lab.customer_code()
        for _ in range(times):
            self._lab.counter.scan(code)
        await self._paid(sale)
        return sale

    async def _paid(self, sale: str) -> None:
        """And said and printed, and the counter free again."""
        if not await self._lab.until(lambda: self._sale(sale).state == "paid", PAID_S):
            raise NotAsWanted(f"sale {self._sale(sale).no} is {self._sale(sale).state}")
        await self._lab.until(lambda: not self._lab.world.journal.owed(), PAID_S)

    # --- practice -------------------------------------------------------------------------------------------

    async def _training(self) -> dict[str, Any]:
        """Lessons and the exam at the counter that practises: a bank and a journal of its own, as in a shop."""
        lab, seed = self._lab, self._script.seed
        await lab.practises("training_begun")
        async with classroom(seed, lab.practice) as room:
            late_ms = lab.world.clock.wall_ms() - room.world.clock.wall_ms()
            for clock in (room.world.clock, room.world.bank_clock):
                clock.jump_wall(late_ms)  # one wall for both
            for name in LESSONS:
                run = await room.desk.begin(name, COUNTER, TRAINEE, seed=seed)
                await room.work(run, "right")
            await room.sit(seed, "right", "fast")
        await lab.practises("training_ended")
        return {}

    # --- the fault round ----------------------------------------------------------------------------------

    async def _faults(self) -> dict[str, Any]:
        ticks: dict[str, bool] = dict.fromkeys(TICKS, False)
        for name, act in {
            "paper_out": self._paper_out,
            "display_gone": self._display_gone,
            "internet_gone": self._internet_gone,
            "scanned_twice": self._scanned_twice,
        }.items():
            ticks[f"{name}_right"], ticks[f"{name}_back"] = await act()
        return {"told": ticks}

    async def _paper_out(self) -> tuple[bool, bool]:
        lab = self._lab
        lab.counter.fault("paper-out")
        sale = await self._opened("push")
        await self._customer_pays(sale)
        right = await lab.until(lambda: self._sale(sale).state == "paid", PAID_S)
        slips = len(lab.counter.paper)
        lab.counter.fault("load-paper")
        return right, await lab.until(lambda: len(lab.counter.paper) > slips, BACK_S)

    async def _display_gone(self) -> tuple[bool, bool]:
        lab = self._lab
        lab.counter.unplug("display")
        sale = await self._opened("pull")
        lab.counter.scan(lab.customer_code())
        right = await lab.until(lambda: self._sale(sale).state == "paid", PAID_S)
        lab.counter.replug("display")
        return right, await lab.until(lambda: lab.healthy("display"), BACK_S)

    async def _internet_gone(self) -> tuple[bool, bool]:
        """No code without a bank, and nothing that looks like money."""
        lab, faults = self._lab, self._lab.world.line.faults
        faults.refused = WRONG
        status, answer = await lab.ask(
            self.session, "POST", "/sales", {"counter": COUNTER, "amount_minor": 1, "directions": ["push"]}
        )
        await asyncio.sleep(PAID_S / 4)
        current = lab.world.service.lane(COUNTER).current
        right = current is None or not any(each.captured for each in self._sale(current).attempts)
        faults.heal()
        if current is not None:
            await lab.ask(self.session, "POST", f"/sales/{current}/cancel", {"why": "no_internet"})
        assert status, answer
        return right, await lab.until(lambda: lab.world.service.lane(COUNTER).current is None, BACK_S)

    async def _scanned_twice(self) -> tuple[bool, bool]:
        sale = self._sale(await self._by_scanning(2))
        return sum(each.captured for each in sale.attempts) == 1, sale.state == "paid"


def _given_back(sale: Sale) -> bool:
    return any(each.state == "refunded" for each in sale.refunds)
