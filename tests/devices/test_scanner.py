"""The scanner driver on simulated scanners, in virtual time."""

import asyncio
from typing import Any

import pytest

from drivers.errors import DeviceGone, DeviceRefused, DeviceTimeout
from drivers.scanner.driver import QUEUE_MAX, Scanned, Scanner
from drivers.scanner.line import Refusal
from drivers.scanner.profile import load_profile
from firmware_stubs.scanner import Gm65, LineScanner
from firmware_stubs.scanner_ssi import SsiScanner
from terminal.virtual_time import run
from tests.devices.scanner_rig import CODE, OTHER, running
from tests.devices.wires import wire


def scan_twice(gap_ms: int, first: str = CODE, second: str = CODE, **options: Any) -> list[str]:
    async def story() -> list[str]:
        stub = LineScanner()
        async with running(stub, **options) as counter:
            stub.scan(first)
            counter.cable.poke()
            await asyncio.sleep(gap_ms / 1000)
            stub.scan(second)
            counter.cable.poke()
            await asyncio.sleep(1)
            return counter.texts

    return run(story(), seed=1)


@pytest.mark.row(54)
@pytest.mark.parametrize("gap_ms", [0, 1, 99, 100, 101, 500, 1000, 1999, 2999, 3000])
def test_c1_a_double_fire_within_three_seconds_is_one_scan(gap_ms: int) -> None:
    assert scan_twice(gap_ms) == [CODE]


@pytest.mark.row(54)
@pytest.mark.parametrize("gap_ms", [3001, 5000])
def test_c1_the_same_code_after_the_window_is_a_new_scan(gap_ms: int) -> None:
    assert scan_twice(gap_ms) == [CODE, CODE]


@pytest.mark.row(54)
@pytest.mark.parametrize("gap_ms", [0, 1, 200, 3000])
def test_two_different_codes_are_two_scans(gap_ms: int) -> None:
    assert scan_twice(gap_ms, CODE, OTHER) == [CODE, OTHER]


@pytest.mark.parametrize(("pause_ms", "texts"), [(165, [CODE]), (168, [])])
def test_l4_c2_on_a_slow_line_the_gap_is_as_long_as_five_characters(pause_ms: int, texts: list[str]) -> None:
    async def story() -> list[str]:
        stub = LineScanner()
        async with running(stub, baud=300) as counter:
            counter.scan(CODE, pause_after=9, pause_ms=pause_ms)
            await asyncio.sleep(1)
            return [text for text in counter.texts if len(text) == len(CODE)]

    assert run(story(), seed=1) == texts


def test_i19_a_scan_does_not_show_in_its_repr() -> None:
    assert CODE not in repr(Scanned(CODE, "]Q1", 1.5))


@pytest.mark.row(54)
def test_the_window_is_settable_per_device() -> None:
    assert scan_twice(600, double_fire_s=0.5) == [CODE, CODE]
    assert scan_twice(400, double_fire_s=0.5) == [CODE]
    assert scan_twice(9000, double_fire_s=10.0) == [CODE]


@pytest.mark.row(54)
def test_c1_a_code_left_in_view_for_ten_seconds_is_one_scan() -> None:
    async def story() -> tuple[list[str], int]:
        stub = LineScanner()
        async with running(stub) as counter:
            stub.scan(CODE, times=21, every_ms=500)
            counter.cable.poke()
            await asyncio.sleep(12)
            return counter.texts, counter.scanner.repeats

    assert run(story(), seed=2) == ([CODE], 20)


@pytest.mark.row(55)
@pytest.mark.parametrize("cut", range(1, len(CODE) + 1))
@pytest.mark.parametrize("pause_ms", [1, 99])
def test_l4_a_pause_inside_a_code_shorter_than_the_limit_changes_nothing(cut: int, pause_ms: int) -> None:
    async def story() -> list[str]:
        stub = LineScanner(suffix=b"\r\n")
        async with running(stub, chunk=1) as counter:
            stub.scan(CODE, pause_after=cut, pause_ms=pause_ms)
            counter.cable.poke()
            await asyncio.sleep(1)
            return counter.texts

    assert run(story(), seed=cut) == [CODE]


@pytest.mark.parametrize("cut", range(1, len(CODE)))
def test_c2_a_pause_longer_than_100_ms_drops_the_head_and_the_tail_is_no_whole_code(cut: int) -> None:
    async def story() -> tuple[list[str], int]:
        stub = LineScanner()
        async with running(stub) as counter:
            stub.scan(CODE, pause_after=cut, pause_ms=101)
            counter.cable.poke()
            await asyncio.sleep(1)
            return counter.texts, counter.scanner.refused[Refusal.INCOMPLETE]

    texts, refused = run(story(), seed=cut)
    assert CODE not in texts
    assert refused == 1


def test_c2_two_reads_glued_by_a_lost_terminator_are_not_two_codes() -> None:
    async def story() -> list[str]:
        stub = LineScanner(suffix=b"")
        async with running(stub) as counter:
            stub.scan(CODE)
            stub.scan(OTHER + "\r")
            counter.cable.poke()
            await asyncio.sleep(1)
            return counter.texts

    assert run(story(), seed=1) == [CODE + OTHER]  # 36 digits: no wallet's grammar takes it


def test_a_scanner_without_suffix_is_read_by_the_pause_behind_the_code() -> None:
    async def story() -> list[str]:
        stub = LineScanner(suffix=b"")
        async with running(stub, "line-no-suffix", chunk=5) as counter:
            for code in (CODE, OTHER):
                stub.scan(code)
                counter.cable.poke()
                await asyncio.sleep(0.2)
            return counter.texts

    assert run(story(), seed=1) == [CODE, OTHER]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("１３４５６７８９０１２３４５６７８９", Refusal.NOT_ASCII),
        ("1345\x1b[2J6789", Refusal.CONTROL_BYTES),
        ("1345\x006789", Refusal.CONTROL_BYTES),
    ],
)
def test_c3_bad_bytes_are_counted_and_the_next_code_is_read(code: str, reason: Refusal) -> None:
    async def story() -> tuple[list[str], dict[Refusal, int]]:
        stub = LineScanner()
        async with running(stub) as counter:
            stub.scan(code)
            stub.scan(CODE)
            counter.cable.poke()
            await asyncio.sleep(1)
            return counter.texts, dict(counter.scanner.refused)

    assert run(story(), seed=1) == ([CODE], {reason: 1})


def test_c3_a_megabyte_line_yields_nothing_and_the_scanner_recovers_after_a_pause() -> None:
    async def story() -> list[str]:
        stub = LineScanner()
        async with running(stub) as counter:
            for _ in range(256):
                stub.scan(b"7" * 4096, aim="")
                stub.suffix = b""
                counter.cable.poke()
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.2)
            stub.suffix = b"\r"
            stub.scan(CODE)
            counter.cable.poke()
            await asyncio.sleep(0.5)
            return counter.texts

    assert run(story(), seed=1) == [CODE]


def test_i21_scans_nobody_takes_are_bounded_and_the_oldest_goes() -> None:
    async def story() -> tuple[list[str], int]:
        stub = LineScanner()
        cable = wire(stub)
        scanner = Scanner(cable, load_profile("line"))
        pump = asyncio.create_task(scanner.run())
        for number in range(QUEUE_MAX + 3):
            stub.scan(f"{number:018d}")
        cable.poke()
        await asyncio.sleep(0.5)
        scans = scanner.scans()
        texts = [(await anext(scans)).text for _ in range(QUEUE_MAX)]
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)
        return texts, scanner.overflowed

    texts, overflowed = run(story(), seed=1)
    assert texts == [f"{number:018d}" for number in range(3, QUEUE_MAX + 3)]
    assert overflowed == 3


def test_l1_an_unplugged_scanner_ends_pump_and_iterator_with_the_same_error() -> None:
    async def story() -> None:
        cable = wire(LineScanner())
        scanner = Scanner(cable, load_profile("line"))
        pump = asyncio.create_task(scanner.run())
        await asyncio.sleep(0.1)
        cable.unplug()
        with pytest.raises(DeviceGone):
            await pump
        for _ in range(2):
            with pytest.raises(DeviceGone):
                await anext(scanner.scans())

    run(story(), seed=1)


def test_l1_a_cable_pulled_inside_a_question_fails_it_at_once_and_every_later_one() -> None:
    async def story() -> None:
        stub = Gm65(mute=True)
        cable = wire(stub)
        scanner = Scanner(cable, load_profile("gm65"))
        pump = asyncio.create_task(scanner.run())
        asking = asyncio.create_task(scanner.hello())
        await asyncio.sleep(0.1)
        cable.unplug()
        for task in (asking, pump):
            with pytest.raises(DeviceGone):
                await task
        with pytest.raises(DeviceGone):
            await scanner.alive()
        with pytest.raises(DeviceGone):
            await anext(scanner.scans())
        assert asyncio.get_running_loop().time() <= 0.2

    run(story(), seed=1)


def test_l8_a_module_that_takes_no_bytes_is_a_timeout() -> None:
    async def story() -> None:
        async with running(Gm65(), "gm65", stall_after=0) as counter:
            with pytest.raises(DeviceTimeout):
                await counter.scanner.hello()

    run(story(), seed=1)


def test_i21_only_so_many_codes_are_remembered_and_an_old_one_may_come_again() -> None:
    async def story() -> tuple[list[int], int]:
        async with running(LineScanner()) as counter:
            for number in (*range(33), 32, 1, 0, 32):
                counter.scan(f"{number:018d}")
                await asyncio.sleep(0.01)
            return [int(text) for text in counter.texts], len(counter.scanner._seen)

    assert run(story(), seed=1) == ([*range(33), 0], 32)


def test_a_line_scanner_cannot_be_asked_and_takes_no_feedback() -> None:
    async def story() -> tuple[bool, bool | None, bool, bytes]:
        stub = LineScanner()
        async with running(stub) as counter:
            known = (await counter.scanner.hello()).known
            alive = await counter.scanner.alive()
            said = await counter.scanner.feedback(False)
            return known, alive, said, bytes(stub.heard)

    assert run(story(), seed=1) == (False, None, False, b"")


# --- GM65 ----------------------------------------------------------------------------------------------------


def test_a_module_is_identified_and_set_up_once_without_wearing_its_flash() -> None:
    async def story() -> None:
        stub = Gm65()
        async with running(stub, "gm65-trigger", chunk=1, noise=b"\r") as counter:
            who = await counter.scanner.hello()
            assert (who.known, who.hardware, who.software) == (True, "64", "45/2024")
            assert stub.zone[0] == 0xD5
            stub.sticky = True  # a second start finds it set and writes nothing
            await counter.scanner.hello()
            assert stub.saves == 0

    run(story(), seed=1)


def test_l10_another_device_on_the_port_is_refused_or_silent() -> None:
    async def story() -> None:
        async with running(Gm65(says_unknown=True), "gm65") as counter:
            with pytest.raises(DeviceRefused, match=r"^scanner:"):
                await counter.scanner.hello()
        async with running(LineScanner(), "gm65") as counter:
            with pytest.raises(DeviceTimeout, match="after 3 tries"):
                await counter.scanner.hello()
        async with running(Gm65(sticky=True), "gm65-trigger") as counter:
            with pytest.raises(DeviceRefused, match="0000 does not keep its value"):
                await counter.scanner.hello()

    run(story(), seed=1)


def test_l7_lost_answers_are_asked_again_three_times_and_no_more() -> None:
    async def story() -> None:
        stub = Gm65(lose_answers=2)
        async with running(stub, "gm65") as counter:
            assert await counter.scanner.alive()
            stub.mute = True
            started = asyncio.get_running_loop().time()
            with pytest.raises(DeviceTimeout):
                await counter.scanner.alive()
            assert asyncio.get_running_loop().time() - started <= 3.0
            stub.mute = False
            assert await counter.scanner.alive()

    run(story(), seed=1)


def test_l7_a_late_answer_matches_no_question() -> None:
    async def story() -> None:
        stub = Gm65()
        async with running(stub, "gm65", delay_s=1.6) as counter:
            with pytest.raises(DeviceTimeout):
                await counter.scanner.hello()
            await asyncio.sleep(5)
            counter.cable.delay_s = 0
            stub.scan(CODE)
            counter.cable.poke()
            assert (await counter.scanner.hello()).software == "45/2024"
            await asyncio.sleep(1)
            assert counter.texts == [CODE]

    run(story(), seed=1)


def test_a_scan_between_command_and_answer_is_a_scan_and_no_answer() -> None:
    async def story() -> tuple[list[str], str]:
        stub = Gm65()
        async with running(stub, "gm65", chunk=3) as counter:
            stub.scan(CODE)  # leaves the module with the answer, in front of it or behind it
            who = await counter.scanner.hello()
            await asyncio.sleep(1)
            return counter.texts, who.hardware

    assert run(story(), seed=1) == ([CODE], "64")


def test_a_triggered_module_reads_only_while_armed_and_is_stopped_behind_it() -> None:
    async def story() -> list[str]:
        stub = Gm65()
        async with running(stub, "gm65-trigger") as counter:
            await counter.scanner.hello()
            stub.scan(OTHER)
            assert not stub.reads
            async with counter.scanner.armed():
                assert stub.reads
                stub.scan(CODE)
                counter.cable.poke()
                await asyncio.sleep(0.5)
            with pytest.raises(ZeroDivisionError):
                async with counter.scanner.armed():
                    raise ZeroDivisionError
            assert not stub.reads
            assert stub.beeps == 1
            return counter.texts

    assert run(story(), seed=1) == [CODE]


def test_l7_a_sign_or_a_trigger_that_is_cancelled_stays_cancelled_though_it_cannot_be_undone() -> None:
    """The service that stops must not be told of a lamp instead: it would go on."""

    async def armed(scanner: Scanner) -> None:
        async with scanner.armed():
            await asyncio.sleep(10)

    async def sign(scanner: Scanner) -> None:
        await scanner.feedback(False)

    async def story() -> None:
        for stub, profile in ((Gm65(), "gm65-trigger"), (SsiScanner(), "ssi-trigger")):
            for act in (armed, sign):
                stub.mute = False
                async with running(stub, profile) as counter:
                    await counter.scanner.hello()
                    acting = asyncio.create_task(act(counter.scanner))
                    await asyncio.sleep(0.15)
                    stub.mute = True
                    acting.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await acting

    run(story(), seed=1)


@pytest.mark.row(54)
def test_c1_a_repeat_is_refused_visibly_where_the_module_has_a_light() -> None:
    async def story() -> tuple[list[str], list[str], int]:
        stub = Gm65()
        async with running(stub, "gm65") as counter:
            await counter.scanner.hello()
            stub.scan(CODE, times=2, every_ms=50)
            counter.cable.poke()
            await asyncio.sleep(0.2)
            assert stub.zone[0] == 0xDA, "the light alone"
            await asyncio.sleep(1.8)
            return counter.texts, stub.light_log, stub.zone[0]

    assert run(story(), seed=1) == ([CODE], ["always", "while reading"], 0xD6)


def test_framed_output_with_aim_ids_is_read_too() -> None:
    async def story() -> list[str]:
        stub = Gm65()
        stub.zone[0x60] = 0x81
        async with running(stub, "gm65", chunk=2) as counter:
            stub.scan(CODE)
            stub.scan(OTHER)
            counter.cable.poke()
            await asyncio.sleep(1)
            return counter.texts

    assert run(story(), seed=1) == [CODE, OTHER]


def test_the_later_firmwares_heartbeat_is_answered() -> None:
    async def story() -> None:
        async with running(Gm65(), "gm861") as counter:
            assert await counter.scanner.alive()

    run(story(), seed=1)


@pytest.mark.parametrize("says", [True, False])
def test_l3_a_spoiled_command_is_asked_again_whether_the_module_says_so_or_is_silent(says: bool) -> None:
    """An EM3095 reports the wrong check, a GM65 is silent."""

    async def story() -> float:
        async with running(Gm65(bad_crc_answer=says), "gm65") as counter:
            left = [1]

            def spoil(data: bytes) -> bytes:
                left[0] -= 1
                return data if left[0] < 0 else data[:-1] + bytes((data[-1] ^ 1,))

            counter.cable.to_device = spoil
            assert await counter.scanner.alive()
            return asyncio.get_running_loop().time()

    assert run(story(), seed=1) == pytest.approx(0.1 if says else 0.5)
