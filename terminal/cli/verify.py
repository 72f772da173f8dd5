"""``countertop verify FILE``: a sealed record or pack on any machine, with nothing but the file."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from terminal.cli.words import USAGE, console, give_up, put, sentences
from terminal.errors import InvalidRequest
from terminal.given_file import read_handed
from terminal.visit.seal import DOCUMENT_MAX, Checked, check, digest

T = TypeVar("T")
MS_MAX: Final = 253_402_300_799_000  # the year 9999 ends: what a date can be


def verify(
    file: Annotated[Path, typer.Argument(help="An acceptance record, an exam's certificate or a settings pack.")],
    key: Annotated[str, typer.Option(help="The key on the shop's own sheet: 20 characters.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Check the seal of an acceptance record, a certificate or a settings pack.

    Ends with 0 only if every byte is as sealed. Without --key it says whose seal it is;
    compare that with the shop's sheet.
    """
    data = read(file)
    with sentences(as_json=as_json):
        checked = check(data, key=key)
        record = _read(checked.document, _Record) if checked.kind == "acceptance" else None
        exam = _read(checked.document, _Exam) if checked.kind == "certificate" else None
    if as_json:
        put({"sound": True, "kind": checked.kind, "key": checked.key, "sha256": digest(data), **_whole(checked)})
        return
    console.print(f"[bold green]Sound[/]: {checked.kind}, sealed by {checked.key}", highlight=False)
    if record is not None:
        _tell(record)
    if exam is not None:
        _tell_exam(exam)
    if not key:
        console.print("Compare this key with the one on the shop's own sheet.", highlight=False)


def read(file: Path) -> bytes:
    """At most what a sealed document may be, and one byte more."""
    try:
        return read_handed(file, DOCUMENT_MAX + 1)
    except OSError as error:
        give_up(f"{file}: {error.strerror}", USAGE)


def _whole(checked: Checked) -> dict[str, Any]:
    return {"document": dict(checked.document)}


class _Shop(msgspec.Struct):
    title: str
    store: str


class _Signer(msgspec.Struct):
    name: str
    role: str


class _Step(msgspec.Struct):
    step: str
    result: str
    seconds: int


class _Record(msgspec.Struct):
    """What is told of an acceptance; whoever sealed it may have written anything."""

    shop: _Shop
    accepted_ms: Annotated[int, msgspec.Meta(ge=0, le=MS_MAX)]
    signers: list[_Signer]
    steps: list[_Step]


class _Task(msgspec.Struct):
    lesson: str
    passed: bool
    withheld: bool
    seconds: int


class _Exam(msgspec.Struct):
    """What is told of a certificate."""

    shop: str
    trainee: str
    ended_ms: Annotated[int, msgspec.Meta(ge=0, le=MS_MAX)]
    percent: int
    passed: bool
    tasks: list[_Task]
    alone: bool | None = None  # of an older one: nobody wrote it down


def _read(document: Mapping[str, Any], kind: type[T]) -> T:
    """Raises InvalidRequest("sealed_unreadable"): sealed, and not what its kind says."""
    try:
        return msgspec.convert(dict(document), kind)
    except msgspec.ValidationError as error:
        raise InvalidRequest("sealed_unreadable", why=str(error)) from None


def _tell(record: _Record) -> None:
    shop = record.shop
    console.print(f"{_plain(shop.title)} ({_plain(shop.store)}), {_at(record.accepted_ms)}", highlight=False)
    signers = ", ".join(f"{each.name} ({each.role})" for each in record.signers)
    console.print(f"accepted by {_plain(signers)}", highlight=False)
    table = Table("step", "result", "seconds", box=None)
    for each in record.steps:
        table.add_row(_plain(each.step), _plain(each.result), str(each.seconds))
    console.print(table)


def _tell_exam(exam: _Exam) -> None:
    result = f"{'passed' if exam.passed else 'not passed'}, {exam.percent} %"
    console.print(f"{_plain(exam.trainee)}, {_plain(exam.shop)}, {_at(exam.ended_ms)}: {result}", highlight=False)
    if exam.alone is not None:
        console.print("the trainee alone pressed" if exam.alone else "somebody else pressed too", highlight=False)
    table = Table("task", "result", "goods", "seconds", box=None)
    for each in exam.tasks:
        goods = "withheld" if each.withheld else "given away"
        table.add_row(_plain(each.lesson), "right" if each.passed else "wrong", goods, str(each.seconds))
    console.print(table)


def _at(wall_ms: int) -> str:
    return f"{datetime.fromtimestamp(wall_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def _plain(text: str) -> str:
    """A stranger's text: it colours nothing and moves no cursor."""
    return escape("".join(each if each.isprintable() else "?" for each in text))
