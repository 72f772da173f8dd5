"""``countertop doctor``: why a device or listener cannot be reached, and the fix; writes a udev rule if asked."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from drivers.binding import link_of, opener
from drivers.catalogue import all_protocols
from drivers.errors import DeviceError
from drivers.probe import Stranger, also_at, who
from drivers.transport import OpenTransport
from terminal.cli.doctor.certificates import certificate_findings
from terminal.cli.doctor.checks import HEADER, Bound, Finding, Heard, Machine, findings, rule
from terminal.cli.doctor.doors import door_findings
from terminal.cli.doctor.fix import repairs
from terminal.cli.doctor.machine import Places, describe
from terminal.cli.doctor.service import service_findings
from terminal.cli.words import REFUSED, console, give_up, language, put, sentences
from terminal.settings import Loaded, load
from terminal.system import SystemClock
from terminal.whole_file import write_whole

DEFAULT_RULE: Final = Path("etc/udev/rules.d/70-countertop.rules")
_MARKS: Final = {"wrong": "[bold red]wrong[/]  ", "warning": "[yellow]look[/]   ", "good": "[green]good[/]   "}


def doctor(
    config: Annotated[Path | None, typer.Option(help="The settings file, to check its devices too.")] = None,
    ask: Annotated[bool, typer.Option("--ask", help="Also open their ports and ask who is there.")] = False,
    write_rule: Annotated[
        str, typer.Option("--write-rule", help="Write the udev rule to this file, or to the default place.")
    ] = "",
    fix: Annotated[
        bool, typer.Option("--fix", help="First aid with --config: the safe repairs, each told.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    root: Annotated[Path, typer.Option(hidden=True, help="Look at the tree below this folder.")] = Path("/"),
) -> None:
    """Find what keeps devices and service from working: permissions, programs, names, cables; ends with 1 then.

    Nothing is changed without --write-rule, and then only that file, or --fix: who may read secrets, downloads
    that were cut off, a missing state folder. Money is never touched.
    """
    with sentences(as_json=as_json):
        loaded = load(config, despite={"config_secret_readable"} if fix else ()) if config else None
        told = _of_service(loaded) if loaded else []
    counters = loaded.settings.counters if loaded else ()
    machine = describe(Places(root), counters)
    if ask:
        machine = replace(machine, heard=asyncio.run(heard(machine, _open)))
    found, text = [*findings(machine), *told], rule(machine)
    if fix and loaded:
        found += repairs(loaded, machine, now_s=SystemClock().wall_ms() / 1000)
    elif fix:
        give_up("--fix needs --config FILE")
    written: Finding | None = None
    if write_rule:
        written = write(root / DEFAULT_RULE if write_rule == "default" else Path(write_rule), text)
    if as_json:
        put(_document(machine, found, text, written))
    else:
        _show(found, text, written)
    if any(each.level == "wrong" for each in [*found, *([written] if written else [])]):
        raise typer.Exit(REFUSED)


def _of_service(loaded: Loaded) -> list[Finding]:
    now_ms = SystemClock().wall_ms()
    return [*service_findings(loaded), *door_findings(loaded), *certificate_findings(loaded, now_ms)]


def write(path: Path, text: str) -> Finding:
    """Put the rule there as a whole. A file that is not ours stays; what was done is the finding."""
    facts = {"path": str(path)}
    if not text:
        return Finding("rule_empty", "wrong", facts)
    try:
        before = path.read_text("utf-8", errors="replace") if path.exists() else None
        if before == text:
            return Finding("rule_same", "good", facts)
        if before and not before.startswith(HEADER):
            return Finding("rule_foreign", "wrong", facts)
        write_whole(path, text.encode(), 0o644)
    except OSError as error:
        return Finding("rule_denied", "wrong", {**facts, "why": error.strerror or str(error)})
    return Finding("rule_written", "good", facts)


def _open(binding: str, baud: int) -> OpenTransport:
    return opener(binding, baud=baud)


async def heard(machine: Machine, open_: Callable[[str, int], OpenTransport]) -> dict[str, Heard]:
    """Who answers, by binding: one port after the other; a port that others hold is left alone."""
    found = {}
    for bound in machine.bound:
        held = any(path in machine.holders for path in bound.means)
        if len(bound.means) == 1 and not held and not bound.binding.startswith("evdev:"):
            answer = await _who_is_at(bound, open_)
            if answer:
                found[bound.binding] = answer
    return found


async def _who_is_at(bound: Bound, open_: Callable[[str, int], OpenTransport]) -> Heard | None:
    """None: the device is one of those that answer nobody."""

    def open_at(baud: int) -> OpenTransport:
        return open_(bound.binding, baud)

    try:
        found = await who(open_at, link=link_of(bound.binding))
        speed = int(found.detail.get("baud", 0)) if found else 0
        if found and bound.baud not in (0, speed) and await also_at(open_at, found, bound.baud):
            speed = bound.baud
    except Stranger as stranger:
        return Heard(stranger=stranger.kind)
    except (DeviceError, ValueError) as error:
        return Heard(refused=str(error))
    if found:
        return Heard(found.role, found.protocol, baud=speed)
    asked = {each.key for each in all_protocols() if each.probe}
    return Heard() if f"{bound.role}/{bound.driver}" in asked else None


def document(found: list[Finding]) -> list[dict[str, object]]:
    """Findings as data, in the terminal's language."""
    return [_told(each) for each in found]


def _told(finding: Finding) -> dict[str, object]:
    sentence, fix = finding.words(language())
    return {
        "finding": finding.slug,
        "level": finding.level,
        "sentence": sentence,
        "fix": fix,
        "facts": finding.facts,
    }


def _document(machine: Machine, found: list[Finding], text: str, written: Finding | None) -> dict[str, object]:
    return {
        "ports": [
            {"port": port.path, "what": port.what, "binding": port.binding, "lasting": port.stable}
            for port in machine.ports
        ],
        "findings": document(found),
        "rule": text,
        "rule_file": _told(written) if written else None,
    }


def _show(found: list[Finding], text: str, written: Finding | None) -> None:
    for finding in [*found, *([written] if written else [])]:
        sentence, fix = finding.words(language())
        console.print(_MARKS[finding.level], end="")
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)
        if fix:
            console.print(f"       {fix}", markup=False, highlight=False, soft_wrap=True)
    if text and not written and any(finding.level == "wrong" for finding in found):
        console.print(f"\nThe rule that --write-rule default writes to /{DEFAULT_RULE}:", highlight=False)
        console.print(text, markup=False, highlight=False, soft_wrap=True, end="")
