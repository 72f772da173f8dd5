"""``countertop second-step NAME``: the code of one's phone set up in a terminal, where no browser is at hand."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import aiohttp
import msgspec
import typer

from drivers.qr import encode
from terminal.cli.client import URL, api, refusal
from terminal.cli.words import Problem, console, sentences
from terminal.errors import NotFound, Unavailable

TOTAL_S: Final = 30.0
QUIET: Final = 2  # modules around it; a terminal is light or dark all round
BLOCKS: Final = {
    (True, True): "█",
    (True, False): "▀",
    (False, True): "▄",
    (False, False): " ",
}  # upper, lower lit
Ask = Callable[[str], str]
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
        person = asyncio.run(_person(name, url, key_file))
        asyncio.run(enrol(url, person, lambda what: typer.prompt(what, hide_input=what == "PIN", err=True), show))


async def _person(name: str, url: str, key_file: Path | None) -> str:
    async with api(url, key_file) as service:
        people = (await service.get("/people"))["people"]
    found = [each["id"] for each in people if each["label"] == name]
    if len(found) != 1:
        raise NotFound("person_unknown")
    return str(found[0])


async def enrol(url: str, person: str, ask: Ask, show: Show) -> None:
    """Sign in, show the secret, prove it, show the recovery codes, sign out. Raises Problem, Unavailable."""
    timeout = aiohttp.ClientTimeout(total=TOTAL_S)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        door = _Door(session, url.rstrip("/"))
        wish = {"person": person, "pin": ask("PIN")}
        try:
            await door.post("/sign-in", wish)
        except Problem as missing:
            if missing.slug != "code_needed":
                raise
            await door.post("/sign-in", {**wish, "code": ask("Code")})
        try:
            begun = await door.post("/second-step", {})
            show(picture(begun["uri"]))
            show(begun["secret"])
            told = await door.post("/second-step/finish", {"code": ask("First code")})
            for code in told["codes"]:
                show(code)
        finally:
            await door.post("/sign-out", {})


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


class _Door:
    """Where people go, with a session's cookie; it is Secure, so the client's own jar would not send it here."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url, self._cookie = session, url, ""

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        headers = {"X-Requested-With": "countertop", **({"Cookie": self._cookie} if self._cookie else {})}
        try:
            async with self._session.post(f"{self._url}/api/v1{path}", json=body, headers=headers) as answer:
                data = await answer.read()
                told = msgspec.json.decode(data) if data else None
                for name, morsel in answer.cookies.items():
                    self._cookie = f"{name}={morsel.value}"
        except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError):
            raise Unavailable("service_not_running", url=self._url) from None
        if answer.status >= 400:
            raise refusal(answer.status, told)
        return told
