"""``countertop security rotate``: new keys for the journal, the service stopped; new certificates (S17, S41)."""

import asyncio
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
import typer

from terminal.cli.words import REFUSED, console, give_up, put, sentences
from terminal.errors import BadSettings
from terminal.journal.rotate import Rotation, rotate
from terminal.payments.event import Actor, NewEvent
from terminal.settings import Loaded, load
from terminal.system import SystemClock, SystemEntropy
from terminal.wiring.own_certificates import renew_machine, renew_phones
from terminal.wiring.stores import journal_path, keys_folder, open_journal

OPERATOR: Final = Actor("system", "security-command")


def rotate_keys(
    what: Annotated[
        Literal["journal-keys", "machine-certificate", "phones-certificate"],
        typer.Argument(help="Those of chain and personal data; what tills trust; what phones installed."),
    ],
    config: Annotated[Path, typer.Option(help="The settings file of the service.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but take the new keys up.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """New keys for the journal, with the service stopped; new certificates. It may be killed and run again.

    What was written stays provable and readable by the old keys, which stay in the key file. A certificate's
    old file is gone: whoever trusts it must be given the new one.
    """
    if what != "journal-keys":
        _certificates(what, config, dry_run=dry_run, as_json=as_json)
        return
    with sentences(as_json=as_json):
        loaded = load(config)
        if loaded.settings.journal.store != "sqlite":
            why = "machines share these keys: see docs/journal-postgres.md"
            raise BadSettings("config_value_wrong", key="journal.store", why=why)
        told = rotate(journal_path(loaded), keys_folder(loaded), SystemEntropy(), rehearse=dry_run)
        if not dry_run:
            asyncio.run(_record(loaded, told))
    if as_json:
        put({"what": what, "taken_up": not dry_run, **msgspec.to_builtins(told)})
    elif dry_run:
        console.print(f"Rehearsed: {told.events} events verify under the new ring. Nothing was changed.")
    else:
        console.print(
            f"New keys are in force; {told.events} older events verify. Make a backup now: it holds the keys."
        )


def _certificates(what: str, config: Path, *, dry_run: bool, as_json: bool) -> None:
    phones = what == "phones-certificate"
    with sentences(as_json=as_json):
        loaded = load(config)
        try:
            made = (renew_phones if phones else renew_machine)(loaded, SystemClock(), rehearse=dry_run)
        except OSError as error:
            give_up(f"{error.filename}: {error.strerror}", REFUSED)
    if as_json:
        put({"what": what, "taken_up": not dry_run, "files": [str(each) for each in made]})
        return
    then = (
        "A running service takes it up within the hour. Install it from /setup/lan on the phones."
        if phones
        else "Restart the service, then give each file to the tills and reverse proxies that trust it."
    )
    for each in made:
        console.print(f"{'Would be new' if dry_run else 'New'}: {each}", highlight=False, soft_wrap=True)
    console.print(
        then if made else "The settings have no use for one: nothing to do.", highlight=False, soft_wrap=True
    )


async def _record(loaded: Loaded, told: Rotation) -> None:
    """The first event under the new key says so: who did it, and when."""
    clock = SystemClock()
    body = {"chain_key": told.chain_id, "personal_key": told.personal_id, "at_ms": clock.wall_ms()}
    store = f"store:{loaded.settings.shop.store}"
    async with open_journal(loaded, clock, SystemEntropy()) as journal:
        await journal.append([NewEvent(store, "journal_keys_changed", store, OPERATOR, body)])
