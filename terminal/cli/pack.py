"""``countertop pack make | show | apply | export | import``: how one shop is run, sealed, for the next one."""

import os
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from terminal.brand.brand import BadBrand, Brand
from terminal.brand.shelf import BrandShelf, brand_of
from terminal.cli.pack_codes import DEMO, AsJson, Config, export, sealed_here, take
from terminal.cli.preset import shop_lines
from terminal.cli.verify import read
from terminal.cli.words import REFUSED, USAGE, console, give_up, put, sentences
from terminal.errors import InvalidRequest
from terminal.settings import Problems, load
from terminal.visit.pack import WHY_MAX, Pack, applied, read_pack, toml
from terminal.visit.seal import check
from terminal.whole_file import Owner, take_place, write_whole

pack = typer.Typer(no_args_is_help=True, help="Settings packs: how one shop is run, for the next; no secrets.")
File = Annotated[Path, typer.Argument(help="The pack.")]
Key = Annotated[str, typer.Option(help="The key on the sheet of the shop it came from.")]
BEFORE: Final = ".before-pack"
KEPT_MAX: Final = 99
pack.command()(export)
pack.command("import")(take)


@pack.command()
def make(
    config: Config = DEMO,
    out: Annotated[Path, typer.Option(help="Where it goes.")] = Path("pack.json"),
    as_json: AsJson = False,
) -> None:
    """Seal this shop's limits, rules, languages, kinds of devices and brand; no account, key, port or name."""
    with sentences(as_json=as_json):
        loaded = load(config)
        data = sealed_here(loaded, BrandShelf(loaded.state).text())
        checked = check(data, kind="pack")
        try:
            write_whole(out, data, 0o644)
        except OSError as error:
            give_up(f"{error.filename or out}: {error.strerror}", REFUSED)
    if as_json:
        put({"pack": str(out), "key": checked.key, "document": checked.document})
        return
    console.print(f"{out}: sealed by {checked.key}", highlight=False, soft_wrap=True)


@pack.command()
def show(file: File, key: Key = "", as_json: AsJson = False) -> None:
    """What is in a pack, once its seal was checked."""
    data = read(file)
    with sentences(as_json=as_json):
        checked = check(data, kind="pack", key=key)
        told = read_pack(checked.document)
    if as_json:
        put({"key": checked.key, "document": checked.document})
        return
    at = datetime.fromtimestamp(told.made_ms / 1000, UTC)
    console.print(f"sealed by {checked.key}, {at:%Y-%m-%d}, for {told.currency} in {told.zone}", highlight=False)
    for line in shop_lines(told.shop):
        console.print(line, highlight=False, markup=False)
    for each in told.counters:
        console.print(f"# a counter with {', '.join(each.devices) or 'no device'}", highlight=False)
    if told.brand:
        console.print("# a bank's brand, for a shop that has none", highlight=False)


@pack.command()
def apply(file: File, config: Config = DEMO, key: Key = "", as_json: AsJson = False) -> None:
    """Take a pack over into this shop's settings, all of it or nothing; the file before is kept beside it.

    It sets who may give money back: --key is asked for, so that nobody takes a stranger's. A brand that the shop
    has already stays.
    """
    data = read(file)
    if not key:
        with sentences(as_json=as_json):
            whose = check(data, kind="pack").key
        give_up(f'It is sealed by {whose}. Compare with the sheet of its shop, then: --key "{whose}"', USAGE)
    with sentences(as_json=as_json):
        checked = check(data, kind="pack", key=key)
        told = read_pack(checked.document)
        shelf = BrandShelf(load(config).state)  # what is not sound now is not made worse
        before = config.read_bytes()
        made = applied(told, tomllib.loads(before.decode("utf-8")))
        kept = _write(config, before, made, shelf, _brand(told))
    if as_json:
        put({"config": str(config), "before": str(kept), "key": checked.key})
        return
    console.print(f"{config}: the pack is in it, from the next start on. Before: {kept}", soft_wrap=True)


def _brand(told: Pack) -> Brand | None:
    """Raises InvalidRequest("pack_unusable"): it is none, or its sign is no picture."""
    try:
        return brand_of(told.brand.encode()) if told.brand else None
    except BadBrand as wrong:
        raise InvalidRequest("pack_unusable", why=wrong.complaints[0][:WHY_MAX]) from None


def _write(config: Path, before: bytes, made: dict[str, Any], shelf: BrandShelf, brand: Brand | None) -> Path:
    """Only a file that the service would start with takes the place. Raises InvalidRequest("pack_unusable")."""
    draft, kept = config.with_name(f"{config.name}.draft"), _free(config)
    head = f"# Written by countertop pack apply; what stood here before, with its comments: {kept.name}\n"
    try:
        _write_like(config, draft, (head + toml(made)).encode())
        load(draft)
        _write_like(config, kept, before)
        if brand is not None and shelf() is None:  # first: killed in between, the same pack may be applied again
            shelf.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            shelf.keep(brand)
        take_place(draft, config)
    except Problems as wrong:
        raise InvalidRequest("pack_unusable", why=str(wrong.problems[0])) from None
    except OSError as error:
        give_up(f"{config}: {error.strerror}", REFUSED)
    finally:
        draft.unlink(missing_ok=True)
    return kept


def _free(config: Path) -> Path:
    """A name that is free: what a person wrote, with its comments, is never written over."""
    first = config.with_name(config.name + BEFORE)
    names = [first, *(first.with_name(f"{first.name}-{n}") for n in range(2, KEPT_MAX + 1))]
    found = next((each for each in names if not each.exists()), None)
    if found is None:
        give_up(
            f"{first} and {KEPT_MAX - 1} more are there already: move what you want to keep elsewhere.", REFUSED
        )
    return found


def _write_like(config: Path, path: Path, data: bytes) -> None:
    """With owner, group and mode of ``config``: root writes here, and the service must still read it."""
    like = config.stat()
    owner = Owner(like.st_uid, like.st_gid) if os.geteuid() == 0 else None
    write_whole(path, data, like.st_mode & 0o777, owner)
