"""A bank's brand file: what is sound comes back whole, what is wrong is told in sentences."""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.brand.brand import CONTRAST_LEAST, LANGUAGES, BadBrand, contrast, parse, to_bytes
from terminal.brand.logo import BYTES_MAX, HEIGHT, SIDE_MAX, WIDTH, kept
from terminal.brand.shelf import FILE, SHIPPED, BrandShelf, read_brand

DEMO = (SHIPPED / "demo-bank.toml").read_text("utf-8")
PNG = b"\x89PNG\r\n\x1a\n"


def png(width: int, height: int) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGBA", (width, height), (10, 60, 140, 255)).save(out, "PNG")
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A head that promises more than anybody can hold, and a few bytes."""
    body = head(width, height) + chunk(b"IDAT", zlib.compress(bytes(4096))) + chunk(b"IEND", b"")
    return PNG + body


def head(width: int, height: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def two_sizes(width: int, height: int) -> bytes:
    """What its first bytes say is small; a second head says otherwise, and is the one that is unpacked."""
    rows = (b"\0" + bytes(4 * width)) * 16
    body = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return PNG + head(16, 16) + head(width, height) + body


def with_a_cut_profile() -> bytes:
    sound = png(64, 64)
    return sound[:-12] + chunk(b"iCCP", b"x\0") + sound[-12:]


def wrong_with(said: str, changed: str) -> str:
    assert said in DEMO, said
    with pytest.raises(BadBrand) as caught:
        parse(DEMO.replace(said, changed).encode())
    return str(caught.value)


def test_the_brands_that_ship_can_be_read_and_have_every_language() -> None:
    for path in SHIPPED.glob("*.toml"):
        brand = read_brand(path.stem)
        assert brand.name == path.stem
        assert set(brand.footer) == set(LANGUAGES)
        assert brand.logo.startswith(b"\x89PNG")
        assert contrast(brand.band, brand.text) >= CONTRAST_LEAST
        assert parse(to_bytes(brand)) == brand


@pytest.mark.parametrize(
    ("said", "changed", "told"),
    [
        ('text = "#ffffff"', 'text = "#7788aa"', "contrast of 2.8; people need 4.5"),
        ('text = "#ffffff"', 'text = "white"', "text = 'white' is no colour; write it as \"#0b3d91\""),
        ('band = "#0b3d91"', "band = 5", "band = 5 is no colour"),
        ('text = "#ffffff"', 'text = "#ffffff"\npaid = "#ff0000"', "States keep their own colours"),
        ('hotline = "0800 000 0000"', "", "'hotline' is missing."),
        ('bank = "Demo Bank 示例银行"', 'bank = " "', "bank: a text, please"),
        ('bank = "Demo Bank 示例银行"', 'bank = "a\\u0007b"', "bank: one line of plain text"),
        ('bank = "Demo Bank 示例银行"', f'bank = "{"b" * 61}"', "bank: 61 characters; 60 at most."),
        ('name = "demo-bank"', 'name = "Demo Bank"', "'Demo Bank' is no name"),
        ('name = "demo-bank"', 'name = "demo-bank"\nslogan = "x"', "'slogan' is no part of a brand"),
        ('zh-CN = "示例', 'zh-TW = "示例', "footer: zh-CN is missing."),
        ('en = "Payments', f'en = "{"x" * 97}', "footer: en: "),
        ("https://bank.example/shops", "http://bank.example/shops", "begins with https://."),
        ("https://bank.example/shops", "javascript:alert(1)", "begins with https://."),
        ("https://bank.example/shops", "https://user@bank.example/", "begins with https://."),
        ("https://bank.example/shops", "https://[bank", "begins with https://."),
        ('title = "Demo Bank for shops"\n', "", "links: no. 1 needs 'title' and 'url'"),
        ("[footer]", "[footer", "cannot be read as TOML"),
        ('name = "demo-bank"', f"name = {'1' * 5000}", "cannot be read as TOML"),
        ('name = "demo-bank"', f"name = {'[' * 5000}", "cannot be read as TOML"),
    ],
)
def test_bad_input_is_a_sentence(said: str, changed: str, told: str) -> None:
    assert told in wrong_with(said, changed)


def test_every_trouble_of_a_file_is_told_at_once() -> None:
    text = (
        DEMO.replace("https://", "ftp://").replace('hotline = "0800 000 0000"', "").replace("#ffffff", "#0b3d92")
    )
    with pytest.raises(BadBrand) as caught:
        parse(text.encode())
    assert len(caught.value.complaints) == 4


def test_a_file_that_is_too_long_or_no_text_is_refused() -> None:
    for data, told in ((b"#" * (1 << 20), "longer than 512 KiB"), (b"\xff\xfe", "cannot be read as TOML")):
        with pytest.raises(BadBrand, match=told):
            parse(data)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: b"GIF89a" + bytes(64), "this is no PNG picture"),
        (lambda: b"", "this is no PNG picture"),
        (lambda: png(8, 8), "8 × 8 pixels"),
        (lambda: bomb(60_000, 60_000), "60000 × 60000 pixels"),
        (lambda: png(64, 64)[:80], "the picture cannot be read"),
        (lambda: bomb(64, 64)[:60], "the picture cannot be read"),
        (lambda: png(32, 32) + bytes(BYTES_MAX), "KiB; 512 at most"),
        (lambda: bomb(64, 64).replace(b"IHDR", b"IHDX"), "this is no PNG picture"),
        (lambda: two_sizes(SIDE_MAX + 1, 16), "the picture cannot be read"),
        (lambda: two_sizes(60_000, 60_000), "the picture cannot be read"),
        (with_a_cut_profile, "the picture cannot be read"),
    ],
)
def test_a_sign_that_is_none_or_would_fill_the_memory_is_refused(make: Callable[[], bytes], told: str) -> None:
    with pytest.raises(BadBrand, match=told):
        kept(make())


def test_a_sign_is_kept_small_whatever_its_shape() -> None:
    from PIL import Image

    for width, height in ((3000, 100), (100, 3000), (SIDE_MAX, 16), (64, 64)):
        with Image.open(io.BytesIO(kept(png(width, height)))) as small:
            assert small.width <= WIDTH
            assert small.height <= HEIGHT
            assert small.format == "PNG"


def test_the_sign_s_file_lies_beside_the_brand_s_own_and_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "mine.png").write_bytes(png(64, 32))
    (tmp_path / "secret.png").write_bytes(png(64, 32))
    folder = tmp_path / "brand"
    folder.mkdir()
    file = folder / "mine.toml"
    for sign, told in (
        ("../secret.png", "no PNG file beside"),
        ("/etc/passwd", "no PNG file beside"),
        ("mine.png", "there is no file 'mine.png'"),
    ):
        file.write_text(DEMO.replace("demo-bank.png", sign), "utf-8")
        with pytest.raises(BadBrand, match=told):
            read_brand(str(file))
    (folder / "mine.png").write_bytes(png(64, 32))
    assert read_brand(str(file)).wide == 2.0


def test_an_unknown_name_is_told_with_those_there_are() -> None:
    for name in ("other-bank", "../demo-bank", ""):
        with pytest.raises(BadBrand, match="there are: demo-bank"):
            read_brand(name)


LINE = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=40)


@settings(max_examples=30)
@given(bank=LINE, hotline=LINE, foot=LINE)
def test_what_is_kept_is_what_was_said_with_any_letters(bank: str, hotline: str, foot: str) -> None:
    brand = replace(parse(DEMO.encode()), bank=bank, hotline=hotline, footer=dict.fromkeys(LANGUAGES, foot))
    assert parse(to_bytes(brand)) == brand


def test_the_shelf_sees_another_brand_without_a_restart_and_a_damaged_file_is_none(tmp_path: Path) -> None:
    shelf, other = BrandShelf(tmp_path), BrandShelf(tmp_path)
    assert shelf() is None
    assert not shelf.remove()
    brand = read_brand("demo-bank")
    other.keep(brand)
    assert shelf() == brand
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    dots = shelf.dots(100, 40)
    assert dots is not None
    assert (dots.width <= 100, len(dots.rows) <= 40, any(dots.rows)) == (True, True, True)
    other.keep(replace(brand, bank="Another", logo=b""))
    now = shelf()
    assert now is not None
    assert now.bank == "Another"
    assert shelf.dots(100, 40) is None
    for damaged in (b"bank =", b"bank = " + b"[" * 5000):
        (tmp_path / FILE).write_bytes(damaged)
        assert shelf() is None
    assert other.remove()
    assert shelf() is None


def test_a_kept_sign_that_is_damaged_is_on_no_paper_and_stops_none(tmp_path: Path) -> None:
    shelf, brand = BrandShelf(tmp_path), read_brand("demo-bank")
    half = len(brand.logo) // 2
    for damaged in (b"no picture", brand.logo[:half], brand.logo[:half] + bytes(half)):
        shelf.keep(replace(brand, logo=damaged))
        assert shelf.dots(100, 40) is None


@pytest.mark.parametrize(("one", "other", "ratio"), [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48)])
def test_contrast_is_what_the_guideline_says(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.01)
