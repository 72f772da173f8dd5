"""The Star driver on a simulated printer, in virtual time: P1 to P5, and what its count proves."""

import asyncio

import pytest

from drivers.printer.document import Code, Document, Row, Rule
from drivers.printer.driver import Outcome, PrintFault
from drivers.printer.profile import load
from drivers.printer.star import StarPrinter
from firmware_stubs.paper import StubSlip
from firmware_stubs.star_printer import StarPrinterStub
from terminal.peripherals.painters import PAPER_FONTS, shared_painter
from terminal.peripherals.printer import as_document
from tests.devices.printer_rig import virtual
from tests.devices.receipts import RECEIPTS
from tests.devices.wires import wire

pytestmark = pytest.mark.no_cover  # many cases of few lines: other tests measure those

STAR = load("star-line")
PAINT = shared_painter(*PAPER_FONTS)
SHORT: Document = (Row("Corner Café", bold=True, size=2), Rule(), Row("Tea", "€5.00"), Code("HELLO"))
WORDS = ["Corner Café", "-" * 48, "Tea €5.00"]
LONG: Document = tuple(Row(f"line {number:03} São João", "€28.50") for number in range(120))


def lines(slip: StubSlip) -> list[str]:
    return [" ".join(line.split()) for line in slip.lines if line.strip()]


async def outcome_of(printer: StarPrinter, document: Document = SHORT) -> Outcome | PrintFault:
    try:
        return await printer.print(document, "job")
    except PrintFault as fault:
        return fault


@pytest.mark.row(41, 59)
@pytest.mark.parametrize("language", RECEIPTS)
def test_receipts_of_six_languages_reach_paper_confirmed(language: str) -> None:
    async def story() -> None:
        stub = StarPrinterStub(bytes_per_s=20_000)
        printer = StarPrinter(wire(stub, chunk=3, paced=True), STAR, paint=PAINT)
        assert await printer.print(as_document(RECEIPTS[language], STAR), "job") is Outcome.CONFIRMED
        (slip,) = stub.slips
        assert stub.not_understood == []
        assert stub.drawer_pulses == 0
        assert [code.payload for code in slip.codes] == ["CT:S-01JD3XG6Q5T8ZV0Y3R9KQ4B7WN"]
        assert slip.cut == "partial"

    virtual(story())


@pytest.mark.row(63)
def test_a_slip_of_more_pieces_than_the_count_has_numbers_is_proven() -> None:
    async def story() -> None:
        stub = StarPrinterStub(bytes_per_s=20_000)
        printer = StarPrinter(wire(stub, paced=True), STAR)
        document = tuple(Row(f"{number:04} " + "x" * 40) for number in range(450))
        assert await printer.print(document, "job") is Outcome.CONFIRMED
        assert len(lines(stub.slips[0])) == 450

    virtual(story())


def test_p1_paper_ends_after_byte_n_for_every_n() -> None:
    async def one(budget: int) -> bool:
        stub = StarPrinterStub()
        cable = wire(stub)
        printer = StarPrinter(cable, STAR)
        await printer.print((Row("before"),), "job-0")
        stub.byte_budget = budget
        result = await outcome_of(printer)
        if isinstance(result, Outcome):
            assert lines(stub.slips[-1]) == WORDS, budget
            return True
        assert (result.reason, result.touched, result.definite) == ("paper_out", True, True), budget
        stub.load_paper()
        cable.poke()
        await printer.ready()
        assert await printer.print((Row("COPY 1"), *SHORT), "job") is Outcome.CONFIRMED
        assert lines(stub.slips[-1]) == ["COPY 1", *WORDS], budget
        return False

    results = [virtual(one(budget)) for budget in range(150)]
    assert True in results
    assert results.count(False) > 100


@pytest.mark.row(46)
@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("open_cover", "cover_open"),
        ("jam_cutter", "cutter_jam"),
        ("paper_ends", "paper_out"),
        ("overheat", "offline"),
    ],
)
def test_p2_a_fault_before_the_slip_touches_nothing(act: str, reason: str) -> None:
    async def story() -> None:
        stub = StarPrinterStub()
        getattr(stub, act)()
        fault = await outcome_of(StarPrinter(wire(stub), STAR))
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.touched, fault.definite) == (reason, False, True)

    virtual(story())


@pytest.mark.parametrize("after_s", [0.1, 0.25, 0.6, 1.1])
def test_p3_a_restart_inside_a_slip_is_never_taken_for_printed(after_s: float) -> None:
    async def story() -> None:
        stub = StarPrinterStub(bytes_per_s=3000)
        printer = StarPrinter(wire(stub, paced=True, baud=38400), STAR)
        await printer.print((Row("before"),), "job-0")
        task = asyncio.ensure_future(outcome_of(printer, LONG))
        await asyncio.sleep(after_s)
        stub.power_cycle()
        fault = await task
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.touched, fault.definite) == ("offline", True, True)
        assert await printer.print(SHORT, "job-2") is Outcome.CONFIRMED
        assert lines(stub.slips[-1]) == WORDS

    virtual(story())


def test_p4_silence_before_or_inside_a_slip_is_for_a_person() -> None:
    async def story(inside: bool) -> None:
        stub = StarPrinterStub(bytes_per_s=3000)
        stub.mute = not inside
        printer = StarPrinter(wire(stub), STAR)
        task = asyncio.ensure_future(outcome_of(printer, LONG))
        await asyncio.sleep(0.3)
        stub.mute = True
        fault = await task
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.touched, fault.definite) == ("no_answer", inside, False)

    virtual(story(True))
    virtual(story(False))


def test_p5_two_jobs_never_interleave() -> None:
    async def story() -> None:
        stub = StarPrinterStub(bytes_per_s=9000)
        printer = StarPrinter(wire(stub), STAR)
        documents = [tuple(Row(f"{name} {number}") for number in range(60)) for name in "AB"]
        await asyncio.gather(*(printer.print(document, "job") for document in documents))
        assert sorted(lines(slip) for slip in stub.slips) == [[row.left for row in one] for one in documents]

    virtual(story())


@pytest.mark.row(53)
async def test_the_drawer_opens_by_its_own_command_only() -> None:
    stub = StarPrinterStub()
    printer = StarPrinter(wire(stub), STAR)
    await printer.print((Row("drawer \x07\x1b\x07\x14\x14\x07", "\x07"), *SHORT), "job")
    assert stub.drawer_pulses == 0
    await printer.open_drawer()
    await printer.beep()
    assert stub.drawer_pulses == 1
