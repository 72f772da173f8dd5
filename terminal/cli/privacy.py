"""``countertop privacy map``: what is kept of whom, and what became of it."""

from typing import Annotated, Final

import msgspec
import typer

from terminal.cli.words import console, language, put
from terminal.privacy.datamap import data_map, sheet

privacy = typer.Typer(no_args_is_help=True, help="What is kept of people, what leaves the shop, what goes when.")
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
Tongue = Annotated[str, typer.Option(help="en, zh-CN or pt-BR; else the terminal's own.")]
_NAMES_SHOWN: Final = 12


@privacy.callback()
def _group() -> None:
    """Commands about personal data."""


@privacy.command("map")
def map_(tongue: Tongue = "", as_json: Json = False) -> None:
    """Everything that is stored: purpose, legal base, how long, who sees it."""
    rows = sheet(data_map(), tongue or language())
    if as_json:
        put(msgspec.to_builtins(rows))
        return
    for row in rows:
        more = f" … {len(row.names) - _NAMES_SHOWN}" if len(row.names) > _NAMES_SHOWN else ""
        console.print(f"[bold]{row.where}[/]  {row.purpose}", highlight=False, soft_wrap=True)
        console.print(
            f"  {row.person} · {row.base} · {row.keep} · {row.readers}\n"
            f"  {', '.join(row.names[:_NAMES_SHOWN])}{more}",
            highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip
