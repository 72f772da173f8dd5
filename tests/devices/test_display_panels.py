"""Panels against their simulated devices: proven, lying, mute, restarted, swapped, torn, too small."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from drivers.display.bonrix import BonrixPanel, BonrixProfile
from drivers.display.dgus import DgusPanel, DgusProfile
from drivers.display.nextion import NextionPanel, NextionProfile
from drivers.display.panel import Panel, PanelRebooted, PanelScreen
from drivers.display.profile import load_panel
from drivers.errors import DeviceError, DeviceGone, DeviceRefused, DeviceTimeout, ShowsOther
from firmware_stubs.display_bonrix import BonrixStub
from firmware_stubs.display_dgus import DgusStub
from firmware_stubs.display_nextion import NextionStub
from firmware_stubs.printer import PrinterStub
from firmware_stubs.wire import Stub, Wire
from tests.devices.peripheral_rig import now_s, play
from tests.devices.wires import wire

PAYLOAD = "https://qr.example/pay?id=" + "0123456789abcdef" * 20  # more than one DGUS frame
CODE = PanelScreen("code", payload=PAYLOAD, amount="¥28.50", digits="28.50", title='街角 "面馆"', words="Scan")
OTHER = replace(CODE, payload="weixin://wxpay/bizpayurl?pr=second")
PAID = PanelScreen("paid", amount="¥28.50", digits="28.50", words="Paid", reference="7KQ2")
IDLE = PanelScreen("idle", title="Tea", words="Welcome")

PANELS: dict[str, tuple[Callable[[], Any], Callable[[Wire], Panel]]] = {
    "bonrix": (BonrixStub, lambda cable: BonrixPanel(cable, BonrixProfile())),
    "nextion": (NextionStub, lambda cable: NextionPanel(cable, NextionProfile())),
    "dgus": (DgusStub, lambda cable: DgusPanel(cable, load_panel(DgusProfile, "dgus"))),
    "dgus-no-ack": (
        lambda: DgusStub(acks=False),
        lambda cable: DgusPanel(cable, load_panel(DgusProfile, "dgus-no-ack")),
    ),
    "dgus-crc": (
        lambda: DgusStub(crc=True),
        lambda cable: DgusPanel(cable, replace(load_panel(DgusProfile, "dgus"), crc=True)),
    ),
}
ALL = pytest.mark.parametrize("name", PANELS)
READING_BACK = pytest.mark.parametrize("name", ["nextion", "dgus", "dgus-no-ack", "dgus-crc"])


def rig(name: str, **faults: Any) -> tuple[Any, Wire, Panel]:
    make_stub, make = PANELS[name]
    stub = make_stub()
    cable = wire(stub, **faults)
    return stub, cable, make(cable)


@ALL
@pytest.mark.row(41, 49)
def test_code_result_and_idle_arrive_and_the_code_is_down_in_between(name: str) -> None:
    async def story() -> None:
        stub, _, panel = rig(name, chunk=1)
        assert (await panel.greet())["model"]
        await panel.show(CODE)
        assert stub.payload == PAYLOAD
        await panel.show(OTHER)
        assert (stub.payload, stub.codes) == (OTHER.payload, 2)
        await panel.show(PAID)
        assert (stub.payload, stub.screen) == ("", "paid" if name == "bonrix" else "result")
        await panel.show(IDLE)
        assert stub.screen in ("welcome", "idle")
        assert await panel.alive()

    play(story())


@READING_BACK
def test_i10_no_moment_shows_half_of_a_new_code(name: str) -> None:
    """Every state of the glass after every piece of what we send is dark, the old code, or the new one."""

    async def story() -> None:
        stub, cable, panel = rig(name)
        await panel.greet()
        await panel.show(CODE)
        seen: set[str] = set()

        def look(data: bytes) -> bytes:
            seen.add(stub.payload)
            return data

        cable.to_device = look
        await panel.show(OTHER)
        seen.add(stub.payload)
        assert seen == {PAYLOAD, "", OTHER.payload}

    play(story())


@READING_BACK
def test_i10_no_moment_shows_one_sales_words_with_anothers_amount(name: str) -> None:
    """A customer's own code is checked while the glass still says that the last one has paid."""
    checking = PanelScreen("checking", amount="R$ 9,90", digits="9.90", words="One moment")
    sale = (CODE, PAID, checking, replace(checking, kind="paid", words="Paid"), OTHER, IDLE)

    def glass(stub: Any) -> tuple[str, ...]:
        if name == "nextion":
            texts = {key: value.decode("latin-1") for key, value in stub.texts.items()}
            amount, words = texts.get(f"{stub.screen}.amount", ""), texts[f"{stub.screen}.words"]
        else:
            amount, words = stub.amount, stub.words
        return () if stub.screen == "idle" else (stub.screen, stub.payload, amount, words)

    async def story() -> None:
        stub, cable, panel = rig(name)
        await panel.greet()
        seen: set[tuple[str, ...]] = set()

        def look(data: bytes) -> bytes:
            seen.add(glass(stub))
            return data

        cable.to_device = look
        wanted: set[tuple[str, ...]] = {()}
        for screen in sale:
            await panel.show(screen)
            wanted.add(glass(stub))
        assert seen <= wanted
        assert len(wanted) == len(sale)

    play(story())


@READING_BACK
def test_l11_a_panel_that_says_done_and_keeps_the_old_code_is_caught(name: str) -> None:
    async def story() -> None:
        stub, _, panel = rig(name)
        await panel.greet()
        await panel.show(OTHER)
        stub.lies = True
        with pytest.raises(ShowsOther):
            await panel.show(CODE)

    play(story())


@pytest.mark.row(49)
def test_l11_a_panel_that_cuts_what_is_too_long_for_its_project_is_caught_before_its_page_is_shown() -> None:
    async def story() -> None:
        stub, _, panel = rig("nextion")
        stub.code_max = 100
        await panel.greet()
        with pytest.raises(DeviceRefused, match="holds 100 characters of another code than the 346"):
            await panel.show(CODE)
        assert (stub.payload, stub.codes) == ("", 0)

    play(story())


@ALL
def test_bad_input_a_code_longer_than_the_limit_is_refused_before_the_first_byte(name: str) -> None:
    async def story() -> None:
        _, cable, panel = rig(name)
        await panel.greet()
        before = cable.written
        with pytest.raises(DeviceRefused, match="a cut code would be a wrong code"):
            await panel.show(replace(CODE, payload="x" * 600))
        assert cable.written == before

    play(story())


@ALL
def test_l7_a_mute_panel_is_given_up_within_the_limit_and_its_late_answers_mean_nothing(name: str) -> None:
    async def story() -> None:
        _, cable, panel = rig(name)
        await panel.greet()
        cable.drop_answers = 3
        began_s = now_s()
        with pytest.raises(DeviceTimeout, match="3 times no answer"):
            await panel.alive()
        assert now_s() - began_s <= 3.0
        assert await panel.alive()

    play(story())


@ALL
def test_l4_noise_that_looks_like_the_head_of_a_long_message_costs_one_try(name: str) -> None:
    async def story() -> None:
        for noise in (b"\x5a\xa5\xff", b"\x70", b"Volume" * 90):
            _, cable, panel = rig(name)
            await panel.greet()
            left = [noise]

            def once(data: bytes, left: list[bytes] = left) -> bytes:
                return (left.pop() if left else b"") + data

            cable.to_host = once
            assert await panel.alive(), noise

    play(story())


@ALL
def test_l3_noise_before_answers_never_makes_a_false_success(name: str) -> None:
    async def story() -> None:
        for noise in (b"\x01", b"\x70\xff", b"\x5a\xa5", b"\x00\x00", b"Current", b"\xff\xff\xff", b"\x66\x01"):
            stub, cable, panel = rig(name)
            await panel.greet()
            cable.noise = noise
            try:
                await panel.show(CODE)
            except DeviceError:
                continue
            assert stub.payload == PAYLOAD, noise

    play(story())


def amount_on(stub: Any) -> str:
    """What a person reads beside the code or the result."""
    if isinstance(stub, NextionStub):
        return stub.texts[f"{stub.screen}.amount"].decode("iso-8859-1")
    return str(stub.amount)


@pytest.mark.no_cover  # many rounds through lines that others measure
@READING_BACK
@pytest.mark.parametrize("screen", [CODE, PAID], ids=lambda screen: screen.kind)
def test_l3_flipped_bits_towards_the_panel_never_leave_another_amount_unnoticed(
    name: str, screen: PanelScreen
) -> None:
    async def story() -> None:
        for at in range(0, 200, 3):
            stub, cable, panel = rig(name)
            await panel.greet()
            sent = 0

            def flip(data: bytes, at: int = at) -> bytes:
                nonlocal sent
                first, sent = sent, sent + len(data)
                if first <= at < sent:
                    return data[: at - first] + bytes((data[at - first] ^ 0x02,)) + data[at - first + 1 :]
                return data

            cable.to_device = flip
            try:
                await panel.show(screen)
            except DeviceError:
                continue
            assert amount_on(stub) in ("¥28.50", "￥28.50", "28.50"), at

    play(story())


@pytest.mark.no_cover  # many rounds through lines that others measure
@READING_BACK
def test_l3_flipped_bits_towards_the_panel_never_leave_another_code_unnoticed(name: str) -> None:
    async def story() -> None:
        for at in range(0, 900, 13):
            stub, cable, panel = rig(name)
            await panel.greet()
            sent = 0

            def flip(data: bytes, at: int = at) -> bytes:
                nonlocal sent
                first, sent = sent, sent + len(data)
                if first <= at < sent:
                    return data[: at - first] + bytes((data[at - first] ^ 0x02,)) + data[at - first + 1 :]
                return data

            cable.to_device = flip
            try:
                await panel.show(CODE)
            except DeviceError:
                assert stub.payload in ("", PAYLOAD), at
                continue
            assert stub.payload == PAYLOAD, at

    play(story())


@ALL
def test_l5_our_own_bytes_coming_back_are_no_answer_and_are_named(name: str) -> None:
    async def story() -> None:
        stub, _, panel = rig(name, echo=True)
        stub.mute = True
        with pytest.raises(DeviceRefused, match="what we send comes back"):
            await panel.greet()

    play(story())


@ALL
def test_l10_a_printer_on_the_port_is_not_a_panel(name: str) -> None:
    async def story() -> None:
        cable = wire(PrinterStub())
        with pytest.raises(DeviceError):
            await PANELS[name][1](cable).greet()

    play(story())


@ALL
def test_l8_a_panel_that_takes_no_more_bytes_ends_the_write_at_its_deadline(name: str) -> None:
    async def story() -> None:
        _, cable, panel = rig(name)
        await panel.greet()
        cable.stall_after = cable.written + 30
        with pytest.raises(DeviceTimeout):
            await panel.show(CODE)

    play(story())


def test_l9_a_nextion_that_restarts_says_so_to_whoever_asks_and_to_the_watch() -> None:
    async def story() -> None:
        stub, cable, panel = rig("nextion")
        await panel.greet()
        await panel.show(CODE)
        stub.restart()
        cable.poke()
        with pytest.raises(PanelRebooted):
            await panel.alive()
        assert issubclass(PanelRebooted, DeviceGone)
        await panel.greet()
        await panel.show(CODE)
        assert stub.payload == PAYLOAD

    play(story())


@pytest.mark.parametrize("said", ["00 00 00 FF FF FF", "88 FF FF FF"])
def test_l9_either_word_of_a_nextion_that_starts_tells_of_it(said: str) -> None:
    async def story() -> None:
        _, cable, panel = rig("nextion")
        await panel.greet()
        cable.noise = bytes.fromhex(said)
        with pytest.raises(PanelRebooted):
            await panel.show(CODE)

    play(story())


def test_a_nextion_whose_buffer_ran_over_says_so_and_nothing_is_shown() -> None:
    async def story() -> None:
        stub, cable, panel = rig("nextion")
        await panel.greet()
        cable.noise = bytes.fromhex("24 FF FF FF")
        with pytest.raises(DeviceTimeout, match="lost bytes"):
            await panel.show(CODE)
        assert stub.payload == ""

    play(story())


@pytest.mark.parametrize("name", ["nextion", "dgus", "dgus-no-ack"])
def test_l3_a_code_that_comes_out_wrong_is_written_three_times_and_no_more(name: str) -> None:
    async def story() -> None:
        stub, cable, panel = rig(name)
        await panel.greet()
        spoiled = 0

        def spoil(data: bytes) -> bytes:
            nonlocal spoiled
            spoiled += b"pr=second" in data
            return data.replace(b"pr=second", b"pr=secone")

        cable.to_device = spoil
        with pytest.raises(ShowsOther, match="another code"):
            await panel.show(OTHER)
        assert (spoiled, stub.payload) == (3, "")

    play(story())


def test_l9_a_dgus_that_restarts_is_told_by_its_page() -> None:
    async def story() -> None:
        stub, _, panel = rig("dgus")
        await panel.greet()
        await panel.show(CODE)
        stub.restart()
        assert not await panel.alive()

    play(story())


@pytest.mark.parametrize(
    ("stub", "make"),
    [
        (NextionStub(serial="A1"), lambda cable, serial: NextionPanel(cable, NextionProfile(), serial=serial)),
        (
            DgusStub(serial="A1"),
            lambda cable, serial: DgusPanel(cable, load_panel(DgusProfile, "dgus"), serial=serial),
        ),
    ],
    ids=["nextion", "dgus"],
)
def test_l2_another_counters_panel_is_refused_before_anything_is_shown(
    stub: Stub, make: Callable[[Wire, str], Panel]
) -> None:
    async def story() -> None:
        assert (await make(wire(stub), "A1").greet())["serial"] == "A1"
        with pytest.raises(DeviceRefused, match="this is panel A1, not B2; are two cables swapped"):
            await make(wire(stub), "B2").greet()

    play(story())


def test_a_panel_without_our_project_is_refused_with_the_page_that_describes_it() -> None:
    async def story() -> None:
        stub, _, panel = rig("nextion")
        del stub.texts["idle.title"]
        await panel.greet()
        with pytest.raises(DeviceRefused, match=r"has no such variable \(idle.title.txt\)"):
            await panel.show(IDLE)

    play(story())


@pytest.mark.parametrize("code", bytes.fromhex("00 02 03 04 05 06 09 11 12 1A 1B 1C 1D 1E 1F 20 23"))
def test_every_failure_a_nextion_names_is_told_at_once(code: int) -> None:
    async def story() -> None:
        stub, _, panel = rig("nextion")
        await panel.greet()
        stub.fails = code
        with pytest.raises(DeviceRefused, match=r"the panel .* \(idle.title.txt\)"):
            await panel.show(IDLE)
        assert now_s() < 0.1

    play(story())


@pytest.mark.parametrize("text", ["ÿÿÿ", 'A" page 1 "', "\\", '\\"', "{0}", "\xff\xff\xffpage 1\xff\xff\xff"])
def test_s61_a_name_never_ends_a_nextion_command(text: str) -> None:
    async def story() -> None:
        stub, _, panel = rig("nextion")
        await panel.greet()
        await panel.show(replace(IDLE, title=text, words=text, test=text))
        assert (stub.page, stub.refused) == (0, [])
        assert b"\xff" not in stub.texts["idle.title"]

    play(story())


def test_a_touch_while_an_answer_is_awaited_is_nobody_answer() -> None:
    async def story() -> None:
        stub, cable, panel = rig("nextion")
        await panel.greet()
        cable.noise = stub.touch()
        await panel.show(CODE)
        assert stub.payload == PAYLOAD

    play(story())
