"""A bundle that was sent is believed in nothing: sizes, names, shapes, and what its texts would like to be."""

import struct
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.errors import InvalidRequest
from terminal.help.catalogue import Catalogue
from terminal.privacy.bundle import zipped
from terminal.web.pages import bundle_reader
from terminal.web.pages.bundle_reader import FILE_MAX, FILES_MAX, data_in, events_in, read_bundle
from terminal.web.pages.bundle_viewer import page_of

WORDS = Catalogue.load("en")
EVIL = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>"


def row(number: int, at_ms: int, kind: str, **body: str) -> dict[str, object]:
    return {"number": number, "at_ms": at_ms, "counter": "1", "type": kind, "subject": "…1", "body": body}


SALE = [
    row(1, 1000, "sale_opened"),
    row(2, 1005, "attempt_started", direction="push", provider="wechatpay"),
    row(3, 1200, "attempt_moved", to="shown"),
    row(4, 8000, "attempt_moved", to="paid"),
    row(5, 8000, "sale_moved", to="paid"),
]


def packed(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "x.zip"
    path.write_bytes(zipped(files))
    return path


@pytest.mark.row(135)
def test_a_bundle_reads_as_the_same_lines_the_shop_sees(tmp_path: Path) -> None:
    findings = [{"level": "wrong", "sentence": "The port is busy.", "fix": "End the other program."}]
    files = {
        "sale-1.json": msgspec.json.encode(SALE),
        "doctor.json": msgspec.json.encode(findings),
        "devices.json": b'{"1":{"printer":"ok"}}',
        "logs/serve.log": b"one line",
        "settings.json": b"{broken",
    }
    page = page_of(read_bundle(packed(tmp_path, files)), WORDS)
    for text in ("Sale opened", "Paid, proved by the bank", "The port is busy.", "one line", "{broken"):
        assert text in page, text
    assert page.count("<rect") == 2
    assert "cannot be read as it should be" in page


@pytest.mark.row(135)
def test_s60_nothing_in_a_bundle_becomes_markup(tmp_path: Path) -> None:
    rows = [
        {**row, "type": EVIL, "counter": EVIL, "body": {"to": EVIL, "why": EVIL, "reason": EVIL}} for row in SALE
    ]
    files = {
        "sale-1.json": msgspec.json.encode(rows),
        "events.json": msgspec.json.encode([{"type": EVIL}, EVIL, 5, None, {"body": []}]),
        "doctor.json": msgspec.json.encode([{"level": EVIL, "sentence": EVIL, "fix": EVIL}]),
        "logs/x.log": EVIL.encode(),
        "other.txt": EVIL.encode(),
    }
    page = page_of(read_bundle(packed(tmp_path, files)), WORDS)
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("&lt;script&gt;") >= 5


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/../../b", "a/b/c", "C:\\x", "", ".hidden", "a b", "a/", "é.json"]
)
def test_s62_a_name_that_no_bundle_has_is_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as box:
        info = zipfile.ZipInfo("placeholder")
        info.filename = name
        box.writestr(info, b"{}")
    with pytest.raises(InvalidRequest, match="bundle_unusable"):
        read_bundle(tmp_path / "x.zip")


def test_s62_a_file_that_grows_beyond_its_bound_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as box:
        box.writestr("bomb.json", b"\0" * (FILE_MAX + 1))
    assert (tmp_path / "x.zip").stat().st_size < 20_000
    with pytest.raises(InvalidRequest, match="unpacked"):
        read_bundle(tmp_path / "x.zip")
    data = (tmp_path / "x.zip").read_bytes()
    at = data.index(b"PK\x01\x02")
    lied = data[: at + 24] + struct.pack("<I", 10) + data[at + 28 :]  # the directory says: ten bytes
    (tmp_path / "y.zip").write_bytes(lied)
    with pytest.raises(InvalidRequest, match="bundle_unusable"):
        read_bundle(tmp_path / "y.zip")


def test_s62_many_files_a_name_twice_a_password_and_a_strange_method_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path, {f"f{each}.json": b"" for each in range(FILES_MAX + 1)})
    with pytest.raises(InvalidRequest, match="too many"):
        read_bundle(path)
    twice = zipped({"a.json": b"{}", "b.json": b"{}"}).replace(b"b.json", b"a.json")
    path.write_bytes(twice)
    with pytest.raises(InvalidRequest, match="bundle_unusable"):
        read_bundle(path)
    for offset, value in ((6, 99), (8, 1), (8, 0x20), (8, 0x40), (10, 14)):  # its entry: version, flags, method
        data = bytearray(zipped({"a.json": b"{}"}))
        at = data.index(b"PK\x01\x02")
        data[at + offset] = value
        path.write_bytes(bytes(data))
        with pytest.raises(InvalidRequest, match="bundle_unusable"):
            read_bundle(path)


def test_a_folder_a_missing_file_and_anything_else_are_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_bytes(b"PK\x05\x06 not really")
    for path in (tmp_path, tmp_path / "none.zip", tmp_path / "text.zip"):
        with pytest.raises(InvalidRequest, match="bundle_unusable"):
            read_bundle(path)
    assert bundle_reader.ZIP_MAX < 1 << 25


@given(st.binary(max_size=200), st.integers(0, 400))
def test_a_damaged_zip_is_refused_or_read_and_never_anything_else(noise: bytes, at: int) -> None:
    data = bytearray(zipped({"sale-1.json": msgspec.json.encode(SALE)}))
    at = min(at, len(data) - 1)
    data[at : at + len(noise)] = noise
    with file_of(bytes(data)) as path, suppress(InvalidRequest):
        assert "<h1>" in page_of(read_bundle(path), WORDS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["CNY", "paid", "push"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("direction", "to", "kind", "amount_minor", "currency", "evidence", "refused", "why", "copy", "attempt")


@given(
    st.sampled_from(
        ["sale_opened", "attempt_moved", "effect_done", "attempt_started", "print_started", "nonsense"]
    ),
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6),
)
def test_rows_of_any_shape_make_a_page(kind: str, body: dict[str, object]) -> None:
    row = {"number": 1, "at_ms": 5, "counter": "1", "type": kind, "subject": "", "body": body}
    assert "<h1>" in page_of({"sale-1.json": msgspec.json.encode([row, row])}, WORDS)


def test_what_is_no_json_and_what_is_nested_without_end_is_none() -> None:
    assert data_in(b"{") is None
    assert data_in(b"\xff") is None
    assert data_in(b"[" * 100_000) is None
    assert events_in({"a": 1}) == []


@contextmanager
def file_of(data: bytes) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.zip"
        path.write_bytes(data)
        yield path
