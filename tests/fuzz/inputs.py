"""Inputs that are nearly right: a seed's bytes cut, doubled, flipped, joined; one number, one input."""

from collections.abc import Sequence
from random import Random
from typing import Final

LONGEST: Final = 4096
FLOOD: Final = b"0" * LONGEST
RARE: Final = 2048  # one step of so many is a flood: what is long costs a hundred times what is short
TOKENS: Final = (
    *(b"\0", b"\xff", b"\xff\xff\xff", b"\r\n", b"\r", b"\x1b", b"\x02\x03", b"\x7e\x00", b"\x5a\xa5"),
    *(b"{", b"[" * 40, b'"', b"\\u0000", b"\\ud800", b"1e400", b"-0", b"NaN", b"9" * 20, b"0" * 500),
    *(b"<!DOCTYPE a [", b"<!ENTITY b SYSTEM 'file:///etc/passwd'>", b"&b;", b"</", b"<a>"),
    *(b",", b"`", b"'", b"=", b"%2", b"%00", b"\xef\xbb\xbf", b"\xe2\x80\xae", b"\xe2\x80", "１２３".encode()),
    *(b":20:", b":61:", b":86:", b"0002", b"6304", b"0099", b"upi://pay?", b"https://"),
)


def mutated(seeds: Sequence[bytes], chance: Random) -> bytes:
    """Numbers come from ``random()`` alone: ``randint`` and ``choice`` take longer than most parsers."""
    rnd = chance.random
    data = bytearray(seeds[int(rnd() * len(seeds))])
    for _ in range(1 + int(rnd() * 5)):
        at = int(rnd() * (len(data) + 1))
        turn = int(rnd() * RARE)
        if not turn:
            data[at:at] = FLOOD
            continue
        match turn % 8:
            case 0 if data:
                data[at % len(data)] ^= 1 << int(rnd() * 8)
            case 1 if data:
                data[at % len(data)] = int(rnd() * 256)
            case 2:
                del data[at : at + 1 + int(rnd() * 16)]
            case 3:
                data[at:at] = TOKENS[int(rnd() * len(TOKENS))]
            case 4:
                data[at:at] = data[at : at + 1 + int(rnd() * 32)] * (1 + int(rnd() * 4))
            case 5:
                other = seeds[int(rnd() * len(seeds))]
                data[at:] = other[int(rnd() * (len(other) + 1)) :]
            case 6:
                data[at:at] = chance.randbytes(1 + int(rnd() * 8))
            case _:
                del data[at:]
    return bytes(data[:LONGEST])
