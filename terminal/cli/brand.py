"""``countertop brand apply | show | remove``: the shop under a bank's name, without a rebuild or a restart."""

from typing import Annotated

import typer

from terminal.brand.brand import BadBrand, Brand, contrast
from terminal.brand.logo import kept
from terminal.brand.shelf import SHIPPED, BrandShelf, read_brand
from terminal.cli.journal import Config
from terminal.cli.words import REFUSED, USAGE, console, give_up, language, put, sentences
from terminal.settings import load

brand = typer.Typer(no_args_is_help=True, help="A bank's name, colours and sign on screens and paper.")
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


@brand.command()
def apply(
    name: Annotated[
        str, typer.Argument(help="A brand that ships, such as demo-bank, or a file.", metavar="FILE|NAME")
    ],
    config: Config,
    as_json: AsJson = False,
) -> None:
    """Check a brand and put it on; pages have it at their next reload, paper and display with the next slip."""
    found = _read(name)
    with sentences(as_json=as_json):
        shelf = BrandShelf(load(config).state)
    try:
        shelf.keep(found)
    except OSError as error:
        give_up(f"The brand could not be kept, so nothing was changed: {error.strerror}.", REFUSED)
    _tell(found, as_json=as_json)


@brand.command()
def show(config: Config, as_json: AsJson = False) -> None:
    """Which brand is on now."""
    with sentences(as_json=as_json):
        found = BrandShelf(load(config).state)()
    if found is None:
        there = ", ".join(each.stem for each in sorted(SHIPPED.glob("*.toml")))
        if as_json:
            put(None)
        else:
            _say(f"No brand is applied. There are: {there}. Your own is a file NAME.toml.")
        return
    _tell(found, as_json=as_json)


@brand.command()
def remove(config: Config) -> None:
    """Take the brand off; the shop's own name stays."""
    with sentences():
        shelf = BrandShelf(load(config).state)
    try:
        gone = shelf.remove()
    except OSError as error:
        give_up(f"The brand could not be removed: {error.strerror}.", REFUSED)
    _say("The brand is removed." if gone else "There was no brand.")


def _read(name: str) -> Brand:
    try:
        return read_brand(name)
    except BadBrand as wrong:
        give_up(str(wrong), USAGE)
    except OSError as error:
        give_up(f"{name}: {error.strerror}.", USAGE)


def _tell(found: Brand, *, as_json: bool) -> None:
    if as_json:
        put({
            "name": found.name, "bank": found.bank, "hotline": found.hotline, "hours": found.hours,
            "band": found.band, "text": found.text, "logo_bytes": len(found.logo),
            "footer": dict(found.footer),
            "links": [{"title": each.title, "url": each.url} for each in found.links],
        })  # fmt: skip
        return
    ratio = contrast(found.band, found.text)
    for what, told in (
        ("brand", found.name),
        ("bank", found.bank),
        ("hotline", f"{found.hotline} {found.hours}".strip()),
        ("colours", f"{found.text} on {found.band}, contrast {ratio:.1f}"),
        ("sign", _sign(found.logo)),
        *(("receipt", line) for line in found.foot(language())),
        *(("link", f"{each.title}: {each.url}") for each in found.links),
    ):
        _say(f"{what:8} {told}")


def _sign(logo: bytes) -> str:
    if not logo:
        return "none"
    try:
        kept(logo)
    except BadBrand:
        return "damaged, paper and cards come without it: apply the brand again"
    return f"{len(logo)} bytes of PNG"


def _say(text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)
