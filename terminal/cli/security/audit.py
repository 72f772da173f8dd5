"""``countertop security audit``: one page on what protects this shop, one line a check, and an exit code."""

from pathlib import Path
from typing import Annotated, Final

import typer

from terminal.cli.security.audit_checks import Finding, findings
from terminal.cli.security.audit_packages import BESIDE
from terminal.cli.security.audit_shop import DESPITE, describe
from terminal.cli.words import REFUSED, console, language, put, sentences
from terminal.settings import load

_MARKS: Final = {"weak": "[bold red]weak[/]  ", "look": "[yellow]look[/]  ", "good": "[green]good[/]  "}


def audit(
    config: Annotated[Path, typer.Option(help="The settings file of the service.")],
    lock: Annotated[Path, typer.Option(help="The list of locked packages.")] = BESIDE,
    quick: Annotated[bool, typer.Option("--quick", help="Do not read back journal and packages.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    root: Annotated[Path, typer.Option(hidden=True, help="Look at the machine below this folder.")] = Path("/"),
) -> None:
    """Look for weaknesses of this installation, each with its fix; ends with 1 when there is one.

    Nothing is changed. Run it as the service's user, also beside the running service.
    """
    with sentences(as_json=as_json):
        loaded = load(config, despite=DESPITE)
        found = findings(describe(loaded, config, root, lock, quick=quick))
    green = not any(each.level == "weak" for each in found)
    if as_json:
        put({"green": green, "findings": [_told(each) for each in found]})
    else:
        _show(found)
    if not green:
        raise typer.Exit(REFUSED)


def _told(finding: Finding) -> dict[str, object]:
    sentence, fix = finding.words(language())
    named = {"check": finding.check, "finding": finding.slug, "level": finding.level}
    return {**named, "sentence": sentence, "fix": fix, "facts": finding.facts}


def _show(found: list[Finding]) -> None:
    for finding in found:
        sentence, fix = finding.words(language())
        console.print(_MARKS[finding.level], end="")
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)
        if fix:
            console.print(f"      {fix}", markup=False, highlight=False, soft_wrap=True)
