"""What a thousand counters hold while nobody pays: each object of these stands there a thousand times."""

import gc

import pytest

from drivers.descriptor_pipe import DescriptorPipe
from drivers.display.cobs import Decoder
from drivers.display.driver import CounterDisplay
from drivers.display.link import DisplayLink
from drivers.display.turns import Turns
from drivers.inbox import Inbox
from terminal.counter.glass import Glass
from terminal.counter.lane import Lane
from terminal.counter.paper import Paper
from terminal.counter.products import Products
from terminal.counter.voice import Voice
from terminal.on_demand import OnDemand
from terminal.peripherals import glyphs
from terminal.peripherals.artwork import Artwork
from terminal.peripherals.bench import Bench
from terminal.peripherals.cut import Cut
from terminal.peripherals.display import CodeDisplay
from terminal.peripherals.keeper import Keeper
from terminal.peripherals.shared import Shared
from terminal.peripherals.slots import Slots
from terminal.system import SystemClock

OF_A_DISPLAY = [CodeDisplay, Keeper, DescriptorPipe, Inbox, CounterDisplay, DisplayLink, Turns, Decoder, Artwork]
OF_A_COUNTER = [Lane, Glass, Products, Voice, Paper, Shared, Slots, Bench]


@pytest.mark.parametrize("kind", [*OF_A_DISPLAY, *OF_A_COUNTER])
def test_it_has_slots_and_no_dictionary(kind: type) -> None:
    assert kind.__dictoffset__ == 0


def test_a_place_where_nothing_stands_holds_nothing_that_waits() -> None:
    slots = Slots(SystemClock())
    begun: list[str] = []
    slots.begin(lambda name, _job: begun.append(name), lambda: None)
    places = (slots.display, slots.scanner, slots.printer, slots.speaker)
    inside = [type(each) for each in gc.get_referents(*places)]
    assert OnDemand not in inside
    assert Cut not in inside
    assert begun == []


def test_only_letters_that_were_used_are_pictures() -> None:
    """All of them, in eight sizes, are half a megabyte."""
    glyphs._glyph.cache_clear()
    assert glyphs.amount("¥28.50", 200, 40) is not None
    assert glyphs._glyph.cache_info().currsize == len(set("¥28.50"))
