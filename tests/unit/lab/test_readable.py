"""What goes over a device's cable, as people read it in the timeline and in captures."""

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.catalogue import all_protocols
from drivers.display.cobs import ACK_WANTED, Frame
from drivers.display.messages import Result, Type, show_result
from terminal.lab.readable import DATA_MAX, READERS, Way, describe, readable, telling
from tests.unit.drivers.golden import vectors

POLES: Final = ("cd5220", "escpos-vfd", "led8n")
WAYS: Final[tuple[Way, Way]] = ("out", "in")


def test_a_slip_s_words_stay_and_its_settings_and_rules_do_not_fill_the_line() -> None:
    slip = b"\x1b@\x1c&" + "已付".encode("gb18030") + b"\n" + b"-" * 48 + b"\n\x1c.28.50\n"
    assert readable("printer", "host", slip) == "已付 · --- · 28.50"


def test_a_code_on_paper_is_its_text() -> None:
    store = b"\x1d(k\x09\x001P0CT:S-1"
    code = b"\x1d(k\x04\x001A2\x00\x1d(k\x03\x001C\x06\x1d(k\x03\x001E1" + store + b"\x1d(k\x03\x001Q0"
    assert readable("printer", "host", code) == "CT:S-1"


GOLDEN = {"countertop": "display", "star": "star_line", "audio": "wav"} | dict.fromkeys(POLES, "pole")


def test_every_protocol_of_the_catalogue_has_its_reader() -> None:
    assert set(READERS) == {protocol.key for protocol in all_protocols()}


@pytest.mark.parametrize("key", READERS)
def test_no_byte_of_a_maker_s_example_is_left_in_hex(key: str) -> None:
    name = key.split("/")[1]
    for title, data in vectors(GOLDEN.get(name, name)).items():
        told = [describe(key, way, data) for way in WAYS]
        assert any(not any(word.startswith("<") for word in words) for words in told) or "stream" in title, title


def test_a_result_that_leaves_in_two_parts_is_told_as_what_it_begins_and_its_end() -> None:
    parts = Frame(Type.SHOW_RESULT, 5, show_result(0x0D532300, Result.PAID, "28.50"), ACK_WANTED).in_two()
    assert parts is not None
    assert [readable("display", "host", each) for each in parts] == ["SHOW_RESULT begins #5", "its end"]
    for each in parts:
        assert readable("display", "device", each) == f"<{each.strip(bytes(1)).hex(' ')}>"
    noise = b"\x41\x99" * 8 + b"\0"
    assert describe("display/countertop", "out", noise) == [f"<{noise[:-1].hex(' ')}>"]


@pytest.mark.parametrize(
    ("key", "way", "title", "words"),
    [
        ("display/nextion", "in", "start-up", ["starts", "ready"]),
        ("display/dgus", "out", "HELLO to 1000", ["write 1000 “HELLO”"]),
        ("display/mertech", "out", "HELLO", ["code “HELLO”"]),
        ("display/mertech", "out", "clear", ["CLS"]),
        ("scanner/ssi", "in", 'decode "134567890123456789"', ["scan 134567890123456789"]),
        ("scanner/nls", "in", "reply trigger on", ["answer #SCNTRG1<ACK>"]),
        ("scanner/m3y", "out", "start SR030301", ["command SR030301"]),
        ("scanner/m3y", "in", "reply OK", ["answer done"]),
        ("scanner/evdev", "in", "7 and Enter", ["key 7 down", "key 7 up", "key Enter down"]),
        ("printer/star", "in", "state paper end", ["status offline paper out 0 printed"]),
        ("speaker/xfs5152", "out", "speak 收款1元", ["speak “收款1元”"]),
        ("speaker/jq8900", "out", "combine 01 02", ["combine 01 02"]),
    ],
)
def test_makers_examples_say_what_they_say(key: str, way: Way, title: str, words: list[str]) -> None:
    name = key.split("/")[1]
    assert describe(key, way, vectors(GOLDEN.get(name, name))[title]) == words


def test_what_is_not_understood_is_shown_as_hex_in_its_place() -> None:
    assert describe("speaker/syn6288", "in", b"\x41\x99\x98\x4f") == ["taken", "<99 98>", "quiet"]


@pytest.mark.parametrize("key", READERS)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_to_their_end(key: str, data: bytes) -> None:
    for way in WAYS:
        assert all(isinstance(word, str) for word in describe(key, way, data))


def test_a_flood_is_bounded() -> None:
    assert describe("scanner/line", "in", b"\x00" * (DATA_MAX + 9))[-1] == "… 9 bytes more"


def test_what_a_healthy_counter_asks_all_day_is_not_told() -> None:
    lines = ["", "STATE code", "TILE #4", "ACK TILE ok #4", "ACK TILE status 7 #6", "SHOW_QR #3", "busy?"]
    assert [line for line in lines if telling(line)] == ["ACK TILE status 7 #6", "SHOW_QR #3"]
