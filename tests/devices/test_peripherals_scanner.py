"""The scanner through its adapter: codes for now, none kept, nothing leaked, nothing silent."""

import asyncio
import gc

import msgspec
import pytest

from drivers.scanner.profile import load_profile
from drivers.transport import OpenTransport, Transport
from firmware_stubs.scanner import Gm65, LineScanner
from firmware_stubs.scanner_menu import HoneywellScanner, NewlandScanner
from firmware_stubs.scanner_ssi import GrowSsi, SsiScanner
from firmware_stubs.star_printer import StarPrinterStub
from terminal.counter.ports import HealthState, Scan
from terminal.peripherals.build_scanner import build_scanner
from terminal.peripherals.place import Flow, Place
from terminal.peripherals.proof import Verdict, Witness, prove_scanner
from terminal.peripherals.scanner import FRESH_S, QUEUE, CodeScanner
from terminal.settings import ScannerTable
from terminal.simulation.devices import SimulatedCounter
from terminal.virtual_time import VirtualClock
from tests.devices.peripheral_rig import now_s, play, running, until, well
from tests.devices.wires import wire
from tests.unit.drivers.golden import vectors

CODE = "134567890123456789"
GM65 = vectors("gm65")


def scanner_of(counter: SimulatedCounter) -> CodeScanner:
    scanner = counter.devices().scanner
    assert isinstance(scanner, CodeScanner)
    return scanner


async def first(scanner: CodeScanner, limit_s: float = 1.0) -> Scan:
    async with asyncio.timeout(limit_s):
        return await anext(aiter(scanner.scans()))


@pytest.mark.row(41, 54)
def test_a_scan_arrives_once_with_the_time_it_was_made() -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        scanner = scanner_of(counter)
        async with running(scanner.run):
            await well(scanner.health)
            assert scanner.health().state is HealthState.OK
            await asyncio.sleep(7)
            counter.scanner.scan(CODE, times=3, every_ms=200)
            counter.wires["scanner"].poke()
            scan = await first(scanner)
            assert (scan.text, round(scan.mono_ns / 1e9, 1)) == (CODE, round(now_s(), 1))
            with pytest.raises(TimeoutError):
                await first(scanner, 3)

    play(story())


@pytest.mark.row(54)
@pytest.mark.parametrize(("settings", "scans"), [({}, 1), ({"same_code_s": 0.2}, 2), ({"same_code_s": 0}, 2)])
def test_the_window_of_a_double_fire_is_the_settings_own(settings: dict[str, float], scans: int) -> None:
    async def story() -> None:
        stub = LineScanner()
        cable = wire(stub)
        table = msgspec.convert({"port": "link:/dev/x", "profile": "line", **settings}, ScannerTable)

        class Wired(Place):
            def opener(self, _baud: int, _flow: Flow = "none", *, dtr: bool = True) -> OpenTransport:
                return cable.open

        scanner = build_scanner(Wired("1", "scanner", table, VirtualClock()), table)
        async with running(scanner.run):
            await well(scanner.health)
            for _ in range(2):
                stub.scan(CODE)
                cable.poke()
                await asyncio.sleep(0.5)
            for _ in range(scans):
                assert (await first(scanner)).text == CODE
            with pytest.raises(TimeoutError):
                await first(scanner)

    play(story())


@pytest.mark.parametrize("seconds", [-1, 31, "3"])
def test_bad_input_a_window_of_a_double_fire_that_is_none_is_refused(seconds: object) -> None:
    with pytest.raises(msgspec.ValidationError, match="same_code_s"):
        msgspec.convert({"port": "link:/dev/x", "same_code_s": seconds}, ScannerTable)


def test_c5_what_nobody_took_in_time_is_dropped_and_counted() -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        scanner = scanner_of(counter)
        async with running(scanner.run):
            await well(scanner.health)
            for number in range(QUEUE + 3):
                counter.scan(f"{CODE}{number}")
                await asyncio.sleep(0.01)
            assert scanner.dropped == 3
            await asyncio.sleep(FRESH_S + 0.1)
            counter.scan("fresh")
            assert (await first(scanner)).text == "fresh"
            assert scanner.dropped == QUEUE + 3

    play(story())


def test_l1_unplugged_and_back_with_no_old_scan() -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        scanner = scanner_of(counter)
        async with running(scanner.run):
            await well(scanner.health)
            counter.unplug("scanner")
            await until(lambda: scanner.health().reason == "scanner_gone", 1)
            await scanner.feedback(good=False)
            counter.replug("scanner")
            await until(lambda: scanner.health().state is HealthState.OK, 3)
            counter.scan(CODE)
            assert (await first(scanner)).text == CODE

    play(story())


def test_l7_a_module_that_answers_nothing_is_marked_down_and_asked_again() -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        scanner = scanner_of(counter)
        async with running(scanner.run):
            await well(scanner.health)
            counter.fault("mute-scanner")
            await until(lambda: scanner.health().reason == "scanner_no_answer", 10)
            await scanner.feedback(good=False)
            counter.fault("unmute-scanner")
            await until(lambda: scanner.health().state is HealthState.OK, 10)

    play(story())


def test_a_plain_scanner_cannot_tell_until_it_scans() -> None:
    async def story() -> None:
        stub = LineScanner()
        cable = wire(stub)
        scanner = CodeScanner("x", cable.open, VirtualClock(), profile=load_profile("line"))
        async with running(scanner.run):
            await well(scanner.health)
            assert scanner.health().state is HealthState.CANNOT_TELL
            stub.scan(CODE)
            cable.poke()
            assert (await first(scanner)).text == CODE
            assert scanner.health().state is HealthState.OK
            await scanner.feedback(good=True)

    play(story())


@pytest.mark.row(41, 45)
@pytest.mark.parametrize(
    ("sent", "suffix", "slug"),
    [
        (bytes(byte | 0x80 for byte in CODE.encode()), b"\r", "scanner_garbled"),  # another line speed
        ("１３４５６７８９０１２３４５６７８９", b"\r", "scanner_garbled"),
        ("1345\x1b[2J6789", b"\r", "scanner_garbled"),
        (CODE, b"", "scanner_no_end"),
    ],
    ids=["line speed", "unicode digits", "control bytes", "no suffix"],
)
def test_bad_input_c3_a_scanner_whose_scans_are_no_codes_says_why_until_one_is(
    sent: str | bytes, suffix: bytes, slug: str
) -> None:
    async def story() -> None:
        stub = LineScanner(suffix=suffix)
        cable = wire(stub)
        scanner = CodeScanner("x", cable.open, VirtualClock(), profile=load_profile("line"))
        async with running(scanner.run):
            await well(scanner.health)
            for told in ("", slug):  # once may be noise on the line
                stub.scan(sent)
                cable.poke()
                await asyncio.sleep(1)
                assert (scanner.health().state, scanner.health().reason) == (HealthState.CANNOT_TELL, told)
            stub.suffix = b"\r"
            stub.scan(CODE)
            cable.poke()
            assert (await first(scanner)).text == CODE
            assert (scanner.health().state, scanner.health().reason) == (HealthState.OK, "")

    play(story())


@pytest.mark.row(97)
def test_a_scanner_without_an_end_behind_its_codes_fails_its_test_by_that_name() -> None:
    async def story() -> None:
        stub = LineScanner(suffix=b"")
        cable = wire(stub)
        scanner = CodeScanner("x", cable.open, VirtualClock(), profile=load_profile("line"))
        async with running(scanner.run):
            await well(scanner.health)
            test = asyncio.create_task(prove_scanner(scanner, Witness(asyncio.Queue())))
            for _ in range(3):
                await asyncio.sleep(1)
                stub.scan(CODE)
                cable.poke()
            proof = await test
        assert (proof.verdict, proof.reason) == (Verdict.FAILED, "scanner_no_end")

    play(story())


def test_bad_input_that_a_module_answers_does_not_hide_that_its_scans_are_no_codes() -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        scanner = scanner_of(counter)
        async with running(scanner.run):
            await well(scanner.health)
            for _ in range(2):
                counter.scan("caf\u00e9")
                await asyncio.sleep(20)
            assert scanner.health().reason == "scanner_garbled"
            counter.unplug("scanner")
            await until(lambda: scanner.health().reason == "scanner_gone", 1)
            counter.replug("scanner")
            await until(lambda: scanner.health().state is HealthState.OK, 3)

    play(story())


def test_a_bug_while_reading_is_heard_and_leaves_no_task() -> None:
    class Odd(LineScanner):
        """Sends; the cable then breaks in a way no driver expects."""

    async def story() -> None:
        cable = wire(Odd())

        def burst(_data: bytes) -> bytes:
            return b""

        async def broken() -> bytes:
            await asyncio.sleep(1)
            raise ZeroDivisionError

        async def open_() -> Transport:
            await cable.open()
            return cable

        cable.read = broken  # type: ignore[method-assign]  # a transport with a bug
        cable.to_host = burst
        scanner = CodeScanner("x", open_, VirtualClock(), profile=load_profile("line"))
        with pytest.raises(ZeroDivisionError):
            await scanner.run()
        assert scanner.health().state is HealthState.FAULT
        assert asyncio.all_tasks() == {asyncio.current_task()}
        gc.collect()

    play(story())


def test_l10_a_star_printer_where_a_gm65_should_be_keeps_its_drawer_shut() -> None:
    """Reading a GM65's version has a 07 in it: to a Star printer that is BEL, which opens the drawer."""

    async def story() -> None:
        printer = StarPrinterStub()
        cable = wire(printer)
        scanner = CodeScanner("x", cable.open, VirtualClock(), profile=load_profile("gm65"))
        async with running(scanner.run):
            await until(lambda: scanner.health().state is HealthState.FAULT, 30)
            await asyncio.sleep(30)
        assert printer.drawer_pulses == 0

    play(story())


@pytest.mark.row(41)
@pytest.mark.parametrize(
    ("stub", "profile"),
    [
        (Gm65(), "gm65-trigger"),
        (SsiScanner(), "ssi-trigger"),
        (GrowSsi(), "gmssi-trigger"),
        (HoneywellScanner(), "hon-trigger"),
        (NewlandScanner(), "nls-trigger"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_triggered_scanner_reads_again_and_again(stub: LineScanner, profile: str) -> None:
    async def story() -> None:
        cable = wire(stub)
        scanner = CodeScanner("x", cable.open, VirtualClock(), profile=load_profile(profile))
        async with running(scanner.run):
            await well(scanner.health)
            for number in range(3):
                await asyncio.sleep(7)
                stub.scan(f"{CODE}{number}")
                cable.poke()
                assert (await first(scanner)).text == f"{CODE}{number}"

    play(story())


class SlowToSpeak(Gm65):
    """Its last code leaves behind the answer to "stop", in one piece with it."""

    def receive(self, data: bytes, now_ms: int) -> bytes:
        said = super().receive(data, now_ms)
        return said + CODE.encode() + b"\r" if GM65["stop (write 0002=00)"] in data else said


def test_a_code_read_while_the_trigger_is_pulled_anew_is_not_lost() -> None:
    async def story() -> None:
        cable = wire(SlowToSpeak(), delay_s=0.02)
        scanner = CodeScanner("x", cable.open, VirtualClock(), profile=load_profile("gm65-trigger"))
        async with running(scanner.run):
            await well(scanner.health)
            assert (await first(scanner, 10)).text == CODE
            assert now_s() < 5, "the first one, not the next"

    play(story())
