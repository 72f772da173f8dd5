"""A pack's codes: any order, any repeats, one pack at a time; a wrong one is told, and nothing of it is taken."""

import base64
import hashlib
import zlib
from collections.abc import Callable, Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from drivers.qr import capacity, encode, version_for
from terminal.errors import Conflict, InvalidRequest, TerminalError
from terminal.lab.camera import GLASS_DOT_MM, read
from terminal.payments.scan import Unknown, classify
from terminal.visit.pack import pack_of
from terminal.visit.pack_codes import (
    CHARS,
    CODES_MAX,
    FILE_MAX,
    VERSION,
    Gathering,
    codes_of,
    is_pack_code,
    mark_of,
    read_code,
)
from terminal.visit.seal import check, seal
from tests.unit.visit.test_pack import settings

pytestmark = pytest.mark.row(100)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SEALED = seal("pack", pack_of(settings(), made_ms=1_763_000_000_000, software="1"), KEY)
CODES = codes_of(SEALED)


def gathered(codes: Sequence[str]) -> Gathering:
    gathering = Gathering()
    for each in codes:
        gathering.take(each)
    return gathering


def slug(gathering: Gathering, code: str = "") -> str:
    """What a code, or the whole where none is given, is refused with; nothing is taken then."""
    before = gathering.have, gathering.pack, gathering.count
    with pytest.raises(TerminalError) as refused:
        gathering.take(code) if code else gathering.whole()
    assert (gathering.have, gathering.pack, gathering.count) == before
    return refused.value.slug


def code_of(pieces: Sequence[bytes], number: int, mark: bytes) -> str:
    """One code as its format is written down, by other hands than the product's."""
    head = f"CT:PACK-{base64.b32encode(mark).decode()}-{number:02}{len(pieces):02}"
    body = f"{head}-{base64.b32encode(pieces[number - 1]).decode().rstrip('=')}"
    return f"{body}-{base64.b32encode(zlib.crc32(body.encode()).to_bytes(4, 'big')).decode().rstrip('=')}"


@given(st.data())
def test_any_order_and_any_repeats_give_the_same_bytes(data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(CODES))
    again = data.draw(st.lists(st.sampled_from(CODES), max_size=6))
    gathering = gathered([*again, *shuffled])
    assert gathering.whole() == SEALED
    assert check(gathering.whole(), kind="pack").document["currency"] == "CNY"


@given(st.binary(min_size=1, max_size=3000), st.integers(60, 1500))
def test_whatever_is_sealed_comes_back_from_codes_of_any_size(file: bytes, chars: int) -> None:
    try:
        codes = codes_of(file, chars=chars)
    except Conflict:
        assert len(file) * 8 > (chars - 60) * 5 * CODES_MAX, "only what has no room in so many codes"
        return
    assert max(map(len, codes)) <= chars
    assert gathered(codes[::-1]).whole() == file


def test_each_is_small_enough_for_the_scanner_and_means_nothing_to_a_till() -> None:
    assert len(CODES) > 1
    assert capacity(VERSION, "M", "alphanumeric") == CHARS
    for code in CODES:
        assert version_for(code) <= VERSION
        assert is_pack_code(code)
        assert isinstance(classify(code, ()), Unknown), "no payment, no command, no slip"
        assert not any(each.isdigit() for each in code[:8]), "a scanner that types begins no amount"


def test_the_format_is_the_one_that_is_written_down() -> None:
    packed, mark = zlib.compress(SEALED, 9), hashlib.sha256(SEALED).digest()[:10]
    size = -(-len(packed) // len(CODES))
    pieces = [packed[at : at + size] for at in range(0, len(packed), size)]
    assert [code_of(pieces, n, mark) for n in range(1, len(pieces) + 1)] == list(CODES)


def test_a_camera_before_the_glass_reads_each_of_them_and_they_are_the_same_file() -> None:
    """Drawn as large as a glass of 240 by 320 dots has room, tilted, blurred and glared."""
    found = []
    for text in codes_of(SEALED, chars=capacity(VERSION, "M", "alphanumeric")):
        code = encode(text)
        scale = 240 // (code.size + 8)
        bits = bin(int.from_bytes(b"\x01" + code.packed))[3:]
        side = 320
        at = (side - code.size * scale) // 2
        grey = bytearray(b"\xff" * side * side)
        for place, bit in enumerate(bits[: code.size**2]):
            y, x = divmod(place, code.size)
            for row in range(at + y * scale, at + (y + 1) * scale):
                start = row * side + at + x * scale
                grey[start : start + scale] = (b"\x00" if bit == "1" else b"\xff") * scale
        found.append(read(side, side, bytes(grey), GLASS_DOT_MM).text)
    assert gathered(found).whole() == SEALED


def test_a_missing_one_is_named_and_nothing_is_whole_before_it() -> None:
    gathering = gathered(CODES[:1])
    assert gathering.missing == tuple(range(2, len(CODES) + 1))
    assert slug(gathering) == "pack_code_missing"
    assert slug(Gathering()) == "pack_code_missing"


def test_a_code_of_another_pack_is_refused_and_the_first_one_goes_on() -> None:
    other = codes_of(seal("pack", pack_of(settings(), made_ms=2, software="1"), KEY))
    gathering = gathered(CODES[:1])
    assert slug(gathering, other[1]) == "pack_code_other"
    for code in CODES[1:]:
        gathering.take(code)
    assert gathering.whole() == SEALED


@pytest.mark.parametrize(
    "spoil",
    [
        *(lambda code: code[:-1], lambda code: code[:40] + code[41:], lambda code: code.lower()),
        *(lambda code: code[:-8] + "-AAAAAAA", lambda code: code.replace("-01", "-00", 1)),
        *(lambda _: "130012345678901234", lambda _: "CT:PACK-", lambda _: "", lambda code: code + "A" * 5000),
    ],
)
def test_a_code_that_was_read_wrong_is_refused(spoil: Callable[[str], str]) -> None:
    assert slug(Gathering(), spoil(CODES[0]) or "-") == "pack_code_unreadable"


@given(st.integers(0, len(CODES[0]) - 1), st.sampled_from("ABZ27-:"))
def test_one_wrong_letter_anywhere_is_seen(place: int, letter: str) -> None:
    code = CODES[0][:place] + letter + CODES[0][place + 1 :]
    if code != CODES[0]:
        assert slug(Gathering(), code) == "pack_code_unreadable"


def broken(packed: bytes, mark: bytes = bytes(10)) -> str:
    """How codes are refused that are sound each and no pack together."""
    pieces = [packed[at : at + 2000] for at in range(0, len(packed), 2000)]
    gathering = gathered([code_of(pieces, n, mark) for n in range(1, len(pieces) + 1)])
    with pytest.raises(InvalidRequest, match="pack_codes_broken") as refused:
        gathering.whole()
    return str(refused.value.facts["why"])


def test_codes_that_never_were_one_file_are_told() -> None:
    packed = zlib.compress(SEALED)
    assert broken(packed) == "SHA-256"
    assert broken(packed[:-1]) == "zlib"
    assert broken(packed + b"more") == "zlib"
    assert broken(b"no zlib") == "zlib"


def test_s6_a_bomb_is_unpacked_no_further_than_a_pack_may_be() -> None:
    assert broken(zlib.compress(bytes(8 * 1024 * 1024))) == "> 64 KiB"
    assert broken(zlib.compress(bytes(FILE_MAX + 1))) == "> 64 KiB"
    most = bytes(FILE_MAX)
    assert gathered(codes_of(most)).whole() == most


def test_a_pack_that_is_too_large_goes_as_a_file() -> None:
    noise = hashlib.shake_128(b"noise").digest(CODES_MAX * CHARS)
    for file in (noise, bytes(FILE_MAX + 1)):
        with pytest.raises(Conflict, match="pack_too_large"):
            codes_of(file)


def test_numbers_that_cannot_be_are_refused() -> None:
    pieces = [b"x"] * (CODES_MAX + 1)
    assert slug(Gathering(), code_of(pieces, 1, bytes(10))) == "pack_code_unreadable"
    assert read_code(code_of(pieces[:2], 2, bytes(10))).number == 2
    assert mark_of(SEALED) == read_code(CODES[0]).pack
