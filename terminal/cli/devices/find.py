"""``countertop devices probe | watch | which``: who is on a port, who comes and goes, which of several it is."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from drivers.binding import link_of, opener
from drivers.catalogue import of_role
from drivers.device_protocol import ROLES, Found, Role
from drivers.errors import DeviceError, DeviceTimeout
from drivers.hotplug import Change, Port, changes, ports
from drivers.probe import Stranger, who
from drivers.transport import OpenTransport
from drivers.twins import LIMIT_S, PRINTER_STATE, which
from terminal.cli.words import REFUSED, console, give_up, put

Json = Annotated[bool, typer.Option("--json", help="For machines.")]
_ACTS: Final = {
    "scanner": "Press the trigger of the scanner, or scan anything",
    "printer": "Open the cover of the printer, or take its paper out",
}


def probe(
    port: Annotated[str, typer.Argument(help="A path or a binding; every free port when left out.")] = "",
    role: Annotated[str, typer.Option(help="Look for this kind only; scanners at more speeds.")] = "",
    as_json: Json = False,
) -> None:
    """Find out who is on a port, with questions by which nothing prints, cuts, opens, sounds or changes."""
    if role and role not in ROLES:
        give_up(f"{role!r} is no kind of device: {', '.join(ROLES)}.")
    names = [port] if port else [each.binding for each in ports().values() if each.kind != "evdev"]
    told = asyncio.run(_ask_each(names, role))
    if as_json:
        put(told)
    for each in told if not as_json else []:
        _show_answer(each)
    if not told and not as_json:
        console.print("No port that could be asked was found on this machine.")
    if port and not told[0].get("found"):
        raise typer.Exit(REFUSED)


async def _ask_each(names: Sequence[str], role: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    for name in names:
        try:
            found = await ask(name, role)
            told.append({"port": name, "found": msgspec.to_builtins(found) if found else None})
        except Stranger as stranger:
            told.append({"port": name, "found": None, "stranger": stranger.kind, "why": str(stranger)})
        except (DeviceError, ValueError) as error:
            told.append({"port": name, "found": None, "why": str(error)})
    return told


async def ask(name: str, role: str = "") -> Found | None:
    """Who answers at this path or binding. Raises DeviceError, ValueError: no binding."""
    protocols = of_role(_role(role)) if role else ()
    return await who(lambda baud: opened_at(name, baud), protocols, link=link_of(name))


def _role(role: str) -> Role:
    return next(each for each in ROLES if each == role)


def opened_at(name: str, baud: int) -> OpenTransport:
    """Opens a path as a path and a binding as the settings would. Raises ValueError: it is neither."""
    if "/" not in name or (not Path(name).is_absolute() and ":" in name):
        return opener(name, baud=baud)
    kind = "usb-printer" if link_of(name) == "usb-printer" else "link"
    return opener(f"{kind}:{Path(name).absolute()}", baud=baud)


def _show_answer(told: dict[str, Any]) -> None:
    found = told["found"]
    if found:
        serial = f", number {found['serial']}" if found["serial"] else ""
        detail = "".join(
            f", {name} {value}" for name, value in found["detail"].items() if value and name != "baud"
        )
        said = f"{found['role']}: {found['title']}{serial}{detail}"
        console.print(f"{told['port']}  {said}", markup=False, highlight=False, soft_wrap=True)
        setting = f'driver = "{found["protocol"]}", profile = "{found["profile"]}"'
        if baud := found["detail"].get("baud"):
            setting += f", baud = {baud}"
        console.print(f"    in the settings: {setting}", markup=False, highlight=False, soft_wrap=True)
        return
    why = told.get("why") or (
        "nobody answered. Many devices answer nobody: if it is a scanner, press its trigger while "
        "`countertop devices which --role scanner PORT` waits, or probe again with --role scanner"
    )
    console.print(f"{told['port']}  {why}", markup=False, highlight=False, soft_wrap=True)


def watch(
    seconds: Annotated[float, typer.Option(min=0, help="End after so many seconds; 0: at Ctrl-C.")] = 0,
    as_json: Json = False,
) -> None:
    """Show which ports are there, come and go, with the binding to write down."""
    try:
        asyncio.run(_watch(seconds, as_json=as_json))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


async def _watch(seconds: float, *, as_json: bool) -> None:
    try:
        async with asyncio.timeout(seconds or None):
            async for change in changes():
                _show_change(change, as_json=as_json)
    except TimeoutError:
        return


def _show_change(change: Change, *, as_json: bool) -> None:
    port = change.port
    if as_json:
        line = {"change": change.kind, "twins": change.twins, **_document(port)}
        print(msgspec.json.encode(line).decode(), flush=True)
        return
    named = f"  write {port.binding}" if change.kind != "went" else ""
    alike = f"  (just like {', '.join(change.twins)}: `countertop devices which`)" if change.twins else ""
    console.print(
        f"{change.kind:5}  {port.path}  {port.what}{named}{alike}", markup=False, highlight=False, soft_wrap=True
    )


def _document(port: Port) -> dict[str, Any]:
    return {
        "port": port.path,
        "kind": port.kind,
        "what": port.what,
        "binding": port.binding,
        "lasting": port.stable,
    }


def which_one(
    candidates: Annotated[list[str], typer.Argument(help="Ports or bindings of devices that look the same.")],
    role: Annotated[str, typer.Option(help="scanner or printer: what a person can do to it.")] = "scanner",
    baud: Annotated[int, typer.Option(min=300, max=4_000_000, help="Line speed.")] = 9600,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="How long it waits.")] = LIMIT_S,
    as_json: Json = False,
) -> None:
    """Tell equal devices apart: act on one of them, and its port is named."""
    if role not in _ACTS:
        give_up(f"{role!r} cannot be told apart so: {', '.join(_ACTS)}.")
    question = PRINTER_STATE if role == "printer" else b""
    try:
        openers = {name: opened_at(name, baud) for name in candidates[:16]}
        if not as_json:
            console.print(f"{_ACTS[role]}, within {seconds:.0f} s.", highlight=False)
        found = asyncio.run(which(openers, question=question, limit_s=seconds))
    except (DeviceTimeout, DeviceError, ValueError) as error:
        give_up(str(error), REFUSED)
    if as_json:
        put({"port": found})
    else:
        console.print(f"It is {found}.", markup=False, highlight=False)
