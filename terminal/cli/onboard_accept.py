"""``countertop onboard accept``: two people read what was proven and accept it with their PINs; the record."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from terminal.cli.client import URL
from terminal.cli.people_door import PeopleDoor, person_named, signed_in
from terminal.cli.words import REFUSED, Problem, console, errors, give_up, language, put, sentences
from terminal.help.catalogue import Catalogue
from terminal.help.languages import nearest
from terminal.visit.seal import Checked, check, digest
from terminal.whole_file import write_whole

AGAIN: Final = "code_again"  # an approver's second step was not given
Say = Callable[[str], str]


def accept(
    owner: Annotated[str, typer.Argument(help="The owner's name, as the sign-in page shows it.")],
    other: Annotated[str, typer.Argument(help="Who accepts beside the owner: the visitor.")],
    out: Annotated[Path, typer.Option(help="Where the sealed record goes.")] = Path("acceptance.json"),
    url: Annotated[str, typer.Option(envvar="COUNTERTOP_URL", help="Where the service answers.")] = URL,
    key_file: Annotated[Path | None, typer.Option(envvar="COUNTERTOP_KEY_FILE", help="API key file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Accept the open visit with two PINs, which are asked for; the sealed record is checked and kept in a file.

    What was proven is shown first, in this terminal's language. Without a needed step nobody accepts.
    """

    def ask(what: str) -> str:
        return str(typer.prompt(what, hide_input=True, err=True))

    with sentences(as_json=as_json):
        record, key = asyncio.run(_accepted((owner, other), url, key_file, ask))
        checked = check(record, kind="acceptance", key=key)
        try:
            write_whole(out, record, 0o600)
        except OSError as error:
            give_up(f"{out}: {error.strerror}", REFUSED)
    _tell(checked, record, out, as_json=as_json)


def _tell(checked: Checked, record: bytes, out: Path, *, as_json: bool) -> None:
    if as_json:
        put({"record": str(out), "key": checked.key, "sha256": digest(record)})
        return
    console.print(f"Accepted, sealed by {checked.key}", highlight=False)
    console.print(f"{out}: check it anywhere with: countertop verify {out}", highlight=False, soft_wrap=True)


async def _accepted(names: tuple[str, str], url: str, key_file: Path | None, ask: Say) -> tuple[bytes, str]:
    """The sealed record, and the key it must be sealed with. Raises Problem, NotFound, Unavailable."""
    persons = [await person_named(name, url, key_file) for name in names]
    pins: list[str] = []

    def first(what: str) -> str:
        typed = ask(f"{what}, {names[0]}")
        if what == "PIN":
            pins.append(typed)
        return typed

    async with signed_in(url, persons[0], first) as door:
        visit = await door.get("/visit")
        _show(visit)
        if visit["state"] == "open":
            await door.post("/visit/steps/acceptance/begin", {})
        pins.append(ask(f"PIN, {names[1]}"))
        signers = [{"person": person, "pin": pin} for person, pin in zip(persons, pins, strict=True)]
        told = await _signed(door, signers, names, ask)
        return await door.file(f"/visit/record?visit={told['visit']}"), str(told["key"])


async def _signed(door: PeopleDoor, signers: list[dict[str, str]], names: tuple[str, str], ask: Say) -> Any:
    """With the second step of whoever has one: a code counts once, so the one of the sign-in is over."""
    try:
        return await door.post("/visit/accept", {"signers": signers})
    except Problem as refused:
        if refused.slug != AGAIN:
            raise
    for name, signer in zip(names, signers, strict=True):
        signer["code"] = ask(f"Code, {name} (a new one; - for nobody's)").removeprefix("-")
    return await door.post("/visit/accept", {"signers": signers})


def _show(visit: Mapping[str, Any]) -> None:
    """On the other stream: the answer alone is for machines."""
    words = Catalogue.load(nearest(language()))
    for each in visit["steps"]:
        state = words.text(f"wizard.{each['result']}")
        more = f"  {each['sentence']}" if each["sentence"] else ""
        step = words.text(f"wizard.{each['step']}")
        errors.print(f"{step}: {state}{more}", highlight=False, markup=False, soft_wrap=True)
