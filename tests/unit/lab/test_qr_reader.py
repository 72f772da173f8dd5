"""The lab's phone reads what two independent encoders draw, and refuses what a phone must refuse."""

import random

import pytest
import qrcode
from hypothesis import given, settings
from hypothesis import strategies as st
from qrcode.util import QRData

from drivers import qr
from firmware_stubs.display import DisplayStub
from terminal.lab.qr_layout import alignment
from terminal.lab.qr_reader import NotReadable, read_modules, read_picture

_LEVELS = {
    "L": qrcode.ERROR_CORRECT_L,
    "M": qrcode.ERROR_CORRECT_M,
    "Q": qrcode.ERROR_CORRECT_Q,
    "H": qrcode.ERROR_CORRECT_H,
}
URL = "weixin://wxpay/bizpayurl?pr=q7Zk2mVx9"


def strangers(text: str, version: int, level: str, mask: int | None = None) -> list[list[bool]]:
    code = qrcode.QRCode(version=version, error_correction=_LEVELS[level], border=0, mask_pattern=mask)
    code.add_data(QRData(text.encode(), mode=4))
    code.make(fit=False)
    return [[bool(dark) for dark in row] for row in code.modules]


def ours(code: qr.Qr) -> list[list[bool]]:
    bits = "".join(f"{byte:08b}" for byte in code.packed)
    return [[bit == "1" for bit in bits[at : at + code.size]] for at in range(0, code.size**2, code.size)]


@pytest.mark.no_cover  # thousands of modules bit by bit, in lines that the others here measure
@pytest.mark.parametrize("level", "LMQH")
@pytest.mark.parametrize("version", [4, 5, 6, 7, 9, 10, 14, 18, 26, 27, 32, 40])
def test_a_stranger_s_codes_are_read_in_every_group_of_versions(version: int, level: str) -> None:
    full = qr.capacity(version, level)  # type: ignore[arg-type]  # one of the four
    text = "".join(random.Random(version).choices("ABCdef中012:/", k=full // 3 - 1))[: full // 3]
    assert read_modules(strangers(text, version, level, mask=version % 8)) == text


@pytest.mark.parametrize("mask", range(8))
def test_every_mask_of_both_encoders_is_read(mask: int) -> None:
    for version in (4, 7):  # from 7 on it also names its version
        assert read_modules(strangers(URL, version, "M", mask)) == URL
    assert read_modules(ours(qr.encode(URL, mask=mask))) == URL


@pytest.mark.no_cover
def test_the_table_of_parity_is_right_for_all_versions_and_levels() -> None:
    for version in range(1, 41):
        for level in ("L", "M", "Q", "H"):
            text = "7" * qr.capacity(version, level, "numeric")
            code = qr.encode(text, level=level, mask=version % 8)
            assert code.version == version
            if version % 5 == 1 or version < 8:  # reading a full version 40 takes long in pure Python
                assert read_modules(ours(code)) == text


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(
        st.characters(min_codepoint=32, max_codepoint=0x9FFF, exclude_categories=["Cs"]), min_size=1, max_size=60
    ),
    level=st.sampled_from("LMQH"),
)
def test_any_text_in_any_mixture_of_modes_comes_back(text: str, level: str) -> None:
    assert read_modules(ours(qr.encode(text, level=level, mask=3))) == text  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize("version", [1, 2, 7, 14, 32, 40])
def test_alignment_patterns_stand_where_annex_e_prints_them(version: int) -> None:
    printed = {
        1: [],
        2: [6, 18],
        7: [6, 22, 38],
        14: [6, 26, 46, 66],
        32: [6, 34, 60, 86, 112, 138],
        40: [6, 30, 58, 86, 114, 142, 170],
    }
    assert alignment(version) == printed[version]


def test_a_single_turned_module_makes_the_code_unreadable_not_another_text() -> None:
    rows = ours(qr.encode(URL))
    rows[12][12] = not rows[12][12]
    with pytest.raises(NotReadable, match="damaged"):
        read_modules(rows)


@pytest.mark.parametrize("inverted", [0, 1])
@pytest.mark.parametrize("size", [(240, 320), (320, 240), (480, 480)])
def test_the_phone_reads_the_pixels_of_the_glass(size: tuple[int, int], inverted: int) -> None:
    stub = DisplayStub(width=size[0], height=size[1])
    stub.tick(0)
    code = qr.encode(URL)
    shown = (7).to_bytes(4, "little") + (60).to_bytes(2, "little") + bytes((code.version, inverted))
    assert stub._display.obey(0x10, shown + code.packed, 0) == 0
    assert read_picture(*stub.glass()) == URL


def test_a_dark_glass_and_a_result_are_no_codes() -> None:
    stub = DisplayStub()
    stub.tick(0)
    with pytest.raises(NotReadable, match="nothing is shown"):
        read_picture(*stub.glass())
    stub._display.obey(0x13, (7).to_bytes(4, "little") + b"\x01", 0)
    with pytest.raises(NotReadable, match="no code"):
        read_picture(*stub.glass())


def test_a_wrong_size_is_no_code() -> None:
    with pytest.raises(NotReadable, match="20 modules"):
        read_modules([[False] * 20] * 20)
