"""A scenario file is played: its steps done one after the other by the hands of a headless run."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final

from terminal.lab.faults import catalogue
from terminal.lab.scenarios import Scenario, Step
from terminal.payments.event import Event
from terminal.risk.desk import RiskDesk
from terminal.risk.proof import Proofs
from terminal.settlement.business_day import ShopTime
from terminal.simulation.lab_hands import CASHIER
from terminal.simulation.lab_shop import LabShop
from terminal.simulation.lab_told import pos_events
from terminal.simulation.rails import RAILS
from terminal.web.desks.risk import shop_facts

LOOK_S: Final = 0.25
EVENTS_MAX: Final = 5000
ALL: Final = 1000  # per mille of the requests
Play = Callable[["Story", Step], Awaitable[None]]


class Story:
    """One play of one file. ``failed``: what was not seen in time, in words."""

    def __init__(self, shop: LabShop, scenario: Scenario) -> None:
        self._shop, self._steps, self._alerts = shop, scenario.step, scenario.alerts
        self._seen = ""  # the code the customer saw last
        self._verdict = ""  # on the proof that was checked last
        self.failed: list[str] = []

    def listen(self) -> None:
        """Wire the rules of risk to the service that runs now, where the story asks for them."""
        if self._alerts is not None:
            facts = shop_facts(ShopTime.of("UTC", "04:00"), currency=self._shop.world.house.currency)
            RiskDesk(self._shop.world.service, facts, tuple).start()

    def alerts_wrong(self) -> str:
        """What is wrong with the alerts that were raised, in words; empty: nothing."""
        if self._alerts is None or not self._shop.world.alive:
            return ""
        told = self._shop.world.service.feed.after(0, limit=EVENTS_MAX)
        raised = tuple(each.body["rule"] for each in told if each.type == "risk_alert_raised")
        wanted = ", ".join(self._alerts) or "none"
        return "" if raised == self._alerts else f"alerts: {', '.join(raised) or 'none'}; expected {wanted}"

    async def play(self) -> None:
        for number, step in enumerate(self._steps, 1):
            self._shop.note("story", f"{number}. {step.do} {_more(step)}".rstrip())
            await PLAYS[step.do](self, step)

    @property
    def happened(self) -> bool:
        """Whether every trouble it made really came: asked at the end."""
        return all(self._fired(step) for step in self._steps if step.do == "break")

    def does(self, *steps: str) -> bool:
        return any(step.do in steps for step in self._steps)

    def _fired(self, step: Step) -> bool:
        if catalogue()[step.fault].layer == "provider":
            return self._shop.world.bank.faults.fired[step.fault] > 0
        return True

    # --- people ------------------------------------------------------------------------------------------

    async def open(self, step: Step) -> None:
        hands = self._shop.hands
        await hands.open(step.directions, step.amount_minor)
        self._seen = ""

    async def scan_glass(self, _step: Step) -> None:
        self._seen = await self._shop.hands.code()

    async def pay(self, step: Step) -> None:
        if not self._seen:
            await self.scan_glass(step)
        self._shop.hands.pay(self._seen)

    async def pay_late(self, _step: Step) -> None:
        self._shop.hands.pay_late()

    async def show_phone(self, step: Step) -> None:
        hands = self._shop.hands
        wallet = step.wallet or RAILS[self._shop.channel].wallet
        hands.shoot(hands.phone_code(step.behaviour, wallet))

    async def cancel(self, _step: Step) -> None:
        await self._shop.hands.cancel()

    async def refund(self, _step: Step) -> None:
        await self._shop.hands.refund()

    async def check_proof(self, step: Step) -> None:
        """The customer shows a screen; the till asks the bank about its number."""
        shop = self._shop
        shop.note("cashier", f"checks the proof {step.proof}")
        proof = await shop.world.call(lambda service: Proofs(service).check("1", step.proof, actor=CASHIER))
        self._verdict = proof.verdict
        shop.note("cashier", f"is told {proof.verdict}")

    async def race(self, step: Step) -> None:
        """The draw says which is first and by how much."""
        offset_ms = self._shop.world.chance.between(-step.within_ms, step.within_ms)
        if "pay" in step.between and not self._seen:
            self._seen = await self._shop.hands.code()

        async def after(wait_ms: int, name: str) -> None:
            await asyncio.sleep(max(wait_ms, 0) / 1000)
            await PLAYS[name](self, step)

        first, second = step.between
        async with asyncio.TaskGroup() as both:
            both.create_task(after(offset_ms, first))
            both.create_task(after(-offset_ms, second))

    # --- trouble -----------------------------------------------------------------------------------------

    async def break_(self, step: Step) -> None:
        shop, row = self._shop, catalogue()[step.fault]
        params = {**row.params, **step.params}
        if row.layer == "provider":
            now_ms = shop.world.bank_clock.wall_ms()
            shop.world.bank.set_fault(step.fault, now_ms, count=step.count, params=params)
            shop.world.bank_worked()
            return
        await shop.breakage.begin(step.fault, params, count=step.count)
        if "display" in step.fault or "firmware" in step.fault:
            shop.blind(for_ever=True)

    async def mend(self, step: Step) -> None:
        shop = self._shop
        await shop.breakage.mend(step.fault)
        shop.world.bank.faults.clear(step.fault)
        shop.blind(for_ever=False)

    async def bank_line(self, _step: Step, *, refused: int = 0, lost: int = 0) -> None:
        for line in self._shop.world.lines:
            line.faults.refused, line.faults.lost_request = refused, lost

    async def kill(self, _step: Step) -> None:
        await self._shop.world.crash()

    async def stop(self, _step: Step) -> None:
        await self._shop.world.stop()

    async def cut_power(self, _step: Step) -> None:
        await self._shop.world.cut_power()

    async def start(self, _step: Step) -> None:
        await self._shop.world.start()

    async def clock(self, step: Step) -> None:
        self._shop.world.clock.jump_wall(step.seconds * 1000)

    async def wait(self, step: Step) -> None:
        await asyncio.sleep(step.seconds)

    # --- hopes -------------------------------------------------------------------------------------------

    async def see(self, step: Step) -> None:
        for _ in range(round(step.within_s / LOOK_S)):
            if not self._missing(step):
                return
            await asyncio.sleep(LOOK_S)
        if missing := self._missing(step):
            self.failed.append(f"not within {step.within_s} s: {missing}")

    def _missing(self, step: Step) -> str:
        shop = self._shop
        sale = shop.sale()
        word = sale.word if sale else "nothing"
        if step.till and word != step.till:
            return f"till {step.till} (it says {word})"
        if step.glass and shop.stand.screen != step.glass:
            return f"glass {step.glass} (it shows {shop.stand.screen})"
        if step.event and step.event not in pos_events(self._events()):
            return f"event {step.event}"
        if step.verdict and self._verdict != step.verdict:
            return f"verdict {step.verdict} (it is {self._verdict or 'not asked'})"
        if len(shop.counter.paper) < step.slips:
            return f"{step.slips} slips (there are {len(shop.counter.paper)})"
        said = sum("received" in text for text in shop.counter.transcript)
        return f"{step.said} amounts said (there are {said})" if said < step.said else ""

    def _events(self) -> tuple[Event, ...]:
        shop = self._shop
        return shop.world.service.feed.of_subject(shop.hands.sale) if shop.world.alive else ()


def _more(step: Step) -> str:
    told = (step.fault, " and ".join(step.between), step.till, step.glass, step.event)
    return " ".join(each for each in (*told, f"{step.seconds} s" if step.seconds else "") if each)


PLAYS: Final[Mapping[str, Play]] = {
    **{
        name: getattr(Story, name)
        for name in ("open", "scan_glass", "pay", "pay_late", "show_phone", "race", "cancel", "refund", "mend")
    },
    **{
        name: getattr(Story, name)
        for name in ("kill", "stop", "cut_power", "start", "clock", "wait", "see", "check_proof")
    },
    "break": Story.break_,
    "bank_down": partial(Story.bank_line, refused=ALL),
    "bank_mute": partial(Story.bank_line, lost=ALL),
    "bank_up": Story.bank_line,
}
