"""``countertop preset list | show``: what the shop's presets set, and why."""

from typing import Annotated, Any

import msgspec
import typer

from terminal.cli.words import USAGE, console, give_up, language, put, sentences
from terminal.help.languages import nearest
from terminal.payments.currencies import EXPONENTS
from terminal.visit import presets as shipped

preset = typer.Typer(no_args_is_help=True, help="Presets of shops: small readable files.")
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


@preset.command("list")
def list_(as_json: AsJson = False) -> None:
    """Every preset with its title."""
    spoken, found = nearest(language()), shipped.presets().values()
    if as_json:
        put([{"name": each.name, "title": each.title.of(spoken), "why": each.why.of(spoken)} for each in found])
        return
    for each in found:
        console.print(f"{each.name:<18}{each.title.of(spoken)}", highlight=False)


@preset.command()
def show(
    name: Annotated[str, typer.Argument(help="One of countertop preset list.")],
    currency: Annotated[str, typer.Option(help="Whose smallest units amounts are told in.")] = "CNY",
    as_json: AsJson = False,
) -> None:
    """What a preset sets, as it stands in the settings file."""
    if currency not in EXPONENTS:
        give_up(f"{currency!r} is no currency of ISO 4217.", USAGE)
    with sentences(as_json=as_json):
        found = shipped.preset(name)
    if as_json:
        put({**msgspec.to_builtins(found), "shop": found.settings(currency)})
        return
    spoken = nearest(language())
    console.print(
        f"{found.title.of(spoken)}: {found.why.of(spoken)}", highlight=False, markup=False, soft_wrap=True
    )
    for line in shop_lines(found.settings(currency)):
        console.print(line, highlight=False, markup=False)
    console.print(f"# devices: {', '.join(found.devices)}", highlight=False)


def shop_lines(values: dict[str, Any]) -> list[str]:
    """[shop] as TOML; a JSON text, number or truth is one of TOML too."""
    return ["[shop]", *(f"{name} = {msgspec.json.encode(value).decode()}" for name, value in values.items())]
