"""Panels as the display port: words, health that says what it knows, codes that end, devices that come back."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from drivers.display.bonrix import BonrixPanel, BonrixProfile
from drivers.display.dgus import DgusPanel, DgusProfile
from drivers.display.mertech import MertechPanel, MertechProfile
from drivers.display.nextion import NextionPanel, NextionProfile
from drivers.display.pole import PolePanel, PoleProfile
from drivers.display.profile import load_panel
from drivers.transport import Transport
from firmware_stubs.display_bonrix import BonrixStub
from firmware_stubs.display_dgus import DgusStub
from firmware_stubs.display_mertech import MertechStub
from firmware_stubs.display_nextion import NextionStub
from firmware_stubs.display_pole import PoleStub
from firmware_stubs.wire import Wire
from terminal.counter.ports import CodeScreen, HealthState, IdleScreen, ResultScreen
from terminal.errors import PeripheralFailed
from terminal.help.catalogue import Catalogue
from terminal.payments.lines import NAME_MAX, Entered
from terminal.payments.money import Money
from terminal.peripherals.panel_display import PanelDisplay, Wording
from terminal.peripherals.sweep import Sweeper
from terminal.virtual_time import VirtualClock
from tests.devices.peripheral_rig import play, running, until, well
from tests.devices.wires import wire

PAYLOAD = "weixin://wxpay/bizpayurl?pr=abcdefg00"
AMOUNT = Money(2850, "CNY")
CODE = CodeScreen(7, PAYLOAD, AMOUNT, 120, False, "老王 **")
PAID = ResultScreen(7, "paid", AMOUNT, "7KQ2", False)
IDLE = IdleScreen("老王", False)
ENTERED = replace(IDLE, entered=Entered("Oolong", Money(-50, "CNY"), AMOUNT))
ENGLISH = Catalogue.load("en")

MAKERS: dict[str, tuple[Callable[[], Any], Callable[[Transport], Any]]] = {
    "bonrix": (BonrixStub, lambda transport: BonrixPanel(transport, BonrixProfile())),
    "nextion": (NextionStub, lambda transport: NextionPanel(transport, NextionProfile())),
    "dgus": (DgusStub, lambda transport: DgusPanel(transport, load_panel(DgusProfile, "dgus"))),
    "pole": (PoleStub, lambda transport: PolePanel(transport, load_panel(PoleProfile, "cd5220"))),
}
CODES = pytest.mark.parametrize("name", ["bonrix", "nextion", "dgus"])


def rig(name: str, *, language: Catalogue = ENGLISH, **faults: Any) -> tuple[Any, Wire, PanelDisplay]:
    """Call it on the loop."""
    make_stub, make = MAKERS[name]
    stub = make_stub()
    cable = wire(stub, **faults)
    display = PanelDisplay(
        name,
        cable.open,
        VirtualClock(),
        make=make,
        wording=Wording(language.text, language.money, title="Tea"),
        shows_codes=name != "pole",
        sweep=Sweeper().counter("1"),
    )
    return stub, cable, display


@CODES
@pytest.mark.row(41, 49)
def test_a_code_is_shown_and_its_health_says_how_sure_that_is(name: str) -> None:
    async def story() -> None:
        stub, _, display = rig(name)
        with pytest.raises(PeripheralFailed):
            await display.show(CODE)
        async with running(display.run):
            await well(display.health)
            await display.show(CODE)
            assert stub.payload == PAYLOAD
            health = display.health()
            assert health.state is HealthState.OK
            assert health.detail["proof"] == ("cannot tell" if name == "bonrix" else "reads back")
            await display.show(PAID)
            assert stub.payload == ""
            await display.show(IDLE)

    play(story())


@pytest.mark.row(48)
def test_a_pole_shows_the_amount_before_the_money_and_says_that_it_draws_no_code() -> None:
    async def story() -> None:
        stub, cable, display = rig("pole")
        async with running(display.run):
            await well(display.health)
            with pytest.raises(PeripheralFailed) as caught:
                await display.show(CODE)
            assert caught.value.slug == "display_no_codes"
            assert stub.lines[0] == "TOTAL         ¥28.50"
            assert display.health().state is HealthState.CANNOT_TELL
            written = cable.written
            with pytest.raises(PeripheralFailed):
                await display.show(replace(CODE, ttl_s=100))
            assert cable.written == written, "the same amount is not painted again"
            await display.show(PAID)
            assert stub.screen == "Paid          ¥28.50\n7KQ2"

    play(story())


@pytest.mark.row(41, 49)
def test_i25_a_panel_without_letters_shows_codes_and_is_dark_with_a_reason_in_a_test() -> None:
    async def story() -> None:
        stub = MertechStub()
        cable = wire(stub)
        wording = Wording(ENGLISH.text, ENGLISH.money, title="Tea")
        display = PanelDisplay(
            "mertech",
            cable.open,
            VirtualClock(),
            make=lambda transport: MertechPanel(transport, MertechProfile()),
            wording=wording,
            shows_codes=True,
        )
        async with running(display.run):
            await well(display.health)
            await display.show(CODE)
            assert (stub.screen, stub.payload) == ("code", PAYLOAD)
            assert display.health().state is HealthState.CANNOT_TELL
            with pytest.raises(PeripheralFailed) as caught:
                await display.show(replace(CODE, id=8, test=True))
            assert caught.value.slug == "device_refused"
            assert (stub.screen, stub.payload) == ("", ""), "the code before it is nobody's now"
            assert "cannot say TEST" in display.health().detail["advice"]
            await display.show(PAID)
            assert stub.screen == "paid"

    play(story())


@pytest.mark.row(2, 48)
@pytest.mark.parametrize("name", MAKERS)
def test_goods_that_are_entered_are_on_every_panel_that_has_letters(name: str) -> None:
    async def story() -> None:
        _, cable, display = rig(name)
        sent = bytearray()
        cable.tap = lambda who, data: sent.extend(data if who == "host" else b"")
        async with running(display.run):
            await well(display.health)
            await display.show(ENTERED)
            told = (b"Total 28.50",) if name == "bonrix" else (b"Oolong", b"-0.50", b"28.50")  # it has one text
            assert [text for text in told if text not in sent] == []
            sent.clear()
            await display.show(ENTERED)
            assert not sent, "the same is not painted again"

    play(story())


@pytest.mark.row(2, 48)
@pytest.mark.parametrize("letters", [40, 55, NAME_MAX])
@pytest.mark.parametrize("name", ["nextion", "dgus"])
def test_a_long_name_of_goods_is_cut_and_its_price_never(name: str, letters: int) -> None:
    async def story() -> None:
        _, cable, display = rig(name)
        sent = bytearray()
        cable.tap = lambda who, data: sent.extend(data if who == "host" else b"")
        async with running(display.run):
            await well(display.health)
            await display.show(replace(IDLE, entered=Entered("x" * letters, Money(123456, "CNY"), AMOUNT)))
            assert b"xxx" in sent
            assert b"1,234.56" in sent

    play(story())


@pytest.mark.row(48)
@pytest.mark.parametrize("language", ["en", "zh-CN", "pt-BR"])
@pytest.mark.parametrize("name", MAKERS)
def test_i25_a_test_is_marked_on_every_screen_of_every_panel(name: str, language: str) -> None:
    marks = (b"TEST", "测试".encode("gbk"))

    async def story() -> None:
        _, cable, display = rig(name, language=Catalogue.load(language))
        sent = bytearray()
        cable.tap = lambda who, data: sent.extend(data if who == "host" else b"")
        async with running(display.run):
            await well(display.health)
            for screen in (CODE, PAID, replace(PAID, result="checking", ttl_s=0), IDLE, ENTERED):
                sent.clear()
                try:
                    await display.show(replace(screen, test=True))
                except PeripheralFailed:
                    assert name == "pole"
                assert any(mark in sent for mark in marks), screen

    play(story())


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.parametrize("name", MAKERS)
def test_i10_a_code_nobody_renews_is_taken_down_when_its_life_ends(name: str) -> None:
    async def story() -> None:
        stub, _, display = rig(name)
        async with running(display.run):
            await well(display.health)
            try:
                await display.show(CODE)
            except PeripheralFailed:
                assert name == "pole"
            before = stub.screen
            took_s = await until(lambda: stub.screen != before, 130)
            assert 119 <= took_s <= 121
            assert stub.screen in ("welcome", "idle", "\n")

    play(story())


@CODES
@pytest.mark.row(43)
def test_i10_l1_what_comes_back_is_dark_before_anything_is_believed_and_the_owner_is_told(name: str) -> None:
    async def story() -> None:
        stub, cable, display = rig(name)
        calls: list[str] = []
        display.on_back(lambda: calls.append(stub.payload))
        async with running(display.run):
            await well(display.health)
            await display.show(CODE)
            calls.clear()
            cable.unplug()
            assert await until(lambda: bool(calls), 1) <= 1
            assert calls == [PAYLOAD], "a panel without power keeps its picture in this world"
            with pytest.raises(PeripheralFailed) as caught:
                await display.show(CODE)
            assert caught.value.slug == "display_gone"
            cable.plug()
            await until(lambda: len(calls) == 2, 3)
            assert calls[1] == "", "taken down before ready is told"
            await display.show(CODE)
            assert stub.payload == PAYLOAD

    play(story())


@CODES
@pytest.mark.row(43)
def test_l7_a_panel_that_falls_silent_under_a_code_is_missed_within_five_seconds(name: str) -> None:
    async def story() -> None:
        stub, _, display = rig(name)
        gone: list[bool] = []
        async with running(display.run):
            await well(display.health)
            await display.show(CODE)
            display.on_back(lambda: gone.append(True))
            stub.mute = True
            assert await until(lambda: bool(gone), 5) <= 5
            assert display.health().reason == "display_no_answer"

    play(story())


@pytest.mark.parametrize("name", ["nextion", "dgus"])
def test_l9_a_panel_that_restarts_under_a_code_asks_for_it_again(name: str) -> None:
    async def story() -> None:
        stub, cable, display = rig(name)
        again: list[bool] = []
        async with running(display.run):
            await well(display.health)
            await display.show(CODE)
            display.on_back(lambda: again.append(True))
            stub.restart()
            cable.poke()
            await until(lambda: bool(again), 5)
            await well(display.health)
            await display.show(CODE)
            assert stub.payload == PAYLOAD

    play(story())


@CODES
@pytest.mark.row(49)
def test_bad_input_a_code_it_cannot_hold_is_refused_and_the_last_sales_code_is_down(name: str) -> None:
    async def story() -> None:
        stub, _, display = rig(name)
        async with running(display.run):
            await well(display.health)
            await display.show(CODE)
            with pytest.raises(PeripheralFailed) as caught:
                await display.show(replace(CODE, id=8, payload="x" * 600))
            assert caught.value.slug == "device_refused"
            assert stub.payload == ""
            assert "600 characters" in display.health().detail["advice"]
            await display.show(replace(CODE, id=9))
            assert display.health().state is HealthState.OK

    play(story())


@pytest.mark.row(43)
@pytest.mark.parametrize("moment", ["idle", "mid-sale"])
def test_l2_two_counters_with_swapped_panels_both_stop_showing_and_say_why(moment: str) -> None:
    async def story() -> None:
        stubs = {number: NextionStub(serial=number) for number in ("A1", "B2")}
        cables = {number: wire(stub) for number, stub in stubs.items()}

        def maker(number: str) -> Callable[[Transport], NextionPanel]:
            return lambda transport: NextionPanel(transport, NextionProfile(), serial=number)

        displays = {
            number: PanelDisplay(
                number,
                cable.open,
                VirtualClock(),
                make=maker(number),
                wording=Wording(ENGLISH.text, ENGLISH.money),
                shows_codes=True,
            )
            for number, cable in cables.items()
        }
        async with running(*(display.run for display in displays.values())):
            for number, display in displays.items():
                await well(display.health)
                if moment == "mid-sale":
                    await display.show(replace(CODE, payload=f"weixin://{number}"))
            for cable in cables.values():
                cable.unplug()
            cables["A1"].stub, cables["B2"].stub = stubs["B2"], stubs["A1"]
            for cable in cables.values():
                cable.plug()
            for display in displays.values():
                await until(lambda display=display: display.health().reason == "display_wrong_device", 5)  # type: ignore[misc]  # bound at once
                assert "are two cables swapped?" in display.health().detail["advice"]
                with pytest.raises(PeripheralFailed):
                    await display.show(CODE)
            assert [stub.payload for stub in stubs.values()] == ["", ""]

    play(story())
