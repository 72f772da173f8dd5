"""The encoder against strangers: zxing-cpp reads every symbol back, qrcode bounds the version."""

import random
import zlib

import pytest
import qrcode
import qrcode.util
import zxingcpp

from drivers.qr import Level, Mode, Qr, capacity, encode, penalty, version_for, warm
from drivers.qr_tables import codewords, data_codewords, template

LEVELS: tuple[Level, ...] = ("L", "M", "Q", "H")
ALPHABETS: dict[str, str] = {
    "digits": "0123456789",
    "upper": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:",
    "lower": "abcdefghijklmnopqrstuvwxyz?&=_#",
    "ascii": "".join(map(chr, range(32, 127))),
    "chinese": "收款元微信支付宝ç€é",
}
PAYLOADS = (
    "weixin://wxpay/bizpayurl?pr=p4lpSuKzz",
    "https://qr.alipay.com/bax03206plhqxmvkczzq600b",
    "00020101021229370016A000000677010111011300660000000005303764540528.505802TH5913COUNTERTOP CO6007BANGKOK"
    "62240120202501010000000000016304ABCD",
    "00020101021226580014COM.EXAMPLE.WWW0118936009180000000012021500000000000001203UME51440014ID.CO.QRIS.WWW"
    "0215ID10200000000010303UME5204581253033605405150005802ID5916COUNTERTOP KOPI A6013JAKARTA PUSAT6304ABCD",
    "00020101021226830014br.gov.bcb.pix2561api.example.com.br/pix/v2/9d36b84f-c70b-478f-b95c-12729b90ca25"
    "5204000053039865802BR5913COUNTERTOP CO6009SAO PAULO62070503***6304ABCD",
    "upi://pay?pa=countertop.shop@okexample&pn=Countertop%20Shop&mc=5411&tr=01JABCDEF0123456789ABCDEFG&am=28.50"
    "&cu=INR&sign=MEUCIQDk7mYfF9bJm3pZ0TqR2sV5uX8wYaBcDeFgHiJkLmNoPq",
)


def read(code: Qr) -> zxingcpp.Barcode:
    """Draw two pixels a module with the quiet zone the device adds, and let a stranger read it."""
    border = b"\xff" * 8
    width = (code.size + 8) * 2
    bits = "".join(f"{byte:08b}" for byte in code.packed)
    image = bytearray(b"\xff" * width * 8)
    for row in range(code.size):
        line = border + b"".join(b"\0\0" if bit == "1" else b"\xff\xff" for bit in rows(code, bits, row)) + border
        image += line * 2
    image += b"\xff" * width * 8
    found = zxingcpp.read_barcode(
        memoryview(image).cast("B", (width, width)),
        zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]),
        is_pure=True,
    )
    assert found is not None
    return found


def rows(code: Qr, bits: str, row: int) -> str:
    return bits[row * code.size : (row + 1) * code.size]


def mixture(chance: random.Random, length: int) -> str:
    """Pieces of every kind of character, as real payment codes have them."""
    pieces: list[str] = []
    while sum(map(len, pieces)) < length:
        alphabet = ALPHABETS[chance.choice(list(ALPHABETS))]
        pieces.append("".join(chance.choices(alphabet, k=chance.randint(1, 24))))
    return "".join(pieces)[:length]


def test_hello_is_the_published_vector() -> None:
    code = encode("HELLO", level="L", mask=0)
    assert (code.version, code.size, len(code.packed), zlib.crc32(code.packed)) == (1, 21, 56, 0x9EA0C00E)
    assert penalty(code) == count_penalty(code)


@pytest.mark.no_cover  # the many below only repeat what others here measure
@pytest.mark.parametrize("level", LEVELS)
def test_every_version_and_level_reads_back_when_full(level: Level) -> None:
    for version in range(1, 41):
        text = "".join(random.Random(version).choices("abcdefghijklmnopqrstuvwxyz", k=capacity(version, level)))
        code = encode(text, level=level, mask=version % 8)
        assert (code.version, code.size, code.level) == (version, 17 + 4 * version, level)
        found = read(code)
        assert (found.text, found.ec_level) == (text, level), version


def test_random_payloads_of_all_kinds_read_back() -> None:
    for seed in range(300):
        chance = random.Random(seed)
        text = mixture(chance, chance.randint(1, 400))
        level = chance.choice(LEVELS)
        code = encode(text, level=level)
        assert read(code).bytes == text.encode(), (seed, text)
        assert code.version == version_for(text, level=level), (seed, text)


@pytest.mark.parametrize("mode", ["numeric", "alphanumeric", "byte"])
def test_version_40_holds_its_capacity_and_one_more_is_refused_with_a_sentence(mode: Mode) -> None:
    character = {"numeric": "7", "alphanumeric": "A", "byte": "a"}[mode]
    for level in LEVELS:
        most = capacity(40, level, mode)
        code = encode(character * most, level=level, mask=3)
        assert code.version == 40
        assert read(code).text == character * most
        with pytest.raises(ValueError, match=f"has {most + 1} bytes, too many for one QR code at level {level}"):
            encode(character * (most + 1), level=level)


def test_bytes_that_are_no_text_read_back() -> None:
    data = bytes(range(256))
    assert read(encode(data, level="Q")).bytes == data


@pytest.mark.row(25)
@pytest.mark.no_cover
def test_version_is_never_above_the_peers() -> None:
    numbers = {
        "L": qrcode.ERROR_CORRECT_L,
        "M": qrcode.ERROR_CORRECT_M,
        "Q": qrcode.ERROR_CORRECT_Q,
        "H": qrcode.ERROR_CORRECT_H,
    }
    for seed in range(120):
        chance = random.Random(seed)
        text = PAYLOADS[seed] if seed < len(PAYLOADS) else mixture(chance, chance.randint(1, 500))
        level = chance.choice(LEVELS)
        for optimize in (0, 4, 20):
            peer = qrcode.QRCode(error_correction=numbers[level])
            peer.add_data(text, optimize=optimize)
            peer.best_fit(start=1)
            assert version_for(text, level=level) <= peer.version, (seed, text)


@pytest.mark.no_cover
def test_segments_cost_no_more_than_the_best_of_an_exhaustive_search() -> None:
    chance = random.Random(5)
    for _ in range(150):
        data = mixture(chance, chance.randint(1, 120)).encode()
        for version, widths in ((9, (10, 9, 8)), (26, (12, 11, 16))):
            spare = data_codewords(version, "L") * 8
            best = exhaustive(data, widths)
            if best <= spare:
                wanted = next(v for v in range(1, 41) if best_fits(data, v))
                assert version_for(data, level="L") == wanted


def best_fits(data: bytes, version: int) -> bool:
    widths = (10, 9, 8) if version < 10 else (12, 11, 16) if version < 27 else (14, 13, 16)
    return exhaustive(data, widths) <= data_codewords(version, "L") * 8


def exhaustive(data: bytes, widths: tuple[int, int, int]) -> int:
    """Least bits over all segmentations, character by character: state = (mode, characters mod 6)."""
    costs: dict[tuple[int, int], int] = {(-1, 0): 0}
    upper = ALPHABETS["upper"].encode()
    for byte in data:
        after: dict[tuple[int, int], int] = {}
        for (mode, count), cost in costs.items():
            for new in range(3):
                if (new == 0 and not 48 <= byte <= 57) or (new == 1 and byte not in upper):
                    continue
                at = count if new == mode else 0
                head = 0 if new == mode else 4 + widths[new]
                step = ((4, 3, 3)[at % 3], (6, 5)[at % 2], 8)[new]
                state = (new, (at + 1) % 6)
                after[state] = min(after.get(state, 1 << 30), cost + head + step)
        costs = after
    return min(costs.values())


@pytest.mark.no_cover
def test_penalty_equals_a_count_module_by_module_and_the_search_finds_the_lowest() -> None:
    for seed in range(40):
        chance = random.Random(seed)
        text = mixture(chance, chance.randint(1, 90))
        level = chance.choice(LEVELS)
        counted = [count_penalty(encode(text, level=level, mask=mask)) for mask in range(8)]
        assert [penalty(encode(text, level=level, mask=mask)) for mask in range(8)] == counted, seed
        assert encode(text, level=level).mask == counted.index(min(counted)), seed


def count_penalty(code: Qr) -> int:
    bits = "".join(f"{byte:08b}" for byte in code.packed)
    lines = [rows(code, bits, row) for row in range(code.size)]
    columns = ["".join(column) for column in zip(*lines, strict=True)]
    total = 0
    for line in lines + columns:
        length = 0
        for index, module in enumerate(line):
            length = length + 1 if index and line[index - 1] == module else 1
            total += 3 if length == 5 else 1 if length > 5 else 0
        total += 40 * sum(line[at : at + 11] in ("10111010000", "00001011101") for at in range(code.size - 10))
    for row in range(code.size - 1):
        for at in range(code.size - 1):
            total += 3 * (len({*lines[row][at : at + 2], *lines[row + 1][at : at + 2]}) == 1)
    dark = "".join(lines).count("1")
    return total + 10 * (abs(dark * 100 - code.size**2 * 50) // (5 * code.size**2))


def test_capacities_are_the_standards() -> None:
    assert [capacity(v) for v in (1, 2, 7, 10, 13)] == [14, 26, 122, 213, 331]
    assert [capacity(40, level, "numeric") for level in LEVELS] == [7089, 5596, 3993, 3057]
    assert [capacity(40, level, "alphanumeric") for level in LEVELS] == [4296, 3391, 2420, 1852]
    assert [capacity(40, level) for level in LEVELS] == [2953, 2331, 1663, 1273]
    with pytest.raises(ValueError, match="a QR version is 1 to 40, not 41"):
        capacity(41)


def test_block_tables_equal_the_peers() -> None:
    for version in range(1, 41):
        for level, number in zip(LEVELS, (1, 0, 3, 2), strict=True):
            blocks = qrcode.util.base.rs_blocks(version, number)
            assert codewords(version) == sum(block.total_count for block in blocks)
            assert data_codewords(version, level) == sum(block.data_count for block in blocks)


def test_unused_bits_of_the_last_byte_are_zero() -> None:
    for length in (5, 20, 60, 120):
        code = encode("x" * length)
        spare = len(code.packed) * 8 - code.size**2
        assert 0 <= spare < 8
        assert code.packed[-1] & (1 << spare) - 1 == 0


def test_warm_builds_the_templates_the_next_code_uses() -> None:
    template.cache_clear()
    warm(range(3, 6), level="Q")
    built = template.cache_info().misses
    assert built == 3
    encode("a" * 40, level="Q")
    assert template.cache_info().misses == built


def test_bad_arguments_are_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="there is no text"):
        encode("")
    with pytest.raises(ValueError, match="a QR mask is 0 to 7, not 8"):
        encode("x", mask=8)
    with pytest.raises(ValueError, match="a QR level is L, M, Q or H, not 'X'"):
        encode("x", level="X")  # type: ignore[arg-type]  # what an unchecked setting could hold
