"""Inputs that are nearly right: a seed's bytes cut, doubled, flipped, joined; one number, one input."""

from collections.abc import Sequence
from random import Random
from typing import Final

LONGEST: Final = 4096
TOKENS: Final = (
    *(b"\0", b"\xff", b"\xff\xff\xff", b"\r\n", b"\r", b"\x1b", b"\x02\x03", b"\x7e\x00", b"\x5a\xa5"),
    *(b"{", b"[" * 40, b'"', b"\\u0000", b"\\ud800", b"1e400", b"-0", b"NaN", b"9" * 20, b"0" * 5000),
    *(b"<!DOCTYPE a [", b"<!ENTITY b SYSTEM 'file:///etc/passwd'>", b"&b;", b"</", b"<a>"),
    *(b",", b"`", b"'", b"=", b"%2", b"%00", b"\xef\xbb\xbf", b"\xe2\x80\xae", b"\xe2\x80", "１２３".encode()),
    *(b":20:", b":61:", b":86:", b"0002", b"6304", b"0099", b"upi://pay?", b"https://"),
)


def mutated(seeds: Sequence[bytes], chance: Random) -> bytes:
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, 5)):
        at = chance.randint(0, len(data))
        match chance.randrange(8):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 1 if data:
                data[at % len(data)] = chance.randrange(256)
            case 2:
                del data[at : at + chance.randint(1, 16)]
            case 3:
                data[at:at] = chance.choice(TOKENS)
            case 4:
                data[at:at] = data[at : at + chance.randint(1, 32)] * chance.randint(1, 4)
            case 5:
                other = chance.choice(seeds)
                data[at:] = other[chance.randint(0, len(other)) :]
            case 6:
                data[at:at] = chance.randbytes(chance.randint(1, 8))
            case _:
                del data[at:]
    return bytes(data[:LONGEST])
