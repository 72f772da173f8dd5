"""Scanners that speak SSI, Zebra's and Grow's, through the driver in virtual time."""

import asyncio
from typing import Any

import pytest

from drivers.errors import DeviceGone, DeviceRefused, DeviceTimeout
from drivers.scanner.line import Refusal
from firmware_stubs.scanner_ssi import GrowSsi, SsiScanner
from firmware_stubs.wire import unchanged
from terminal.virtual_time import run
from tests.devices.scanner_rig import CODE, OTHER, running
from tests.unit.drivers.golden import vectors

SSI, GROW = vectors("ssi"), vectors("gmssi")


def scanned(stub: SsiScanner, *codes: str, profile: str = "ssi", wait_s: float = 8.0, **faults: Any) -> list[str]:
    async def story() -> list[str]:
        async with running(stub, profile, **faults) as counter:
            for code in codes:
                counter.scan(code)
                await asyncio.sleep(wait_s)
            return counter.texts

    return run(story(), seed=1)


@pytest.mark.row(41)
def test_a_scanner_is_identified_and_set_up_in_volatile_memory_only() -> None:
    async def story() -> None:
        stub = SsiScanner(packets=False)
        async with running(stub, "ssi-trigger", chunk=1, noise=b"\x00\xaa\xff") as counter:
            who = await counter.scanner.hello()
            assert (who.known, who.software, who.hardware) == (True, "NBRFMAAC", "N SE923 0A1B")
            assert (stub.packets, stub.trigger, stub.permanent) == (True, 0x08, 0)
            assert SSI["host trigger, temporary"] in stub.heard
            assert await counter.scanner.alive()

    run(story(), seed=1)


@pytest.mark.row(41, 54)
def test_a_code_is_acknowledged_and_arrives_once() -> None:
    stub = SsiScanner()
    assert scanned(stub, CODE, OTHER) == [CODE, OTHER]
    assert bytes(stub.heard) == SSI["ACK"] * 2


@pytest.mark.row(54)
@pytest.mark.parametrize("lost", [1, 2])
def test_l5_an_acknowledgement_that_is_lost_does_not_make_a_second_scan(lost: int) -> None:
    async def story() -> tuple[list[str], int, int]:
        stub = SsiScanner()
        async with running(stub, "ssi") as counter:
            left = [lost]

            def swallow(data: bytes) -> bytes:
                left[0] -= 1
                return b"" if left[0] >= 0 else data

            counter.cable.to_device = swallow
            counter.scan(CODE)
            await asyncio.sleep(10)
            return counter.texts, counter.scanner.repeats, stub.lost

    assert run(story(), seed=1) == ([CODE], lost, 0)


def test_l7_three_unheard_tries_lose_the_code_at_the_scanner_and_one_scan_has_arrived() -> None:
    stub = SsiScanner()
    assert scanned(stub, CODE, to_device=lambda _: b"") == [CODE]
    assert stub.lost == 1


@pytest.mark.row(54)
def test_l3_a_spoiled_packet_is_asked_for_again_and_the_code_arrives_once() -> None:
    stub = SsiScanner(garble=2)
    assert scanned(stub, CODE) == [CODE]
    assert bytes(stub.heard) == SSI["NAK resend"] * 2 + SSI["ACK"]


def test_a_resent_code_the_host_never_got_is_a_scan() -> None:
    assert scanned(SsiScanner(), CODE, drop_answers=1) == [CODE]
    late = scanned(SsiScanner(), CODE, OTHER, wait_s=40.0, drop_answers=1)
    assert late == [CODE, OTHER]


@pytest.mark.parametrize("chunk", [1, 7, 100])
@pytest.mark.parametrize("pieces", [0, 1, 3])
def test_l4_a_long_code_in_several_packets_is_one_scan(chunk: int, pieces: int) -> None:
    text = "https://example.test/" + "0123456789" * 30
    stub = SsiScanner(chunk=chunk)
    assert scanned(stub, text, chunk=pieces) == [text]
    assert stub.heard.count(SSI["ACK"]) == -(-len(text) // chunk)


def test_l5_a_part_that_is_resent_is_added_once() -> None:
    async def story() -> list[str]:
        stub = SsiScanner(chunk=5, response_ms=400)
        async with running(stub, "ssi") as counter:
            count = [0]

            def swallow(data: bytes) -> bytes:
                count[0] += 1
                return b"" if count[0] in (1, 3, 6) else data

            counter.cable.to_device = swallow
            counter.scan(CODE)
            await asyncio.sleep(10)
            return counter.texts

    assert run(story(), seed=1) == [CODE]


def test_c2_the_head_of_a_code_whose_rest_never_comes_is_not_glued_to_the_next() -> None:
    async def story() -> tuple[list[str], int]:
        stub = SsiScanner(chunk=5)
        async with running(stub, "ssi") as counter:
            counter.cable.to_device = lambda _: b""
            counter.scan(CODE)
            await asyncio.sleep(7)
            counter.cable.to_device = unchanged
            counter.scan(OTHER)
            await asyncio.sleep(3)
            return counter.texts, counter.scanner.refused[Refusal.INCOMPLETE]

    texts, dropped = run(story(), seed=1)
    assert texts == [OTHER]
    assert dropped >= 1


def test_c2_a_pause_inside_a_packet_asks_for_it_again() -> None:
    async def story() -> list[str]:
        stub = SsiScanner()
        async with running(stub, "ssi") as counter:
            counter.scan(CODE, pause_after=9, pause_ms=500)
            await asyncio.sleep(10)
            return counter.texts

    assert run(story(), seed=1) == [CODE]


@pytest.mark.row(54)
def test_c1_a_code_before_the_window_twice_is_one_scan_and_shown_as_refused() -> None:
    async def story() -> tuple[list[str], list[str], int]:
        stub = SsiScanner()
        async with running(stub, "ssi") as counter:
            counter.scan(CODE, times=2, every_ms=700)
            await asyncio.sleep(4)
            assert all(SSI[title] in stub.heard for title in ("LED on", "beep code 0", "LED off"))
            return counter.texts, stub.light_log, stub.beeps

    assert run(story(), seed=1) == ([CODE], ["on", "off"], 1)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("１３４５", Refusal.NOT_ASCII),
        ("13\x1b[2J", Refusal.CONTROL_BYTES),
        ("13\r45", Refusal.CONTROL_BYTES),
        (b"x" * 5000, Refusal.TOO_LONG),
    ],
)
def test_c3_bad_bytes_in_a_packet_are_counted_acknowledged_and_no_scan(code: str | bytes, reason: Refusal) -> None:
    async def story() -> tuple[list[str], int, int]:
        stub = SsiScanner()
        async with running(stub, "ssi") as counter:
            counter.scan(code)
            counter.scan(CODE)
            await asyncio.sleep(4)
            return counter.texts, counter.scanner.refused[reason], stub.lost

    assert run(story(), seed=1) == ([CODE], 1, 0)


def test_a_scan_between_command_and_answer_is_a_scan_and_no_answer() -> None:
    async def story() -> tuple[list[str], str]:
        async with running(SsiScanner(), "ssi", chunk=3) as counter:
            counter.cable.stub.scan(CODE)  # type: ignore[attr-defined]  # leaves together with the answer
            who = await counter.scanner.hello()
            await asyncio.sleep(3)
            return counter.texts, who.software

    assert run(story(), seed=1) == ([CODE], "NBRFMAAC")


def test_l7_lost_acknowledgements_of_ours_are_asked_three_times_then_given_up() -> None:
    async def story() -> None:
        stub = SsiScanner(lose_answers=2)
        async with running(stub, "ssi") as counter:
            assert await counter.scanner.alive()
            await counter.scanner.feedback(False)
            del stub.heard[:]
            stub.lose_answers = 1
            assert await counter.scanner.feedback(False)
            assert SSI["LED on"] in stub.heard  # the second time marked as sent before
            assert bytes.fromhex("05 E7 04 01 01 FF 0E") in stub.heard
            stub.mute = True
            began_s = asyncio.get_running_loop().time()
            with pytest.raises(DeviceTimeout, match="after 3 tries"):
                await counter.scanner.alive()
            assert asyncio.get_running_loop().time() - began_s <= 3.3
            stub.mute = False
            assert await counter.scanner.alive()

    run(story(), seed=1)


def test_l7_a_late_answer_matches_no_question() -> None:
    async def story() -> None:
        async with running(SsiScanner(), "ssi", delay_s=3.5) as counter:
            with pytest.raises(DeviceTimeout):
                await counter.scanner.hello()
            await asyncio.sleep(9)
            counter.cable.delay_s = 0
            counter.scan(CODE)
            assert (await counter.scanner.hello()).known
            await asyncio.sleep(1)
            assert counter.texts == [CODE]

    run(story(), seed=1)


def test_l10_a_scanner_that_denies_its_settings_is_named() -> None:
    async def story() -> None:
        async with running(SsiScanner(deny=True), "ssi") as counter:
            with pytest.raises(DeviceRefused, match="denies this command"):
                await counter.scanner.hello()

    run(story(), seed=1)


def test_a_scanner_without_lamp_and_beeper_is_no_faulty_scanner() -> None:
    async def story() -> None:
        async with running(SsiScanner(plain=True), "ssi") as counter:
            assert not await counter.scanner.feedback(False)
            counter.scan(CODE)
            await asyncio.sleep(1)
            assert counter.texts == [CODE]

    run(story(), seed=1)


@pytest.mark.parametrize("profile", ["gm65", "ssi", "hon", "nls"])
def test_l5_an_adapter_that_echoes_is_named(profile: str) -> None:
    async def story() -> None:
        async with running(SsiScanner(mute=True), profile, echo=True) as counter:
            with pytest.raises(DeviceRefused, match="half-duplex"):
                await counter.scanner.hello()

    run(story(), seed=1)


def test_l1_a_cable_pulled_while_the_scanner_waits_for_us_ends_everything() -> None:
    async def story() -> None:
        async with running(SsiScanner(mute=True), "ssi") as counter:
            asking = asyncio.create_task(counter.scanner.hello())
            await asyncio.sleep(0.3)
            counter.cable.unplug()
            with pytest.raises(DeviceGone):
                await asking

    run(story(), seed=1)


@pytest.mark.parametrize("at_s", [0.1, 0.2, 0.35, 0.45])
def test_a_driver_stopped_while_it_says_no_ends(at_s: float) -> None:
    """Putting the light out fails then; that failure must not swallow the cancel."""

    async def story() -> None:
        async with asyncio.timeout(5):
            async with running(SsiScanner(), "ssi") as counter:
                counter.scan("１")
                await asyncio.sleep(at_s)

    run(story(), seed=1)


# --- the trigger ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stub", "profile", "start"),
    [(SsiScanner(), "ssi-trigger", GROW["start scan"]), (GrowSsi(), "gmssi-trigger", GROW["start scan"])],
    ids=["ssi", "gmssi"],
)
def test_a_triggered_scanner_reads_only_while_armed(stub: SsiScanner, profile: str, start: bytes) -> None:
    async def story() -> list[str]:
        async with running(stub, profile) as counter:
            await counter.scanner.hello()
            counter.scan(OTHER)
            assert not stub.reads
            async with counter.scanner.armed():
                assert stub.reads
                counter.scan(CODE)
                await asyncio.sleep(0.5)
            assert not stub.reads
            assert start in stub.heard
            assert GROW["stop scan"] in stub.heard
            stub.mute = True
            with pytest.raises(DeviceTimeout):
                async with counter.scanner.armed():
                    pass
            return counter.texts

    assert run(story(), seed=1) == [CODE]


# --- Grow ----------------------------------------------------------------------------------------------------


@pytest.mark.row(41)
def test_a_sleeping_grow_module_is_woken_by_a_byte_of_its_own() -> None:
    async def story() -> None:
        stub = GrowSsi()
        async with running(stub, "gmssi") as counter:
            assert (await counter.scanner.hello()).software == "GM72_V1.0"
            assert bytes(stub.heard) == b"\0" + GROW["version"]
            assert stub.permanent == 0
            assert not await counter.scanner.feedback(False)

    run(story(), seed=1)


@pytest.mark.parametrize("packets", [False, True])
@pytest.mark.parametrize("pieces", [0, 1, 4])
def test_l4_a_grow_modules_lines_and_packets_are_both_read(packets: bool, pieces: int) -> None:
    assert scanned(GrowSsi(packets=packets), CODE, OTHER, profile="gmssi", chunk=pieces) == [CODE, OTHER]


def test_a_grow_modules_line_beside_an_answer_stays_a_line() -> None:
    async def story() -> tuple[list[str], str]:
        async with running(GrowSsi(asleep=False), "gmssi", chunk=2) as counter:
            counter.cable.stub.scan(CODE)  # type: ignore[attr-defined]  # leaves together with the answer
            who = await counter.scanner.hello()
            await asyncio.sleep(1)
            return counter.texts, who.software

    assert run(story(), seed=1) == ([CODE], "GM72_V1.0")


def test_l10_a_grow_module_that_wants_its_setup_code_first_is_named() -> None:
    async def story() -> None:
        async with running(GrowSsi(deny=True), "gmssi-trigger") as counter:
            with pytest.raises(DeviceRefused, match="trigger and host settings"):
                await counter.scanner.hello()

    run(story(), seed=1)
