"""Devices proven by one another: glass and paper by the scanner through a camera, the voice by who hears it."""

import asyncio
from collections.abc import Callable

import pytest

from firmware_stubs.display import DisplayStub
from firmware_stubs.speaker import Syn6288
from terminal.errors import Conflict, NotFound
from terminal.lab.camera import USUAL, spoiled
from terminal.lab.eye import Eye
from terminal.peripherals.proof import Proof, Verdict
from terminal.simulation.devices import SimulatedCounter
from terminal.simulation.proving import Proving, prove_lab, proving
from terminal.virtual_time import VirtualEntropy, run
from tests.devices.peripheral_rig import play, until

Picture = tuple[int, int, bytes]
CHANCE = VirtualEntropy(1)


def inked(picture: Picture) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what is dark in the square where codes stand."""
    width, height, grey = picture
    side = min(width, height)
    at = [(x, y) for y in range(side) for x in range(side) if grey[y * width + x] < 128]
    return min(x for x, _ in at), min(y for _, y in at), max(x for x, _ in at), max(y for _, y in at)


class Spoiled(DisplayStub):
    """Its firmware draws as ever, its glass shows something else of it."""

    def __init__(self, spoil: Callable[[Picture], Picture]) -> None:
        super().__init__(serial="SIM-1")
        self._spoil = spoil

    def glass(self) -> Picture:
        return self._spoil(super().glass()) if self.screen == 1 else super().glass()


def no_quiet_zone(picture: Picture) -> Picture:
    """The dark frame of the housing comes to a module from the code."""
    width, height, grey = picture
    left, top, right, bottom = inked(picture)
    rows = bytearray(len(grey))
    for y in range(max(top - 6, 0), min(bottom + 7, height)):
        from_, to = y * width + max(left - 6, 0), y * width + min(right + 7, width)
        rows[from_:to] = grey[from_:to]
    return width, height, bytes(rows)


def faint(picture: Picture) -> Picture:
    width, height, grey = picture
    return width, height, bytes(110 + value // 4 for value in grey)


def tiny_modules(picture: Picture) -> Picture:
    """A quarter as large: this camera could still read them, the next one would not."""
    width, height, grey = picture
    small = bytearray(b"\xff" * len(grey))
    for y in range(height // 4):
        for x in range(width // 4):
            small[y * width + x] = grey[y * 4 * width + x * 4]
    return width, height, bytes(small)


def with_glass(stub: DisplayStub) -> SimulatedCounter:
    counter = SimulatedCounter()
    counter.display, counter.wires["display"].stub = stub, stub
    return counter


def proved(counter: SimulatedCounter, role: str, eye: Eye | None = None) -> tuple[Proof, str]:
    async def story() -> tuple[Proof, str]:
        async with proving(counter, CHANCE, eye=eye) as at:
            await until(lambda: bool(at.slots.scanner.health().detail.get("model")), 5)
            return await at.bench.test(role), at.hand.last  # type: ignore[arg-type]  # one of the roles

    return run(story(), seed=1)


@pytest.mark.row(42, 97)
def test_the_loop_runs_by_itself_and_says_what_was_measured() -> None:
    proofs = run(prove_lab(VirtualEntropy(5)), seed=1)
    assert {each.role: (each.verdict.value, each.reason) for each in proofs} == dict.fromkeys(
        ("display", "scanner", "printer", "speaker"), ("passed", "")
    )
    measured = {each.role: each.measured for each in proofs}
    assert measured["display"]["read"].startswith("CT-PROOF-")
    assert measured["printer"]["outcome"] == "confirmed"
    assert measured["printer"]["read"] != measured["display"]["read"]
    assert len(measured["speaker"]["told"]) == 4
    assert all(each["health"] == "ok" and each["model"] for each in measured.values())


@pytest.mark.row(97)
@pytest.mark.parametrize(
    ("spoil", "why"),
    [(no_quiet_zone, "a quiet zone of"), (faint, "too little contrast"), (tiny_modules, "mm are too small")],
    ids=["quiet zone", "contrast", "module size"],
)
def test_a_glass_that_no_phone_could_read_fails(spoil: Callable[[Picture], Picture], why: str) -> None:
    proof, hand = proved(with_glass(Spoiled(spoil)), "display")
    assert (proof.verdict, proof.reason) == (Verdict.FAILED, "proof_not_read")
    assert why in hand, "each grade alone refuses it, a camera that finds no code at all proves none"
    assert proved(with_glass(Spoiled(lambda picture: picture)), "display")[0].passed


@pytest.mark.row(97)
def test_a_faint_print_head_fails_and_so_does_a_glass_too_dark() -> None:
    proof, hand = proved(SimulatedCounter(), "printer", Eye(paper=spoiled(USUAL, fade=0.7)))
    assert (proof.verdict, proof.reason) == (Verdict.FAILED, "proof_not_read")
    assert "contrast" in hand
    assert proved(SimulatedCounter(), "printer")[0].passed
    proof, hand = proved(SimulatedCounter(), "display", Eye(glass=spoiled(USUAL, fade=0.75)))
    assert (proof.verdict, "contrast" in hand) == (Verdict.FAILED, True)


def test_a_speaker_that_says_other_digits_fails() -> None:
    class WrongVoice(Syn6288):
        def tick(self, now_ms: int) -> bytes:
            for said in self.transcript:
                said.text = said.text.translate(str.maketrans("一二三四五六七八九", "二三四五六七八九一"))
            return super().tick(now_ms)

    counter = SimulatedCounter()
    counter.speaker = counter.wires["speaker"].stub = WrongVoice()
    proof, _ = proved(counter, "speaker")
    assert (proof.verdict, proof.reason) == (Verdict.FAILED, "proof_wrong_answer")
    assert proof.measured["told"] != proof.measured["right"]


@pytest.mark.row(97)
def test_l2_i10_swapped_displays_are_caught_and_the_other_s_code_is_named() -> None:
    async def story() -> None:
        one, two = SimulatedCounter("1"), SimulatedCounter("2")
        async with proving(one, CHANCE) as first, proving(two, VirtualEntropy(9)) as second:
            await asyncio.sleep(2)
            one.swap(two)
            await asyncio.sleep(5)
            proofs = await asyncio.gather(first.bench.test("display"), second.bench.test("display"))
            for proof, other in zip(proofs, reversed(proofs), strict=True):
                assert (proof.verdict, proof.reason) == (Verdict.FAILED, "proof_other_read")
                assert proof.measured["read"] == other.measured["wanted"]
            one.swap(two)
            await asyncio.sleep(5)
            assert (await first.bench.test("display")).passed

    play(story())


def test_l2_a_display_known_by_its_number_is_refused_before_any_code() -> None:
    async def story() -> None:
        one, two = (SimulatedCounter(name, bind_display=True) for name in "12")
        async with proving(one, CHANCE) as first, proving(two, VirtualEntropy(9)):
            await asyncio.sleep(2)
            one.swap(two)
            await asyncio.sleep(5)
            proof = await first.bench.test("display")
            assert (proof.verdict, proof.reason) == (Verdict.FAILED, "display_wrong_device")
            assert "code" not in (one.screen, two.screen)

    play(story())


@pytest.mark.row(45, 97)
@pytest.mark.parametrize(
    ("fault", "role", "verdict", "reason"),
    [
        ("unplug-display", "display", "failed", "display_gone"),
        ("paper-out", "printer", "failed", "printer_paper_out"),
        ("unplug-printer", "printer", "failed", "printer_gone"),
        ("dead-speaker", "speaker", "failed", "speaker_no_answer"),
        ("lying-display", "display", "failed", "display_lies"),
        ("unplug-scanner", "scanner", "failed", "scanner_gone"),
        ("unplug-scanner", "display", "cannot_tell", "proof_not_answered"),
        ("unplug-scanner", "printer", "cannot_tell", "proof_not_answered"),
    ],
)
def test_what_cannot_be_done_fails_by_its_name_and_what_nobody_saw_is_never_passed(
    fault: str, role: str, verdict: str, reason: str
) -> None:
    async def story(at: Proving, counter: SimulatedCounter) -> None:
        await asyncio.sleep(2)
        counter.fault(fault)
        await asyncio.sleep(6)
        proof = await at.bench.test(role)  # type: ignore[arg-type]  # one of the roles
        assert (proof.verdict.value, proof.reason) == (verdict, reason)

    async def whole() -> None:
        counter = SimulatedCounter()
        async with proving(counter, CHANCE) as at:
            await story(at, counter)

    play(whole())


@pytest.mark.row(97)
def test_a_person_proves_a_display_without_a_scanner_by_the_digits_it_shows() -> None:
    async def story() -> None:
        counter = SimulatedCounter(captions=True)
        async with proving(counter, VirtualEntropy(3)) as at:
            await asyncio.sleep(2)
            counter.fault("unplug-scanner")
            await asyncio.sleep(2)
            shown = VirtualEntropy(3).bytes(8)[4:]
            test = asyncio.ensure_future(at.bench.test("display"))
            await until(lambda: counter.screen == "code", 5)
            at.bench.answer("¥" + "".join(str(byte % 9 + 1) for byte in shown))
            assert (await test).passed
            wrong = asyncio.ensure_future(at.bench.test("printer"))
            await until(lambda: len(counter.paper) == 1, 5)
            at.bench.answer("0000")
            assert (await wrong).reason == "proof_wrong_answer"

    play(story())


@pytest.mark.row(97)
def test_c5_i24_a_customer_comes_first_and_keeps_every_scan() -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        async with proving(counter, CHANCE) as at:
            await asyncio.sleep(2)
            at.customer = True
            with pytest.raises(Conflict, match="device_test_busy"):
                await at.bench.test("display")
            at.customer = False
            test = asyncio.ensure_future(at.bench.test("scanner"))
            counter.display.lies = True  # so that nothing is scanned before the customer comes
            await until(lambda: at.bench.testing == "scanner", 1)
            with pytest.raises(Conflict, match="device_test_running"):
                await at.bench.test("printer")
            at.customer = True
            counter.scan("134567890123456789")
            await until(lambda: at.scanned == ["134567890123456789"], 5)
            proof = await test
            assert (proof.verdict, proof.reason) == (Verdict.CANNOT_TELL, "proof_interrupted")
            with pytest.raises(Conflict, match="device_test_not_running"):
                at.bench.answer("1")

    play(story())


def test_a_place_where_nothing_stands_is_told_and_counts_as_none() -> None:
    async def story() -> None:
        async with proving(SimulatedCounter(), CHANCE) as at:
            at.slots.speaker.put(None, ())
            with pytest.raises(NotFound, match="device_not_fitted"):
                await at.bench.test("speaker")
            assert set(at.slots.devices().health()) == {"display", "scanner", "printer"}
            assert [each.role for each in await at.bench.test_all()] == ["display", "scanner", "printer"]

    play(story())
