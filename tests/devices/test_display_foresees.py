"""A result whose end waits for the journal: nothing is lit before it, no second frame is needed after it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest

from drivers.display.cobs import ACK_WANTED, RESENT, Decoder, Frame
from drivers.display.driver import CounterDisplay, DisplayState, Result, Screen
from drivers.display.messages import Type, show_result
from drivers.display.profile import DisplayProfile
from drivers.display.tiles import Tile
from drivers.errors import DeviceGone, DeviceRefused, DeviceTimeout
from drivers.transport import SendRest
from firmware_stubs.display import DisplayStub
from firmware_stubs.wire import Wire
from tests.devices.peripheral_rig import now_s, play
from tests.devices.wires import wire
from tests.unit.firmware_stubs.test_display import matrix

VERSION, MODULES = matrix("weixin://wxpay/bizpayurl?pr=abcdefg00")
PAID = (7, Result.PAID, "28.50")
CAPTION = Tile(20, 290, 40, 8, bytes(40))
SHOWN = {Type.SHOW_QR, Type.SHOW_RESULT, Type.CLEAR, Type.SHOW_IDLE}


class Rig:
    """A display that shows a code, watched; ``sent`` are the host's frames since."""

    def __init__(self, cable: Wire, stub: DisplayStub, display: CounterDisplay) -> None:
        self.cable, self.stub, self.display = cable, stub, display
        self.sent, self.pieces, decoder = list[Frame](), list[bytes](), Decoder()

        def tap(who: str, data: bytes) -> None:
            if who == "host":
                self.sent.extend(decoder.feed(data))
                self.pieces.append(data)

        cable.tap = tap

    def foresee(self) -> SendRest:
        release = self.display.foresee_result(*PAID)
        assert release is not None
        return release

    def types(self) -> list[int]:
        return [frame.type for frame in self.sent]


@asynccontextmanager
async def showing_a_code(*, resends: int = 3, watched: bool = True, paced: bool = False) -> AsyncIterator[Rig]:
    stub = DisplayStub()
    cable = wire(stub, paced=paced)
    display = CounterDisplay(cable, profile=DisplayProfile(resends=resends))
    await display.hello()
    await display.show_qr(7, 60, VERSION, MODULES)
    watching = asyncio.ensure_future(display.watch() if watched else asyncio.Event().wait())
    await asyncio.sleep(0.001)
    try:
        yield Rig(cable, stub, display)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


@pytest.mark.parametrize("paced", [False, True])
def test_i2_nothing_is_lit_before_the_end_is_sent_and_its_answer_may_come_before_anybody_asks(paced: bool) -> None:
    async def story() -> None:
        async with showing_a_code(paced=paced) as rig:
            painted, lit = rig.stub.painted, rig.stub.png()
            release = rig.foresee()
            await asyncio.sleep(0.3)
            assert (rig.stub.screen, rig.stub.painted, rig.stub.png()) == (Screen.CODE, painted, lit)
            assert release()
            assert release(), "it says the same again"
            await asyncio.sleep(0.3)
            assert (rig.stub.screen, rig.stub.text) == (Screen.RESULT, "28.50")
            asked_s = now_s()
            await rig.display.show_result(*PAID)
            assert now_s() == asked_s, "the answer is here already"
            assert rig.types() == [Type.SHOW_RESULT]

    play(story())


@pytest.mark.parametrize("paced", [False, True])
@pytest.mark.parametrize("released", [False, True])
def test_who_asks_for_it_waits_for_its_answer_and_sends_the_end_if_nobody_did(released: bool, paced: bool) -> None:
    async def story() -> None:
        async with showing_a_code(paced=paced) as rig:
            release = rig.foresee()
            assert not released or release()
            await rig.display.show_result(*PAID)
            assert release()
            assert (rig.stub.screen, rig.types()) == (Screen.RESULT, [Type.SHOW_RESULT])
            await rig.display.show_result(8, *PAID[1:])
            assert [frame.seq for frame in rig.sent] == [rig.sent[0].seq, rig.sent[0].seq + 1]

    play(story())


OTHERS: dict[str, Callable[[CounterDisplay], Awaitable[object]]] = {
    "state": lambda display: display.state(),
    "ping": lambda display: display.ping(),
    "code": lambda display: display.show_qr(8, 60, VERSION, MODULES),
    "not paid": lambda display: display.show_result(7, Result.FAILED, "28.50"),
    "idle": lambda display: display.show_idle(1),
    "hello": lambda display: display.hello(),
}


@pytest.mark.parametrize("resends", [0, 3])
@pytest.mark.parametrize("other", OTHERS)
def test_i2_whatever_else_is_sent_takes_it_back_and_then_its_end_does_nothing(other: str, resends: int) -> None:
    async def story() -> None:
        async with showing_a_code(resends=resends) as rig:
            release = rig.foresee()
            await OTHERS[other](rig.display)
            assert not release()
            assert not release()
            await asyncio.sleep(1)
            assert Type.SHOW_RESULT not in rig.types() or other == "not paid"
            assert not any(frame.flags & RESENT for frame in rig.sent), "nothing is said twice for it"
            green = DisplayStub()
            green.receive(Frame(Type.SHOW_RESULT, 1, show_result(*PAID), ACK_WANTED).to_bytes(), 0)
            assert rig.stub.png() != green.png()
            await rig.display.show_result(*PAID)
            assert rig.stub.png() == green.png()

    play(story())


def test_i2_a_glance_takes_it_back_and_hears_its_own_answer_all_the_same() -> None:
    """The display tells of the beginning that it made no sense: no answer to the question after it."""

    async def story() -> None:
        async with showing_a_code() as rig:
            release, states = rig.foresee(), list[DisplayState | None]()
            assert rig.display.glance(states.append)
            assert not release()
            await asyncio.sleep(1)
            assert [state and state.screen for state in states] == [Screen.CODE]
            await rig.display.show_result(*PAID)
            assert (rig.stub.screen, rig.types()) == (Screen.RESULT, [Type.STATE, Type.SHOW_RESULT])
            assert rig.sent[1].seq == rig.sent[0].seq + 1

    play(story())


def test_it_is_refused_where_nobody_hears_for_it_or_the_line_is_not_free_and_then_nothing_is_sent() -> None:
    async def story() -> None:
        async with showing_a_code(watched=False) as rig:
            assert rig.display.foresee_result(*PAID) is None, "nobody hears for it"
        async with showing_a_code() as rig:
            assert rig.display.glance(lambda _state: None)
            assert rig.display.foresee_result(*PAID) is None, "a glance is out"
            await asyncio.sleep(1)
            rig.cable.stalled = True
            assert rig.display.foresee_result(*PAID) is None, "the line takes nothing"
            rig.cable.stalled = False
            rig.foresee()
            assert rig.display.foresee_result(*PAID) is None, "one is out"
            await rig.display.state()
            rig.cable.unplug()
            assert rig.display.foresee_result(*PAID) is None, "there is nobody"
            assert Type.SHOW_RESULT not in rig.types()

    play(story())


BEFORE: dict[int, Callable[[CounterDisplay], Awaitable[object]]] = {
    Type.TILE: lambda display: display.add_tiles(7, [CAPTION]),
    Type.STATE: lambda display: display.state(),
}


@asynccontextmanager
async def behind(kind: int, **profile: Any) -> AsyncIterator[tuple[Rig, SendRest, asyncio.Future[object]]]:
    """A question whose answer takes 50 ms, and the beginning of a result behind it."""
    async with showing_a_code(**profile) as rig:
        rig.cable.delay_s = 0.05
        asking = asyncio.ensure_future(BEFORE[kind](rig.display))
        await asyncio.sleep(0.001)
        yield rig, rig.foresee(), asking


@pytest.mark.parametrize("paced", [False, True])
@pytest.mark.parametrize("kind", BEFORE)
def test_i2_behind_a_question_that_waits_only_who_asks_for_it_sends_its_end(kind: int, paced: bool) -> None:
    async def story() -> None:
        async with behind(kind, paced=paced) as (rig, release, asking):
            await asyncio.sleep(0.02)
            assert not release()
            showing = asyncio.ensure_future(rig.display.show_result(*PAID))
            await asyncio.sleep(0.02)
            assert not release(), "its answer is not here yet"
            assert (asking.done(), rig.stub.screen) == (False, Screen.CODE)
            answer = await asking
            assert kind == Type.TILE or (isinstance(answer, DisplayState) and answer.screen == Screen.CODE)
            await showing
            before, result = rig.sent
            assert (before.type, result.type, result.seq) == (kind, Type.SHOW_RESULT, before.seq + 1)
            head_and_end = result.in_two()
            assert head_and_end is not None
            assert rig.pieces == [before.to_bytes(), *head_and_end]
            assert (release(), rig.stub.screen, rig.stub.text) == (True, Screen.RESULT, "28.50")

    play(story())


@pytest.mark.parametrize("kind", BEFORE)
def test_i2_behind_a_question_that_was_answered_its_release_lights_it(kind: int) -> None:
    async def story() -> None:
        async with behind(kind) as (rig, release, asking):
            assert not release()
            await asking
            await asyncio.sleep(0.1)
            assert rig.stub.screen == Screen.CODE, "what came too early lights nothing later"
            assert release()
            await asyncio.sleep(0.1)
            assert rig.stub.screen == Screen.RESULT
            asked_s = now_s()
            await rig.display.show_result(*PAID)
            assert now_s() == asked_s, "the answer is here already"
            assert rig.types() == [kind, Type.SHOW_RESULT]

    play(story())


@pytest.mark.parametrize("lost", ["question", "damaged question", "answer"])
@pytest.mark.parametrize("kind", BEFORE)
def test_l7_a_lost_question_before_it_is_sent_once_more_by_its_own_number_and_takes_it_back(
    kind: int, lost: str
) -> None:
    async def story() -> None:
        async with showing_a_code() as rig:
            spoilt = {"question": [b""], "damaged question": [b"\0\x03\x11\x55\0"], "answer": []}[lost]
            rig.cable.to_device = lambda data: spoilt.pop() if spoilt else data
            rig.cable.drop_answers = int(lost == "answer")
            rig.cable.delay_s = 0.01
            asking = asyncio.ensure_future(BEFORE[kind](rig.display))
            await asyncio.sleep(0.001)
            release = rig.foresee()
            answer = await asking
            assert kind == Type.TILE or isinstance(answer, DisplayState)
            assert not release()
            await rig.display.show_result(*PAID)
            assert rig.stub.screen == Screen.RESULT
            first = rig.sent[0].seq
            assert [(frame.type, frame.seq - first, frame.flags) for frame in rig.sent] == [
                (kind, 0, ACK_WANTED),
                (kind, 0, ACK_WANTED | RESENT),
                (Type.SHOW_RESULT, 1, ACK_WANTED),
            ]

    play(story())


def test_a_second_one_behind_the_first_that_is_asked_for_waits_its_turn() -> None:
    async def story() -> None:
        async with showing_a_code() as rig:
            rig.cable.delay_s = 0.05
            rig.foresee()
            showing = asyncio.ensure_future(rig.display.show_result(*PAID))
            await asyncio.sleep(0.01)
            release = rig.display.foresee_result(8, Result.LATE, "1.00")
            assert release is not None
            assert not release()
            await showing
            assert rig.stub.id == 7
            assert release()
            await rig.display.show_result(8, Result.LATE, "1.00")
            assert (rig.stub.id, rig.stub.text, len(rig.sent)) == (8, "1.00", 2)

    play(story())


def test_i2_once_it_is_forgotten_its_end_is_sent_no_more_and_what_follows_is_not_said_twice_for_it() -> None:
    async def story() -> None:
        async with showing_a_code() as rig:
            release = rig.foresee()
            rig.display.forget_foreseen()
            assert not release()
            await rig.display.add_tiles(7, [CAPTION])
            await rig.display.show_result(*PAID)
            assert [(frame.type, frame.flags) for frame in rig.sent] == [
                (Type.TILE, ACK_WANTED),
                (Type.SHOW_RESULT, ACK_WANTED),
            ]
            late = rig.display.foresee_result(8, Result.LATE, "1.00")
            assert late is not None
            assert late()
            rig.display.forget_foreseen()
            assert late(), "what was sent stays sent"
            await asyncio.sleep(0.1)
            assert rig.stub.id == 8

    play(story())


def test_captions_in_several_frames_end_behind_the_one_that_is_out_when_they_are_not_wanted_any_more() -> None:
    async def story() -> None:
        async with showing_a_code() as rig:
            rig.cable.delay_s = 0.05
            large, wanted = Tile(0, 250, 240, 60, Random(1).randbytes(30 * 60)), [True]
            captions = asyncio.ensure_future(rig.display.add_tiles(7, [large], wanted=lambda: wanted[0]))
            await asyncio.sleep(0.001)
            release = rig.foresee()
            wanted[0] = False
            await captions
            assert release()
            await rig.display.show_result(*PAID)
            assert rig.types() == [Type.TILE, Type.SHOW_RESULT]

    play(story())


@pytest.mark.parametrize("ends", ["unplug", "close"])
def test_i2_l1_a_cable_pulled_or_closed_before_the_end_takes_it_back_for_good(ends: str) -> None:
    async def story() -> None:
        async with showing_a_code() as rig:
            release = rig.foresee()
            if ends == "unplug":
                rig.cable.unplug()
                rig.cable.plug()
            else:
                await rig.cable.close()
            with pytest.raises(DeviceGone):
                await rig.display.show_result(*PAID)
            again = CounterDisplay(await rig.cable.open())
            assert not release()
            await again.hello()
            await asyncio.sleep(1)
            assert rig.stub.screen == Screen.CODE
            await again.show_result(*PAID)
            assert rig.stub.screen == Screen.RESULT

    play(story())


def test_i2_i10_after_a_kill_between_the_two_the_next_start_finds_the_display_with_its_code() -> None:
    async def story() -> None:
        async with showing_a_code() as rig:
            rig.foresee()
            began_s = now_s()
            again = CounterDisplay(rig.cable)  # nobody closed anything, and nothing of the first is left
            await again.hello()
            assert now_s() - began_s < 0.1, "the first greeting ends the piece that was left, it need not wait"
            state = await again.state()
            assert (state.screen, state.id) == (Screen.CODE, 7)

    play(story())


def test_l7_a_lost_answer_is_asked_for_again_and_nothing_is_painted_twice() -> None:
    async def story() -> None:
        async with showing_a_code() as rig:
            release = rig.foresee()
            rig.cable.drop_answers = 1
            assert release()
            await asyncio.sleep(0.1)
            painted = rig.stub.painted
            await rig.display.show_result(*PAID)
            assert rig.stub.painted == painted
            assert [(frame.type, frame.flags) for frame in rig.sent] == [
                (Type.SHOW_RESULT, ACK_WANTED),
                (Type.SHOW_RESULT, ACK_WANTED | RESENT),
            ]
            assert len({frame.seq for frame in rig.sent}) == 1

    play(story())


@pytest.mark.parametrize("spoilt", [b"", b"\x55\x55\x55\x55\0"])
def test_l3_an_end_that_is_lost_or_damaged_on_the_line_is_followed_by_the_whole(spoilt: bytes) -> None:
    async def story() -> None:
        async with showing_a_code() as rig:
            release, ends = rig.foresee(), [spoilt]
            rig.cable.to_device = lambda data: ends.pop() if ends else data
            assert release()
            await rig.display.show_result(*PAID)
            assert rig.stub.screen == Screen.RESULT

    play(story())


def test_l8_a_line_that_takes_no_end_gets_the_whole_once_it_takes_bytes_again() -> None:
    async def story() -> None:
        async with showing_a_code() as rig:
            release = rig.foresee()
            rig.cable.stalled = True
            assert not release()
            rig.cable.stalled = False
            assert not release(), "too late: it said so"
            assert rig.stub.screen == Screen.CODE
            await rig.display.show_result(*PAID)
            assert (rig.stub.screen, rig.types()) == (Screen.RESULT, [Type.SHOW_RESULT])

    play(story())


@pytest.mark.parametrize("restarts", ["before", "after"])
def test_l9_a_display_that_starts_again_between_the_two_is_told_and_dark(restarts: str) -> None:
    async def story() -> None:
        async with showing_a_code() as rig:
            release = rig.foresee()
            if restarts == "after":
                assert release()
            rig.stub.restart()
            rig.cable.poke()
            await asyncio.sleep(0.01)
            release()
            await asyncio.sleep(0.01)
            assert rig.stub.screen == Screen.BLANK
            with pytest.raises(DeviceGone):
                await rig.display.show_result(*PAID)
            await rig.display.hello()
            await rig.display.show_result(*PAID)
            assert rig.stub.screen == Screen.RESULT

    play(story())


def test_who_waits_for_it_is_told_within_the_usual_time_that_a_display_fell_silent() -> None:
    async def story() -> None:
        async with showing_a_code(resends=0) as rig:
            release = rig.foresee()
            rig.stub.mute = True
            assert release()
            with pytest.raises(DeviceTimeout, match="1 times no answer to SHOW_RESULT"):
                await rig.display.show_result(*PAID)
            rig.stub.mute = False
            await rig.display.state()

    play(story())


def test_a_refusal_of_what_was_foreseen_is_raised_by_who_asks() -> None:
    async def story() -> None:
        async with showing_a_code() as rig:
            release = rig.foresee()
            rig.cable.to_host = lambda _said: Frame(0x7F, rig.sent[-1].seq, b"\x13\x06", 2).to_bytes()
            assert release()
            with pytest.raises(DeviceRefused, match="BAD_PAYLOAD"):
                await rig.display.show_result(*PAID)

    play(story())


def test_l4_i2_in_whatever_pieces_it_arrives_only_the_end_lights_it() -> None:
    """The firmware itself, 200 ways to cut beginning and end, with another frame between them or not."""
    for seed in range(200):
        draw = Random(seed)
        stub = DisplayStub(width=24, height=24)
        stub.tick(0)  # it has greeted
        text = "".join(draw.choice("0123456789.") for _ in range(draw.randrange(12)))
        payload = show_result(draw.randrange(1, 1 << 32), Result.PAID, text)
        parts = Frame(Type.SHOW_RESULT, draw.randrange(1, 256), payload, ACK_WANTED).in_two()
        assert parts is not None
        head, rest = parts
        for piece in pieces(head, draw):
            assert stub.receive(piece, 0) == b""
        between = draw.choice([b"", Frame(Type.PING, 3, b"", ACK_WANTED).to_bytes()])
        stub.receive(between, 0)
        assert stub.screen == Screen.BLANK, f"seed {seed}"
        for piece in pieces(rest, draw):
            assert stub.screen == Screen.BLANK, f"seed {seed}"
            stub.receive(piece, 0)
        assert stub.screen == (Screen.BLANK if between else Screen.RESULT), f"seed {seed}"


def pieces(data: bytes, draw: Random) -> list[bytes]:
    cuts = sorted(draw.sample(range(1, len(data)), draw.randrange(len(data))))
    return [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
