"""Captures: bounded, without payment codes, refused when they are none; bytes as words; the matrix."""

import io
from pathlib import Path

import msgspec
import pytest

from drivers.catalogue import all_protocols
from terminal.cli.devices.capture import Chunk, Head, Recorder, known, load, masked, masks
from terminal.cli.devices.record import head_of
from terminal.cli.devices.words import MATRIX
from terminal.errors import BadSettings
from terminal.lab.readable import describe
from tests.flows.cli_rig import command
from tests.unit.drivers.golden import vectors

HEAD = '{"capture":1,"protocol":"scanner/line","baud":9600,"masked":false}'
SCAN = '{"ms":5,"way":"in","hex":"343030363338310d"}'


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    file = tmp_path / "scan.jsonl"
    file.write_text(f'{HEAD}\n{SCAN}\n{{"ms":9,"end":"stopped"}}\n')
    return file


def test_a_capture_is_written_and_read_back() -> None:
    out = io.StringIO()
    recorder = Recorder(out, Head(protocol="printer/escpos", masked=False), iter(range(100)).__next__)
    recorder.add("out", b"\x10\x04\x01")
    recorder.add("in", b"\x12")
    recorder.end("stopped")
    assert out.getvalue().splitlines()[1:] == [
        '{"ms":0,"way":"out","hex":"100401"}',
        '{"ms":1,"way":"in","hex":"12"}',
        '{"ms":2,"end":"stopped"}',
    ]


def test_a_full_file_takes_no_more_and_ends_at_a_whole_line() -> None:
    out = io.StringIO()
    recorder = Recorder(out, Head(), lambda: 0, size_max=200)
    for _ in range(50):
        recorder.add("out", b"0123456789")
    assert recorder.full
    assert len(out.getvalue()) <= 200
    assert all(msgspec.json.decode(line) for line in out.getvalue().splitlines())


def test_answers_of_a_scanner_stay_readable_while_its_codes_are_gone() -> None:
    answer = bytes.fromhex("02000001d66a41")
    assert masked(answer + b"4006381\r", "scanner/gm65") == answer + b"0000000\r"
    framed = b"\x03\x00\x30" + b"4" * 0x30
    assert masked(framed, "scanner/gm65") == b"\x03\x00\x30" + b"0" * 0x30
    packet = vectors("ssi")['decode "134567890123456789"']
    hidden = masked(packet, "scanner/ssi")
    assert describe("scanner/ssi", "in", hidden) == ["scan " + "0" * 18]
    assert b"3" not in masked(packet[:9], "scanner/ssi"), "half a packet"


def test_codes_are_masked_unless_it_is_no_scanner_or_a_person_wants_them() -> None:
    assert masked(b"\x02134567-AbC?\r") == b"\x02000000-xxx?\r"
    assert masks("scanner/gm65", with_codes=False)
    assert masks("", with_codes=False)
    assert not masks("printer/escpos", with_codes=False)
    assert not masks("scanner/gm65", with_codes=True)


@pytest.mark.parametrize("said", ["", "scanner/line", "printer/escpos"])
def test_the_keys_of_a_scanner_that_types_are_hidden_whatever_it_was_called(said: str) -> None:
    head = head_of("evdev:/dev/input/by-id/usb-a-event-kbd", said, baud=9600, with_codes=False)
    assert (head.protocol, head.masked) == ("scanner/evdev", True)
    typed = vectors("evdev")["7 and Enter"]
    assert describe("scanner/evdev", "in", typed)[0] == "key 7 down"
    hidden = masked(typed, head.protocol)
    assert describe("scanner/evdev", "in", hidden)[:3] == ["key 0 down", "key 0 up", "key Enter down"]
    assert b"\x24\x00\x07\x00" not in hidden, "the scan code of the same key"
    assert masked(typed[:30], head.protocol)[24:] == bytes(6), "half an event"
    kept = head_of("/dev/ttyUSB0", said, baud=9600, with_codes=False)
    assert kept.protocol == said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        HEAD.replace("1,", "2,", 1),
        HEAD.replace("line", "nobody"),
        f'{HEAD}\n{{"ms":1,"way":"up","hex":"00"}}',
        f'{HEAD}\n{{"ms":1,"way":"in","hex":"0"}}',
        f'{HEAD}\n{{"ms":1,"way":"in","hex":"zz"}}',
        f"{HEAD}\n{SCAN}\n{SCAN.replace('5', '4', 1)}",
    ],
)
def test_what_is_no_capture_is_refused_with_its_place(text: str, tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text(text)
    with pytest.raises(BadSettings):
        load(file)
    with pytest.raises(BadSettings):
        load(tmp_path / "none")


def test_a_protocol_is_known_by_its_whole_name_or_its_own_where_that_is_enough() -> None:
    assert known("printer/escpos") == known("escpos") == "printer/escpos"
    with pytest.raises(BadSettings):
        known("nobody")


def test_bytes_become_words_from_hex_from_a_file_and_from_a_capture(capture: Path, tmp_path: Path) -> None:
    assert "paper out" in command("devices", "decode", "--protocol", "star", "23 06 08 00 00 0C 00 00 00").out
    raw = tmp_path / "slip.bin"
    raw.write_bytes(b"\x1b@" + "已付".encode("gb18030") + b"\n")
    said = command("devices", "decode", "--protocol", "escpos", "--way", "out", raw, "--json")
    assert [line["text"] for line in msgspec.json.decode(said.out)] == ["start", "已付"]
    assert command("devices", "decode", capture).out == "    0.005 ← scan 4006381\n"
    for wrong in (["zz", "--protocol", "star"], ["00"], ["00", "--protocol", "star", "--way", "up"]):
        assert command("devices", "decode", *wrong).code == 3


def test_a_capture_plays_to_our_driver_and_names_what_it_scanned(capture: Path) -> None:
    said = command("devices", "replay", capture, "--json")
    told = msgspec.json.decode(said.out)
    assert told[0] == {"ms": 5, "way": "in", "text": "scan 4006381"}
    assert [entry["text"] for entry in told if not entry["way"]] == ["scanned '4006381'"]
    assert command("devices", "replay", capture).out == "    0.005 ← scan 4006381\n    0.005 = scanned '4006381'\n"
    assert command("devices", "replay", capture, "--profile", "nobody").code == 3


def test_the_matrix_has_a_row_for_every_protocol(tmp_path: Path) -> None:
    raw = command("devices", "matrix", "--json")
    assert raw.out.encode() == MATRIX.read_bytes()
    assert {f"{row['role']}/{row['protocol']}" for row in msgspec.json.decode(raw.out)} == {
        protocol.key for protocol in all_protocols()
    }
    shown = command("devices", "matrix").out
    assert all(protocol.key in shown for protocol in all_protocols())


def test_a_device_that_is_not_there_or_no_binding_is_told_in_words(tmp_path: Path) -> None:
    told = msgspec.json.decode(command("devices", "probe", "--json", tmp_path / "none").out)
    assert told[0]["found"] is None
    assert "nothing is plugged in" in told[0]["why"]
    assert command("devices", "probe", tmp_path / "none").code == 1
    assert "names no device" in command("devices", "probe", "COM3").out
    assert command("devices", "probe", "--role", "modem").code == 2
    assert command("devices", "which", "--role", "speaker", "COM3").code == 2
    assert "names no device" in command("devices", "which", "COM3").err


def test_a_recording_never_overwrites_a_file(capture: Path, tmp_path: Path) -> None:
    before = capture.read_text()
    said = command("devices", "record", tmp_path / "none", capture)
    assert (said.code, capture.read_text()) == (2, before)
    assert command("devices", "record", tmp_path / "none", tmp_path / "new").code == 1


def test_watching_shows_what_is_there_and_ends_when_it_was_told_to() -> None:
    assert command("devices", "watch", "--seconds", "0.1", "--json").code == 0


def test_chunks_give_their_bytes() -> None:
    assert Chunk(1, "in", "0aff").data == b"\x0a\xff"
