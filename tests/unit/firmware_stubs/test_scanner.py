"""The simulated scanner modules by their manual, with bytes from it and without the driver."""

import pytest

from firmware_stubs.scanner import Gm65, LineScanner, crc16, reply
from tests.unit.drivers.golden import vectors

VECTORS = vectors("gm65")


def test_the_check_is_crc_16_xmodem() -> None:
    assert crc16(b"123456789") == 0x31C3


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("write 000A=3E", "reply write ok"),
        ("trigger", "reply write ok"),
        ("trigger without CRC", "reply write ok"),
        ("save to flash", "reply write ok"),
        ("heartbeat", "heartbeat reply (CRC of 00 01 00)"),
    ],
)
def test_published_commands_get_published_answers_in_every_split(command: str, answer: str) -> None:
    frame = VECTORS[command]
    for cut in range(len(frame) + 1):
        stub = Gm65()
        assert stub.receive(frame[:cut], 0) + stub.receive(frame[cut:], 5) == VECTORS[answer]


def test_what_was_written_is_read_back() -> None:
    stub = Gm65()
    stub.receive(VECTORS["write 000A=3E"], 0)
    assert stub.receive(VECTORS["read 000A"], 1) == VECTORS["reply 3E"]
    stub.receive(VECTORS["set baud 9600"], 2)
    assert stub.receive(VECTORS["query baud"], 3) == VECTORS["reply 9600"]


def test_a_bad_check_is_silence_or_a_report_by_model() -> None:
    broken = VECTORS["trigger"][:-1] + b"\x00"
    assert Gm65().receive(broken, 0) == b""
    assert Gm65(bad_crc_answer=True).receive(broken, 0) == VECTORS["reply CRC failed"]


def test_unknown_commands_are_named_and_noise_in_front_is_skipped() -> None:
    body = b"\x55\x01\x00\x00\x00"
    frame = b"\x00\x7f\x7e\x00" + body + crc16(body).to_bytes(2, "big")
    assert Gm65().receive(frame, 0) == VECTORS["reply unknown command"]


def test_a_command_not_whole_within_400_ms_is_dropped() -> None:
    frame = VECTORS["trigger"]
    stub = Gm65()
    stub.receive(frame[:5], 0)
    assert stub.receive(frame, 401) == reply(0, b"\0")
    stub = Gm65()
    stub.receive(frame[:5], 0)
    assert stub.receive(frame[5:], 400) == reply(0, b"\0")


def test_command_mode_reads_only_between_trigger_and_time_out() -> None:
    stub = Gm65()
    stub.receive(VECTORS["command mode + LED + beep + aim"], 0)
    stub.scan("42")
    assert stub.tick(1) == b""
    stub.receive(VECTORS["trigger"], 10)
    stub.scan("42")
    assert (stub.tick(20), stub.beeps) == (b"42\r", 1)
    stub.receive(VECTORS["trigger"], 30)
    stub.tick(30 + 5001)  # the factory's limit of one read is 5 s
    assert not stub.reads


def test_settings_change_what_a_scan_looks_like() -> None:
    stub = Gm65()
    stub.receive(VECTORS["AIM ids on"], 0)
    stub.scan("8711218972875", aim="]E0")
    assert stub.tick(1) == b"]E08711218972875\r"
    stub.zone[0xD0] = 0
    stub.receive(VECTORS["framed output on"], 2)
    stub.scan("0321563840")
    assert stub.tick(3) == bytes.fromhex("03 00 0A 30 33 32 31 35 36 33 38 34 30")


def test_a_line_scanner_sends_its_plan_on_time() -> None:
    stub = LineScanner(suffix=b"\r\n", aim_ids=True)
    stub.scan("12", times=2, every_ms=300)
    assert stub.due(100) == 100
    assert stub.tick(100) == b"]Q112\r\n"
    assert stub.due(101) == 400
    assert stub.tick(399) == b""
    assert stub.tick(400) == b"]Q112\r\n"
    assert stub.due(401) is None
