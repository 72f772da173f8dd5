"""``countertop security owner-pin``: the only owner gets in no more; with the service stopped."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from terminal.cli.words import console, put, sentences
from terminal.counter.feed import Feed
from terminal.errors import BadSettings, NotFound
from terminal.payments.event import Actor
from terminal.people.pins import check_new
from terminal.settings import Loaded, load
from terminal.system import SystemClock, SystemEntropy, SystemIds
from terminal.wiring.house import people_of, pepper_of
from terminal.wiring.stores import journal_path, open_journal

OPERATOR: Final = Actor("system", "security-command")


def owner_pin(
    config: Annotated[Path, typer.Option(help="The settings file of the service.")],
    name: Annotated[
        str, typer.Argument(help="Whose, as the sign-in page shows it; the only owner's without.")
    ] = "",
    phone: Annotated[bool, typer.Option("--phone", help="Take the phone's codes away too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """A new PIN for an owner whom no other owner can help; stop the service first. The PIN is asked for twice.

    Who may do this holds the disk, the secrets file and the machine's user. The journal says that it was done.
    """
    with sentences(as_json=as_json):
        loaded = load(config)
        if loaded.settings.journal.store != "sqlite":
            why = "on a shared journal another machine's owner page sets it"
            raise BadSettings("config_value_wrong", key="journal.store", why=why)
        if not journal_path(loaded).exists():
            raise NotFound("person_unknown")
        pin = str(typer.prompt("New PIN", hide_input=True, confirmation_prompt=True, err=True))
        check_new(pin)
        label = asyncio.run(_set(loaded, name, pin, phone=phone))
    if as_json:
        put({"owner": label, "phone": phone})
        return
    console.print(f"{label} has a new PIN. Start the service, sign in, and tell nobody.", highlight=False)


async def _set(loaded: Loaded, name: str, pin: str, *, phone: bool) -> str:
    clock, entropy = SystemClock(), SystemEntropy()
    machine = clock, entropy, SystemIds()
    async with open_journal(loaded, clock, entropy) as journal:
        people = people_of(loaded, Feed(journal), machine, pepper_of(loaded))
        return await people.help_owner(OPERATOR, name, pin, phone=phone)
