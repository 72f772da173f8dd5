"""Mertech QR-PAY: the published bytes, a code whole or refused, nothing of a test (I25)."""

import pytest

from drivers.display.mertech import MertechPanel, MertechProfile, code, word
from drivers.display.panel import Kind, PanelScreen
from drivers.display.profile import load_panel
from drivers.errors import DeviceRefused
from firmware_stubs.display_mertech import MertechStub
from tests.devices.wires import wire
from tests.unit.drivers.golden import vectors

V = vectors("mertech")
SBP = "https://qr.nspk.ru/AS10003P3RH0LJ2A9ROO038L6NT5RU1M?type=01&bank=000000000001&sum=10000&cur=RUB&crc=F3D0"


def bytes_of(screen: PanelScreen) -> bytes:
    return MertechPanel(wire(MertechStub()), load_panel(MertechProfile, "mertech")).bytes_of(screen)


@pytest.mark.row(41, 49)
async def test_the_published_frames_are_what_we_send_and_what_the_display_understands() -> None:
    assert code(b"HELLO") == bytes_of(PanelScreen("code", payload="HELLO")) == V["HELLO"]
    assert (word("BTON"), word("BTOFF")) == (V["screen on"], V["screen off"])
    stub = MertechStub()
    steps: tuple[tuple[Kind, str, str], ...] = (
        ("code", "HELLO", "code"), ("paid", "paid", "paid"), ("code", "HELLO", "code"),
        ("failed", "failed", "failed"),
        ("checking", "clear", ""), ("cancelled", "clear", ""), ("late", "clear", ""), ("idle", "clear", ""),
    )  # fmt: skip
    for kind, vector, seen in steps:
        frame = bytes_of(PanelScreen(kind, payload="HELLO" if kind == "code" else "", amount="1.00", title="Tea"))
        assert frame == V[vector]
        stub.receive(frame, 0)
        assert (stub.screen, stub.payload) == (seen, "HELLO" if kind == "code" else ""), kind
    assert stub.receive(V["firmware version"], 1) == b""
    assert (stub.codes, stub.unknown) == (2, 0)


@pytest.mark.row(49)
async def test_i25_a_display_without_letters_shows_nothing_of_a_test() -> None:
    with pytest.raises(DeviceRefused, match="cannot say TEST"):
        bytes_of(PanelScreen("code", payload=SBP, test="TEST"))
    kinds: tuple[Kind, ...] = ("paid", "failed", "cancelled", "checking", "late", "idle")
    for kind in kinds:
        assert bytes_of(PanelScreen(kind, test="TEST")) == V["clear"], kind


@pytest.mark.row(49)
@pytest.mark.parametrize("payload", ["", "x" * 256, "a\x02\xf2\x03", "付款", "a\nb"])
async def test_bad_input_a_code_that_cannot_be_said_whole_is_refused(payload: str) -> None:
    with pytest.raises(DeviceRefused):
        bytes_of(PanelScreen("code", payload=payload))


@pytest.mark.row(41)
async def test_l4_every_split_of_a_code_is_one_code() -> None:
    frame = bytes_of(PanelScreen("code", payload=SBP))
    for cut in range(len(frame)):
        stub = MertechStub()
        stub.receive(frame[:cut], 0)
        assert stub.payload == ""
        stub.receive(frame[cut:], 1)
        assert (stub.payload, stub.codes) == (SBP, 1)


@pytest.mark.row(41)
@pytest.mark.parametrize(
    "almost",
    [b"\x02\xf0\x02CLS\x03", b"\x02\xf0CLS\x03", b"\x02\xf2\x03\0\1A\x02\xf2\x03",
     b"\x02\xf2\x02\0\1A\x02\xf2\x02"],
)  # fmt: skip
async def test_a_frame_with_one_wrong_byte_does_nothing_on_the_simulated_display(almost: bytes) -> None:
    stub = MertechStub()
    stub.receive(V["paid"], 0)
    stub.receive(almost, 1)
    assert (stub.screen, stub.codes) == ("paid", 0)
    stub.receive(bytes(64) + V["failed"], 2)
    assert stub.screen == "failed"
    assert stub.unknown > 0


def test_a_profile_with_a_length_that_no_frame_can_say_is_refused() -> None:
    with pytest.raises(ValueError, match="code_max"):
        MertechProfile(code_max=0x10000)
