"""A bill becomes a file only when it is whole: packed, hashed, bounded, and never by a name of somebody else's."""

import gzip
import hashlib
import zlib
from pathlib import Path

import pytest

from terminal.banks.alipay_zip import SMALL
from terminal.banks.bill_file import BillFile, BillUnusable
from tests.unit.banks.alipay_bills import PID, bill, packed, payment

CONTENT = "`交易,`时间\r\n".encode() * 400
SHA1 = hashlib.sha1(CONTENT, usedforsecurity=False).hexdigest()
PACKED = gzip.compress(CONTENT)


def names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


def kept(folder: Path, data: bytes, *, packing: str = "gzip", sha1: str = SHA1, piece: int = 100) -> Path:
    file = BillFile(folder, "wallet-1-trade-2026-11-01.csv", packing)
    try:
        for at in range(0, len(data), piece):
            file.write(data[at : at + piece])
        return file.finish(sha1)
    finally:
        file.discard()


@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_a_packed_bill_arrives_in_any_pieces(tmp_path: Path, piece: int) -> None:
    found = kept(tmp_path, PACKED, piece=piece)
    assert found.read_bytes() == CONTENT
    assert found.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == [found.name]


def test_a_plain_bill_and_one_fetched_again(tmp_path: Path) -> None:
    assert kept(tmp_path, CONTENT, packing="", sha1=SHA1.upper()) == kept(tmp_path, PACKED)
    assert len(names(tmp_path)) == 1


@pytest.mark.parametrize(
    ("data", "packing", "sha1", "why"),
    [
        (PACKED, "gzip", hashlib.sha1(PACKED, usedforsecurity=False).hexdigest(), "hash_wrong"),
        (PACKED[:-9], "gzip", SHA1, "cut_short"),
        (b"<html>busy</html>", "gzip", SHA1, "cut_short"),
        (CONTENT[:-1], "", SHA1, "hash_wrong"),
        (b"no archive", "zip", "", "zip_unusable"),
        (gzip.compress(b"0" * (10 * SMALL)), "gzip", SHA1, "too_large"),
    ],
    ids=["hash of the packed bytes", "cut", "a page", "a byte lost", "no archive", "bomb"],
)
def test_b3_b12_what_is_not_the_bill_leaves_nothing(
    tmp_path: Path, data: bytes, packing: str, sha1: str, why: str
) -> None:
    with pytest.raises(BillUnusable, match=why):
        kept(tmp_path, data, packing=packing, sha1=sha1, piece=1 << 16)
    assert names(tmp_path) == []


def test_b3_a_bomb_that_gives_more_than_it_takes_is_seen_before_it_is_written(tmp_path: Path) -> None:
    squeezed = zlib.compressobj(9, wbits=31)
    bomb = squeezed.compress(b"0" * (20 * SMALL)) + squeezed.flush()
    file = BillFile(tmp_path, "bill.csv", "gzip")
    with pytest.raises(BillUnusable, match="too_large"):
        file.write(bomb)  # in one piece
    assert (tmp_path / "bill.csv.part").stat().st_size <= len(bomb) * 100 + SMALL
    file.discard()


def test_of_an_archive_the_details_are_kept(tmp_path: Path) -> None:
    details = b"".join(bill(payment()))
    archive = packed({f"{PID}_20261101_业务明细(汇总).csv": b"#", f"../{PID}_20261101_业务明细.csv": details})
    found = kept(tmp_path, archive, packing="zip", sha1="")
    assert found.read_bytes() == details
    assert names(tmp_path) == [found.name]


def test_f4_a_link_planted_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("precious")
    folder = tmp_path / "bills"
    folder.mkdir()
    name = "wallet-1-trade-2026-11-01.csv"
    (folder / f"{name}.part").symlink_to(elsewhere)
    (folder / name).symlink_to(elsewhere)
    assert kept(folder, PACKED).read_bytes() == CONTENT
    assert elsewhere.read_text() == "precious"
    assert not (folder / name).is_symlink()
