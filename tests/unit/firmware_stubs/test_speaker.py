"""The simulated talking chip by its data sheet, with bytes from it and without the driver."""

from firmware_stubs.speaker import Syn6288
from tests.unit.drivers.golden import vectors

VECTORS = vectors("syn6288")
PHRASE = VECTORS["speak 微信收款12.50元"]


def test_a_phrase_is_taken_spoken_and_its_end_reported() -> None:
    stub = Syn6288(ms_per_character=100)
    assert stub.receive(PHRASE, 0) == b"\x41"
    assert stub.receive(VECTORS["status"], 10) == b"\x4e"
    assert stub.due(10) == 1000
    assert stub.tick(999) == b""
    assert stub.tick(1000) == b"\x4f"
    assert stub.receive(VECTORS["status"], 1001) == b"\x4f"
    assert stub.heard == ["微信收款12.50元"]
    assert (stub.transcript[0].started_ms, stub.transcript[0].ended_ms) == (0, 1000)


def test_a_new_text_interrupts_and_stop_is_silence() -> None:
    stub = Syn6288()
    stub.receive(PHRASE, 0)
    stub.receive(VECTORS["speak 收款1元"], 100)
    assert [(said.whole, said.ended_ms) for said in stub.transcript] == [(False, 100), (False, None)]
    assert stub.receive(VECTORS["stop"], 150) == b"\x41"
    assert stub.heard == []
    assert stub.due(151) is None


def test_every_split_inside_8_ms_is_one_frame_and_a_longer_gap_ends_it() -> None:
    for cut in range(1, len(PHRASE)):
        assert Syn6288().receive(PHRASE, 0) == b"\x41"
        stub = Syn6288()
        assert stub.receive(PHRASE[:cut], 0) + stub.receive(PHRASE[cut:], 8) == b"\x41"
        stub = Syn6288()
        assert b"\x41" not in stub.receive(PHRASE[:cut], 0) + stub.receive(PHRASE[cut:], 9)
        assert stub.transcript == []


def test_a_wrong_check_length_command_or_code_set_is_refused() -> None:
    def sealed(hexa: str) -> bytes:
        data = bytes.fromhex(hexa)
        check = 0
        for byte in data:
            check ^= byte
        return data + bytes((check,))

    assert Syn6288().receive(PHRASE[:-1] + b"\x00", 0) == b"\x45"
    assert Syn6288().receive(sealed("FD 00 02 77"), 0) == b"\x45"
    assert Syn6288().receive(sealed("FD 00 04 01 07 41"), 0) == b"\x45"  # code set 7 does not exist
    assert Syn6288().receive(sealed("FD 00 04 01 01 FF"), 0) == b"\x45"  # half a character
    assert Syn6288().receive(b"\x00\x11\xfd\xff\xff" + VECTORS["status"], 0) == b"\x4f"


def test_the_other_commands_are_taken_and_sleep_is_known() -> None:
    stub = Syn6288()
    for name in ("pause", "resume", "baud 9600", "sleep"):
        assert stub.receive(VECTORS[name], 0) == b"\x41"
    assert stub.asleep


def test_a_reboot_says_ready_and_forgets() -> None:
    stub = Syn6288()
    stub.receive(PHRASE, 0)
    stub.reboot()
    assert stub.due(5) == 5
    assert stub.tick(5) == b"\x4a"
    assert (stub.speaking, stub.heard) == (False, [])
