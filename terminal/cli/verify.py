"""``countertop verify FILE``: a sealed record or pack on any machine, with nothing but the file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from terminal.cli.words import USAGE, console, give_up, put, sentences
from terminal.visit.seal import DOCUMENT_MAX, Checked, check, digest


def verify(
    file: Annotated[Path, typer.Argument(help="An acceptance record or a settings pack.")],
    key: Annotated[str, typer.Option(help="The key on the shop's own sheet: 20 characters.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Check the seal of an acceptance record or a settings pack. Ends with 0 only if every byte is as sealed.

    Without --key it says whose seal it is; compare that with the shop's sheet.
    """
    data = read(file)
    with sentences(as_json=as_json):
        checked = check(data, key=key)
    if as_json:
        put({"sound": True, "kind": checked.kind, "key": checked.key, "sha256": digest(data), **_whole(checked)})
        return
    console.print(f"[bold green]Sound[/]: {checked.kind}, sealed by {checked.key}", highlight=False)
    if checked.kind == "acceptance":
        _tell(checked.document)
    if not key:
        console.print("Compare this key with the one on the shop's own sheet.", highlight=False)


def read(file: Path) -> bytes:
    """At most what a sealed document may be, and one byte more."""
    try:
        with file.open("rb") as told:
            return told.read(DOCUMENT_MAX + 1)
    except OSError as error:
        give_up(f"{file}: {error.strerror}", USAGE)


def _whole(checked: Checked) -> dict[str, Any]:
    return {"document": dict(checked.document)}


def _tell(document: Any) -> None:
    shop, at = document["shop"], datetime.fromtimestamp(document["accepted_ms"] / 1000, UTC)
    console.print(f"{escape(shop['title'])} ({escape(shop['store'])}), {at:%Y-%m-%d %H:%M} UTC", highlight=False)
    signers = ", ".join(f"{each['name']} ({each['role']})" for each in document["signers"])
    console.print(f"accepted by {escape(signers)}", highlight=False)
    table = Table("step", "result", "seconds", box=None)
    for each in document["steps"]:
        table.add_row(each["step"], each["result"], str(each["seconds"]))
    console.print(table)
