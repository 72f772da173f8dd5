"""What stands around a counter, one object a fixture: customer's phone, bank, the four devices, clock."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from firmware_stubs.paper import StubSlip, text_view
from terminal.lab.qr_reader import NotReadable
from terminal.sandbox.engine import CustomerCannot
from terminal.simulation.rails import RAILS
from terminal.testing.counter import Counter
from terminal.testing.live_sale import LiveSale
from terminal.testing.receipt import framed
from terminal.testing.setup import BadSetup
from terminal.testing.turns import LIMIT_S

__tracebackhide__ = True  # a failed test shows its own line
GLASS_S: Final = 30.0
DARK: Final = 10  # per cent of light a camera needs
Will = Literal["pay", "pay-late", "look", "nothing"]
Behaviour = Literal["pays", "no-funds", "password"]


def _one_of(given: str, known: object) -> None:
    """Raises ValueError: a word that is none of these, which would make a test that proves nothing."""
    if given not in get_args(known):
        raise ValueError(f"{given!r} is none of {', '.join(get_args(known))}")


def _stands(counter: Counter, role: str) -> None:
    """Raises BadSetup: on paper that no printer cuts, nothing is ever wrong."""
    if role not in counter.setup.devices:
        raise BadSetup(f"this counter has no {role}: name it in devices=[…], or leave devices out")


def _read(counter: Counter) -> str:
    """What a camera before the glass makes of its pixels; empty: nothing."""
    try:
        return counter.stand.read_glass()
    except NotReadable:
        return ""


class PhoneCannot(AssertionError):
    """The customer cannot do this; ``reason`` is what their wallet says."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the customer's phone says {reason}")


class Phone:
    """The customer: holds a phone before the glass, or shows a code of their own."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._seen = (-1, "")  # what was painted then, and what a camera reads of it

    def pay(self, sale: LiveSale | None = None, *, delay_s: float = 0.0, settle_s: float = 10.0) -> None:
        """Scan the glass and pay; returns once the till knows, or ``settle_s`` virtual seconds later.

        Args:
            sale: checked to be the one on the glass.
            delay_s: the bank takes the money so much later.

        Raises:
            PhoneCannot: no code to read within 30 s, expired, another sale's.
        """
        self._counter.run(self._pay(sale.id if sale else "", delay_s, settle_s))

    async def _pay(self, wanted: str, delay_s: float, settle_s: float) -> None:
        payload = await self._code()
        found = self._counter.sale_of(payload) if self._counter.world.alive else wanted
        if wanted and found != wanted:
            raise PhoneCannot("another sale's code")
        self._counter.story.note("phone", f"pays {payload}")
        try:
            self._counter.world.pay(payload, delay_ms=round(delay_s * 1000))
        except CustomerCannot as no:
            self._counter.story.note("phone", f"cannot pay: {no.reason}")
            raise PhoneCannot(no.reason) from None
        if settle_s and found and self._counter.world.alive:
            await self._counter.settled(found, settle_s)

    async def _code(self) -> str:
        await self._counter.reach(lambda: bool(self.sees()), GLASS_S)
        payload = self.sees()
        if not payload:
            self._counter.story.note("phone", "sees no code")
            raise PhoneCannot("no code")
        return payload

    def sees(self) -> str:
        """The code a phone before the glass reads; without a display, the one on the counter's display page."""
        counter = self._counter
        if "display" in counter.setup.devices:
            if counter.stand.screen != "code":
                return ""
            if self._seen[0] != counter.stand.display.painted:
                self._seen = (counter.stand.display.painted, _read(counter))
            return self._seen[1] if counter.stand.display.brightness >= DARK else ""
        if not counter.world.alive:
            return ""
        return str(getattr(counter.lane.glass.screen, "payload", ""))

    def will(self, act: Will = "pay", *, after_s: float = 2.0) -> None:
        """What the next customer does with the next code, while the till's program waits.

        Args:
            act: ``pay-late`` pays when the code's time is over; ``look`` scans it and does nothing.

        Raises:
            ValueError: another act.
        """
        _one_of(act, Will)
        self._counter.aside(self._later(act, after_s))

    async def _later(self, act: Will, after_s: float) -> None:
        await self._counter.reach(lambda: not self.sees(), LIMIT_S)  # the code there now is somebody else's
        await self._counter.reach(lambda: bool(self.sees()), LIMIT_S)
        payload = self.sees()
        if act == "nothing" or not payload:
            return
        world = self._counter.world
        if act == "pay-late":
            after_s += self._counter.profile.timings.code_life_s
        try:
            number, _ = world.scan(payload)
            await asyncio.sleep(after_s)
            if act == "pay":
                world.pay(payload)
            elif act == "pay-late":
                world.bank.customer_pays(number, world.bank_clock.wall_ms())
                world.bank_worked()
        except CustomerCannot as no:
            self._counter.story.note("phone", f"cannot pay: {no.reason}")
        else:
            self._counter.story.note("phone", f"{act} {number}")

    def code(self, behaviour: Behaviour = "pays", *, confirm_s: float = 0.0) -> str:
        """A payment code of the customer's, for the scanner: good for one use and one minute.

        Args:
            confirm_s: with ``password``, when the customer has typed it; 0: when ``confirm`` is called.

        Raises:
            PhoneCannot: this channel's customers show none; ValueError: another behaviour.
        """
        _one_of(behaviour, Behaviour)
        world, wallet = self._counter.world, RAILS[self._counter.setup.channel].wallet
        if not wallet:
            raise PhoneCannot(f"{self._counter.setup.channel} has no codes of customers")
        now_ms = world.bank_clock.wall_ms()
        return world.bank.new_customer_code(
            now_ms, behaviour, confirm_after_ms=round(confirm_s * 1000), wallet=wallet
        )

    def confirm(self, sale: LiveSale) -> None:
        """Type the password that a scanned code waits for. Raises PhoneCannot."""
        self._decide(sale, refuse=False)

    def refuse(self, sale: LiveSale) -> None:
        """Say no instead. Raises PhoneCannot."""
        self._decide(sale, refuse=True)

    def _decide(self, sale: LiveSale, *, refuse: bool) -> None:
        world, number = self._counter.world, sale.attempts[-1].id
        act = world.bank.customer_refuses if refuse else world.bank.customer_confirms_password
        self._counter.story.note("phone", f"{'refuses' if refuse else 'confirms'} {number}")
        try:
            act(number, world.bank_clock.wall_ms())
        except CustomerCannot as no:
            raise PhoneCannot(no.reason) from None
        world.bank_worked()
        self._counter.run(self._counter.settled(sale.id))


class Bank:
    """The simulated bank's own books: the truth about money."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    @property
    def taken(self) -> Mapping[str, Sequence[int]]:
        """Every amount taken from customers, by order number: two in one list is charged twice."""
        return self._counter.world.bank.captures()

    @property
    def returned(self) -> Mapping[str, int]:
        """What went back, by order number."""
        return self._counter.world.bank.returned()

    @property
    def kept_minor(self) -> int:
        """What the shop has: taken, less what went back."""
        return sum(map(sum, self.taken.values())) - sum(self.returned.values())

    @property
    def requests(self) -> int:
        """How often it was asked anything."""
        return sum(line.requests for line in self._counter.world.lines)

    def fired(self, fault: str) -> int:
        """How often a fault of the bank's really happened: a test in which it did not proves nothing."""
        return self._counter.world.bank.faults.fired[fault]

    def away(self) -> None:
        """Not a byte leaves the shop until ``back``."""
        self._counter.story.note("fault", "the line to the bank is cut")
        for line in self._counter.world.lines:
            line.faults.refused = 1000

    def back(self) -> None:
        self._counter.story.note("fault", "the line to the bank is whole again")
        for line in self._counter.world.lines:
            line.faults.heal()


@dataclass(frozen=True, slots=True)
class Slip:
    """One piece of paper."""

    lines: Sequence[str]
    _cut: StubSlip
    _width_dots: int

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def picture(self) -> bytes:
        """PNG, one pixel a dot of the print head."""
        from terminal.lab.paper_picture import slip_png

        return slip_png(self._cut, self._width_dots)

    def __str__(self) -> str:
        return "\n".join(framed(self.lines))


class Printer:
    def __init__(self, counter: Counter) -> None:
        _stands(counter, "printer")
        self._counter, self._stub = counter, counter.devices.printer

    @property
    def slips(self) -> Sequence[Slip]:
        """Every slip that was cut, oldest first."""
        return [self._slip(each) for each in self._stub.slips]

    @property
    def hanging(self) -> Slip:
        """What hangs from the printer uncut."""
        return self._slip(StubSlip(list(self._stub.hanging.elements), self._stub.hanging.cut))

    def picture(self, number: int = -1) -> bytes:
        """A slip as PNG, the last one by default."""
        return self.slips[number].picture()

    def load_paper(self) -> None:
        self._act("load_paper", "paper is put in")

    def _act(self, method: str, told: str) -> None:
        self._counter.story.note("printer", told)
        self._counter.run(self._poke(method))

    async def _poke(self, method: str) -> None:
        getattr(self._stub, method)()
        self._counter.stand.cable_of(self._stub).poke()

    def _slip(self, cut: StubSlip) -> Slip:
        width = self._stub.head.width_dots
        return Slip(tuple(text_view(cut, width)), cut, width)


class Display:
    def __init__(self, counter: Counter) -> None:
        _stands(counter, "display")
        self._counter, self._stub = counter, counter.devices.display

    @property
    def screen(self) -> str:
        """blank, code, text, result or idle."""
        return self._counter.stand.screen

    @property
    def code(self) -> str:
        """What a camera reads off the glass; empty: nothing."""
        return _read(self._counter)

    def picture(self) -> bytes:
        """The glass as PNG; words and amounts are on it with ``@pytest.mark.counter(captions=True)``."""
        return self._stub.png()

    def unplug(self) -> None:
        self._counter.devices.unplug("display")

    def plug(self) -> None:
        self._counter.devices.replug("display")


class Scanner:
    def __init__(self, counter: Counter) -> None:
        _stands(counter, "scanner")
        self._counter = counter

    def scan(self, text: str, *, settle_s: float = 10.0) -> None:
        """Hold a code before the scanner; returns once the till knows, or ``settle_s`` virtual seconds later."""
        self._counter.run(self._scan(text, settle_s))

    async def _scan(self, text: str, settle_s: float) -> None:
        counter = self._counter
        counter.story.note("scanner", f"reads {len(text)} characters")
        counter.stand.scan(text)
        begun_s = counter.loop.time()
        lane = counter.lane
        sale = lane.current
        if sale is None or not settle_s:
            return
        tries = len(counter.service.book.sale(sale).attempts)
        service = counter.service

        def decided() -> bool:
            now = service.book.sale(sale)
            return now.ended or (len(now.attempts) > tries and now.live_attempt is None)

        await counter.reach(lambda: not counter.world.alive or decided(), settle_s)
        left_s = settle_s - (counter.loop.time() - begun_s)
        if counter.world.alive and left_s > 0:
            await counter.settled(sale, left_s if service.book.sale(sale).ended else 0.0)


class Speaker:
    def __init__(self, counter: Counter) -> None:
        _stands(counter, "speaker")
        self._counter = counter

    @property
    def said(self) -> Sequence[str]:
        """Every sentence it began, oldest first."""
        return self._counter.devices.transcript


class Clock:
    """Virtual: an hour costs as little as what the counter does in it."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    @property
    def now_s(self) -> float:
        """Seconds since the counter was switched on."""
        return self._counter.loop.time()

    @property
    def wall_ms(self) -> int:
        """What the machine's clock says, UTC."""
        return self._counter.world.clock.wall_ms()

    def advance(self, seconds: float) -> None:
        """Let so much time pass. Raises ValueError: time never goes back; ``jump`` sets the machine's clock."""
        if not 0 <= seconds < math.inf:
            raise ValueError(f"time cannot pass for {seconds} s; jump() sets the machine's clock")
        self._counter.run(asyncio.sleep(seconds), limit_s=seconds + 1)

    def jump(self, seconds: float) -> None:
        """Somebody sets the machine's clock, forwards or backwards. No time passes."""
        self._counter.story.note("clock", f"jumps by {seconds:g} s")
        self._counter.world.clock.jump_wall(round(seconds * 1000))
