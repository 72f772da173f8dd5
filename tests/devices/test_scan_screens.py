"""Where the customer's own code is waited for: amount and words on every kind of display."""

import asyncio
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
from terminal.counter.ports import IdleScreen, ResultScreen, ScanScreen
from terminal.help.catalogue import Catalogue
from terminal.payments.money import Money
from terminal.peripherals.display import CodeDisplay
from terminal.peripherals.fallback_display import FallbackDisplay
from terminal.peripherals.panel_display import PanelDisplay, Wording
from terminal.simulation.devices import SimulatedCounter
from terminal.virtual_time import VirtualClock
from tests.devices.peripheral_rig import now_s, play, running, until, well
from tests.devices.wires import wire

AMOUNT = Money(2850, "CNY")
SCAN = ScanScreen(9, "scan", AMOUNT, False, "Tea")
STEPS = (SCAN, replace(SCAN, id=10, now="scanned"), replace(SCAN, id=11, now="acting"))
PAID = ResultScreen(12, "paid", AMOUNT, "7KQ2", False)
SILENT_S = 15  # docs/display-frame.md, rule 7

MAKERS: dict[str, tuple[Callable[[], Any], Callable[[Transport], Any]]] = {
    "bonrix": (BonrixStub, lambda transport: BonrixPanel(transport, BonrixProfile())),
    "nextion": (NextionStub, lambda transport: NextionPanel(transport, NextionProfile())),
    "dgus": (DgusStub, lambda transport: DgusPanel(transport, load_panel(DgusProfile, "dgus"))),
    "cd5220": (PoleStub, lambda transport: PolePanel(transport, load_panel(PoleProfile, "cd5220"))),
    "escpos-vfd": (
        lambda: PoleStub("escpos-vfd"),
        lambda transport: PolePanel(transport, load_panel(PoleProfile, "escpos-vfd")),
    ),
    "led8n": (
        lambda: PoleStub("led8n"),
        lambda transport: PolePanel(transport, load_panel(PoleProfile, "led8n")),
    ),
    "mertech": (MertechStub, lambda transport: MertechPanel(transport, MertechProfile())),
}


def rig(name: str, language: str = "en") -> tuple[Any, bytearray, PanelDisplay]:
    """The panel's stub, what is sent to it from now on, and its display. Call it on the loop."""
    make_stub, make = MAKERS[name]
    stub, words, sent = make_stub(), Catalogue.load(language), bytearray()
    cable = wire(stub)
    cable.tap = lambda who, data: sent.extend(data if who == "host" else b"")
    wording = Wording(words.text, words.money, title="Tea")
    display = PanelDisplay(
        name, cable.open, VirtualClock(), make=make, wording=wording, shows_codes=name not in ("cd5220", "led8n")
    )
    return stub, sent, display


@pytest.mark.row(7, 48, 49)
@pytest.mark.parametrize(
    ("name", "language", "texts"),
    [
        (
            "bonrix",
            "en",
            ("28.50 Show your payment code", "28.50 One moment, checking", "28.50 Finish on your phone"),
        ),
        (
            "bonrix",
            "pt-BR",
            ("28.50 Mostre seu codigo", "28.50 Um momento, conferindo", "28.50 Conclua no celular"),
        ),
        ("nextion", "en", ("Show your payment code", "One moment, checking", "Finish on your phone")),
        ("nextion", "pt-BR", ("Mostre seu código", "Um momento, conferindo", "Conclua no celular")),
        ("dgus", "zh-CN", ("请出示付款码", "请稍候，正在核实", "请在手机上完成")),
    ],
)
def test_i25_a_panel_shows_the_amount_and_what_the_customer_does_next(
    name: str, language: str, texts: tuple[str, ...]
) -> None:
    codec = "gbk" if name == "dgus" else "iso-8859-1"

    async def story() -> None:
        stub, sent, display = rig(name, language)
        async with running(display.run):
            await well(display.health)
            for screen, text in zip(STEPS, texts, strict=True):
                sent.clear()
                await display.show(screen)
                assert text.encode(codec) in sent
                assert b"28" in sent
                assert stub.payload == ""
                assert stub.screen == ("welcome" if name == "bonrix" else "result")
                sent.clear()
                await display.show(replace(screen, id=99, test=True))
                assert any(mark in sent for mark in (b"TEST", "测试".encode("gbk")))
            await display.show(PAID)
            await display.show(IdleScreen("Tea", False))

    play(story())


@pytest.mark.row(48)
@pytest.mark.parametrize("name", ["cd5220", "escpos-vfd"])
@pytest.mark.parametrize(
    ("language", "test", "lines"),
    [
        ("en", False, ("SHOW YOUR CODE", "One moment, checking", "Finish on your phone")),
        ("en", True, ("TEST SHOW YOUR CODE", "TEST ONE MOMENT", "TEST SEE YOUR PHONE")),
        ("pt-BR", False, ("Mostre seu código", "ONE MOMENT", "Conclua no celular")),
        ("zh-CN", False, ("SHOW YOUR CODE", "ONE MOMENT", "SEE YOUR PHONE")),
    ],
)
def test_i25_a_pole_has_the_total_on_the_right_before_the_money_and_whole_words_below(
    name: str, language: str, test: bool, lines: tuple[str, ...]
) -> None:
    async def story() -> None:
        stub, _, display = rig(name, language)
        async with running(display.run):
            await well(display.health)
            for screen, below in zip(STEPS, lines, strict=True):
                await display.show(replace(screen, test=test))
                upper, lower = stub.lines
                assert upper.startswith("TOTAL ")
                assert upper.endswith("28,50" if language == "pt-BR" else "28.50")
                assert lower.rstrip() == below
                assert stub.unknown == 0

    play(story())


@pytest.mark.row(48)
def test_i25_eight_digits_show_the_total_with_its_lamp_and_stay_dark_in_a_test() -> None:
    async def story() -> None:
        stub, _, display = rig("led8n")
        async with running(display.run):
            await well(display.health)
            for screen in STEPS:
                await display.show(screen)
                assert (stub.digits, stub.lamp) == ("28.50", "2")
                await display.show(replace(screen, test=True))
                assert (stub.digits, stub.lamp) == ("", "0")

    play(story())


def test_a_display_without_letters_and_digits_takes_down_what_it_had() -> None:
    async def story() -> None:
        stub, _, display = rig("mertech")
        async with running(display.run):
            await well(display.health)
            await display.show(PAID)
            assert stub.screen == "paid"
            for screen in STEPS:
                await display.show(screen)
                assert (stub.screen, stub.payload) == ("", "")

    play(story())


@pytest.mark.row(7, 49)
@pytest.mark.parametrize("glass", [(240, 320), (320, 240), (240, 240), (480, 320), (160, 128)])
def test_i10_our_own_glass_shows_it_and_goes_dark_when_nobody_is_there_to_end_it(glass: tuple[int, int]) -> None:
    async def story() -> None:
        counter = SimulatedCounter(captions=True, glass=glass)
        display = counter.devices().display
        assert isinstance(display, CodeDisplay)
        async with running(display.run):
            await well(display.health)
            seen = set()
            for screen in (*STEPS, replace(STEPS[0], id=13, test=True)):
                await display.show(screen)
                await asyncio.sleep(1)
                assert counter.screen == "text"
                seen.add(counter.display.png())
            assert len(seen) == 4, "each says something else"
            await asyncio.sleep(5 * SILENT_S)
            assert counter.screen == "text", "kept alive as long as it is wanted"
        await asyncio.sleep(SILENT_S + 2)
        counter.display.tick(round(now_s() * 1000))
        assert counter.screen == "blank"

    play(story())


@pytest.mark.row(48)
def test_every_glass_of_a_counter_shows_it_and_none_a_code() -> None:
    async def story() -> None:
        (panel, _, one), (pole, _, other) = rig("nextion"), rig("cd5220")
        together = FallbackDisplay([one, other])
        async with running(one.run, other.run, together.run):
            await well(one.health)
            await well(other.health)
            await together.show(SCAN)
            await until(lambda: panel.screen == "result" and "28.50" in pole.screen, 3)
            assert panel.texts["result.words"] == b"Show your payment code"

    play(story())
