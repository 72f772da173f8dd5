"""``countertop security rotate``: new keys for the journal, with the service stopped (S17, S41)."""

import asyncio
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
import typer

from terminal.cli.words import console, put, sentences
from terminal.errors import BadSettings
from terminal.journal.rotate import Rotation, rotate
from terminal.payments.event import Actor, NewEvent
from terminal.settings import Loaded, load
from terminal.system import SystemClock, SystemEntropy
from terminal.wiring.stores import journal_path, keys_folder, open_journal

OPERATOR: Final = Actor("system", "security-command")


def rotate_keys(
    what: Annotated[Literal["journal-keys"], typer.Argument(help="Which keys: those of chain and personal data.")],
    config: Annotated[Path, typer.Option(help="The settings file of the service.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but take the new keys up.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """New keys for what is written from now on; stop the service first. It may be killed and run again.

    What was written stays provable and readable by the old keys, which stay in the key file.
    """
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


async def _record(loaded: Loaded, told: Rotation) -> None:
    """The first event under the new key says so: who did it, and when."""
    clock = SystemClock()
    body = {"chain_key": told.chain_id, "personal_key": told.personal_id, "at_ms": clock.wall_ms()}
    store = f"store:{loaded.settings.shop.store}"
    async with open_journal(loaded, clock, SystemEntropy()) as journal:
        await journal.append([NewEvent(store, "journal_keys_changed", store, OPERATOR, body)])
