"""``countertop update install | back | self-test``: a signed version beside the old one, tried, then taken."""

import asyncio
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
import typer

from terminal.cli.words import console, put, sentences
from terminal.errors import BadSettings, JournalError
from terminal.journal.backup import copy_journal
from terminal.journal.keys import JournalKeys
from terminal.journal.schema import MIGRATIONS, connect, version_of
from terminal.journal.sqlite import SqliteJournal
from terminal.settings import Loaded, load
from terminal.system import SystemClock, SystemEntropy
from terminal.versions.home import Home, Release
from terminal.versions.parts import PROGRAM
from terminal.versions.wheels import LOCK
from terminal.wiring.stores import checkpoints_path, identity_of, journal_path, keys_folder

update = typer.Typer(no_args_is_help=True, help="Bring a new version, try it, and go back if it is not liked.")
LIMIT_S: Final = 900.0
SEED: Final = 1
_QUIET: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
HomeFolder = Annotated[Path, typer.Option("--home", help="The folder of all versions.")]
Config = Annotated[Path, typer.Option(help="The settings file of the service.")]
OPT: Final = Path("/opt/countertop")


class Machine:
    """The tools of this machine: venv, pip, and the program that was installed."""

    def install(self, environment: Path, wheels: Path) -> None:
        _run(sys.executable, "-m", "venv", environment)
        _run(
            environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            "--no-index", "--find-links", wheels, "--only-binary", ":all:", "--require-hashes",
            "-r", environment / LOCK,
        )  # fmt: skip

    def self_test(self, environment: Path, config: Path) -> Release:
        program = environment / "bin" / PROGRAM
        told = _run(program, "update", "self-test", "--config", config, owner=owner_of(config))
        try:
            return msgspec.json.decode(told, type=Release)
        except ValueError:
            raise BadSettings("update_failed", why="the new version does not say what it is") from None


def owner_of(config: Path) -> tuple[int, int] | None:
    """Root asks as the service's own user: its keys are for nobody else, and new code needs no more (S70)."""
    state = load(config).state
    if os.geteuid() != 0 or not state.exists():
        return None
    told = state.stat()
    return told.st_uid, told.st_gid


def _run(*words: str | Path, owner: tuple[int, int] | None = None) -> bytes:
    """``owner``: who runs it, user and group; else whoever we are."""
    user, group = owner or (None, None)
    try:
        ended = subprocess.run(  # noqa: S603  # our own words: python, pip, and the program that was just installed
            [str(each) for each in words], capture_output=True, timeout=LIMIT_S, check=False,
            user=user, group=group, extra_groups=None if owner is None else [],
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BadSettings("update_failed", why=f"{words[0]}: {error}") from error
    if ended.returncode:
        said = (ended.stderr or ended.stdout).decode("utf-8", "replace").strip().splitlines()
        raise BadSettings("update_failed", why=said[-1] if said else f"{words[0]} ended with {ended.returncode}")
    return ended.stdout


@update.command()
def install(
    wheelhouse: Annotated[Path, typer.Option(help="A folder with release.lock, its signature and the wheels.")],
    publisher: Annotated[Path, typer.Option(help="Who must have signed it: an Ed25519 public key, PEM.")],
    config: Config,
    home: HomeFolder = OPT,
    quiet: Annotated[str, typer.Option(help="When nobody sells, in the shop's zone.")] = "01:00-05:00",
    force: Annotated[bool, typer.Option("--force", help="Now, whatever the hour.")] = False,
) -> None:
    """Install a signed version beside the old one, let it try itself, then switch."""
    with sentences():
        loaded = load(config)
        if not force:
            check_quiet(quiet, loaded.settings.shop.zone, SystemClock().wall_ms())
        told = Home(home, Machine()).update(wheelhouse, publisher, config)
    console.print(
        f"{PROGRAM} {told.version} read {told.events} events back and made {told.sales} simulated sales."
    )
    console.print("It runs from the next start on: systemctl restart countertop.")


@update.command()
def back(config: Config, home: HomeFolder = OPT) -> None:
    """The version before, at any hour; refused when the newer one has changed the journal's shape."""
    with sentences():
        told = Home(home, Machine()).back(_schema(load(config)))
    console.print(f"{PROGRAM} {told.version} runs from the next start on: systemctl restart countertop")


@update.command("self-test")
def self_test(config: Config) -> None:
    """Does this version work here? A copy of the journal is opened and read back, a simulated counter sells."""
    from terminal.simulation.mass import run_seeds

    with sentences():
        events = asyncio.run(_reads_back(load(config)))
        outcome = run_seeds([SEED])[0]
        if outcome.blame:
            raise BadSettings("update_failed", why=f"the simulated counter: {outcome.blame}")
    put(msgspec.to_builtins(Release(version(PROGRAM), len(MIGRATIONS), events, outcome.sales)))


async def _reads_back(loaded: Loaded) -> int:
    """On a copy, migrated as a start would migrate it; what the service writes meanwhile is not in it."""
    path = journal_path(loaded)
    if not path.exists():
        return 0  # the first start is still to come, or a database server keeps it
    with TemporaryDirectory(prefix="countertop-") as folder:
        copy, signed = Path(folder) / path.name, Path(folder) / "checkpoints"
        signed.write_bytes(checkpoints_path(loaded).read_bytes())  # before the journal, which may only be longer
        copy_journal(path, copy)
        async with SqliteJournal.open(
            copy, identity=identity_of(loaded), clock=SystemClock(), entropy=SystemEntropy(),
            keys=JournalKeys.load(keys_folder(loaded)), checkpoints=signed,
        ) as journal:  # fmt: skip
            report = await journal.verify_all()
    if not report.sound:
        raise JournalError("journal_damaged", number=report.first_bad, reason=report.reason)
    return report.events


def _schema(loaded: Loaded) -> int:
    """The shape of the journal as it is on the disk; 0 where there is none."""
    path = journal_path(loaded)
    if not path.exists():
        return 0
    connection = connect(path, read_only=True)
    try:
        return version_of(connection)
    finally:
        connection.close()


def check_quiet(quiet: str, zone: str, wall_ms: int) -> None:
    """Raises BadSettings: ``update_not_now`` outside "HH:MM-HH:MM" of the shop's zone; ``config_value_wrong``."""
    parts = _QUIET.fullmatch(quiet)
    if parts is None:
        raise BadSettings("config_value_wrong", key="--quiet", why="write it as 01:00-05:00")
    begin, end = time(int(parts[1]), int(parts[2])), time(int(parts[3]), int(parts[4]))
    now = datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone(ZoneInfo(zone)).time()
    if not (begin <= now < end if begin <= end else now >= begin or now < end):
        raise BadSettings("update_not_now", quiet=quiet, zone=zone)
