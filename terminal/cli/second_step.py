"""``countertop second-step NAME``: the code of one's phone set up in a terminal, where no browser is at hand."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from drivers.qr import encode
from terminal.cli.client import URL
from terminal.cli.people_door import Ask, person_named, signed_in
from terminal.cli.words import console, sentences

QUIET: Final = 2  # modules around it; a terminal is light or dark all round
BLOCKS: Final = {
    (True, True): "█",
    (True, False): "▀",
    (False, True): "▄",
    (False, False): " ",
}  # upper, lower lit
Show = Callable[[str], None]


def second_step(
    name: Annotated[str, typer.Argument(help="Whose: a name as the sign-in page shows it.")],
    url: Annotated[str, typer.Option(envvar="COUNTERTOP_URL", help="Where the service answers.")] = URL,
    key_file: Annotated[Path | None, typer.Option(envvar="COUNTERTOP_KEY_FILE", help="API key file.")] = None,
) -> None:
    """Show a secret once, as a picture for the phone; in force after its first code. The PIN is asked for."""

    def show(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    with sentences():
        person = asyncio.run(person_named(name, url, key_file))
        asyncio.run(enrol(url, person, lambda what: typer.prompt(what, hide_input=what == "PIN", err=True), show))


async def enrol(url: str, person: str, ask: Ask, show: Show) -> None:
    """Sign in, show the secret, prove it, show the recovery codes, sign out. Raises Problem, Unavailable."""
    async with signed_in(url, person, ask) as door:
        begun = await door.post("/second-step", {})
        show(picture(begun["uri"]))
        show(begun["secret"])
        told = await door.post("/second-step/finish", {"code": ask("First code")})
        for code in told["codes"]:
            show(code)


def picture(text: str) -> str:
    """A code of half blocks: two rows a line, light on dark, which phones read as well as the other way."""
    code = encode(text)
    bits = bin(int.from_bytes(b"\x01" + code.packed))[3:]
    side = code.size + 2 * QUIET

    def lit(x: int, y: int) -> bool:
        row, column = y - QUIET, x - QUIET
        inside = 0 <= row < code.size and 0 <= column < code.size
        return y < side and not (inside and bits[row * code.size + column] == "1")

    return "\n".join("".join(BLOCKS[lit(x, y), lit(x, y + 1)] for x in range(side)) for y in range(0, side, 2))
