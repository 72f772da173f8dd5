"""Simulated displays of other makers by their manuals: bytes in, what a person sees, without our drivers."""

import pytest

from firmware_stubs.display_bonrix import BonrixStub
from firmware_stubs.display_dgus import DgusStub
from firmware_stubs.display_nextion import NextionStub
from firmware_stubs.display_pole import PoleStub
from tests.unit.drivers.golden import vectors

BONRIX, NEXTION, DGUS, POLE = (vectors(name) for name in ("bonrix", "nextion", "dgus", "pole"))
UPI = "upi://pay?pa=abc@icici&pn=testuser&cu=INR&am=10&pn=3323231"
END = b"\xff\xff\xff"


def test_bonrix_draws_the_published_line_answers_only_the_volume_and_never_goes_dark() -> None:
    stub = BonrixStub()
    assert stub.receive(BONRIX["code"], 0) == b""
    assert (stub.screen, stub.payload, stub.fields[1:]) == ("code", UPI, ("10", "abc@icici"))
    assert stub.receive(BONRIX["getvolume"], 1) == BONRIX["volume 18"]
    assert stub.tick(10**9) == b""
    assert stub.payload == UPI
    assert stub.receive(b"setvolume**19\n+\n-\n-\nsetvolume**99\n", 2) == (
        b"Volume set to: 19\nVolume: 20\nVolume: 19\nVolume: 18\n"
    )
    assert stub.receive(b"DisplaySuccessQRCodeScreen**r**o**22-11-2026\r\n", 3) == b""
    assert (stub.screen, stub.payload) == ("paid", "")


@pytest.mark.parametrize("line", [b"DisplayQRCodeScreen**a**b\n", b"DisplayQRCodeScreen**a**b**c**d\n", b"junk\n"])
def test_bonrix_with_another_number_of_fields_keeps_what_it_shows(line: bytes) -> None:
    stub = BonrixStub()
    stub.receive(BONRIX["code"], 0)
    stub.receive(line, 1)
    assert (stub.payload, len(stub.bad_lines)) == (UPI, 1)


def test_l4_bonrix_takes_its_line_in_every_split() -> None:
    for cut in range(len(BONRIX["code"])):
        stub = BonrixStub()
        stub.receive(BONRIX["code"][:cut], 0)
        assert stub.payload == ""
        stub.receive(BONRIX["code"][cut:], 1)
        assert stub.payload == UPI


def test_nextion_answers_by_bkcmd_and_shows_a_page_with_its_texts() -> None:
    stub = NextionStub()
    assert stub.receive(NEXTION["page 1"], 0) == b"", "bkcmd 2 tells failures only"
    assert stub.receive(b"page 9" + END, 1) == b"\x03" + END
    assert stub.receive(NEXTION["bkcmd=3"], 2) == NEXTION["success"]
    assert stub.receive(b'code.qr0.txt="a\\"b\\\\c"' + END, 3) == NEXTION["success"]
    assert stub.receive(b"get code.qr0.txt" + END, 4) == b"\x70" + b'a"b\\c' + END
    assert (stub.screen, stub.payload) == ("code", 'a"b\\c')
    assert (
        stub.receive(b"page result" + END + b"sendme" + END, 5) == NEXTION["success"] + NEXTION["page 2 is shown"]
    )
    assert stub.payload == ""
    assert stub.receive(b"connect" + END, 6).startswith(b"comok ")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (b'none.txt="a"', 0x1A),
        (b'code.title.txt="a"b"', 0x20),
        (b'code.title.txt="a\\"', 0x20),
        (b"get nothing.txt", 0x1A),
        (b"hello", 0x00),
    ],
)
def test_nextion_says_no_to_what_it_does_not_know(command: bytes, code: int) -> None:
    stub = NextionStub()
    assert stub.receive(command + END, 0)[:1] == bytes((code,))


def test_nextion_cuts_silently_overflows_loudly_and_says_when_it_starts() -> None:
    stub = NextionStub(code_max=10)
    stub.receive(b'code.qr0.txt="' + b"x" * 50 + b'"' + END, 0)
    assert stub.texts["code.qr0"] == b"x" * 10
    assert stub.receive(b"x" * 1100, 1) == b"\x24" + END
    stub.restart()
    assert stub.tick(2) == NEXTION["start-up"]
    assert (stub.page, stub.texts["code.qr0"]) == (0, b"")


def test_dgus_takes_the_published_frames_in_every_split_with_and_without_crc() -> None:
    stream = DGUS["HELLO to 1000"] + DGUS["page 2"] + DGUS["read page"]
    for cut in range(len(stream) + 1):
        stub = DgusStub()
        said = stub.receive(stream[:cut], 0) + stub.receive(stream[cut:], 1)
        assert said == DGUS["write ACK"] * 2 + bytes.fromhex("5AA506830014010002"), cut
        assert (stub.amount, stub.screen) == ("HELLO", "result")
    checked = DgusStub(crc=True)
    assert checked.receive(DGUS["HELLO with CRC"], 0).startswith(b"\x5a\xa5\x05\x82OK")
    spoiled = bytearray(DGUS["HELLO with CRC"])
    spoiled[8] ^= 1
    assert checked.receive(bytes(spoiled), 1) == b""
    assert (checked.amount, checked.bad_frames) == ("HELLO", 1)
    assert DgusStub(acks=False).receive(DGUS["page 2"], 0) == b""


def test_dgus_stays_on_its_page_when_there_is_no_such_and_forgets_all_without_power() -> None:
    stub = DgusStub()
    stub.receive(bytes.fromhex("5AA507820084 5A010009"), 0)
    assert stub.screen == "idle"
    stub.receive(DGUS["HELLO to 1000"] + DGUS["page 2"], 1)
    stub.restart()
    assert (stub.amount, stub.screen) == ("", "idle")


def test_the_cd5220_hears_only_lines_and_clears_after_a_line() -> None:
    stub = PoleStub("cd5220")
    stub.receive(POLE["CD5220 upper"], 0)
    assert stub.lines == ("TOTAL          12.50", " " * 20)
    stub.receive(b"hello\x1b\x2a\x01", 1)
    assert (stub.lines[0], stub.brightness, stub.unknown) == ("TOTAL          12.50", 4, 6)
    stub.receive(b"\x0chello", 2)
    assert stub.screen == "hello\n"


def test_the_escpos_pole_writes_where_its_cursor_stands() -> None:
    stub = PoleStub("escpos-vfd")
    stub.receive(b"\x1b@\x1bt\x10\x1f\x24\x13\x02ab\x1f\x24\x01\x01c", 0)
    assert stub.lines == ("c" + " " * 19, " " * 18 + "ab")
    assert stub.code_page == 16


def test_the_led8n_shows_eight_digits_and_a_lamp() -> None:
    stub = PoleStub("led8n")
    stub.receive(POLE["LED8N received"], 0)
    assert (stub.screen, stub.lamp) == ("12.50", "3")
    stub.receive(b"\x1bQA123456789\x0d", 1)
    assert stub.screen == "12.50", "nine digits do not fit"
    stub.receive(b"\x0c", 2)
    assert stub.screen == ""
