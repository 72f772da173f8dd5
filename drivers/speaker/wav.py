"""Clips as one sound: WAV files of eight bits, mono, put behind each other, as loud as wished. Pure.

Source: IBM and Microsoft "Multimedia Programming Interface and Data Specifications 1.0" (1991), WAVE files.
"""

import struct
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

SILENCE: Final = 0x80
GAP_MS: Final = 35  # between two words
_PCM: Final = 1
_SIGNED: Final = bytes((value - SILENCE) & 0xFF for value in range(256))


class Sound(NamedTuple):
    rate: int  # samples a second
    samples: bytes  # eight bits each, mono, silence is 80 hex


def read(data: bytes) -> Sound:
    """Raises ValueError: it is not such a file."""
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("not a WAV file")
    at, rate = 12, 0
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + size]
        if len(body) < size or (name == b"fmt " and size < 16):
            raise ValueError("a WAV file that was cut")
        if name == b"fmt ":
            kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", body[:16])
            if (kind, channels, bits) != (_PCM, 1, 8):
                raise ValueError("only eight bits, mono, uncompressed")
        elif name == b"data" and rate:
            return Sound(rate, body)
        at += 8 + size + size % 2
    raise ValueError("a WAV file without sound")


def write(sound: Sound, *, bits: int = 8) -> bytes:
    """A WAV file; of 16 ``bits`` for players that know no others."""
    assert bits in (8, 16), bits
    samples = sound.samples
    if bits == 16:
        wide = bytearray(2 * len(samples))
        wide[1::2] = samples.translate(_SIGNED)
        samples = bytes(wide)
    width = bits // 8
    form = struct.pack("<HHIIHH", _PCM, 1, sound.rate, sound.rate * width, width, bits)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(samples)) + samples
    chunks += b"\0" * (len(samples) % 2)
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


@cache
def _louder(percent: int) -> bytes:
    """What each sample becomes."""
    return bytes(SILENCE + (value - SILENCE) * percent // 100 for value in range(256))


def together(sounds: Sequence[Sound], percent: int) -> Sound:
    """One behind the other. Raises ValueError: none, or made at different rates."""
    rates = {sound.rate for sound in sounds}
    if len(rates) != 1:
        raise ValueError(f"sounds at {sorted(rates)} samples a second")
    rate = rates.pop()
    gap = bytes((SILENCE,)) * (rate * GAP_MS // 1000)
    return Sound(rate, gap.join(sound.samples for sound in sounds).translate(_louder(percent)))
