"""``countertop help-code``: a redacted bundle on this machine, and the short code to read over the phone."""

from pathlib import Path
from typing import Annotated

import typer

from terminal.care.help_code import help_code, same
from terminal.cli.journal import DEMO, Config
from terminal.cli.words import REFUSED, console, give_up, language, put, sentences
from terminal.given_file import read_handed
from terminal.help.catalogue import Catalogue
from terminal.settings import load
from terminal.web.pages.bundle_reader import ZIP_MAX
from terminal.wiring.care import call_for_help


def help_code_(
    config: Config = DEMO,
    of: Annotated[Path | None, typer.Option(help="For the helper: the bundle that came; prints its code.")] = None,
    code: Annotated[str, typer.Option(help="With --of: the code that was read aloud; exit code 1 if not.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Make the bundle and say its code. Nothing is sent anywhere."""
    if of is not None:
        _check(of, code, as_json=as_json)
        return
    with sentences(as_json=as_json):
        kept = call_for_help(load(config))
    if as_json:
        put({"code": kept.code, "file": kept.file, "holds": list(kept.holds)})
        return
    words = Catalogue.load(language())
    console.print(f"{words.text('care.call_code')} [bold]{kept.code}[/]", highlight=False)
    told = (
        words.text("care.call_file", file=kept.file),
        words.text("care.call_holds", files=", ".join(kept.holds)),
        words.text("care.call_how"),
    )
    for line in told:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _check(path: Path, code: str, *, as_json: bool) -> None:
    try:
        data = read_handed(path, ZIP_MAX + 1)
    except OSError as error:
        give_up(f"{path}: {error.strerror}", REFUSED)
    if len(data) > ZIP_MAX:
        give_up(f"{path} is larger than any bundle ({ZIP_MAX >> 20} MiB): take the file that came.", REFUSED)
    made = help_code(data)
    fits = not code or same(code, made)
    if as_json:
        put({"code": made, "fits": fits})
    else:
        console.print(made if fits else f"{made}: not the code that was read", highlight=False)
    if not fits:
        raise typer.Exit(REFUSED)
