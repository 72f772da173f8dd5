"""``countertop sheet``: which leg of this terminal is dead, on screen and on its receipt printer (row 96)."""

import asyncio
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from terminal.cli.client import URL, api
from terminal.cli.words import console, language, put, sentences
from terminal.help.catalogue import Catalogue

DEAD: Final = 3
COLOURS: Final = {"ok": "green", "dead": "red", "cannot_tell": "magenta"}


def sheet(
    counter: Annotated[str, typer.Option(help="Whose printer is looked at.")] = "1",
    on_paper: Annotated[
        bool, typer.Option("--print", help="Print it on this counter's receipt printer too.")
    ] = False,
    url: Annotated[str, typer.Option(envvar="COUNTERTOP_URL", help="Where the service answers.")] = URL,
    key_file: Annotated[Path | None, typer.Option(envvar="COUNTERTOP_KEY_FILE", help="API key file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Printer, network, internet, bank, clock: each works, is dead, or nobody can tell, with what mends it.

    Ends with 3 when a leg is dead. The code of a visit is made on the page /setup/sheet, with the owner's PIN.
    """
    with sentences(as_json=as_json):
        told = asyncio.run(_ask(url, key_file, counter, on_paper=on_paper))
        if as_json:
            put(told)
        else:
            _tell(told)
        if any(each["state"] == "dead" for each in told["legs"]):
            raise typer.Exit(DEAD)


async def _ask(url: str, key_file: Path | None, counter: str, *, on_paper: bool) -> Any:
    async with api(url, key_file) as service:
        told = await service.get("/sheet", counter=counter)
        if on_paper:
            await service.post("/sheet/print", {"counter": counter})
        return told


def _tell(told: Any) -> None:
    words, screen = Catalogue.load(language()), console
    screen.print(f"{told['shop']} · {told['terminal']} · {told['version']}", markup=False, highlight=False)
    for leg in told["legs"]:
        name = " · ".join(each for each in (words.text(f"sheet.{leg['name']}"), leg["of"]) if each)
        state = words.text(f"sheet.{leg['state']}")
        screen.print(f"{name}: {state}", style=COLOURS[leg["state"]], markup=False, highlight=False)
        if leg["sentence"]:
            screen.print(f"  {leg['code']} {leg['sentence']} {leg['fix']}", markup=False, highlight=False)
