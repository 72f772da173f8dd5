"""``countertop help P-03``: an error's sentence and fix, by its printed code or by words, without a network."""

from typing import Annotated

import typer

from terminal.cli.words import REFUSED, console, language, put
from terminal.help.search import QUERY_MAX, found


def help_(
    words: Annotated[list[str], typer.Argument(help="A printed code such as P-03, or words: paper.")],
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """What an error code means and what to do, in this terminal's language."""
    entries = found(" ".join(words)[:QUERY_MAX], language())
    if as_json:
        put(
            [
                {"code": each.told.code, "slug": each.slug, "sentence": each.told.sentence, "fix": each.told.fix}
                for each in entries
            ]
        )
    for each in () if as_json else entries:
        console.print(f"[bold]{each.told.code}[/]  ", end="", highlight=False)
        console.print(each.told.sentence, markup=False, highlight=False, soft_wrap=True)
        console.print(f"      {each.told.fix}", markup=False, highlight=False, soft_wrap=True)
    if not entries:
        if not as_json:
            console.print("Nothing fits. Try one word: paper, scanner, bank.", highlight=False)
        raise typer.Exit(REFUSED)
