"""A slip that is foreseen: the printer's state is asked by whoever makes the slip's beginning durable."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.printer.document import Row
from drivers.printer.driver import YOUNG_S, EscPosPrinter, Outcome, PrintFault
from drivers.printer.profile import PrinterProfile, load
from drivers.printer.star import StarPrinter
from drivers.serial_port import open_serial
from drivers.transport import SendRest, Transport
from firmware_stubs.cables import PtyCable
from firmware_stubs.printer import PrinterStub
from firmware_stubs.star_printer import StarPrinterStub
from tests.devices.printer_rig import EPSON, GENERIC, SHORT, WORDS, fault_of, last_slip, stub_for, virtual, words
from tests.devices.wires import wire
from tests.watchdog import watched

ASKED = b"\x10\x04\x01\x10\x04\x04"
WELL = b"\x12"  # what a printer that is well says to either question
INIT = b"\x1b@"


class Chatty(PrinterStub):
    """Says something that nobody asked for."""

    aside = b""

    def tick(self, now_ms: int) -> bytes:
        said, self.aside = self.aside, b""
        return said + super().tick(now_ms)


class Known:
    """A printer that told its state once; ``heard`` is what came to it since."""

    def __init__(self, stub: PrinterStub, profile: PrinterProfile, transport: Transport) -> None:
        self.stub, self.printer, self._known = stub, EscPosPrinter(transport, profile), 0

    async def opened(self) -> "Known":
        assert (await self.printer.status()).known
        self._known = len(self.stub.received)
        return self

    @property
    def heard(self) -> bytes:
        return bytes(self.stub.received[self._known :])

    @property
    def paper(self) -> list[str]:
        return words(self.stub)

    def foresee(self) -> SendRest:
        ask = self.printer.foresee()
        assert ask is not None
        return ask


class Wired(Known):
    def __init__(self, profile: PrinterProfile = EPSON, stub: PrinterStub | None = None) -> None:
        self.cable = wire(stub or stub_for(profile))
        super().__init__(self.cable.stub, profile, self.cable)  # type: ignore[arg-type]  # a wire takes any stub

    def says(self, data: bytes) -> None:
        assert isinstance(self.stub, Chatty)
        self.stub.aside = data
        self.cable.poke()


async def known(stub: PrinterStub | None = None) -> Wired:
    rig = Wired(stub=stub)
    await rig.opened()
    return rig


async def untouched(rig: Known, reason: str) -> None:
    fault = await fault_of(rig.printer)
    assert isinstance(fault, PrintFault)
    assert (fault.reason, fault.touched, rig.paper) == (reason, False, [])


# --- released, or not --------------------------------------------------------------------------------------------


def test_nothing_is_sent_before_the_release_and_the_slips_first_byte_waits_for_no_other_question() -> None:
    async def story() -> None:
        rig = await known()
        ask = rig.foresee()
        await asyncio.sleep(0.1)
        assert rig.heard == b""
        assert [ask(), ask()] == [True, True]
        await asyncio.sleep(0.1)
        assert (rig.heard, rig.paper) == (ASKED, [])
        assert await rig.printer.print(SHORT, "job-1") is Outcome.CONFIRMED
        assert rig.heard.startswith(ASKED + INIT)
        assert last_slip(rig.stub) == WORDS

    virtual(story())


@asynccontextmanager
async def on_a_pty(link: Path) -> AsyncIterator[Known]:
    stub = stub_for(EPSON)
    cable = PtyCable(stub, link)
    await cable.plug()
    port = await open_serial(str(cable.link))
    try:
        with watched(20.0):
            yield await Known(stub, EPSON, port).opened()
    finally:
        await port.close()
        await cable.unplug()


@pytest.mark.parametrize("released", [True, False])
async def test_behind_a_terminal_another_thread_asks_or_else_the_slip_itself_once(
    tmp_path: Path, released: bool
) -> None:
    async with on_a_pty(tmp_path / "port") as rig:
        ask = rig.foresee()
        assert not released or await asyncio.to_thread(ask)
        assert await rig.printer.print(SHORT, "job-1") is Outcome.CONFIRMED
        assert rig.heard.startswith(ASKED + INIT)
        count = len(rig.heard)
        await asyncio.to_thread(ask)
        await rig.printer.status()
        assert rig.heard[count:] == ASKED, "the status's own"
        assert last_slip(rig.stub) == WORDS


@pytest.mark.parametrize("waits_s", [0.0, YOUNG_S / 2])
def test_a_slip_whose_question_nobody_released_asks_itself_once(waits_s: float) -> None:
    async def story() -> None:
        rig = await known()
        ask = rig.foresee()
        await asyncio.sleep(waits_s)
        assert await rig.printer.print(SHORT, "job-1") is Outcome.CONFIRMED
        assert rig.heard.startswith(ASKED + INIT)
        count = len(rig.heard)
        ask()
        await asyncio.sleep(0.1)
        assert len(rig.heard) == count, "too late for it"

    virtual(story())


@pytest.mark.parametrize("first", ["status", "another slip", "drawer"])
def test_whoever_uses_the_line_first_leaves_nothing_to_release(first: str) -> None:
    async def story() -> None:
        rig = await known()
        ask = rig.foresee()
        if first == "status":
            assert (await rig.printer.status()).known
        elif first == "drawer":
            await rig.printer.open_drawer()
        else:
            await rig.printer.print(SHORT, "job-0")
        count = len(rig.heard)
        ask()
        await asyncio.sleep(0.1)
        assert len(rig.heard) == count
        rig.stub.open_cover()
        printed = rig.paper
        fault = await fault_of(rig.printer)
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.touched, rig.paper) == ("cover_open", False, printed)

    virtual(story())


def test_what_is_foreseen_twice_is_asked_once() -> None:
    async def story() -> None:
        rig = await known()
        ask = rig.foresee()
        assert rig.printer.foresee() is None
        ask()
        assert rig.printer.foresee() is None
        await asyncio.sleep(0.1)
        assert rig.printer.foresee() is None
        assert await rig.printer.print(SHORT, "job-1") is Outcome.CONFIRMED
        assert rig.heard.startswith(ASKED + INIT)
        rig.foresee()

    virtual(story())


# --- old and young answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("released", [True, False])
def test_what_was_heard_long_before_the_slip_is_asked_again(released: bool) -> None:
    async def story() -> None:
        rig = await known()
        ask = rig.foresee()
        assert not released or ask()
        await asyncio.sleep(0.1)
        rig.stub.open_cover()
        await asyncio.sleep(2)  # it printed something else first
        await untouched(rig, "cover_open")

    virtual(story())


def test_p1_a_cover_opened_the_moment_after_it_was_asked_is_found_by_the_slip_itself() -> None:
    async def story() -> None:
        rig = await known()
        rig.foresee()()
        await asyncio.sleep(0.1)
        rig.stub.open_cover()
        fault = await fault_of(rig.printer)
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.touched, fault.definite) == ("cover_open", True, True)

    virtual(story())


def test_an_answer_nobody_took_is_not_the_next_ones_for_longer_than_a_moment() -> None:
    async def story() -> None:
        rig = await known()
        rig.foresee()()
        await asyncio.sleep(0.1)
        rig.stub.open_cover()
        assert not (await rig.printer.status()).cover_open, "0.1 s old"
        assert (await rig.printer.status()).cover_open
        rig.stub.close_cover()
        assert not (await rig.printer.status()).cover_open
        rig.foresee()()
        rig.stub.open_cover()
        await asyncio.sleep(YOUNG_S + 0.1)
        assert (await rig.printer.status()).cover_open

    virtual(story())


def test_answers_that_are_older_than_a_moment_and_still_under_way_are_no_answers_to_what_is_asked_then() -> None:
    async def story() -> None:
        rig = await known()
        rig.cable.delay_s = YOUNG_S + 0.2
        rig.foresee()()
        await asyncio.sleep(0.1)
        rig.stub.open_cover()
        await asyncio.sleep(YOUNG_S)
        await untouched(rig, "cover_open")

    virtual(story())


# --- faults ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["paper_ends", "open_cover", "jam_cutter"])
def test_p2_a_fault_heard_ahead_leaves_the_paper_untouched(act: str) -> None:
    async def story() -> None:
        rig = await known()
        ask = rig.foresee()
        getattr(rig.stub, act)()
        ask()
        fault = await fault_of(rig.printer)
        assert isinstance(fault, PrintFault)
        assert (fault.touched, fault.definite, rig.paper) == (False, True, [])
        assert rig.heard.startswith(ASKED)
        assert INIT not in rig.heard
        assert rig.printer.foresee() is None, "it is asked when somebody prints"

    virtual(story())


@pytest.mark.parametrize("since_s", [0.0, YOUNG_S + 0.1])
def test_p4_a_printer_that_says_nothing_is_asked_and_waited_for_once(since_s: float) -> None:
    async def story() -> None:
        rig = await known()
        rig.stub.mute = True
        rig.foresee()()
        await asyncio.sleep(since_s)
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        await untouched(rig, "no_answer")
        assert (rig.heard, round(loop.time() - began_s, 2)) == (ASKED, 1.5)
        assert rig.printer.foresee() is None, "its answers may still come"

    virtual(story())


def test_a_question_ahead_whose_slip_never_came_and_whose_answer_was_lost_costs_the_next_slip_nothing() -> None:
    """Switched off for a moment while its append was refused; an hour later it is well."""

    async def story() -> None:
        rig = await known()
        ask = rig.foresee()
        rig.stub.mute = True
        assert ask()
        await asyncio.sleep(5)
        rig.stub.mute = False
        await asyncio.sleep(3600)
        assert await rig.printer.print(SHORT, "job-1") is Outcome.CONFIRMED

    virtual(story())


def test_p4_a_clone_that_never_answers_is_not_asked_ahead() -> None:
    async def story() -> None:
        stub = PrinterStub(answers=frozenset())
        printer = EscPosPrinter(wire(stub), GENERIC)
        for number in range(3):
            assert printer.foresee() is None
            await printer.print(SHORT, f"job-{number}")
        assert (stub.received.count(ASKED), words(stub)) == (1, WORDS * 3)

    virtual(story())


@pytest.mark.parametrize("when", ["before", "foreseen", "released"])
def test_l1_a_pulled_cable_is_told_when_the_slip_is_printed(when: str) -> None:
    async def story() -> None:
        rig = await known()
        rig.cable.delay_s = 0.1
        ask = None if when == "before" else rig.foresee()
        if when == "released":
            assert ask is not None
            assert ask()
        await rig.cable.close()
        if when == "before":
            assert rig.printer.foresee() is None
        elif when == "foreseen":
            assert ask is not None
            assert not ask()
        await untouched(rig, "gone")

    virtual(story())


def test_p5_a_slip_foreseen_while_another_one_prints_disturbs_it_in_nothing() -> None:
    async def story() -> None:
        stub = stub_for(EPSON, bytes_per_s=2000)
        rig = await known(stub)
        async with asyncio.TaskGroup() as group:
            first = group.create_task(rig.printer.print((Row("first"),), "job-1"))
            await asyncio.sleep(0)
            assert rig.printer.foresee() is None
            assert not first.done()
        assert await rig.printer.print(SHORT, "job-2") is Outcome.CONFIRMED
        assert rig.paper == ["first", *WORDS]

    virtual(story())


# --- what is no answer ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stale", [WELL, WELL * 2, WELL * 3, b"\xff" * 6, b"\x3b\x31\0", b"\x10\0\0"])
@pytest.mark.parametrize("when", ["unread", "foreseen"])
def test_p4_what_came_before_the_question_answers_it_in_nothing(stale: bytes, when: str) -> None:
    async def story() -> None:
        rig = await known(Chatty())
        if when == "unread":
            rig.says(stale)
            assert rig.printer.foresee() is None
        else:
            ask = rig.foresee()
            rig.says(stale)
            assert not ask()
        rig.stub.open_cover()
        rig.cable.delay_s = 0.01
        await untouched(rig, "cover_open")
        rig.stub.close_cover()
        assert not (await rig.printer.status()).fault
        rig.foresee()

    virtual(story())


def test_p4_answers_to_a_question_that_was_given_up_are_not_the_next_ones() -> None:
    async def story() -> None:
        rig = await known()
        rig.cable.delay_s = 2.0
        assert not (await rig.printer.status()).known
        assert rig.printer.foresee() is None
        rig.cable.delay_s = 0.0
        await asyncio.sleep(1)
        rig.stub.open_cover()
        await untouched(rig, "cover_open")

    virtual(story())


def test_p4_one_whose_status_nobody_waited_for_to_the_end_is_not_believed_too_early() -> None:
    """Its state was known before, and its answers are under way."""

    async def story() -> None:
        rig = await known()
        rig.cable.delay_s = 0.3
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await rig.printer.status()
        ask = rig.printer.foresee()
        await asyncio.sleep(0.3)
        rig.stub.open_cover()
        assert ask is None or not ask(), "the old answers came before it"
        await untouched(rig, "cover_open")

    virtual(story())


@pytest.mark.parametrize("noise", [b"\xff", b"\xff" * 6])
def test_p4_noise_beside_the_answer_counts_as_with_any_question(noise: bytes) -> None:
    async def story() -> None:
        rig = await known()
        rig.cable.noise = noise
        for _ in range(3 if len(noise) == 1 else 0):  # each slip has a few strange bytes, all have many
            rig.foresee()()
            await asyncio.sleep(0.1)
            assert await rig.printer.print(SHORT, "job-1") is Outcome.CONFIRMED
        if len(noise) > 1:
            rig.foresee()()
            await asyncio.sleep(0.1)
            await untouched(rig, "no_answer")

    virtual(story())


def test_p3_a_printer_that_restarted_and_never_heard_the_question_leaves_the_paper_untouched() -> None:
    async def story() -> None:
        rig = await known(PrinterStub(answers=frozenset({"power-on", "dle", "gs-r", "process-id"})))
        ask = rig.foresee()
        rig.stub.power_off()
        ask()
        await asyncio.sleep(0.1)
        rig.stub.power_on()
        rig.cable.poke()
        await untouched(rig, "no_answer")
        assert await rig.printer.print(SHORT, "job-1") is Outcome.CONFIRMED
        rig.foresee()

    virtual(story())


def test_who_tells_its_state_by_itself_is_not_asked_ahead() -> None:
    async def story() -> None:
        for printer in (
            EscPosPrinter(wire(PrinterStub()), replace(EPSON, status="asb")),
            StarPrinter(wire(StarPrinterStub()), load("star-line")),
        ):
            assert (await printer.status()).known
            assert printer.foresee() is None

    virtual(story())


def test_any_order_of_what_happens_tells_the_state_as_it_was_a_moment_ago_at_most() -> None:
    async def story(seed: int) -> None:
        dice = random.Random(seed)
        rig = await known(Chatty())
        loop, asks = asyncio.get_running_loop(), list[SendRest]()
        opened, changed_s = False, -1e9

        def turn_cover() -> None:
            nonlocal opened, changed_s
            opened, changed_s = not opened, loop.time()
            (rig.stub.open_cover if opened else rig.stub.close_cover)()

        def foresee() -> None:
            if ask := rig.printer.foresee():
                asks.append(ask)

        def release() -> None:
            if asks:
                asks.pop(0)()

        def says() -> None:
            if not asks and not rig.cable.delay_s:  # an answer under way has its own time
                rig.says(dice.choice([WELL, b"\xff", WELL * 2]))

        def wire_changes() -> None:
            rig.cable.delay_s = dice.choice([0.0, 0.0, 0.05, 0.4])

        acts: list[Callable[[], None]] = [turn_cover, foresee, foresee, release, release, says, wire_changes]
        for _ in range(30):
            if dice.random() < 0.25:
                asked_s = loop.time()
                status = await rig.printer.status()
                sure = asked_s - changed_s > YOUNG_S
                assert status.known
                assert not sure or status.cover_open == opened
            else:
                dice.choice(acts)()
            await asyncio.sleep(dice.choice([0.0, 0.0, 0.01, 0.3, 1.5]))

    for seed in range(60):
        virtual(story(seed))
