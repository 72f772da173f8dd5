"""``countertop devices test``: devices prove one another, in the running service or, without one, in a lab."""

import asyncio
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.table import Table

from drivers.device_protocol import ROLES
from terminal.cli.client import URL, Api, api, stands_at
from terminal.cli.words import REFUSED, USAGE, console, errors, give_up, language, put, sentences
from terminal.errors import BadSettings, NotFound, Unavailable
from terminal.help.registry import describe

POLL_S: Final = 0.5
TEST_S: Final = 120.0  # longer than any test: ends a service that hangs
_SIGNS: Final = {"passed": "[bold green]passed[/]", "failed": "[bold red]FAILED[/]", "cannot_tell": "cannot tell"}


class Shown(msgspec.Struct, frozen=True):
    """One result. ``sentence`` and ``fix`` are empty when it passed."""

    counter: str
    role: str
    verdict: str
    reason: str
    measured: dict[str, str]
    sentence: str = ""
    fix: str = ""


def prove(
    roles: Annotated[list[str] | None, typer.Argument(help="display, scanner, printer, speaker.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every device of the counter.")] = False,
    counter: Annotated[str, typer.Option(help="Only this counter's.")] = "",
    url: Annotated[str, typer.Option(envvar="COUNTERTOP_URL", help="Where the service answers.")] = URL,
    key_file: Annotated[Path | None, typer.Option(envvar="COUNTERTOP_KEY_FILE", help="API key file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Prove that devices do their work: one shows or prints a random code, another must read it back.

    Without a running service that has devices it proves the lab's, and says so; not where a counter or a key is
    named, nor a kind of device that a running service does not have. Ends with 0 only if all passed.
    """
    wanted = roles if roles and not every else []
    if unknown := [role for role in wanted if role not in ROLES]:
        give_up(f"{unknown[0]!r} is no kind of device: {', '.join(ROLES)}.", USAGE)
    with sentences(as_json=as_json):
        shown = _in_service(url, key_file, counter, wanted, as_json=as_json)
        where = "service" if shown else "lab"
        shown = shown or _in_lab(wanted)
    passed = all(each.verdict == "passed" for each in shown)
    if as_json:
        put({"where": where, "passed": passed, "proofs": shown})
    else:
        _print(shown, where)
    if not passed:
        raise typer.Exit(REFUSED)


def _in_lab(wanted: Sequence[str]) -> list[Shown]:
    """On firmware stubs and virtual time: scanner and camera look at what was really painted and printed."""
    logging.disable(logging.CRITICAL)
    from terminal.simulation.proving import prove_lab
    from terminal.system import SystemEntropy
    from terminal.virtual_time import VirtualEntropy, run

    seed = int.from_bytes(SystemEntropy().bytes(8))
    roles = [role for role in ROLES if not wanted or role in wanted]
    try:
        proofs = run(prove_lab(VirtualEntropy(seed), roles), seed=seed)
    finally:
        logging.disable(logging.NOTSET)
    return [_shown("lab", each.role, each.verdict.value, each.reason, each.measured) for each in proofs]


def _shown(counter: str, role: str, verdict: str, reason: str, measured: Mapping[str, str]) -> Shown:
    if not reason:
        return Shown(counter, role, verdict, "", dict(measured))
    said = describe(reason, {"role": role, **measured}, language())
    return Shown(counter, role, verdict, reason, dict(measured), f"{said.code} {said.sentence}", said.fix)


# --- in the running service --------------------------------------------------------------------------------


def _in_service(
    url: str, key_file: Path | None, counter: str, wanted: Sequence[str], *, as_json: bool
) -> list[Shown]:
    """Nothing when no service runs here, or it has no devices at all.

    Raises:
        BadSettings("api_key_file_missing"): one runs here and nobody gave its key.
    """

    async def ask() -> list[Shown]:
        async with api(url, key_file) as service:
            report = await service.get("/devices")
            places = meant(report, counter, wanted, key=key_file is not None)
            return [await _one(service, *place, quiet=as_json) for place in places]

    try:
        return asyncio.run(ask())
    except Unavailable as error:
        if error.slug != "service_not_running" or counter or key_file is not None:
            raise
    except BadSettings as error:
        if error.slug != "api_key_file_missing" or counter or key_file is not None or asyncio.run(stands_at(url)):
            raise
    return []


def meant(
    report: Mapping[str, Any], counter: str, roles: Sequence[str], *, key: bool = False
) -> list[tuple[str, str]]:
    """Counter and role of what is to be tested; nothing where no counter has a device and none was named.

    Args:
        counter: empty: every one. roles: empty: what there is. key: of a service: named, so the shop's are meant.

    Raises:
        NotFound: ``counter_unknown``, ``device_not_fitted``: it was named, and nobody else's passes for it.
    """
    counters = [each for each in report["counters"] if counter in ("", each["counter"])]
    if counter and not counters:
        raise NotFound("counter_unknown")
    places = [(each["counter"], place) for each in counters for place in each["places"]]
    fitted = [(name, place["role"]) for name, place in places if place["health"] is not None]
    there = {role for _, role in fitted}
    missing = [role for role in roles or ROLES if role not in there]
    if (roles and missing) or (not fitted and (counter or key)):
        raise NotFound("device_not_fitted", role=missing[0])
    return [each for each in fitted if not roles or each[1] in roles]


async def _one(service: Api, counter: str, role: str, *, quiet: bool) -> Shown:
    path = f"/counters/{counter}/devices/{role}/test"
    test = await service.post(path, {})
    asked = quiet or not sys.stdin.isatty()
    async with asyncio.timeout(TEST_S):
        while test["state"] == "running":
            if test["asks"] and not asked:
                asked = True
                if answer := await asyncio.to_thread(_prompt, counter, role, test["asks"]):
                    await service.post(path, {"answer": answer})
            await asyncio.sleep(POLL_S)
            test = await _state(service, counter, role)
    return _shown(counter, role, test["state"], test["reason"], test["measured"])


def _prompt(counter: str, role: str, asks: str) -> str:
    if asks == "scan":
        errors.print(f"counter {counter}, {role}: hold the scanner before the code.", highlight=False)
        return ""
    asked = f"counter {counter}, {role}: type the digits you see or hear, Enter if there are none"
    return str(typer.prompt(asked, default="", show_default=False, err=True))


async def _state(service: Api, counter: str, role: str) -> dict[str, Any]:
    report = await service.get("/devices")
    found: dict[str, Any] = next(
        place["test"]
        for each in report["counters"]
        if each["counter"] == counter
        for place in each["places"]
        if place["role"] == role
    )
    return found


def _print(shown: Sequence[Shown], where: str) -> None:
    if where == "lab":
        console.print("No service with devices answers here: these are the lab's simulated ones.", highlight=False)
    table = Table("counter", "device", "result", "measured", box=None)
    for each in shown:
        measured = " ".join(f"{name}={value}" for name, value in each.measured.items())
        table.add_row(each.counter, each.role, _SIGNS[each.verdict], measured.replace("[", r"\["))
    console.print(table)
    for each in shown:
        if each.sentence:
            told = f"{each.role}: {each.sentence} {each.fix}"
            console.print(told, markup=False, highlight=False, soft_wrap=True)
