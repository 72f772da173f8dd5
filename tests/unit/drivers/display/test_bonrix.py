"""Bonrix lines: the maker's bytes, nothing that ends a field, a code whole or refused."""

import pytest

from drivers.display.bonrix import LINE_MAX, BonrixPanel, BonrixProfile, LineDecoder, volume
from drivers.display.panel import PanelScreen
from drivers.display.profile import load_panel
from drivers.errors import DeviceRefused
from firmware_stubs.display_bonrix import BonrixStub
from tests.devices.wires import wire
from tests.unit.drivers.golden import vectors

VECTORS = vectors("bonrix")
UPI = "upi://pay?pa=abc@icici&pn=testuser&cu=INR&am=10&pn=3323231"


def bytes_of(screen: PanelScreen, profile: BonrixProfile | None = None) -> bytes:
    return BonrixPanel(wire(BonrixStub()), profile or BonrixProfile()).bytes_of(screen)


async def test_the_published_line_is_what_we_send() -> None:
    code = PanelScreen("code", payload=UPI, digits="10", title="abc@icici")
    assert bytes_of(code) == VECTORS["code"]
    assert bytes_of(code, load_panel(BonrixProfile, "bonrix-bluetooth")) == VECTORS["code"][:-1] + b"\r\n"


async def test_l4_every_split_of_its_answer_with_noise_before_it_is_one_volume() -> None:
    stream = b"\xff\x00*boot*\r\n" + VECTORS["volume 18"]
    for cut in range(len(stream) + 1):
        decoder = LineDecoder()
        found = decoder.feed(stream[:cut]) + decoder.feed(stream[cut:])
        assert [volume(line) for line in found] == [18], cut


async def test_l6_a_line_without_end_is_dropped_and_the_next_one_is_read() -> None:
    decoder = LineDecoder()
    assert decoder.feed(b"x" * (LINE_MAX + 1)) == []
    assert decoder.feed(b"yz\n" + VECTORS["volume 18"]) == [VECTORS["volume 18"].strip()]


@pytest.mark.parametrize(
    "name",
    ["A**B", "A***", "**", "A*", "A\r\nsetvolume**1\n", "A\x00\x1b[2J", "A\u2028delete**mp3**1.mp3", "“引号”", ""],
)
async def test_s61_a_name_never_makes_a_field_a_line_or_a_command(name: str) -> None:
    for kind in ("code", "paid", "failed", "cancelled", "checking", "idle"):
        screen = PanelScreen(
            kind,
            payload=UPI if kind == "code" else "",
            digits="10",
            amount=name,
            title=name,
            words=name,
            reference=name,
        )
        line = bytes_of(screen)
        assert line.endswith(b"\n"), kind
        assert line.count(b"\n") == 1, kind
        assert line[:-1].isascii(), kind
        assert line[:-1].decode().isprintable(), kind
        assert line.count(b"**") == (1 if kind in ("idle", "checking") else 3), kind
        stub = BonrixStub()
        stub.receive(line, 0)
        assert stub.bad_lines == [], kind
        assert stub.volume == 18, kind


@pytest.mark.parametrize(
    "payload", ["upi://a**b", "upi://a*", "*upi://a", "upi://a\nb", "upi://名", "", "x" * 513, "a\x7fb"]
)
async def test_bad_input_a_code_that_cannot_be_said_whole_is_refused_never_changed(payload: str) -> None:
    with pytest.raises(DeviceRefused):
        bytes_of(PanelScreen("code", payload=payload, digits="1"))


async def test_i25_every_screen_of_a_test_says_so() -> None:
    for kind in ("code", "paid", "failed", "cancelled", "checking", "late", "idle"):
        payload = UPI if kind == "code" else ""
        screen = PanelScreen(kind, payload=payload, digits="10", title="Tea", words="Hello", test="TEST")
        assert b"TEST" in bytes_of(screen), kind
