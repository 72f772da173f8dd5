"""Proving that a device does its work: another device or a person must tell what it showed, printed or said.

A device that answers is not proven, and one that nobody could watch "cannot tell", which is never "passed".
"""

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from terminal.counter.ports import (
    CodeScreen,
    Display,
    Entropy,
    Health,
    HealthState,
    Played,
    Printer,
    PrintStopped,
    Scanner,
    Slip,
    Speaker,
    Utterance,
)
from terminal.errors import PeripheralFailed
from terminal.payments.money import Money
from terminal.payments.receipt import Blank, Code, Receipt, Row

PREFIX: Final = "CT-PROOF-"  # no wallet's payment code has letters
_LETTERS: Final = "ACDEFGHJKMNPQRTUVWXY34679"  # none that look alike on a poor print
DO_S: Final = 12.0  # for showing or printing
SEE_S: Final = 20.0  # for a hand and a scanner
HEAR_S: Final = 45.0  # for a person who types what was heard
SAMPLE: Final = "中文 ¥ é ç ã ₹ 0123"
_SEEN_MAX: Final = 40


class Verdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Proof:
    """How a test of a device ended. ``reason`` is a slug of the registry, empty when it passed.

    ``measured``: for people; times in milliseconds, what was read, the model, what its health says.
    """

    role: str
    verdict: Verdict
    measured: Mapping[str, str]
    reason: str = ""

    @property
    def passed(self) -> bool:
        return self.verdict is Verdict.PASSED


@dataclass(frozen=True, slots=True)
class Challenge:
    """Something nobody can guess: ``code`` for a scanner, ``digits`` without a zero for a person."""

    code: str
    digits: str

    @classmethod
    def draw(cls, entropy: Entropy) -> "Challenge":
        chance = entropy.bytes(8)
        letters = "".join(_LETTERS[byte % len(_LETTERS)] for byte in chance[:4])
        return cls(PREFIX + letters, "".join(str(byte % 9 + 1) for byte in chance[4:]))

    def screen(self, currency: str) -> CodeScreen:
        """Its number is this code's alone: a display that has shown a number may take it for shown."""
        number, ttl_s = zlib.crc32(self.code.encode()), int(SEE_S + DO_S)
        return CodeScreen(number, self.code, Money(int(self.digits), currency), ttl_s, test=True, title=self.code)


@dataclass(slots=True)
class Witness:
    """Who can tell: ``reads`` of the counter's scanner, None without a usable one, and what a person types."""

    reads: "asyncio.Queue[str] | None" = None
    typed: "asyncio.Queue[str]" = field(default_factory=lambda: asyncio.Queue(8))


@dataclass(frozen=True, slots=True)
class Manner:
    """How a test looks and sounds at this counter."""

    currency: str
    language: str
    test: bool


class ProvenDisplay(Display, Protocol):
    """``shows_codes``: what it shows a scanner can read. ``shows_tests`` False: the counter's own screens only."""

    @property
    def shows_codes(self) -> bool: ...
    @property
    def shows_tests(self) -> bool: ...


async def prove_display(display: ProvenDisplay, by: Witness, it: Challenge, how: Manner) -> Proof:
    """A random code on the glass: the scanner reads exactly it back, or a person types the amount's digits."""
    began_s = _now_s()
    try:
        async with asyncio.timeout(DO_S):
            await display.show(it.screen(how.currency))
    except PeripheralFailed as failed:
        if failed.slug != "display_no_codes":  # the amount stands there
            return _failed("display", display.health(), failed.slug)
    except TimeoutError:
        return _failed("display", display.health(), "display_no_answer")
    did = {"shown_ms": _ms_since(began_s), "bytes": str(len(it.code.encode()))}
    if not display.shows_tests:
        return Proof("display", Verdict.CANNOT_TELL, _measured(display.health(), did), "proof_not_possible")
    seen = Witness(by.reads if display.shows_codes else None, by.typed)
    return await _told("display", display.health(), did, seen, it)


async def prove_printer(printer: Printer, by: Witness, it: Challenge) -> Proof:
    """A slip with a random code, which the scanner reads; or a person types its digits."""
    began_s = _now_s()
    try:
        async with asyncio.timeout(DO_S):
            printed = await printer.print(Slip(f"proof-{it.code}", _slip(it), 0))
    except PrintStopped as stopped:
        return _failed("printer", printer.health(), stopped.reason)
    except TimeoutError:
        return _failed("printer", printer.health(), "printer_no_answer")
    did = {"printed_ms": _ms_since(began_s), "outcome": printed.value}
    return await _told("printer", printer.health(), did, by, it)


async def prove_speaker(speaker: Speaker, by: Witness, it: Challenge, how: Manner) -> Proof:
    """Four random digits are spoken; whoever hears them types them."""
    began_s = _now_s()
    words = Utterance("digits", Money(0, how.currency), "", how.language, how.test, digits=it.digits)
    played = await speaker.say(words)
    health = speaker.health()
    if played is Played.QUIET:
        return Proof("speaker", Verdict.CANNOT_TELL, _measured(health), "proof_quiet_hours")
    if played is Played.NOT_PLAYED:
        return _failed("speaker", health, health.reason or "speaker_no_answer")
    did = {"played_ms": _ms_since(began_s), "outcome": played.value}
    return await _told("speaker", health, did, Witness(None, by.typed), it, limit_s=HEAR_S)


async def prove_scanner(scanner: Scanner, by: Witness, shown: str = "") -> Proof:
    """A person scans anything; where the display could show a code, exactly that one."""
    began_s, others = _now_s(), [""]
    if by.reads is None:
        return _failed("scanner", scanner.health(), scanner.health().reason or "scanner_gone")
    try:
        async with asyncio.timeout(SEE_S):
            text = await _read(by.reads, shown, others)
    except TimeoutError:
        if others[-1]:
            return _failed("scanner", scanner.health(), "proof_other_read", {"read": others[-1]})
        if why := scanner.health().reason:
            return _failed("scanner", scanner.health(), why)
        return Proof("scanner", Verdict.CANNOT_TELL, _measured(scanner.health()), "proof_not_scanned")
    did = {"read_ms": _ms_since(began_s), "characters": str(len(text))}
    return Proof("scanner", Verdict.PASSED, _measured(scanner.health(), did))


async def _told(
    role: str, health: Health, did: dict[str, str], by: Witness, it: Challenge, *, limit_s: float = SEE_S
) -> Proof:
    """The first who tells it right proves it; a person who tells something else denies it."""
    began_s, others = _now_s(), [""]
    waits = [asyncio.ensure_future(_read(by.reads, it.code, others))] if by.reads is not None else []
    person = asyncio.ensure_future(by.typed.get())
    try:
        await asyncio.wait({*waits, person}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in (*waits, person):
            each.cancel()
    if waits and waits[0].done() and not waits[0].cancelled():
        return Proof(role, Verdict.PASSED, _measured(health, did, read_ms=_ms_since(began_s), read=it.code))
    if person.done() and not person.cancelled():
        told = "".join(char for char in person.result() if char.isdigit())
        if told == it.digits:
            return Proof(role, Verdict.PASSED, _measured(health, did, told=told))
        return _failed(role, health, "proof_wrong_answer", {**did, "told": told[:8], "right": it.digits})
    if others[-1]:
        return _failed(role, health, "proof_other_read", {**did, "wanted": it.code, "read": others[-1]})
    if waits:
        return _failed(role, health, "proof_not_read", {**did, "wanted": it.code})
    return Proof(role, Verdict.CANNOT_TELL, _measured(health, did), "proof_not_answered")


async def _read(reads: "asyncio.Queue[str]", wanted: str, others: list[str]) -> str:
    """What was read instead is kept only as far as it is a test's own: anything else may be a customer's."""
    while True:
        text = await reads.get()
        if text == wanted or not wanted:
            return text
        others.append(text[:_SEEN_MAX] if text.startswith(PREFIX) else f"{len(text)} characters")


def _slip(it: Challenge) -> Receipt:
    return (
        Row("TEST", align="center", size=2, bold=True),
        Row(it.digits, align="center", size=2),
        Code(it.code),
        Row(it.code, align="center"),
        Row(SAMPLE, align="center"),
        Blank(),
    )


def _failed(role: str, health: Health, reason: str, did: dict[str, str] | None = None) -> Proof:
    return Proof(role, Verdict.FAILED, _measured(health, did), reason)


def _measured(health: Health, did: dict[str, str] | None = None, **more: str) -> dict[str, str]:
    known = {name: health.detail[name] for name in ("model", "firmware", "port") if health.detail.get(name)}
    state = health.state.value if health.state is not HealthState.FAULT else health.reason
    return {**known, "health": state, **(did or {}), **more}


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _ms_since(began_s: float) -> str:
    return str(round((_now_s() - began_s) * 1000))
