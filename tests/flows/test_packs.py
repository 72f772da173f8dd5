"""How one shop is run, carried to the next: sealed, all or nothing, the file before kept."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from terminal.brand.shelf import SHIPPED, BrandShelf, read_brand
from terminal.cli.words import REFUSED, SETTINGS, USAGE
from terminal.settings import load
from terminal.system import SystemEntropy
from terminal.visit.keys import open_key
from terminal.visit.seal import check, seal
from tests.flows.cli_rig import Ended, Place, command

pytestmark = pytest.mark.row(100)
DEMO = (SHIPPED / "demo-bank.toml").read_text("utf-8")


GIVEN: list[object] = []


def _heard(event: str, facts: tuple[object, ...]) -> None:
    if event in {"os.chmod", "os.chown"}:
        GIVEN.append(facts[0])


sys.addaudithook(_heard)  # what the interpreter says of owners and modes; it cannot be taken away again


def said(ended: Ended) -> str:
    return ended.out + ended.err


def shop(folder: Path, *changes: tuple[str, str]) -> Place:
    folder.mkdir()
    place = Place(folder)
    place.example(*changes)
    return place


def test_a_pack_goes_from_shop_to_shop_all_of_it_or_nothing(tmp_path: Path) -> None:
    first = shop(tmp_path / "a", ("cashier_refund_minor = 0 ", "cashier_refund_minor = 2000 "))
    second = shop(tmp_path / "b", ('store = "s-01"', 'store = "s-02"'))
    file = tmp_path / "pack.json"
    made = command("pack", "make", "--config", first.config, "--out", file)
    assert made.code == 0, said(made)
    key = said(made).partition("sealed by ")[2].strip()
    assert (first.state / "keys" / "visit.pub").exists()
    assert "cashier_refund_minor = 2000" in said(command("pack", "show", file, "--key", key))

    before = second.config.read_bytes()
    applied = command("pack", "apply", file, "--config", second.config, "--key", key)
    assert applied.code == 0, said(applied)
    now = load(second.config).settings.shop
    assert (now.cashier_refund_minor, now.store) == (2000, "s-02")
    assert second.config.with_name("countertop.toml.before-pack").read_bytes() == before
    assert not second.config.with_name("countertop.toml.draft").exists()

    between = second.config.read_bytes()
    assert command("pack", "apply", file, "--config", second.config, "--key", key).code == 0
    kept = sorted(each.name for each in second.config.parent.glob("countertop.toml.before-pack*"))
    assert kept == ["countertop.toml.before-pack", "countertop.toml.before-pack-2"]
    assert second.config.with_name(kept[0]).read_bytes() == before, "what a person wrote is never written over"
    assert second.config.with_name(kept[1]).read_bytes() == between


def test_the_banks_brand_goes_along_in_the_file_and_replaces_none(tmp_path: Path) -> None:
    first, second, third = (shop(tmp_path / each) for each in "abc")
    bank = read_brand("demo-bank")
    for place in (first, third):
        place.state.mkdir()
    BrandShelf(first.state).keep(bank)
    BrandShelf(third.state).keep(own := replace(bank, name="own", bank="Own Bank"))
    file = tmp_path / "pack.json"
    key = said(command("pack", "make", "--config", first.config, "--out", file)).partition("sealed by ")[2].strip()
    assert "# a bank's brand" in said(command("pack", "show", file))
    codes = msgspec.json.decode(command("pack", "export", "--config", first.config, "--json").out)["codes"]
    assert len(codes) < 9, "a sign would be one code after the other: by codes it stays at home"
    for place, wanted in ((second, bank), (third, own)):
        applied = command("pack", "apply", file, "--config", place.config, "--key", key)
        assert applied.code == 0, said(applied)
        assert BrandShelf(place.state)() == wanted


@pytest.mark.parametrize("brand", ["no brand", DEMO.replace("logo = ", "logo_png = 'QUJD' #")])
def test_a_brand_that_is_none_is_refused_with_its_whole_pack(tmp_path: Path, brand: str) -> None:
    place, file = shop(tmp_path / "a"), tmp_path / "pack.json"
    command("pack", "make", "--config", place.config, "--out", file)
    document = dict(check(file.read_bytes()).document) | {"brand": brand}
    file.write_bytes(seal("pack", document, open_key(place.state / "keys", SystemEntropy())))
    before = place.config.read_bytes()
    key = check(file.read_bytes()).key
    refused = command("pack", "apply", file, "--config", place.config, "--key", key)
    assert (refused.code, "C-122" in refused.err) == (REFUSED, True), said(refused)
    assert (place.config.read_bytes(), BrandShelf(place.state)()) == (before, None)


def test_the_service_still_reads_settings_that_root_applied_a_pack_to(tmp_path: Path) -> None:
    place, file = shop(tmp_path / "a"), tmp_path / "pack.json"
    key = said(command("pack", "make", "--config", place.config, "--out", file)).partition("sealed by ")[2].strip()
    if os.geteuid() == 0:
        os.chown(place.config, 0, 4242)
    place.config.chmod(0o640)
    before = place.config.stat()
    umask = os.umask(0o077)
    GIVEN.clear()
    try:
        assert command("pack", "apply", file, "--config", place.config, "--key", key).code == 0
    finally:
        os.umask(umask)
    assert [each for each in GIVEN if not isinstance(each, int)] == [], "by name: a link would lead elsewhere"
    assert len(GIVEN) >= 2, "the file before and the new one"
    for path in (place.config, place.config.with_name("countertop.toml.before-pack")):
        now = path.stat()
        assert (now.st_mode, now.st_uid, now.st_gid) == (before.st_mode, before.st_uid, before.st_gid), path.name


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ((('currency = "CNY"', 'currency = "BRL"'),), "C-121"),
        ((('zone = "Asia/Shanghai"', 'zone = "America/Manaus"'),), "C-120"),
    ],
)
def test_another_money_or_region_changes_nothing(
    tmp_path: Path, changes: tuple[tuple[str, str]], slug: str
) -> None:
    first, second = shop(tmp_path / "a"), shop(tmp_path / "b", *changes)
    file = tmp_path / "pack.json"
    key = said(command("pack", "make", "--config", first.config, "--out", file)).partition("sealed by ")[2].strip()
    before = second.config.read_bytes()
    refused = command("pack", "apply", file, "--config", second.config, "--key", key)
    assert refused.code in {REFUSED, SETTINGS}, said(refused)
    assert slug in said(refused)
    assert second.config.read_bytes() == before
    assert not second.config.with_name("countertop.toml.before-pack").exists()


def test_a_broken_seal_or_a_stranger_changes_nothing(tmp_path: Path) -> None:
    place, file = shop(tmp_path / "a"), tmp_path / "pack.json"
    assert command("pack", "make", "--config", place.config, "--out", file).code == 0
    before = place.config.read_bytes()
    assert command("pack", "apply", file, "--config", place.config).code == USAGE, "whose it is must be said"
    strange = command("pack", "apply", file, "--config", place.config, "--key", "AAAA BBBB CCCC DDDD EEEE")
    assert (strange.code, "C-97" in said(strange)) == (REFUSED, True)
    data = bytearray(file.read_bytes())
    data[-30] ^= 4
    file.write_bytes(bytes(data))
    unnamed = command("pack", "apply", file, "--config", place.config)
    assert (unnamed.code, "C-9" in said(unnamed)) == (REFUSED, True), "nobody is told to trust it"
    broken = command("pack", "apply", file, "--config", place.config, "--key", "AAAA BBBB CCCC DDDD EEEE")
    assert broken.code == REFUSED
    assert "C-96" in said(broken) or "C-94" in said(broken)
    assert command("verify", file).code == REFUSED
    assert place.config.read_bytes() == before
