"""Honeywell's and Newland's scanners through the driver, and scanners that type, in virtual time."""

import asyncio
import os
from pathlib import Path

import pytest

from drivers.errors import DeviceGone, DeviceRefused, DeviceTimeout
from drivers.scanner.driver import Scanner
from drivers.scanner.evdev import events, open_evdev
from drivers.scanner.line import Refusal
from drivers.scanner.profile import load_profile
from firmware_stubs.scanner import LineScanner
from firmware_stubs.scanner_keyboard import KeyboardScanner, event
from firmware_stubs.scanner_menu import HoneywellScanner, NewlandScanner
from terminal.virtual_time import run
from tests.devices.scanner_rig import CODE, OTHER, running
from tests.unit.drivers.golden import vectors

HON, NLS = vectors("hon"), vectors("nls")


def menu(name: str) -> HoneywellScanner | NewlandScanner:
    return HoneywellScanner() if name == "hon" else NewlandScanner()


both = pytest.mark.parametrize("name", ["hon", "nls"])


@pytest.mark.row(41)
@both
def test_a_scanner_is_greeted_and_set_up_without_wearing_its_memory(name: str) -> None:
    async def story() -> None:
        stub = menu(name)
        async with running(stub, f"{name}-trigger", chunk=1, noise=b"\r") as counter:
            assert (await counter.scanner.hello()).known
            assert stub.on_demand
            assert stub.saves == 0
            assert await counter.scanner.alive()
            assert not await counter.scanner.feedback(False)

    run(story(), seed=1)


@pytest.mark.row(41, 54)
@both
@pytest.mark.parametrize("pieces", [0, 1, 3])
def test_l4_codes_arrive_once_also_between_command_and_answer(name: str, pieces: int) -> None:
    async def story() -> list[str]:
        stub = menu(name)
        async with running(stub, name, chunk=pieces) as counter:
            stub.scan(CODE)  # leaves together with the answer
            await counter.scanner.hello()
            counter.scan(OTHER, times=3, every_ms=200)
            await asyncio.sleep(2)
            return counter.texts

    assert run(story(), seed=1) == [CODE, OTHER]


@both
def test_a_triggered_scanner_reads_only_while_armed(name: str) -> None:
    on, off = (HON if name == "hon" else NLS)["trigger on"], (HON if name == "hon" else NLS)["trigger off"]

    async def story() -> list[str]:
        stub = menu(name)
        async with running(stub, f"{name}-trigger") as counter:
            await counter.scanner.hello()
            counter.scan(OTHER)
            assert not stub.reads
            async with counter.scanner.armed():
                assert stub.reads
                counter.scan(CODE)
                await asyncio.sleep(0.5)
            with pytest.raises(ZeroDivisionError):
                async with counter.scanner.armed():
                    raise ZeroDivisionError
            assert not stub.reads
            assert on in stub.heard
            assert off in stub.heard
            return counter.texts

    assert run(story(), seed=1) == [CODE]


def test_a_newland_gets_its_time_between_two_commands() -> None:
    async def story() -> None:
        stub = NewlandScanner(gap_ms=50)
        async with running(stub, "nls-trigger") as counter:
            await counter.scanner.hello()
            await counter.scanner.alive()
            async with counter.scanner.armed():
                assert stub.reads
            assert (stub.missed, stub.on_demand, stub.reads) == (0, True, False)

    run(story(), seed=1)


def test_a_newland_gets_its_time_also_between_two_who_ask_at_once() -> None:
    """The round that asks whether it is there meets the trigger that is pulled anew."""

    async def story() -> None:
        stub = NewlandScanner(gap_ms=50)
        async with running(stub, "nls-trigger") as counter:
            await counter.scanner.hello()
            async with asyncio.TaskGroup() as both_at_once:
                both_at_once.create_task(counter.scanner.alive())
                both_at_once.create_task(counter.scanner.alive())
            assert stub.missed == 0

    run(story(), seed=1)


@both
def test_l7_lost_answers_are_asked_three_times_and_no_more(name: str) -> None:
    async def story() -> None:
        stub = menu(name)
        stub.lose_answers = 2
        async with running(stub, name) as counter:
            assert await counter.scanner.alive()
            stub.mute = True
            began_s = asyncio.get_running_loop().time()
            with pytest.raises(DeviceTimeout, match="after 3 tries"):
                await counter.scanner.alive()
            assert asyncio.get_running_loop().time() - began_s <= 3.1

    run(story(), seed=1)


@both
def test_l7_a_late_answer_matches_no_question(name: str) -> None:
    async def story() -> list[str]:
        async with running(menu(name), name, delay_s=3.5) as counter:
            with pytest.raises(DeviceTimeout):
                await counter.scanner.hello()
            await asyncio.sleep(9)
            counter.cable.delay_s = 0
            counter.scan(CODE)
            assert await counter.scanner.alive()
            await asyncio.sleep(1)
            return counter.texts

    assert run(story(), seed=1) == [CODE]


@both
def test_l10_a_scanner_that_does_not_know_the_command_is_named(name: str) -> None:
    async def story() -> None:
        stub = menu(name)
        stub.settings.clear()
        async with running(stub, name) as counter:
            with pytest.raises(DeviceRefused, match="choose another profile"):
                await counter.scanner.hello()

    run(story(), seed=1)


def test_honeywells_ack_nak_option_is_answered_for_each_code() -> None:
    async def story() -> tuple[list[str], int, int]:
        stub = HoneywellScanner(wants_ack=True)
        async with running(stub, "hon-ack") as counter:
            counter.scan(CODE)
            counter.scan("13\x1b[2J")
            counter.scan(OTHER)
            await asyncio.sleep(1)
            return counter.texts, stub.acknowledged, stub.refused

    assert run(story(), seed=1) == ([CODE, OTHER], 2, 1)


# --- line mode in its other settings --------------------------------------------------------------------------


@pytest.mark.row(55)
def test_a_contact_with_line_ends_inside_is_one_refusal_where_only_crlf_ends_a_code() -> None:
    async def story() -> tuple[list[str], int]:
        stub = LineScanner(suffix=b"\r\n")
        async with running(stub, "line-crlf", chunk=1) as counter:
            counter.scan("BEGIN:VCARD\nN:1\rEND:VCARD")
            counter.scan(CODE)
            await asyncio.sleep(1)
            return counter.texts, counter.scanner.refused[Refusal.CONTROL_BYTES]

    assert run(story(), seed=1) == ([CODE], 1)


def test_aim_ids_are_taken_off_where_the_scanner_sends_them() -> None:
    async def story() -> list[str]:
        async with running(LineScanner(aim_ids=True), "line-aim") as counter:
            counter.scan(CODE, aim="]Q1")
            await asyncio.sleep(1)
            return counter.texts

    assert run(story(), seed=1) == [CODE]


# --- scanners that type ---------------------------------------------------------------------------------------

TEXT = "https://Example.test/a_b?n=134567890123456789&x=~{[(\"'|\\`^@#$%+*;,.<>:!)]}"


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.row(41, 55)
@pytest.mark.parametrize("pieces", [0, 1, 7, 24, 100])
def test_l4_what_a_scanner_types_is_read_key_by_key(pieces: int) -> None:
    async def story() -> list[str]:
        async with running(KeyboardScanner(), "evdev", chunk=pieces) as counter:
            counter.scan(TEXT)
            await asyncio.sleep(2)
            counter.scan(CODE, times=2, every_ms=500)
            await asyncio.sleep(2)
            return counter.texts

    assert run(story(), seed=1) == [TEXT, CODE]


@pytest.mark.row(55)
def test_c3_a_code_that_presses_ctrl_or_a_function_key_is_refused_whole() -> None:
    async def story() -> tuple[list[str], int]:
        stub = KeyboardScanner()
        async with running(stub, "evdev") as counter:
            counter.scan("13\x1245")  # Ctrl and R: opens a window on some desktops
            await asyncio.sleep(1)
            counter.scan(CODE)
            await asyncio.sleep(1)
            return counter.texts, counter.scanner.refused[Refusal.CONTROL_BYTES]

    assert run(story(), seed=1) == ([CODE], 1)


def test_c2_a_pause_while_typing_drops_the_head() -> None:
    async def story() -> tuple[list[str], int]:
        async with running(KeyboardScanner(), "evdev") as counter:
            counter.scan(CODE, pause_after=144 * 5, pause_ms=600)
            await asyncio.sleep(3)
            return counter.texts, counter.scanner.refused[Refusal.INCOMPLETE]

    assert run(story(), seed=1) == ([CODE[5:]], 1)  # 13 digits: no wallet's grammar takes it


async def test_l1_events_are_read_from_a_descriptor_on_the_loop_and_its_end_is_told() -> None:
    out, into = os.pipe()
    os.set_blocking(out, False)
    transport = events(out, "/dev/input/event7")
    scanner = Scanner(transport, load_profile("evdev"))
    pump = asyncio.create_task(scanner.run())
    async with asyncio.timeout(30):
        for key in (8, 28):
            os.write(into, event(key, 1) + event(key, 0))
        assert (await anext(scanner.scans())).text == "7"
        os.close(into)
        with pytest.raises(DeviceGone, match="event7"):
            await pump
    await transport.close()


def open_files() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


async def test_l12_what_is_no_input_device_or_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(DeviceGone, match="nothing is plugged in"):
        await open_evdev(str(tmp_path / "event7"))
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    before = open_files()
    with pytest.raises(DeviceRefused, match="no keyboard-like device"):
        await open_evdev(str(fifo))
    assert open_files() == before
