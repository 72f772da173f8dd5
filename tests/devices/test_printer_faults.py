"""What goes wrong with a printer (P1 to P4), on a simulated one, in virtual time."""

import asyncio

import pytest

from drivers.printer.document import Document, Row
from drivers.printer.driver import EscPosPrinter, Outcome, PrintFault
from drivers.printer.escpos import render
from drivers.printer.profile import PrinterProfile
from firmware_stubs.printer import ANSWERS, PrinterStub
from tests.devices.printer_rig import (
    EPSON,
    GENERIC,
    LONG,
    SHORT,
    WORDS,
    fault_of,
    last_slip,
    named,
    stub_for,
    virtual,
    words,
)
from tests.devices.wires import wire

pytestmark = pytest.mark.no_cover  # many cases of few lines: other tests measure those

# --- P1 paper ---------------------------------------------------------------------------------------------


@named
def test_p1_paper_ends_after_byte_n_for_every_n(profile: PrinterProfile) -> None:
    """Never "printed" when it is not, never silent, and the printer goes on with a new roll."""

    async def one(budget: int) -> tuple[PrintFault | Outcome, PrinterStub]:
        stub = stub_for(profile)
        cable = wire(stub)
        printer = EscPosPrinter(cable, profile)
        await printer.print((Row("before"),), "job-0")
        stub.tear()
        stub.byte_budget = budget
        if budget == 0:
            stub.paper_ends()
        result = await fault_of(printer)
        if isinstance(result, PrintFault):
            stub.load_paper()
            cable.poke()
            await printer.ready()
            stub.tear()
            before = len(stub.slips)
            assert await printer.print((Row("COPY 1"), *SHORT), "job-1") in Outcome
            stub.tear()
            again = last_slip(stub)
            assert again == ["COPY 1", *WORDS], budget
            assert len(stub.slips) == before + 1
        return result, stub

    whole = 0
    slip = sum(map(len, render(SHORT, profile).chunks))
    for budget in range(slip + 12):
        result, stub = virtual(one(budget))
        if isinstance(result, Outcome):
            whole += 1
            assert words(stub)[-2:] == WORDS, budget
        else:
            assert (result.reason, result.definite) == ("paper_out", True), budget
            assert result.touched == (budget > 0), budget
        if budget < slip - len(profile.cut) - profile.feed_lines:
            assert isinstance(result, PrintFault), budget
    assert whole >= 1


def test_p1_paper_out_between_two_chunks_stops_the_slip_there() -> None:
    async def story() -> None:
        stub = PrinterStub(bytes_per_s=2000)
        cable = wire(stub, paced=True, baud=19200)
        printer = EscPosPrinter(cable, EPSON)
        task = asyncio.create_task(fault_of(printer, LONG))
        await asyncio.sleep(0.4)
        stub.paper_ends()
        cable.poke()
        fault = await task
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.touched, fault.definite) == ("paper_out", True, True)
        whole = sum(map(len, render(LONG, EPSON).chunks))
        assert len(stub.received) < whole * 3 / 4, "the rest was kept back"
        stub.load_paper()
        cable.poke()
        await printer.ready()
        assert await printer.print(SHORT, "job-2") is Outcome.CONFIRMED
        assert [slip.cut for slip in stub.slips] == ["partial", "partial"]
        assert [" ".join(line.split()) for line in stub.slips[1].lines if line.strip()] == WORDS

    virtual(story())


# --- P2 cover, cutter ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "mend", "reason"),
    [
        ("open_cover", "close_cover", "cover_open"),
        ("jam_cutter", "clear_jam", "cutter_jam"),
        ("paper_ends", "load_paper", "paper_out"),
        ("overheat", "cool_down", "offline"),
    ],
)
@pytest.mark.parametrize("profile", [EPSON, GENERIC], ids=lambda profile: profile.name)
def test_p2_a_fault_before_the_slip_leaves_the_paper_untouched(
    profile: PrinterProfile, act: str, mend: str, reason: str
) -> None:
    async def story() -> None:
        stub = stub_for(profile)
        cable = wire(stub)
        printer = EscPosPrinter(cable, profile)
        getattr(stub, act)()
        fault = await fault_of(printer)
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.touched, fault.definite) == (reason, False, True)
        waiting = asyncio.create_task(printer.ready())
        await asyncio.sleep(30)
        assert not waiting.done()
        getattr(stub, mend)()
        cable.poke()
        await asyncio.wait_for(waiting, 6)
        assert await printer.print(SHORT, "job-1") in Outcome
        assert words(stub) == WORDS

    virtual(story())


def test_p2_a_printer_set_to_stop_at_the_near_end_wants_paper() -> None:
    async def story() -> None:
        stub = PrinterStub()
        stub.stops_near_end = True
        printer = EscPosPrinter(wire(stub), EPSON)
        stub.paper_low()
        fault = await fault_of(printer)
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.touched) == ("paper_out", False)
        stub.load_paper()
        assert await printer.print(SHORT, "job-1") is Outcome.CONFIRMED

    virtual(story())


@pytest.mark.parametrize("act", ["open_cover", "jam_cutter", "overheat"])
def test_p2_a_fault_in_the_middle_is_touched_and_definite(act: str) -> None:
    async def story() -> None:
        stub = PrinterStub(bytes_per_s=400)
        printer = EscPosPrinter(wire(stub), EPSON)
        task = asyncio.create_task(fault_of(printer, LONG))
        await asyncio.sleep(0.3)
        getattr(stub, act)()
        fault = await task
        assert isinstance(fault, PrintFault)
        assert (fault.touched, fault.definite) == (True, True)
        assert fault.reason == {"open_cover": "cover_open", "jam_cutter": "cutter_jam"}.get(act, "offline")

    virtual(story())


def test_ready_polls_from_half_a_second_to_five() -> None:
    async def story() -> list[float]:
        stub = PrinterStub()
        stub.open_cover()
        times: list[float] = []

        def note(data: bytes) -> bytes:
            times.append(asyncio.get_running_loop().time())
            return data

        task = asyncio.create_task(EscPosPrinter(wire(stub, to_device=note), EPSON).ready())
        await asyncio.sleep(20)
        task.cancel()
        return sorted(set(times))

    assert virtual(story()) == [0, 0.5, 1.5, 3.5, 8.5, 13.5, 18.5]


# --- P3 power -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", [EPSON, GENERIC], ids=lambda profile: profile.name)
@pytest.mark.parametrize("boot_ms", [100, 300, 3000])
def test_p3_a_power_cycle_at_any_byte_is_never_taken_for_printed(profile: PrinterProfile, boot_ms: int) -> None:
    """Whenever the slip is reported as printed, every line is on paper; otherwise it counts as touched.

    It is deaf for longer than a chunk takes on the line (44 ms here): a shorter restart could not be seen.
    """
    whole = sum(map(len, render(LONG, profile).chunks))

    async def one(byte: int) -> bool:
        stub = stub_for(profile, boot_ms=boot_ms, bytes_per_s=4000, answers=ANSWERS - {"power-on"})
        printer = EscPosPrinter(wire(stub, paced=True), profile)
        await printer.print((Row("before"),), "job-0")
        stub.power_cycle_after = byte
        result = await fault_of(printer, LONG)
        if isinstance(result, PrintFault):
            assert result.touched == (byte > 6), byte
            assert result.reason in ("offline", "no_answer"), byte
            return False
        assert len([line for line in words(stub) if line.startswith("第")]) == len(LONG), byte
        return True

    results = [virtual(one(byte)) for byte in range(7, whole, 97)]
    assert results.count(False) > len(results) // 2


@pytest.mark.parametrize("profile", [EPSON, GENERIC], ids=lambda profile: profile.name)
def test_p3_a_power_cycle_of_no_time_at_any_byte_is_a_definite_fault(profile: PrinterProfile) -> None:
    """Too short to be missed an answer: the printer's own power-on notice tells (memory switch 1-1)."""
    whole = sum(map(len, render(LONG, profile).chunks))

    async def one(byte: int) -> None:
        stub = stub_for(profile, bytes_per_s=4000)
        printer = EscPosPrinter(wire(stub, paced=True), profile)
        await printer.print((Row("before"),), "job-0")
        stub.tear()
        stub.power_cycle_after = byte
        fault = await fault_of(printer, LONG)
        assert isinstance(fault, PrintFault), byte
        assert (fault.reason, fault.touched, fault.definite) == ("offline", True, True), byte
        assert await printer.print(SHORT, "job-2") in Outcome
        assert last_slip(stub) == WORDS, byte

    for byte in range(16, whole - 64, 97):
        virtual(one(byte))


def test_p3_bytes_lost_in_a_restart_are_a_definite_fault() -> None:
    """The last piece is answered for, an earlier one never: reprinting is safe, nobody is asked."""

    async def story() -> None:
        stub = PrinterStub(bytes_per_s=300)
        printer = EscPosPrinter(wire(stub), EPSON)
        task = asyncio.create_task(fault_of(printer, LONG))
        await asyncio.sleep(0.5)
        stub.power_cycle()
        fault = await task
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.touched, fault.definite) == ("offline", True, True)
        assert await printer.print(SHORT, "job-2") is Outcome.CONFIRMED

    virtual(story())


def test_p3_the_cable_is_pulled_in_the_middle() -> None:
    stub = PrinterStub()
    fault = virtual(fault_of(EscPosPrinter(wire(stub, cut_after=300), EPSON), LONG))
    assert isinstance(fault, PrintFault)
    assert (fault.reason, fault.touched, fault.definite) == ("gone", True, False)


def test_p3_the_cable_is_pulled_before_the_first_byte() -> None:
    async def story() -> PrintFault | Outcome:
        cable = wire(PrinterStub())
        cable.unplug()
        return await fault_of(EscPosPrinter(cable, EPSON))

    fault = virtual(story())
    assert isinstance(fault, PrintFault)
    assert (fault.reason, fault.touched) == ("gone", False)


# --- P4 silence and nonsense ----------------------------------------------------------------------------------


@pytest.mark.parametrize("nonsense", [b"", b"\xff\xfe\x91", b"\x5f" + b"x" * 300, b"\x10", b"\x80" * 9])
def test_p4_a_printer_that_must_answer_and_does_not_gets_no_slip(nonsense: bytes) -> None:
    stub = PrinterStub()
    stub.mute, stub.nonsense = not nonsense, nonsense
    printer = EscPosPrinter(wire(stub), EPSON)

    async def story() -> None:
        assert not (await printer.status()).known
        assert asyncio.get_running_loop().time() <= 1.6
        fault = await fault_of(printer)
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.touched, fault.definite) == ("no_answer", False, False)
        assert asyncio.get_running_loop().time() <= 3.2
        assert words(stub) == []

    virtual(story())


@pytest.mark.parametrize("profile", [EPSON, GENERIC], ids=lambda profile: profile.name)
@pytest.mark.parametrize("nonsense", [b"", b"\xff\xfe\x91", b"\x00", b"\x5f"])
def test_p4_silence_in_the_middle_leaves_the_question_to_a_person(
    profile: PrinterProfile, nonsense: bytes
) -> None:
    async def story() -> None:
        stub = stub_for(profile, bytes_per_s=800)
        printer = EscPosPrinter(wire(stub, paced=True), profile)
        await printer.print((Row("before"),), "job-0")
        task = asyncio.create_task(fault_of(printer, LONG))
        await asyncio.sleep(0.03)
        stub.mute, stub.nonsense = not nonsense, nonsense
        fault = await task
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.touched, fault.definite) == ("no_answer", True, False)
        assert asyncio.get_running_loop().time() <= 1.7, "one question of a second and a half"

    virtual(story())


@pytest.mark.parametrize("document", [SHORT, LONG], ids=["one piece", "many"])
def test_p4_a_model_that_knows_no_marks_is_asked_about_once_and_then_says_processed(document: Document) -> None:
    """An older Epson prints the slip whole and is silent about its mark: nothing was lost, no copy may follow."""

    async def story() -> None:
        stub = PrinterStub(answers=ANSWERS - {"process-id"})
        printer = EscPosPrinter(wire(stub), EPSON)
        fault = await fault_of(printer, document)
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.touched, fault.definite) == ("no_answer", True, False)
        assert await printer.print(document, "job-2") is Outcome.PROCESSED
        assert await printer.print(SHORT, "job-3") is Outcome.PROCESSED
        assert len(stub.slips) == 3

    virtual(story())


def test_p3_a_mark_that_is_lost_though_it_was_told_before_is_a_definite_fault() -> None:
    async def story() -> None:
        stub = PrinterStub()
        printer = EscPosPrinter(wire(stub), EPSON)
        assert await printer.print(SHORT, "job-0") is Outcome.CONFIRMED
        stub.answers = ANSWERS - {"process-id"}
        fault = await fault_of(printer)
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.touched, fault.definite) == ("offline", True, True)

    virtual(story())


@pytest.mark.parametrize("profile", [EPSON, GENERIC], ids=lambda profile: profile.name)
def test_p4_a_printer_that_fell_silent_is_not_ready_until_it_speaks_again(profile: PrinterProfile) -> None:
    async def story() -> None:
        stub = stub_for(profile)
        printer = EscPosPrinter(wire(stub), profile)
        assert (await printer.status()).known
        stub.mute = True
        waiting = asyncio.create_task(printer.ready())
        await asyncio.sleep(60)
        assert not waiting.done()
        stub.mute = False
        await asyncio.wait_for(waiting, 6)

    virtual(story())


def test_p4_a_proof_that_never_comes_is_waited_for_three_seconds_and_asked_for_once_more() -> None:
    async def story() -> None:
        stub = PrinterStub(answers=ANSWERS - {"process-id", "gs-r"})
        fault = await fault_of(EscPosPrinter(wire(stub), EPSON))
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.touched, fault.definite) == ("no_answer", True, False)
        paper_s = 0.5 + 30 / EPSON.speed_mm_s
        assert 6.0 <= asyncio.get_running_loop().time() - paper_s <= 6.6, "and the last look at its state"

    virtual(story())


def test_p4_a_clone_that_never_answers_still_prints_and_is_waited_for_once() -> None:
    async def story() -> None:
        stub = PrinterStub(answers=frozenset())
        printer = EscPosPrinter(wire(stub), GENERIC)
        assert not (await printer.status()).known
        start = asyncio.get_running_loop().time()
        for number in range(3):
            assert await printer.print(SHORT, f"job-{number}") is Outcome.SENT
        await printer.ready()
        assert asyncio.get_running_loop().time() - start < 4
        assert words(stub) == WORDS * 3

    virtual(story())


@pytest.mark.parametrize("answers", [frozenset[str](), frozenset({"dle"})], ids=["says nothing", "its state only"])
def test_p4_sent_is_said_when_the_bytes_have_had_their_time_on_the_line(answers: frozenset[str]) -> None:
    """What still lies on this side when the service stops goes with the port: then the slip is owed yet."""

    async def story() -> None:
        cable = wire(PrinterStub(answers=answers), baud=9600)
        printer, loop = EscPosPrinter(cable, GENERIC), asyncio.get_running_loop()
        await printer.print(SHORT, "job-1")
        begun_s, before = loop.time(), cable.written
        assert await printer.print(LONG, "job-2") is Outcome.SENT
        assert loop.time() - begun_s >= (cable.written - before) * 10 / 9600

    virtual(story())


def test_p4_a_stale_reply_is_not_taken_for_the_answer() -> None:
    async def story() -> None:
        stub = PrinterStub()
        cable = wire(stub, flood=b"\x72\x72\x12")
        assert (await EscPosPrinter(cable, EPSON).status()).fault == ""
        stub.paper_ends()
        stub.mute = True
        printer = EscPosPrinter(wire(stub, flood=b"\x12\x12\x12"), EPSON)
        assert not (await printer.status()).known

    virtual(story())
