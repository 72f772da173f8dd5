"""Scanners: greeted where they can be, then one code held before the window arrives as it is."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final, cast

from drivers.scanner.driver import Scanner
from drivers.scanner.profile import load_profile
from drivers.transport import Transport
from firmware_stubs.scanner import Gm65, LineScanner
from firmware_stubs.scanner_keyboard import KeyboardScanner
from firmware_stubs.scanner_m3y import M3yScanner
from firmware_stubs.scanner_menu import HoneywellScanner, NewlandScanner
from firmware_stubs.scanner_ssi import GrowSsi, SsiScanner
from firmware_stubs.wire import Stub
from tests.devices.conformance.case import DeviceCase

CODE: Final = "https://example.test/Pay?n=134567890123456789"
SCAN_S: Final = 45.0  # virtual on wires; on real links only a watchdog
REARM_S: Final = 1.0  # as a counter does: a trigger is good for one code, which may repeat an older one


class NotScanned(Exception):
    pass


def greeting(profile: str) -> Callable[[Transport], Awaitable[object]]:
    async def greet(transport: Transport) -> None:
        await _with_pump(Scanner(transport, load_profile(profile)), Scanner.hello)

    return greet


def scanning(profile: str) -> Callable[[Transport], Awaitable[object]]:
    async def wait_for_code(scanner: Scanner) -> None:
        await scanner.hello()
        if not profile.endswith("-trigger"):
            await _code(scanner, SCAN_S)
            return
        for _ in range(int(SCAN_S / REARM_S)):
            with contextlib.suppress(NotScanned):
                async with scanner.armed():
                    await _code(scanner, REARM_S)
                return
        raise NotScanned

    async def act(transport: Transport) -> None:
        scanner = Scanner(transport, load_profile(profile), double_fire_s=0.1)  # it is pressed again and again
        await _with_pump(scanner, wait_for_code)

    return act


async def _code(scanner: Scanner, limit_s: float) -> None:
    try:
        async with asyncio.timeout(limit_s):
            async for scanned in scanner.scans():
                if scanned.text == CODE:  # what garbage makes is a code for the grammar behind to refuse
                    return
    except TimeoutError:
        raise NotScanned from None


async def _with_pump(scanner: Scanner, job: Callable[[Scanner], Awaitable[object]]) -> None:
    pump = asyncio.create_task(scanner.run())
    try:
        await job(scanner)
    finally:
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)


def present(stub: Stub) -> None:
    cast(LineScanner, stub).scan(CODE)


def case(
    name: str, stub: Callable[[], Stub], vectors: str, *, profile: str = "", answers: bool = True
) -> DeviceCase:
    profile = profile or name
    return DeviceCase(
        key=f"scanner/{name}" if profile == name else f"scanner/{name} {profile}",
        stub=stub,
        greet=greeting(profile),
        act=scanning(profile),
        did=lambda stub: cast(LineScanner, stub).taken >= 1,
        answers=answers,
        vectors=vectors,
        failures=(NotScanned,),
        press=present,
        baud=load_profile(profile).baud,
    )


CASES: Final = (
    case("gm65", Gm65, "gm65.hex"),
    case("gm65", Gm65, "gm65.hex", profile="gm65-trigger"),
    case("line", LineScanner, "line.hex", answers=False),
    case("gmssi", GrowSsi, "gmssi.hex"),
    case("ssi", lambda: SsiScanner(response_ms=200), "ssi.hex"),
    case("ssi", lambda: SsiScanner(response_ms=200), "ssi.hex", profile="ssi-trigger"),
    case("hon", HoneywellScanner, "hon.hex"),
    case("nls", NewlandScanner, "nls.hex"),
    case("m3y", M3yScanner, "m3y.hex"),
    case("m3y", lambda: M3yScanner(on_demand=True), "m3y.hex", profile="m3y-trigger"),
    case("evdev", KeyboardScanner, "evdev.hex", answers=False),
)
