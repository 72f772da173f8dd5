"""Text -> QR modules, fast enough for the event loop: a payment code takes a fraction of a millisecond.

Source: ISO/IEC 18004:2015 (data encoding 7.4, error correction 7.5, masking 7.8). Work is done on whole
symbols as Python integers: Reed-Solomon by a table of whole remainders, placement by one cached permutation,
penalties by shifts and population counts. Text is UTF-8 without an ECI header, as every phone expects.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, NamedTuple

from drivers.qr_tables import VERSIONS, Frame, Level, data_codewords, template

__all__ = ["Level", "Mode", "Qr", "capacity", "encode", "penalty", "version_for", "warm"]

Mode = Literal["numeric", "alphanumeric", "byte"]

_NUMERIC, _ALPHANUMERIC, _BYTE = range(3)
_MODES: Final[tuple[Mode, ...]] = ("numeric", "alphanumeric", "byte")
_INDICATORS: Final = ("0001", "0010", "0100")
_CHARACTERS: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
# Versions that share the widths of the count field (table 3): last version, widths by mode.
_GROUPS: Final = ((9, (10, 9, 8)), (26, (12, 11, 16)), (40, (14, 13, 16)))
_DIGIT_BITS: Final = (0, 4, 7)  # of what is left after whole triples
# Shorter runs never earn their header (unless they are the whole text), so the search may pass over them.
_RUN: Final = re.compile(rb"[0-9A-Z $%*+\-./:]{4,}")
_RUN_INSIDE: Final = 6  # between two runs of bytes
_DIGITS: Final = re.compile(rb"[0-9]{4,}")
_ONLY: Final = re.compile(rb"[0-9A-Z $%*+\-./:]+")
_TRIPLE: Final = re.compile(rb"...")
_PAIR: Final = re.compile(rb"..")
_FILLER: Final = "1110110000010001" * 1478  # pad codewords EC 11; the largest symbol holds 2956
_NEVER: Final = 1 << 40


@dataclass(frozen=True, slots=True)
class Qr:
    """A symbol without quiet zone.

    ``packed`` has the modules row by row, left to right, most significant bit first, dark = 1, no padding
    between rows, the last byte filled with zeros.
    """

    version: int
    size: int
    packed: bytes
    level: Level
    mask: int


class _Segment(NamedTuple):
    mode: int
    data: bytes


def encode(text: str | bytes, *, level: Level = "M", mask: int | None = None) -> Qr:
    """Make the smallest symbol that holds ``text`` at exactly this level.

    Args:
        mask: 0 to 7 to skip the search; None finds the mask with the lowest penalty (7.8.3).

    Raises:
        ValueError: nothing to encode, too long for version 40, or no such level or mask.
    """
    if mask is not None and mask not in range(8):
        raise ValueError(f"a QR mask is 0 to 7, not {mask}")
    version, bits = _best_bits(text, level)
    plan = template(version, level)
    bits += "0" * min(4, plan.data_codewords * 8 - len(bits))
    bits += "0" * (-len(bits) % 8)
    bits += _FILLER[: plan.data_codewords * 8 - len(bits)]
    data = int(bits, 2).to_bytes(plan.data_codewords, "big")
    table, shift, width = _remainders(plan.parity), plan.parity * 8 - 8, plan.parity * 8
    parity = [f"{_parity(data[start:end], table, shift):0{width}b}" for start, end in plan.blocks]
    modules = int("".join(plan.place("".join((bits, *parity, "0")))), 2)
    if mask is None:
        mask = _best_mask(modules, plan.masks, plan.frame)
    frame = plan.frame
    packed = (modules ^ plan.masks[mask]) << -frame.count % 8
    return Qr(version, frame.size, packed.to_bytes((frame.count + 7) // 8, "big"), level, mask)


def version_for(text: str | bytes, *, level: Level = "M") -> int:
    """The version ``encode`` will use. Raises ValueError as ``encode`` does."""
    return _best_bits(text, level)[0]


def capacity(version: int, level: Level = "M", mode: Mode = "byte") -> int:
    """Most characters (bytes in byte mode) of one mode that a version holds."""
    if version not in VERSIONS:
        raise ValueError(f"a QR version is 1 to 40, not {version}")
    number = _MODES.index(mode)
    widths = next(widths for last, widths in _GROUPS if version <= last)
    free = data_codewords(version, level) * 8 - 4 - widths[number]
    if number == _NUMERIC:
        return free // 10 * 3 + (free % 10 >= 4) + (free % 10 >= 7)
    if number == _ALPHANUMERIC:
        return free // 11 * 2 + (free % 11 >= 6)
    return free // 8


def warm(versions: Iterable[int], *, level: Level = "M") -> None:
    """Build the templates and tables of these versions now, so that no customer waits for them."""
    _pairs(), _triples()
    for version in versions:
        _remainders(template(version, level).parity)


# --- text -> bits ------------------------------------------------------------------------------------------


def _best_bits(text: str | bytes, level: Level) -> tuple[int, str]:
    data = text.encode() if isinstance(text, str) else text
    if level not in ("L", "M", "Q", "H"):
        raise ValueError(f"a QR level is L, M, Q or H, not {level!r}")
    if not data:
        raise ValueError("there is no text to make a QR code of")
    runs, sizes = _runs(data), _sizes(level)
    for last, widths in _GROUPS:
        if len(data) * 10 > sizes[last - 1] * 3:
            continue  # would not fit if it were all digits
        segments = _segments(runs, widths)
        length = sum(4 + widths[mode] + _length(mode, len(part)) for mode, part in segments)
        if length <= sizes[last - 1]:
            bits = "".join(
                f"{_INDICATORS[mode]}{len(part):0{widths[mode]}b}{_ENCODERS[mode](part)}"
                for mode, part in segments
            )
            first = {9: 0, 26: 9, 40: 26}[last]
            return bisect_left(sizes, length, lo=first) + 1, bits
    raise ValueError(
        f"the text has {len(data)} bytes, too many for one QR code at level {level}"
        f" (at most {capacity(40, level)} bytes, {capacity(40, level, 'numeric')} digits)"
    )


@cache
def _sizes(level: Level) -> list[int]:
    """Data bits by version from 1."""
    return [data_codewords(version, level) * 8 for version in VERSIONS]


def _length(mode: int, count: int) -> int:
    if mode == _BYTE:
        return count * 8
    if mode == _ALPHANUMERIC:
        return (count * 11 + 1) // 2
    return count // 3 * 10 + _DIGIT_BITS[count % 3]


def _runs(data: bytes) -> list[_Segment]:
    """Cut where a change of mode could pay; each run is marked with the densest mode that can hold it.

    A best cut is always at such a place: moving one character of a run into the sparser neighbour adds at
    least 5 (digits) or 8 (alphanumeric) bits and saves at most 4 or 6.
    """
    if data.isdigit():
        return [_Segment(_NUMERIC, data)]
    if len(data) < _RUN_INSIDE and _ONLY.fullmatch(data):
        return [_Segment(_ALPHANUMERIC, data)]
    runs: list[_Segment] = []
    done = 0
    for match in _RUN.finditer(data):
        start, end = match.span()
        if end - start < _RUN_INSIDE and start and end < len(data):
            continue
        if start > done:
            runs.append(_Segment(_BYTE, data[done:start]))
        for digits in _DIGITS.finditer(data, start, end):
            if digits.start() > start:
                runs.append(_Segment(_ALPHANUMERIC, data[start : digits.start()]))
            runs.append(_Segment(_NUMERIC, digits[0]))
            start = digits.end()
        if end > start:
            runs.append(_Segment(_ALPHANUMERIC, data[start:end]))
        done = end
    if done < len(data):
        runs.append(_Segment(_BYTE, data[done:]))
    return runs


def _segments(runs: list[_Segment], widths: tuple[int, int, int]) -> list[_Segment]:
    """Choose a mode for every run so that the sum of bits is least (dynamic programme over the last mode).

    Costs are in half bits because an alphanumeric character takes five and a half.
    """
    if len(runs) == 1:
        return runs
    heads = tuple(2 * (4 + width) for width in widths)
    costs = (_NEVER, _NEVER, 0)
    trail: list[tuple[int, int, int]] = []  # for each run and mode: the mode of the run before
    for densest, part in runs:
        numeric, alphanumeric, byte = costs
        even = alphanumeric + (alphanumeric & 1)
        cheapest = min(numeric, even, byte)
        before = _NUMERIC if cheapest == numeric else _ALPHANUMERIC if cheapest == even else _BYTE
        count = len(part)
        as_byte = cheapest + heads[_BYTE]
        byte_from = before
        if trail and byte < as_byte:
            as_byte, byte_from = byte, _BYTE
        as_alphanumeric, alphanumeric_from = _NEVER, before
        if densest <= _ALPHANUMERIC:
            as_alphanumeric = cheapest + heads[_ALPHANUMERIC]
            if alphanumeric < as_alphanumeric:
                as_alphanumeric, alphanumeric_from = alphanumeric, _ALPHANUMERIC
            as_alphanumeric += count * 11
        as_numeric = _NEVER
        if densest == _NUMERIC:
            as_numeric = cheapest + heads[_NUMERIC] + 2 * _length(_NUMERIC, count)
        costs = (as_numeric, as_alphanumeric, as_byte + count * 16)
        trail.append((before, alphanumeric_from, byte_from))
    return _merge(runs, costs, trail)


def _merge(runs: list[_Segment], costs: tuple[int, int, int], trail: list[tuple[int, int, int]]) -> list[_Segment]:
    mode = costs.index(min(costs[_NUMERIC], costs[_ALPHANUMERIC], costs[_BYTE]))
    backwards: list[_Segment] = []
    for run, before in zip(reversed(runs), reversed(trail), strict=True):
        if backwards and backwards[-1].mode == mode:
            backwards[-1] = _Segment(mode, run.data + backwards[-1].data)
        else:
            backwards.append(_Segment(mode, run.data))
        mode = before[mode]
    return backwards[::-1]


def _numeric_bits(part: bytes) -> str:
    bits = "".join(map(_triples().__getitem__, _TRIPLE.findall(part)))
    rest = part[len(part) // 3 * 3 :]
    return bits + f"{int(rest):0{_DIGIT_BITS[len(rest)]}b}" if rest else bits


def _alphanumeric_bits(part: bytes) -> str:
    bits = "".join(map(_pairs().__getitem__, _PAIR.findall(part)))
    return bits + f"{_CHARACTERS.index(part[-1]):06b}" if len(part) % 2 else bits


def _byte_bits(part: bytes) -> str:
    return f"{int.from_bytes(part, 'big'):0{len(part) * 8}b}"


_ENCODERS: Final = (_numeric_bits, _alphanumeric_bits, _byte_bits)


@cache
def _triples() -> dict[bytes, str]:
    return {b"%03d" % number: f"{number:010b}" for number in range(1000)}


@cache
def _pairs() -> dict[bytes, str]:
    return {
        bytes((first, second)): f"{high * 45 + low:011b}"
        for high, first in enumerate(_CHARACTERS)
        for low, second in enumerate(_CHARACTERS)
    }


# --- error correction --------------------------------------------------------------------------------------


@cache
def _remainders(count: int) -> list[int]:
    """For each byte: byte * x^count modulo the generator, all ``count`` coefficients in one integer."""
    power, log = [1] * 510, [0] * 256
    for exponent in range(1, 510):
        doubled = power[exponent - 1] << 1
        power[exponent] = doubled ^ 0x11D if doubled > 255 else doubled
    for exponent in range(255):
        log[power[exponent]] = exponent
    generator = [1]  # highest power first
    for root in range(count):
        scaled = [power[log[factor] + root] if factor else 0 for factor in generator]
        generator = [a ^ b for a, b in zip([*generator, 0], [0, *scaled], strict=True)]
    return [0] + [
        int.from_bytes(bytes(power[log[factor] + log[byte]] if factor else 0 for factor in generator[1:]), "big")
        for byte in range(1, 256)
    ]


def _parity(block: bytes, table: list[int], shift: int) -> int:
    rest, low = 0, (1 << shift) - 1
    for byte in block:
        rest = (rest & low) << 8 ^ table[rest >> shift ^ byte]
    return rest


# --- masks -------------------------------------------------------------------------------------------------


def _best_mask(modules: int, masks: tuple[int, ...], frame: Frame) -> int:
    best, lowest = 0, _NEVER
    for number, mask in enumerate(masks):
        found = _penalty(modules ^ mask, frame, lowest)
        if found < lowest:
            best, lowest = number, found
    return best


def penalty(code: Qr) -> int:
    """The penalty of a finished symbol (7.8.3): what the mask search makes as low as it can."""
    frame = template(code.version, code.level).frame
    return _penalty(int.from_bytes(code.packed, "big") >> -frame.count % 8, frame, _NEVER)


def _penalty(modules: int, frame: Frame, beaten: int) -> int:
    """Exact when below ``beaten``; else only known not to be lower.

    In ``across`` and ``down`` a module is set when it differs from the one before it, or has none. Runs of
    five are then four clear bits in a row. Patterns like a finder count within the symbol only.
    """
    size, count = frame.size, frame.count
    across = (modules ^ modules >> 1) | frame.left
    down = (modules ^ modules >> size) | frame.top
    total = abs(20 * modules.bit_count() - 10 * count) // count * 10
    total += 3 * (count - (across | across >> size | down).bit_count())
    # A run of n modules costs n - 2: its n - 4 windows of five (clear bits) and 2 for itself (two edges).
    runs = across | across >> 1
    runs |= runs >> 2
    total += count - runs.bit_count() + (runs ^ runs >> 1).bit_count() - (runs & 1)
    runs = down | down >> size
    runs |= runs >> 2 * size
    total += count - runs.bit_count() + (runs ^ runs >> size).bit_count() - (runs & frame.bottom).bit_count()
    if total >= beaten:
        return total
    light = modules ^ frame.full
    for step, inside in ((1, frame.inside_across), (size, frame.inside_down)):
        pairs = modules & modules >> 2 * step
        core = pairs & pairs >> 4 * step & modules >> 3 * step & (light & light >> 4 * step) >> step
        rest = light & light >> step
        rest &= rest >> 2 * step
        found = (core >> 4 * step & rest) | (core & rest >> 7 * step)
        total += 40 * (found & inside).bit_count()
    return total
