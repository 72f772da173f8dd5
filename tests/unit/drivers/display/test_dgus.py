"""DGUS frames by the maker's bytes, in every split, with and without the CRC."""

import pytest

from drivers.display.dgus import READ, WRITE, DgusDecoder, Frame, crc16, ended, read, turn_page, write
from tests.unit.drivers.golden import vectors

VECTORS = vectors("dgus")
REPLY = bytes.fromhex("5AA506830014010002")


def test_the_published_frames_are_what_we_send() -> None:
    assert turn_page(2).to_bytes() == VECTORS["page 2"]
    assert read(0x0014, 1).to_bytes() == VECTORS["read page"]
    hello = write(0x1000, b"HELLO\xff\xff")
    assert hello.to_bytes() == VECTORS["HELLO to 1000"]
    assert hello.to_bytes(crc=True) == VECTORS["HELLO with CRC"]
    assert crc16(b"123456789") == 0x4B37


def test_a_text_is_closed_and_fills_whole_words() -> None:
    assert ended(b"HELLO") == b"HELLO\xff\xff\xff"
    assert ended(b"HELO") == b"HELO\xff\xff"
    assert ended(b"") == b"\xff\xff"


@pytest.mark.parametrize("noise", [b"", b"\x5a", b"\x5a\xa5", b"\xa5\x5a\x0d", b"\x00" * 40])
def test_l4_every_split_gives_the_same_frames_also_behind_noise(noise: bytes) -> None:
    stream = VECTORS["write ACK"] + noise + REPLY + VECTORS["write ACK"]
    whole = DgusDecoder().feed(stream)
    assert whole[0] == Frame(WRITE, b"OK")
    if noise != b"\x5a\xa5":  # a head swallows the next byte as its length
        assert whole == [Frame(WRITE, b"OK"), Frame(READ, b"\x00\x14\x01\x00\x02"), Frame(WRITE, b"OK")]
    for cut in range(len(stream) + 1):
        decoder = DgusDecoder()
        assert decoder.feed(stream[:cut]) + decoder.feed(stream[cut:]) == whole, cut
    decoder = DgusDecoder()
    assert [each for byte in stream for each in decoder.feed(bytes((byte,)))] == whole


def test_l3_a_flipped_bit_under_the_crc_is_no_frame_and_the_next_one_is_read() -> None:
    good = VECTORS["HELLO with CRC"]
    for at in range(3, len(good)):
        for bit in range(8):
            bad = bytearray(good)
            bad[at] ^= 1 << bit
            found = DgusDecoder(crc=True).feed(bytes(bad) + good)
            assert found == [Frame(WRITE, b"\x10\x00HELLO\xff\xff")], (at, bit)
