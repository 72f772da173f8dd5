"""``countertop support bundle``: what helps somebody who helps, without customers, staff or secrets."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from terminal.cli.client import URL, api
from terminal.cli.doctor.checks import findings
from terminal.cli.doctor.command import document
from terminal.cli.doctor.machine import Places, describe
from terminal.cli.journal import DEMO, Config
from terminal.cli.words import REFUSED, console, give_up, put, sentences
from terminal.errors import TerminalError
from terminal.privacy.bundle import all_forms, leaks
from terminal.settings import Loaded, load
from terminal.system import SystemClock
from terminal.wiring.support_bundle import gathered, kept, secrets_of

support = typer.Typer(no_args_is_help=True, help="For whoever helps: a bundle that may leave the shop.")
NOT_ASKED: Final = "the service was not asked"


@support.callback()
def _group() -> None:
    """Commands for support."""


@support.command()
def bundle(
    config: Config = DEMO,
    sale: Annotated[
        list[str] | None, typer.Option(help="A sale whose timeline goes along; several times.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show every file whole and write nothing.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Search it for every secret of this machine and write nothing.")
    ] = False,
    url: Annotated[str, typer.Option(envvar="COUNTERTOP_URL", help="Where the service answers.")] = URL,
    key_file: Annotated[Path | None, typer.Option(envvar="COUNTERTOP_KEY_FILE", help="API key file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Versions, settings, device health, the doctor's findings, events and logs, redacted, in one zip file."""
    with sentences(as_json=as_json):
        loaded = load(config)
        files = gathered(loaded, sale or (), health=_health(url, key_file), doctor=_doctor(loaded))
    if check:
        check_files(loaded, files, as_json=as_json)
        return
    if dry_run:
        _show(files, as_json=as_json)
        return
    at = datetime.fromtimestamp(SystemClock().wall_ms() / 1000, UTC).strftime("%Y%m%dT%H%M%S%fZ")
    try:
        path = kept(loaded, files, f"bundle-{at}.zip")
    except OSError as error:
        give_up(f"{error.filename}: {error.strerror}", 1)
    if as_json:
        put({"file": str(path), "files": {name: len(data) for name, data in files.items()}})
        return
    console.print(f"{path}: {len(files)} files. Look at it before you send it.", highlight=False, soft_wrap=True)


def check_files(loaded: Loaded, files: Mapping[str, bytes], *, as_json: bool) -> None:
    """Every secret in every form in which it could have been written; ends with 1 where one stands in a file."""
    secrets = secrets_of(loaded)
    found = leaks(files, all_forms(secrets))
    if as_json:
        put({"secrets": len(secrets), "files": len(files), "found_in": found})
    elif found:
        console.print(f"A secret stands in: {', '.join(found)}", highlight=False, soft_wrap=True)
    else:
        console.print(f"None of {len(secrets)} secrets stands in any of {len(files)} files.", highlight=False)
    if found:
        raise typer.Exit(REFUSED)


def _show(files: Mapping[str, bytes], *, as_json: bool) -> None:
    if as_json:
        put({name: data.decode() for name, data in files.items()})
        return
    for name, data in files.items():
        console.print(f"[bold]{name}[/]  {len(data)} bytes", highlight=False)
        console.print(data.decode(), highlight=False, markup=False, soft_wrap=True)


def _health(url: str, key_file: Path | None) -> Any:
    """What the running service says of its devices; a bundle is made without it too."""

    async def asked() -> Any:
        async with api(url, key_file) as service:
            listed = await service.get("/counters")
            ids = [each["id"] for each in listed["counters"]]
            return {each: (await service.get(f"/counters/{each}"))["health"] for each in ids}

    try:
        return asyncio.run(asked())
    except (TerminalError, KeyError, TypeError):
        return NOT_ASKED


def _doctor(loaded: Loaded) -> Any:
    return document(findings(describe(Places(Path("/")), loaded.settings.counters)))
