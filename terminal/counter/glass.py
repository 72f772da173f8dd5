"""What the customer's display shows: computed from the sale, painted by one task at most, latest wins (I10)."""

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable
from typing import Final, Literal

from terminal.counter.ports import (
    CodeScreen,
    Display,
    ForeseeingGlass,
    IdleScreen,
    ReceiptGlass,
    Release,
    ResultScreen,
    ScanScreen,
    Screen,
)
from terminal.counter.settings import CounterSettings, House, Limits
from terminal.errors import PeripheralFailed
from terminal.on_demand import Alarm, OnDemand, Start
from terminal.payments.attempt import State
from terminal.payments.due import remaining
from terminal.payments.lines import Entered
from terminal.payments.replacing import replace
from terminal.payments.sale import Attempt, Sale, SaleState

log = logging.getLogger(__name__)
AGAIN_S: Final = (0.5, 1.0, 2.0, 5.0)
LIFE_S: Final = 60.0
STAYS: Final = 0.0  # a result's time: until another screen is wanted
OPEN_S: Final = 1.0  # so long a display may take to be opened and greeted before it counts as gone
SHOW_S: Final = 60.0  # no display takes so long to prove a screen, nor paper a code
PROOF_S: Final = 5.0  # a slip waits so long for the display to prove the code that takes its place
ENTERED_S: Final = 1.0  # between two screens of what is entered: a slow display shows one before the next comes
FORGOTTEN_S: Final = 600.0  # goods that nobody went on with are taken down
TICK_S: Final = 0.001  # a wait shorter than the loop's clock can tell would paint again and again until it passes
Shown = Callable[[Screen], Awaitable[None]]
Result = Literal["paid", "not_paid", "checking", "cancelled", "late", "unverified"]


def glass_id(attempt_id: str) -> int:
    """A display's 32-bit id for an attempt's code."""
    return zlib.crc32(attempt_id.encode())


class Glass:
    """The wanted screen of one counter and the work that makes the device show it.

    ``screen`` is also what a browser display and the till draw, so all of them agree.
    """

    __slots__ = (
        "_after",
        "_begun_s",
        "_changed",
        "_counter",
        "_display",
        "_early",
        "_entered",
        "_foreseeing",
        "_forget",
        "_house",
        "_judged",
        "_limits",
        "_on_shown",
        "_pace",
        "_proven",
        "_since_s",
        "_spent",
        "_work",
        "check_code",
        "failing",
        "life_s",
        "on_change",
        "receipt",
        "screen",
        "waits",
    )

    def __init__(
        self, counter: CounterSettings, house: House, display: Display | None, limits: Limits, on_shown: Shown
    ) -> None:
        self._counter, self._house, self._display = counter, house, display
        self._foreseeing = display if isinstance(display, ForeseeingGlass) else None
        self._limits, self._on_shown = limits, on_shown
        self._changed = Alarm()
        self._work = OnDemand(self._show)
        self.screen: Screen = self._idle()
        self.failing = ""  # slug of why the device does not show it
        self._begun_s = 0.0  # when the counter opened, in the loop's time
        self._since_s = 0.0  # when ``screen`` was first wanted, in the loop's time
        self._proven: bool | None = None  # whether the device shows what is wanted; None: it has not said yet
        self._judged = Alarm()  # ``_proven`` or ``screen`` is another
        if display is not None:
            display.on_back(self._lost)
        self._entered: Entered | None = None  # the newest, perhaps not on the glass yet
        self._pace: asyncio.TimerHandle | None = None  # until the next of them may be painted
        self._forget: asyncio.TimerHandle | None = None
        self._early = 0  # the code that was lit before its own fact was durable
        self._spent = 0  # the code whose life ended here: it does not come back
        self._after: Screen | None = None  # what a result gives place to; None: nobody's screen
        self.life_s: Callable[[Attempt], float] = lambda _attempt: LIFE_S  # of a shown code, its channel's
        self.check_code: Callable[[Sale], str] = lambda _sale: ""  # of a paid sale
        self.receipt: Callable[[Sale], tuple[str, float]] = lambda _sale: ("", 0.0)  # its address; seconds shown
        self.waits: Callable[[str], bool] = lambda _channel: False  # its static code is not to be shown yet
        self.on_change: Callable[[], None] = lambda: None

    @property
    def _marks(self) -> tuple[bool, bool]:
        """Whether no money moves, and whether that is because somebody learns."""
        return self._house.simulated, self._house.training

    async def shows_receipt(self, link: str) -> bool:
        """Whether the customer sees this address now: waits for what the device says, ``PROOF_S`` at most (I9).

        False as soon as another screen is wanted or the device refused. One caller at a time: a counter's paper.
        """
        try:
            async with asyncio.timeout(PROOF_S):
                while self._receipt() == link and self._proven is None:
                    self._judged.clear()
                    await self._judged.wait()
                if not self._stands(link) or not isinstance(self._display, ReceiptGlass):
                    return False
                return await self._display.draws_receipt(link) and self._stands(link)
        except TimeoutError:
            return False

    def _stands(self, link: str) -> bool:
        return self._proven is True and self._receipt() == link

    def _receipt(self) -> str:
        """The address that is wanted beside "paid"; empty: none."""
        return self.screen.receipt if isinstance(self.screen, ResultScreen) else ""

    def _judge(self, proven: bool | None) -> None:
        self._proven = proven
        self._judged.set()

    def _lost(self) -> None:
        """The device went, is back or lost its screen: what it had proved is true no more."""
        self._judge(None)
        self._repaint()

    def _repaint(self) -> None:
        self._changed.set()
        self._work.wake()

    def _idle(self) -> IdleScreen:
        return IdleScreen(self._counter.title or self._house.title, *self._marks)

    def want(self, screen: Screen) -> None:
        self._entered = screen.entered if isinstance(screen, IdleScreen) else None
        self._after = None
        if screen == self.screen:
            return
        self.screen = screen
        self._judge(None)
        self._since_s = asyncio.get_running_loop().time()
        self._repaint()
        self.on_change()

    def clear(self) -> None:
        self.want(self._idle())

    def enter(self, entered: Entered | None) -> bool:
        """Goods are being entered, or (None) no longer. On the idle glass alone, the newest wins, one a second.

        False: the glass shows a sale, and nothing of this will be seen.
        """
        if not isinstance(self.screen, IdleScreen):
            return False
        self._entered = entered
        if self._pace is None or entered is None:
            self._paint_entered()
        return True

    def _paint_entered(self) -> None:
        """The newest, where it is another one; then none for a second, and nothing when nobody goes on with it."""
        if self._pace is not None:
            self._pace.cancel()
            self._pace = None
        if not isinstance(self.screen, IdleScreen) or self._entered == self.screen.entered:
            return
        loop = asyncio.get_running_loop()
        self.want(replace(self._idle(), entered=self._entered))
        self._pace = loop.call_later(ENTERED_S, self._paint_entered)
        if self._forget is not None:
            self._forget.cancel()
        self._forget = loop.call_later(FORGOTTEN_S, self.enter, None) if self._entered else None

    def show_code(self, attempt: Attempt, payload: str) -> None:
        """Lit beside its own commit: facts that are older than the code do not take it down."""
        code = self._code(attempt, payload)
        self._early = code.id
        self.want(code)

    def follow(self, before: Sale | None, sale: Sale) -> None:
        """Show what this sale now asks for, when that is something else than before; a code at once (I10)."""
        wanted = self._next(before, sale)
        if wanted is not None:
            self.want(wanted)
        self._after = self._scan(sale, "scan") if self._waits_for_scan(sale) else None

    def foresee(self, before: Sale | None, sale: Sale) -> Release | None:
        """A result that ``follow`` will show once these facts are durable may leave for the device now.

        Nothing is wanted yet, and nothing of it is seen: see ``ForeseeingGlass``. None: it waits for them.
        """
        if self._foreseeing is None or before is None or before.word == sale.word:  # as nearly all facts leave it
            return None
        wanted = self._next(before, sale)
        if not isinstance(wanted, ResultScreen) or wanted == self.screen:
            return None
        return self._foreseeing.foresee(wanted)

    def _next(self, before: Sale | None, sale: Sale) -> Screen | None:
        """What is to be shown from these facts on; None: what is shown, whatever that is, stays."""
        wanted = self._screen_of(sale)
        over = isinstance(self.screen, CodeScreen) or (isinstance(self.screen, ScanScreen) and sale.ended)
        return wanted if over or before is None or wanted != self._screen_of(before) else None

    def _screen_of(self, sale: Sale) -> Screen:
        """A code only while it can be paid and nobody wants it away; then what became of it."""
        attempt = sale.last_attempt
        if sale.mark and not sale.ended:
            return self._unverified(sale)
        if self._waits_for_scan(sale) and sale.word == "waiting":
            return self._scan(sale, "scan")
        if attempt is None or sale.parked or (sale.switching and not sale.ended):
            return self._idle()
        payable = not sale.cancel_why and not sale.share_paid(attempt.share)  # by one that was set aside, perhaps
        if attempt.state is State.ORDERING and self._is_lit(attempt) and payable:
            return self.screen
        if attempt.payload and payable:
            code = self._code(attempt, attempt.payload)
            return self._idle() if code.id == self._spent else code
        match sale.word:
            case "paid":
                return self._paid(attempt, self.check_code(sale), *self.receipt(sale))
            case "checking" | "person":
                return self._result(attempt, "checking", STAYS)
            case "not_paid":
                word: Result = "cancelled" if sale.state is SaleState.CANCELLED else "not_paid"
                return self._result(attempt, word, self._limits.result_on_glass_s)
            case "acting" | "waiting" if attempt.direction == "pull" and payable:
                return self._scan(sale, "acting" if sale.word == "acting" else "scanned")
            case _:
                return self._idle()

    @staticmethod
    def _waits_for_scan(sale: Sale) -> bool:
        """For the customer's own code, and none of ours was ever on offer."""
        given_up = sale.ended or sale.parked or sale.mark or sale.cancel_why
        ours = any(each.live or each.direction == "push" for each in sale.attempts)
        return "pull" in sale.directions and not given_up and not ours

    def _scan(self, sale: Sale, now: Literal["scan", "scanned", "acting"]) -> ScanScreen:
        """Each step has a number of its own: captions of one never land on the next."""
        name = f"{sale.id}/{len(sale.attempts)}/{now}"
        amount = sale.last_attempt.amount if now != "scan" and sale.last_attempt else remaining(sale)
        title = self._counter.title or self._house.title
        return ScanScreen(glass_id(name), now, amount, self._house.simulated, title, self._house.training)

    def _unverified(self, sale: Sale) -> Screen:
        """No green: the shop's own static code to pay, or the words that the bank has not confirmed it.

        Never beside a code of ours that may still be paid: that would be paid twice.
        """
        if (poster := self._poster()) and not any(each.live for each in sale.attempts):
            title = self._counter.title or self._house.title
            test, training = self._marks
            return CodeScreen(glass_id(sale.id), poster, sale.amount, int(LIFE_S), test, title, training)
        ttl_s = int(self._limits.result_on_glass_s)
        test, training = self._marks
        return ResultScreen(glass_id(sale.id), "unverified", sale.amount, "", test, ttl_s, training)

    def _poster(self) -> str:
        """Of the first channel of this counter that has one."""
        posters = self._house.offline.posters
        there = (each for each in self._counter.channels if each in posters and not self.waits(each))
        return next((posters[each] for each in there), "")

    def take_down(self, sale: Sale) -> None:
        """The static code of a sale that is proven or written off (I10)."""
        if isinstance(self.screen, CodeScreen) and self.screen.id == glass_id(sale.id):
            self.clear()

    def _is_lit(self, attempt: Attempt) -> bool:
        return isinstance(self.screen, CodeScreen) and self.screen.id == self._early == glass_id(attempt.id)

    def _code(self, attempt: Attempt, payload: str) -> CodeScreen:
        return CodeScreen(
            id=glass_id(attempt.id),
            payload=payload,
            amount=attempt.amount,
            ttl_s=int(self.life_s(attempt)),
            test=self._house.simulated,
            training=self._house.training,
            title=self._counter.title or self._house.title,
        )

    def _result(
        self, attempt: Attempt, result: Result, ttl_s: float, check_code: str = "", receipt: str = ""
    ) -> ResultScreen:
        test, training = self._marks
        return ResultScreen(
            glass_id(attempt.id), result, attempt.amount, check_code, test, int(ttl_s), training, receipt
        )

    def _paid(self, attempt: Attempt, check_code: str, receipt: str, shown_s: float) -> ResultScreen:
        """The receipt's code stands in the green of "paid" alone, never where a code could be paid (I10)."""
        ttl_s = shown_s if receipt else self._limits.result_on_glass_s
        return self._result(attempt, "paid", ttl_s, check_code, receipt)

    def begin(self, start: Start) -> None:
        """The counter opens: the wanted screen is painted, and from now on each that is wanted then."""
        self._begun_s = asyncio.get_running_loop().time()
        self._work.begin(start, "glass")
        if self._display:  # a place without one has no idle screen to be painted
            self._work.wake()

    async def _show(self) -> None:
        """Paint, again until the device shows it; fall back to idle after a result's time."""
        failures = 0
        while True:
            self._changed.clear()
            ok = await self._paint(self._still_true())
            if not self._changed.is_set():  # else it is of a screen that nobody wants any more, or that was lost
                self._judge(ok)
            failures = 0 if ok else failures + 1
            wait_s = None if ok else AGAIN_S[min(failures, len(AGAIN_S)) - 1]
            left_s = None if self._stays() else max(self._left_s(), TICK_S)
            waits = [each for each in (wait_s, left_s) if each is not None]
            if waits:
                await self._changed_within(min(waits))
            elif not self._changed.is_set():
                return  # it is shown, and stays
            if not self._stays() and self._left_s() <= TICK_S:
                if isinstance(self.screen, CodeScreen):
                    self._spent = self.screen.id
                self.want(self._after or self._idle())

    def _opening(self) -> bool:
        """A display is opened beside us at the start: not there yet is nobody's trouble."""
        return asyncio.get_running_loop().time() < self._begun_s + OPEN_S

    def _stays(self) -> bool:
        """Until somebody wants another; else it is a code with a life, or a result people had time to see."""
        return isinstance(self.screen, IdleScreen | ScanScreen) or self.screen.ttl_s == 0

    def _left_s(self) -> float:
        """How long the wanted code or result is still true."""
        assert not isinstance(self.screen, IdleScreen | ScanScreen)
        return self._since_s + self.screen.ttl_s - asyncio.get_running_loop().time()

    def _still_true(self) -> Screen:
        """What to paint now: a code has only the rest of its life, and none when that is over."""
        if not isinstance(self.screen, CodeScreen):
            return self.screen
        left_s = int(self._left_s())
        return replace(self.screen, ttl_s=left_s) if left_s >= 1 else self._idle()

    async def _changed_within(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _shown_by(self, display: Display, screen: Screen) -> None:
        """Displays are bounded by themselves; one that is not must not leave the till believing that it shows."""
        try:
            async with asyncio.timeout(SHOW_S):
                await display.show(screen)
        except TimeoutError:
            port = display.health().detail.get("port", "")
            raise PeripheralFailed("display_no_answer", port=port) from None

    async def _paint(self, screen: Screen) -> bool:
        if self._display:
            try:
                await self._shown_by(self._display, screen)
            except PeripheralFailed as error:
                if error.slug != self.failing and not self._opening():
                    log.debug("display of counter %s: %s", self._counter.id, error)  # the device told it (L1)
                    self.failing = error.slug
                    self.on_change()
                return False
            if self.failing:
                log.debug("display of counter %s shows again", self._counter.id)
                self.failing = ""
                self.on_change()
        await self._on_shown(screen)
        return True
