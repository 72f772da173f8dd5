"""The simulated SSI, Honeywell, Newland and keyboard scanners by their manuals, without the drivers."""

import pytest

from firmware_stubs.scanner_keyboard import KeyboardScanner
from firmware_stubs.scanner_menu import HoneywellScanner, NewlandScanner
from firmware_stubs.scanner_ssi import GrowSsi, SsiScanner, packet, total
from tests.unit.drivers.golden import vectors

SSI, GROW, HON, NLS, KEYS = (vectors(name) for name in ("ssi", "gmssi", "hon", "nls", "evdev"))
CODE = "134567890123456789"
ACK = GROW["module ACK"]


@pytest.mark.parametrize("frame", [*SSI.values(), *GROW.values()], ids=[*SSI, *GROW])
def test_the_check_of_every_published_packet_is_ours(frame: bytes) -> None:
    assert total(frame[:-2]) == frame[-2:]


def test_an_ssi_code_is_the_published_packet_until_it_is_acknowledged() -> None:
    stub = SsiScanner(response_ms=1000)
    stub.scan(CODE)
    first = stub.tick(10)
    assert first == SSI['decode "134567890123456789"']
    assert stub.due(11) == 1010
    again = packet(0xF3, 1, first[4:-2])
    assert (stub.tick(1009), stub.tick(1010), stub.tick(2010), stub.tick(3010)) == (b"", again, again, b"")
    assert stub.lost == 1
    stub.scan(CODE)
    assert stub.tick(4000) == first
    assert stub.receive(SSI["NAK resend"], 4010) == again
    assert stub.receive(SSI["ACK"], 4020) == b""
    assert (stub.tick(9000), stub.lost) == (b"", 1)


@pytest.mark.parametrize(
    "title", ["scan enable", "scan disable", "beep code 0", "LED on", "LED off", "flush queue"]
)
def test_ssi_commands_are_acknowledged_in_every_split(title: str) -> None:
    frame = SSI[title]
    for cut in range(len(frame) + 1):
        stub = SsiScanner()
        assert stub.receive(frame[:cut], 0) + stub.receive(frame[cut:], 5) == ACK
    assert SsiScanner(mute=True).receive(frame, 0) == b""


def test_ssi_settings_are_kept_counted_and_may_be_denied() -> None:
    stub = SsiScanner(packets=False)
    assert stub.receive(SSI["host trigger, temporary"], 0) == ACK
    assert (stub.reads, stub.permanent) == (False, 0)
    assert stub.receive(SSI["packeted decode, permanent"], 0) == ACK
    assert (stub.packets, stub.permanent) == (True, 1)
    assert stub.receive(GROW["start scan"], 0) == ACK
    assert stub.reads
    assert SsiScanner(deny=True).receive(SSI["host trigger, temporary"], 0) == GROW["module NAK (denied)"]


def test_a_sleeping_grow_module_loses_the_first_byte_and_sends_lines() -> None:
    stub = GrowSsi()
    assert stub.receive(GROW["version"], 0) == b""
    assert stub.receive(b"", 300) == b""  # half a command is dropped
    assert stub.receive(GROW["version"], 600)[1] == 0xA4
    stub.scan(CODE)
    assert stub.tick(700) == CODE.encode() + b"\r"


@pytest.mark.parametrize("cut", range(12))
def test_honeywell_answers_the_manuals_examples_in_every_split(cut: int) -> None:
    stub, query = HoneywellScanner(), HON["query Codabar"]
    query = query[:3] + query[3:].lower()
    assert stub.receive(query[:cut], 0) + stub.receive(query[cut:], 5) == HON["reply Codabar on"]
    assert stub.receive(HON["115200 baud, permanent"], 9) == b"232BAD9\x06."
    assert (stub.settings["232BAD"], stub.saves) == ("9", 1)
    assert stub.receive(b"\x16M\rXYZABC1!\x16M\rTRGMODx!", 9) == b"XYZABC1\x05!TRGMODX\x15!"


def test_honeywell_reads_between_its_trigger_commands_only() -> None:
    stub = HoneywellScanner()
    assert stub.receive(b"\x16M\rTRGMOD0!", 0) == b"TRGMOD0\x06!"
    stub.scan(CODE)
    assert stub.tick(1) == b""
    stub.receive(HON["trigger on"], 2)
    stub.scan(CODE)
    assert stub.tick(3) == CODE.encode() + b"\r"
    stub.receive(HON["trigger on"] + HON["trigger off"], 4)
    assert not stub.reads


def test_newland_answers_the_manuals_examples() -> None:
    stub = NewlandScanner()
    assert stub.receive(NLS["Code 11 on, 12 to 22"], 0) == NLS["reply Code 11 on, 12 to 22"]
    assert (stub.settings["C11MAX"], stub.saves) == ("22", 3)
    assert stub.receive(b"\x7e\x010000@C11MIN*,MAX*;\x03", 1) == NLS["reply Code 11 lengths"]
    assert stub.receive(NLS["trigger on"], 2) == NLS["reply trigger on"]
    assert stub.receive(b"\x7e\x010000#SCNMODx;\x03", 3) == b"\x02\x010000#SCNMODx\x15;\x03"
    assert stub.receive(b"\x7e\x010000#XYZABC1;\x03", 4) == b"\x02\x010000#XYZABC1\x05;\x03"


def test_a_keyboard_types_scan_code_key_and_report() -> None:
    stub = KeyboardScanner()
    stub.scan("7")
    typed = b"".join(stub.tick(now_ms) for now_ms in range(10))
    assert typed[:144].replace(b"\x20\x4e", b"\0\0") == stub._line(b"7", "")[:144]
    keys = [typed[at + 16 : at + 24] for at in range(0, len(typed), 24) if typed[at + 16] == 1]
    published = KEYS["7 and Enter"]
    wanted = [published[at + 16 : at + 24] for at in range(0, len(published), 24) if published[at + 16] == 1]
    assert keys[:3] == wanted
