"""A pack from shop to shop by codes: shown at one terminal, scanned at another in any order, sealed as it was."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from terminal.cli.pack_codes import version_on
from terminal.cli.words import REFUSED, USAGE
from terminal.settings import load
from terminal.visit.pack_codes import VERSION, codes_of
from tests.flows.cli_rig import Ended, Place, command
from tests.qr_seen import texts_in

pytestmark = pytest.mark.row(100)


def said(ended: Ended) -> str:
    return ended.out + ended.err


def shop(folder: Path, *changes: tuple[str, str]) -> Place:
    folder.mkdir()
    place = Place(folder)
    place.example(*changes)
    return place


def drawn(lines: Sequence[str]) -> Image.Image:
    """What a terminal shows of half blocks: each cell one module wide and two high, light on dark."""
    rows = [[part for cell in line for part in [cell in "█▀"]] for line in lines]
    lower = [[cell in "█▄" for cell in line] for line in lines]
    grey = b"".join(
        bytes(255 * lit for lit in row) for pair in zip(rows, lower, strict=True) for row in pair
    )  # two rows a line
    picture = Image.frombytes("L", (len(lines[0]), 2 * len(lines)), grey)
    return picture.resize((picture.width * 6, picture.height * 6), Image.Resampling.NEAREST)


def test_codes_shown_here_and_scanned_there_are_the_same_file_and_are_applied(tmp_path: Path) -> None:
    first = shop(tmp_path / "a", ("cashier_refund_minor = 0 ", "cashier_refund_minor = 2000 "))
    second = shop(tmp_path / "b", ('store = "s-01"', 'store = "s-02"'))
    file, came = tmp_path / "pack.json", tmp_path / "came.json"
    assert command("pack", "make", "--config", first.config, "--out", file).code == 0
    told = msgspec.json.decode(command("pack", "export", file, "--json").out)
    codes: list[str] = told["codes"]
    assert len(codes) > 1

    shown = command("pack", "export", file, "--glass", "320x240").out.splitlines()
    foot = [at for at, line in enumerate(shown) if "sealed by" in line]
    begins = [0, *(at + 1 for at in foot[:-1])]
    seen = [drawn(shown[begin:end]) for begin, end in zip(begins, foot, strict=True)]
    assert [text for each in seen for text in texts_in(each)] == codes

    typed = "\n".join([codes[-1], "6901234567892", "", codes[-1], *codes[:-1]]) + "\n"
    take = ("pack", "import", "--scan", "--out", came, "--config", second.config)
    taken = command(*take, "--key", told["key"], typed=typed)
    assert taken.code == 0, said(taken)
    assert "C-126" in taken.err, "a product's number is told, and the next code is taken"
    assert came.read_bytes() == file.read_bytes()
    assert f'countertop pack apply {came} --config {second.config} --key "{told["key"]}"' in taken.out
    assert command("pack", "apply", came, "--config", second.config, "--key", told["key"]).code == 0
    now = load(second.config).settings.shop
    assert (now.cashier_refund_minor, now.store) == (2000, "s-02")

    listed = tmp_path / "codes.txt"
    listed.write_text("\n".join(codes[:-1]))
    came.unlink()
    half = command("pack", "import", listed, "--out", came, "--config", second.config)
    assert (half.code, "C-128" in half.err, came.exists()) == (REFUSED, True, False), said(half)
    stranger = command(*take, "--key", "AAAA BBBB CCCC DDDD EEEE", typed=typed)
    assert (stranger.code, "C-97" in stranger.err, came.exists()) == (REFUSED, True, False)
    spoiled = codes_of(file.read_bytes().replace(b'"CNY"', b'"BRL"'))
    broken = command(*take, typed="\n".join(spoiled))
    assert (broken.code, "C-96" in broken.err, came.exists()) == (REFUSED, True, False), said(broken)


def test_a_pack_of_another_region_is_told_before_it_is_kept(tmp_path: Path) -> None:
    first, second = shop(tmp_path / "a"), shop(tmp_path / "b", ('"Asia/Shanghai"', '"America/Manaus"'))
    codes = msgspec.json.decode(command("pack", "export", "--config", first.config, "--json").out)["codes"]
    out = tmp_path / "came.json"
    take = ("pack", "import", "--scan", "--out", out, "--config", second.config)
    refused = command(*take, typed="\n".join(codes))
    assert (refused.code, "C-120" in refused.err, out.exists()) == (REFUSED, True, False), said(refused)


@pytest.mark.parametrize("size", ["50x50", "large", "240", "-1x9"])
def test_a_screen_that_is_none_or_too_small_is_told(tmp_path: Path, size: str) -> None:
    place = shop(tmp_path / "a")
    asked = command("pack", "export", "--config", place.config, "--glass", size)
    assert asked.code in {USAGE, REFUSED}
    assert asked.out == ""


def test_codes_are_as_large_as_their_screen_allows() -> None:
    """A version's side is 17 modules and 4 more each (ISO/IEC 18004:2015, table 1), with 4 around it."""
    assert version_on(240, 320, dots=3, quiet=4) == VERSION, "our own display's glass"
    assert version_on(160, 128, dots=3, quiet=4) == 4
    assert version_on(1024, 600, dots=3, quiet=4) == VERSION, "never larger than cheap scanners read"
    assert version_on(100, 100, dots=3, quiet=4) < 3


def test_neither_a_scanner_nor_a_file_is_a_question_back(tmp_path: Path) -> None:
    assert command("pack", "import", "--out", tmp_path / "p.json").code == USAGE
    assert command("pack", "import", tmp_path / "none.txt", "--out", tmp_path / "p.json").code == USAGE
