"""``countertop devices``: what is plugged in here, and how the service finds it."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from terminal.cli.client import URL, api
from terminal.cli.devices.find import probe, watch, which_one
from terminal.cli.devices.proof import prove
from terminal.cli.devices.record import record
from terminal.cli.devices.replay import replay
from terminal.cli.devices.speaker_card import card
from terminal.cli.devices.words import decode, matrix
from terminal.cli.words import console, errors, in_json, language, put, sentences, tell
from terminal.errors import BadSettings, TerminalError, Unavailable
from terminal.help.catalogue import Catalogue
from terminal.help.registry import describe

devices = typer.Typer(help="What is plugged in, who it is, how it does, and what it says.")
Url = Annotated[str, typer.Option(envvar="COUNTERTOP_URL", help="Where the service answers.")]
KeyFile = Annotated[Path | None, typer.Option(envvar="COUNTERTOP_KEY_FILE", help="API key file.")]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]


@devices.callback(invoke_without_command=True)
def plain(context: typer.Context, url: Url = URL, key_file: KeyFile = None, as_json: Json = False) -> None:
    """List ports and devices when nothing else is said."""
    if context.invoked_subcommand is None:
        list_devices(url, key_file, as_json)


@devices.command("list")
def list_devices(url: Url = URL, key_file: KeyFile = None, as_json: Json = False) -> None:
    """List the ports of this machine, and each counter's devices with their health and its age."""
    with sentences(as_json=as_json):
        ports = _ports()
        counters: list[dict[str, Any]] = []
        silent: TerminalError | None = None
        try:
            counters = asyncio.run(_counters(url, key_file))
        except (Unavailable, BadSettings) as error:
            silent = error
        if as_json:
            put({"ports": ports, "counters": counters, "error": in_json(silent) if silent else None})
            return
    _show_ports(ports)
    for counter in counters:
        _show_health(counter)
    if silent:
        errors.print("The service was not asked, so the health of its devices is not known:", highlight=False)
        tell(silent)


devices.command()(probe)
devices.command()(watch)
devices.command("which")(which_one)
devices.command()(decode)
devices.command()(record)
devices.command()(replay)
devices.command()(matrix)
devices.command("test")(prove)
devices.command()(card)


def _ports() -> list[dict[str, str]]:
    """Serial ports with the binding that means one of several equal ones, then those that are not serial."""
    from drivers.hotplug import ports
    from drivers.serial_port import found_ports

    known = ports()
    serial = [
        {**each, "binding": known[each["port"]].binding if each["port"] in known else each["binding"]}
        for each in found_ports()
    ]
    others = [port for port in known.values() if port.kind != "serial"]
    return [*serial, *({"port": each.path, "what": each.what, "binding": each.binding} for each in others)]


async def _counters(url: str, key_file: Path | None) -> list[dict[str, Any]]:
    async with api(url, key_file) as service:
        listed = await service.get("/counters")
        ids = [each["id"] for each in (listed["counters"] if isinstance(listed, dict) else listed)]
        return [await service.get(f"/counters/{counter}") for counter in ids]


def _show_ports(ports: list[dict[str, str]]) -> None:
    if not ports:
        console.print("No device ports on this machine.")
        return
    table = Table("port", "what", "write in the settings", box=None)
    for port in ports:
        table.add_row(port["port"], port["what"], port["binding"])
    console.print(table)


def _show_health(counter: dict[str, Any]) -> None:
    table = Table("device", "state", "age", "detail", box=None, title=f"counter {counter['id']}")
    for role, health in counter["health"].items():
        detail = " ".join(f"{name}={value}" for name, value in health["detail"].items())
        table.add_row(role, f"{health['state']} {health['reason']}".strip(), f"{health['age_s']} s", detail)
    console.print(table)
    for role, health in counter["health"].items():
        if reason := health["reason"]:
            said = describe(reason, health["detail"], language())
            told = f"{role}: {said.code} {said.sentence} {said.fix}"
            console.print(told, markup=False, highlight=False, soft_wrap=True)
    for sentence in proposed(counter, language()):
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def proposed(counter: dict[str, Any], wish: str) -> list[str]:
    """Who may take a dead device's place, and where a person says yes; ``counter`` as the API tells it."""
    words = Catalogue.load(wish)
    told: list[str] = []
    for found in counter["stand_ins"]:
        role = found["role"]
        detail = counter["health"].get(role, {"detail": {}})["detail"]
        old = detail.get("model", detail.get("port", ""))
        asked = words.text(
            "setup.replaces", role=words.text(f"bar.{role}"), old=old, title=found["title"], port=found["port"]
        )
        told.append(f"{asked} ({words.text('till.stand_in_yes')}: /c/{counter['id']}/till, /devices)")
    return told
