"""The roadshow: stories of a playlist are played on the running lab, for people who watch a page.

A real service, real firmware stubs and the sandbox bank do what a shop's would; only the hands are played here. A
sentence stands as long as it takes to read it; whoever speaks pauses, goes on, repeats. Simulated money only.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from terminal.help.catalogue import Catalogue
from terminal.help.languages import LANGUAGES
from terminal.lab.bank_link import BankAway, BankRefuses
from terminal.lab.faults import FaultUnknown, Sentence, Wish
from terminal.lab.laboratory import Laboratory
from terminal.lab.playlist import Playlist
from terminal.lab.qr_reader import NotReadable
from terminal.lab.scenarios import Scenario, Step
from terminal.lab.service_process import NoService
from terminal.lab.till_acts import GOING, AtTill, TillActs, TillRefuses
from terminal.payments.money import Money

log = logging.getLogger(__name__)
PACE_S: Final = 8.0  # a sentence of twenty words read aloud
LOOK_S: Final = 0.25
TRY_S: Final = 1.0
GLASS_S: Final = 20.0
OPEN_S: Final = 30.0
TIDY_S: Final = 90.0
STALE_S: Final = 40.0  # a code lives for a minute: who paused longer sees the story from its start
DEAD_LINE: Final = ("timeout-before-debit", "notify-lost")
"""Faults of the bank that together are a network without an answer; ``bank_up`` ends them."""
DEAD_S: Final = 1800
_CANNOT: Final = (TillRefuses, BankAway, BankRefuses, FaultUnknown, NoService)
Press = Literal["start", "pause", "next", "repeat", "skip"]
PhoneKind = Literal["idle", "code", "order", "paying", "paid", "screenshot", "back", "no"]


class StoryFailed(Exception):
    """Something did not come as the story says; the text is for the log."""


class _Again(Exception):
    """It stood still too long: the same story from its start."""


@dataclass(frozen=True, slots=True)
class Phone:
    """What the customer's phone shows the audience; ``code`` as digits, ``shop`` as the bank told it.

    ``kind`` "no": a picture whose payment the bank does not know.
    """

    kind: PhoneKind = "idle"
    code: str = ""
    shop: str = ""
    proof: str = ""


class Show:
    """Args:
    pace_s: how long a sentence stands.
    once: after a round it waits until somebody starts the next.
    """

    def __init__(
        self, lab: Laboratory, till: TillActs, playlist: Playlist, *, pace_s: float = PACE_S, once: bool = False
    ) -> None:
        self._lab, self._till, self.playlist, self._pace_s, self._once = lab, till, playlist, pace_s, once
        self.playing, self.paused, self.waits = False, False, False
        self.rounds = 0
        self.failed: dict[str, str] = {}  # by story: what did not come, of its last time
        self._begun, self._nudge, self._jumped = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._jump: Literal["repeat", "skip"] | None = None
        self._number = 0
        self._clean()

    def _clean(self) -> None:
        self._sale, self._verdict, self._slips = "", "", len(self._lab.stand.printer.slips)
        self._at, self._phone = AtTill(), Phone()
        self._tell: Sentence | None = None
        self._told, self._last = 0, False

    # --- who speaks ---------------------------------------------------------------------------------------

    def press(self, key: Press) -> None:
        if key == "start":
            self.playing, self.paused = True, False
            self._begun.set()
        elif key == "pause":
            self.paused = not self.paused
        elif key in ("repeat", "skip"):
            self._jump = "repeat" if key == "repeat" else "skip"
            self._jumped.set()
        self._nudge.set()
        self._lab.on_change()

    async def run(self) -> None:
        """For ever: nothing until it is started, then story after story, and again from the first."""
        await self._begun.wait()
        watching = asyncio.create_task(self._watch(), name="watch the till of the show")
        try:
            await self._until_open()
            while True:
                before = self.rounds
                await self._one(self.playlist.stories[self._number])
                if self._once and self.rounds > before:
                    await self._stand_still()
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    async def _stand_still(self) -> None:
        """The counter is tidy, and no sale is begun for nobody."""
        self.playing = False
        self._clean()
        self._begun.clear()
        self._lab.on_change()
        await self._begun.wait()

    async def _until_open(self) -> None:
        """The service may start after the lab does."""
        self.waits = True
        while not await self._till.ready():  # noqa: ASYNC110  # another process: nobody tells
            await asyncio.sleep(TRY_S)
        await self._tidy()
        self.waits = False

    async def _one(self, story: Scenario) -> None:
        """One story until its end, or until somebody skips or repeats it; the world is whole again afterwards."""
        self._jump = None
        self._jumped.clear()
        self._clean()
        playing, jumping = asyncio.create_task(self._play(story)), asyncio.create_task(self._jumped.wait())
        try:
            await asyncio.wait({playing, jumping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (playing, jumping):
                task.cancel()
            [how, _] = await asyncio.gather(playing, jumping, return_exceptions=True)
        await self._tidy()
        self._note(story, how)
        if self._jump == "repeat" or isinstance(how, _Again):
            return
        self._number = (self._number + 1) % len(self.playlist.stories)
        self.rounds += self._number == 0

    def _note(self, story: Scenario, how: BaseException | None) -> None:
        if how is None:
            self.failed.pop(story.name, None)
        elif isinstance(how, (StoryFailed, *_CANNOT)):
            self.failed[story.name] = str(how) or type(how).__name__
            log.warning("story %s: %s", story.name, self.failed[story.name])
        elif not isinstance(how, (asyncio.CancelledError, _Again)):
            raise how

    # --- one story ----------------------------------------------------------------------------------------

    async def _play(self, story: Scenario) -> None:
        """Raises StoryFailed, _Again, and what the world refuses."""
        for step in story.step:
            if step.tell is not None and step.do != "see":
                self._say(step.tell)
                await asyncio.sleep(self._pace_s / 4)
            await PLAYS[step.do](self, step)
            if step.tell is not None:
                if step.do == "see":
                    self._say(step.tell)
                await self._rest(self._pace_s)
        self._say(story.expect, last=True)
        await self._rest(self._pace_s)

    def _say(self, sentence: Sentence, *, last: bool = False) -> None:
        self._tell, self._last = sentence, last
        self._told += 1
        self._lab.on_change()

    async def _rest(self, seconds: float) -> None:
        """Until the sentence was read, or somebody presses next; as long as it is paused. Raises _Again."""
        begun_s, word = asyncio.get_running_loop().time(), self._at.word
        self._nudge.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._nudge.wait()
                if self.paused:
                    self._nudge.clear()
        while self.paused and not self._nudge.is_set():
            await self._nudge.wait()
        stood_s = asyncio.get_running_loop().time() - begun_s
        if stood_s > seconds + STALE_S and word in GOING:
            raise _Again

    async def _watch(self) -> None:
        """The till as it is now, looked at while a sale is told of."""
        while True:
            if sale := self._sale:
                before = self._at
                with contextlib.suppress(TillRefuses):
                    seen = await self._till.at(sale)
                    if sale == self._sale:
                        self._at = seen
                if before != self._at:
                    self._phone_hears()
                    self._lab.on_change()
            await asyncio.sleep(LOOK_S)

    def _phone_hears(self) -> None:
        """What the wallet tells its owner once the bank is through."""
        if self._at.given_back:
            self._phone = replace(self._phone, kind="back")
        elif self._at.word == "paid" and self._phone.kind in ("code", "order", "paying"):
            self._phone = replace(self._phone, kind="paid")

    # --- people -------------------------------------------------------------------------------------------

    async def _open(self, step: Step) -> None:
        end_s = asyncio.get_running_loop().time() + OPEN_S
        while True:
            try:
                sale = await self._till.open(step.amount_minor, step.directions)
                break
            except TillRefuses:  # the last one may still be ending
                if asyncio.get_running_loop().time() > end_s:
                    raise
            await asyncio.sleep(TRY_S)
        self._sale, self._phone = sale, Phone()
        self._at = AtTill("waiting", step.amount_minor, self._at.currency)

    async def _scan_glass(self, _step: Step) -> None:
        end_s = asyncio.get_running_loop().time() + GLASS_S
        while True:
            try:
                order = await self._lab.scan_glass()
                break
            except NotReadable as dark:
                if asyncio.get_running_loop().time() > end_s:
                    raise StoryFailed(f"the phone reads nothing: {dark}") from None
            await asyncio.sleep(LOOK_S)
        self._phone = Phone("order", shop=str(order.get("shop", "")))
        self._lab.on_change()

    async def _pay(self, step: Step) -> None:
        if not self._lab.shown:  # or somebody at the lab's own page took it from this phone
            await self._scan_glass(step)
        order = self._lab.shown
        self._phone = replace(self._phone, kind="paying")
        await self._lab.act("pay", str(order["order_no"]), str(order.get("mchid", "")))

    async def _show_phone(self, step: Step) -> None:
        code = await self._lab.bank.payment_code(step.behaviour)
        self._phone = Phone("code", code=code)
        self._lab.on_change()
        await asyncio.sleep(self._pace_s / 4)  # the audience sees the code before it is scanned
        self._lab.stand.scan(code)

    async def _cancel(self, _step: Step) -> None:
        await self._till.cancel(self._sale)

    async def _refund(self, _step: Step) -> None:
        await self._till.refund(self._sale)

    async def _check_proof(self, step: Step) -> None:
        self._phone = Phone("screenshot", proof=step.proof)
        self._lab.on_change()
        await asyncio.sleep(self._pace_s / 2)  # the audience sees the picture before anybody knows
        self._verdict = await self._till.check_proof(step.proof)
        if self._verdict == "no":
            self._phone = replace(self._phone, kind="no")
        self._lab.on_change()

    async def _see(self, step: Step) -> None:
        end_s = asyncio.get_running_loop().time() + step.within_s
        while missing := await self._missing(step):
            if asyncio.get_running_loop().time() > end_s:
                raise StoryFailed(f"not within {step.within_s} s: {missing}")
            await asyncio.sleep(LOOK_S)

    async def _missing(self, step: Step) -> str:
        stand = self._lab.stand
        if step.till and self._at.word != step.till:
            return f"till {step.till} (it says {self._at.word})"
        if step.glass and stand.screen != step.glass:
            return f"glass {step.glass} (it shows {stand.screen})"
        if step.verdict and self._verdict != step.verdict:
            return f"verdict {step.verdict} (it is {self._verdict or 'not asked'})"
        if len(stand.printer.slips) - self._slips < step.slips:
            return f"{step.slips} slips"
        if step.event and step.event not in await self._till.heard(self._sale):
            return f"event {step.event}"
        return ""

    # --- trouble ------------------------------------------------------------------------------------------

    async def _break(self, step: Step) -> None:
        await self._lab.begin(Wish(step.fault, step.count, None, step.params))

    async def _mend(self, step: Step) -> None:
        await self._lab.heal(step.fault)

    async def _line_dead(self, step: Step) -> None:
        how = "cut" if step.do == "bank_down" else "silent"
        lost, notices = DEAD_LINE
        await self._lab.begin(Wish(lost, seconds=DEAD_S, params={"call": "any", "how": how}))
        await self._lab.begin(Wish(notices, seconds=DEAD_S))

    async def _line_up(self, _step: Step) -> None:
        for slug in DEAD_LINE:
            await self._lab.heal(slug)

    async def _wait(self, step: Step) -> None:
        await asyncio.sleep(step.seconds)

    async def _tidy(self) -> None:
        """Nothing broken, no sale under way: the next story finds the counter as it was.

        Whatever is open at the counter ends, also what was opened without an answer yet.
        """
        with contextlib.suppress(*_CANNOT):
            await self._lab.heal()
        self._lab.shown = {}
        with contextlib.suppress(TillRefuses, TimeoutError):
            async with asyncio.timeout(TIDY_S):
                for sale in await self._till.left_open():
                    with contextlib.suppress(TillRefuses):
                        await self._till.cancel(sale)
                while await self._till.left_open():  # noqa: ASYNC110  # as above
                    await asyncio.sleep(LOOK_S)

    # --- what a page shows --------------------------------------------------------------------------------

    def told(self) -> dict[str, Any]:
        """Every sentence and amount by language; pages choose."""
        story = self.playlist.stories[self._number]
        at, phone = self._at, self._phone
        return {
            "playing": self.playing,
            "paused": self.paused,
            "waits": self.waits,
            "rounds": self.rounds,
            "failed": dict(self.failed),
            "list": _spoken(self.playlist.title),
            "title": _spoken(story.title),
            "number": self._number + 1,
            "of": len(self.playlist.stories),
            "tell": _spoken(self._tell) if self._tell else {},
            "step": self._told,
            "steps": sum(step.tell is not None for step in story.step) + 1,
            "last": self._last,
            "till": {"word": at.word, "giving_back": at.giving_back, "given_back": at.given_back},
            "amount": _amount(at),
            "phone": {"kind": phone.kind, "code": phone.code, "shop": phone.shop, "proof": phone.proof},
        }


def _spoken(sentence: Sentence) -> dict[str, str]:
    return {language: sentence.within(language) for language in LANGUAGES}


def _amount(at: AtTill) -> dict[str, str]:
    if not at.currency:
        return {}
    money = Money(at.amount_minor, at.currency)
    return {language: Catalogue.load(language).money(money) for language in LANGUAGES}


PLAYS: Final[Mapping[str, Callable[[Show, Step], Awaitable[None]]]] = {
    "open": Show._open,
    "scan_glass": Show._scan_glass,
    "pay": Show._pay,
    "show_phone": Show._show_phone,
    "cancel": Show._cancel,
    "refund": Show._refund,
    "check_proof": Show._check_proof,
    "see": Show._see,
    "break": Show._break,
    "mend": Show._mend,
    "bank_down": Show._line_dead,
    "bank_mute": Show._line_dead,
    "bank_up": Show._line_up,
    "wait": Show._wait,
}
