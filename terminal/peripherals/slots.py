"""A counter's places for devices: a sale knows the place, and another device can be put there while it runs.

What a place is asked goes to whoever stands there now. A place where nothing stands is false, as if the counter
had none of that kind.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar, Final, Generic, TypeVar

from drivers.device_protocol import ROLES, Role
from terminal.counter.ports import (
    Clock,
    CodeScreen,
    Devices,
    Display,
    ForeseeingGlass,
    ForeseeingPrinter,
    Health,
    HealthState,
    IdleScreen,
    Played,
    Printed,
    Printer,
    PrintStopped,
    ReceiptGlass,
    Release,
    Scan,
    Scanner,
    Screen,
    Slip,
    Speaker,
    Start,
    Utterance,
    unwatched,
)
from terminal.on_demand import Job, OnDemand
from terminal.peripherals.cut import Cut, CutShort
from terminal.peripherals.keeper import Keeper, together

P = TypeVar("P", Display, Scanner, Printer, Speaker)
LENT_MAX: Final = 16  # reads a test has not looked at yet


def _nobody() -> None:
    """Nobody wants to hear of it."""


async def _for_ever() -> None:
    await asyncio.get_running_loop().create_future()


async def _job(job: Job) -> None:
    await job()


class Slot(Generic[P]):
    """Runs the job of whoever stands here, and goes on with the next one when that is put here."""

    __slots__ = ("_clock", "_jobs", "_made_cut", "_port", "_start", "_work", "on_health")
    role: ClassVar[Role]

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.on_health: Callable[[], None] = _nobody  # told when the health of who stands here changes
        self._port: P | None = None
        self._jobs: Sequence[Job] = ()
        self._start: Start | None = None  # once the service runs
        self._work: OnDemand | None = None  # this and the next once something stands here: most places are empty
        self._made_cut: Cut | None = None

    def __bool__(self) -> bool:
        return self._port is not None

    def put(self, port: P | None, jobs: Sequence[Job]) -> None:
        """The old one's port is closed before the new one's is opened: it may be the same."""
        self._port, self._jobs = port, jobs
        keeper = getattr(port, "keeper", None)  # several behind one port are seen with the next round
        if isinstance(keeper, Keeper):
            keeper.on_health = self.on_health
        if self._made_cut is not None:
            self._made_cut.cut()
        self._wake()
        self.on_health()

    def begin(self, start: Start) -> None:
        """From now on ``start`` gets the work by the role's name where there is some, at once for who is here."""
        self._start = start
        self._wake()

    def _wake(self) -> None:
        if not self._jobs or self._start is None:
            return
        if self._work is None:
            self._work = OnDemand(self._run)
            self._work.begin(self._start, self.role)
        self._work.wake()

    @property
    def _cut(self) -> Cut:
        if self._made_cut is None:
            self._made_cut = Cut()
        return self._made_cut

    async def _run(self) -> None:
        while self._jobs:
            try:
                await self._cut.during(self._all(self._jobs))
            except CutShort:
                continue

    def _all(self, jobs: Sequence[Job]) -> Awaitable[None]:
        return jobs[0]() if len(jobs) == 1 else together(*map(_job, jobs))

    def health(self) -> Health:
        if self._port is None:
            return Health(HealthState.CANNOT_TELL, "", self._clock.mono_ns(), {})
        return self._port.health()


class DisplaySlot(Slot[Display]):
    role = "display"
    __slots__ = ("_foreseeing", "_lent", "_pages", "_watched", "again", "on_taken", "taken")

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._foreseeing: ForeseeingGlass | None = None  # who stands here, if it can
        self._lent = 0  # the number of the test's screen that stands here; 0: none, or a customer's came
        self.taken = False  # a customer's screen stands where a test goes on that had been lent this
        self.on_taken: Callable[[], None] = _nobody  # that test hears it at once
        self.again: Callable[[], None] = _nobody  # the counter paints what it wants shown now
        self._watched: Callable[[int], None] = unwatched
        self._pages = 0

    def put(self, port: Display | None, jobs: Sequence[Job]) -> None:
        self._foreseeing = port if isinstance(port, ForeseeingGlass) else None
        super().put(port, jobs)

    @property
    def shows_codes(self) -> bool:
        return bool(getattr(self._port, "shows_codes", False))

    @property
    def shows_tests(self) -> bool:
        """Whether what was shown last is seen where the counter itself wants something else shown."""
        return bool(getattr(self._port, "shows_tests", True))

    async def draws_receipt(self, link: str) -> bool:
        return isinstance(self._port, ReceiptGlass) and await self._port.draws_receipt(link)

    def foresee(self, screen: Screen) -> Release | None:
        """Not where a test's code may be: that one is told first that a customer came."""
        return None if self._lent or self._foreseeing is None else self._foreseeing.foresee(screen)

    async def show(self, screen: Screen) -> None:
        """While a test's code is to be read, the counter's resting screen waits for the test's end."""
        if self._lent:
            if isinstance(screen, IdleScreen) and screen.entered is None:
                return
            if not (isinstance(screen, CodeScreen) and screen.id == self._lent):
                self._lent, self.taken = 0, True
                self.on_taken()
        if self._port is not None:
            await self._port.show(screen)

    @contextmanager
    def lent(self, number: int) -> Iterator[None]:
        """A test shows its screen of this number here, until a customer's takes its place: it is ``taken`` then.

        Else a result whose time ends, or a display that comes back, would take the code from under the scanner.
        Behind it the counter paints what it wants.
        """
        self._lent = number
        try:
            yield
        finally:
            self._lent, self.taken, self.on_taken = 0, False, _nobody
            self.again()

    def on_back(self, again: Callable[[], None]) -> None:
        self.again = again
        if self._port is not None:
            self._port.on_back(again)

    def watched(self, pages: int) -> None:
        self._pages = pages
        self._watched(pages)

    def put_watched(self, port: Display | None, jobs: Sequence[Job], watched: Callable[[int], None]) -> None:
        """``watched`` is told of paired pages, the present number at once."""
        if port is not None:
            port.on_back(self.again)
        self._watched = watched
        self.put(port, jobs)
        watched(self._pages)
        self.again()


class PrinterSlot(Slot[Printer]):
    role = "printer"
    __slots__ = ("_foreseeing",)

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._foreseeing: ForeseeingPrinter | None = None

    def put(self, port: Printer | None, jobs: Sequence[Job]) -> None:
        self._foreseeing = port if isinstance(port, ForeseeingPrinter) else None
        super().put(port, jobs)

    def foresee(self) -> Release | None:
        return None if self._foreseeing is None else self._foreseeing.foresee()

    async def print(self, slip: Slip) -> Printed:
        """What a printer had begun is its own affair: also swapped, it says whether paper was touched."""
        if self._port is None:
            raise PrintStopped("printer_gone", touched=False, definite=False)
        return await self._port.print(slip)

    async def ready(self) -> None:
        while True:
            try:
                return await self._cut.during(_for_ever() if self._port is None else self._port.ready())
            except CutShort:
                continue


class SpeakerSlot(Slot[Speaker]):
    role = "speaker"
    __slots__ = ()

    async def say(self, utterance: Utterance) -> Played:
        return Played.NOT_PLAYED if self._port is None else await self._port.say(utterance)


class ScannerSlot(Slot[Scanner]):
    role = "scanner"
    __slots__ = ("_lent", "on_there")

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._lent: Callable[[Scan], bool] | None = None
        self.on_there: Callable[[], None] = _nobody  # a scanner stands here: there is something to follow

    def put(self, port: Scanner | None, jobs: Sequence[Job]) -> None:
        super().put(port, jobs)
        if port is not None:
            self.on_there()

    async def scans(self) -> AsyncIterator[Scan]:
        """Ends when nothing stands here any more."""
        while self._port is not None:
            reads = aiter(self._port.scans())
            try:
                while True:
                    scan = await self._cut.during(anext(reads))
                    if self._lent is None or not self._lent(scan):
                        yield scan
            except CutShort:
                continue

    async def feedback(self, good: bool) -> None:
        if self._port is not None:
            await self._port.feedback(good)

    @contextmanager
    def lent(self, idle: Callable[[], bool]) -> Iterator["asyncio.Queue[str]"]:
        """What is read meanwhile goes to a test; not while ``idle`` is false: a customer stands here."""
        reads: asyncio.Queue[str] = asyncio.Queue(LENT_MAX)

        def take(scan: Scan) -> bool:
            if not idle():
                return False
            if not reads.full():
                reads.put_nowait(scan.text)
            return True

        self._lent = take
        try:
            yield reads
        finally:
            self._lent = None


class Slots:
    """The four places of one counter."""

    __slots__ = ("display", "on_health", "printer", "scanner", "speaker")

    def __init__(self, clock: Clock) -> None:
        self.display, self.scanner = DisplaySlot(clock), ScannerSlot(clock)
        self.printer, self.speaker = PrinterSlot(clock), SpeakerSlot(clock)
        self.on_health: Callable[[], None] = _nobody
        changed = self._health_changed
        for role in ROLES:
            self.place(role).on_health = changed

    def _health_changed(self) -> None:
        self.on_health()

    def put(self, role: Role, made: Devices) -> None:
        """``made`` has only this role's device, or nothing."""
        jobs = tuple(made.jobs.values())
        match role:
            case "display":
                self.display.put_watched(made.display, jobs, made.watched)
            case "scanner":
                self.scanner.put(made.scanner, jobs)
            case "printer":
                self.printer.put(made.printer, jobs)
            case "speaker":
                self.speaker.put(made.speaker, jobs)

    def fill(self, make: Callable[[Role], Devices]) -> None:
        """Raises what ``make`` raises."""
        made = {role: make(role) for role in ROLES}
        for role, devices in made.items():
            self.put(role, devices)

    def devices(self) -> Devices:
        places = self.display, self.scanner, self.printer, self.speaker
        return Devices(*places, watched=self.display.watched, fitted=self.begin)

    def begin(self, start: Start, scanner_there: Callable[[], None]) -> None:
        """The service runs: what stands here is opened now, what is put here later is opened then."""
        self.scanner.on_there = scanner_there
        for role in ROLES:
            self.place(role).begin(start)

    def place(self, role: Role) -> DisplaySlot | ScannerSlot | PrinterSlot | SpeakerSlot:
        found: DisplaySlot | ScannerSlot | PrinterSlot | SpeakerSlot = getattr(self, role)
        return found
