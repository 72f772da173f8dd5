"""``countertop feedback``, ``case`` and ``print``: what is said of sales, complaints, cards. Asks the service."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from terminal.cli.client import URL, api
from terminal.cli.journal import DEMO, Config
from terminal.cli.sale_story import write
from terminal.cli.words import console, language, put, sentences
from terminal.help.catalogue import Catalogue
from terminal.settings import load

feedback = typer.Typer(no_args_is_help=True, help="What cashiers and customers said with one key.")
case = typer.Typer(no_args_is_help=True, help="Complaints: number, state, until when, the sale's evidence.")
print_ = typer.Typer(no_args_is_help=True, help="Cards for the counter.")
Url = Annotated[str, typer.Option(envvar="COUNTERTOP_URL", help="Where the service answers.")]
KeyFile = Annotated[Path | None, typer.Option(envvar="COUNTERTOP_KEY_FILE", help="API key file.")]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Reason(StrEnum):
    double = "double"
    amount = "amount"
    not_received = "not_received"
    refund = "refund"
    goods = "goods"
    other = "other"


class To(StrEnum):
    open = "open"
    waiting_for_bank = "waiting_for_bank"
    answered = "answered"
    closed = "closed"


class CardName(StrEnum):
    safety = "safety"
    quickstart = "quickstart"


def _ask(method: Literal["GET", "POST"], path: str, url: str, key_file: Path | None, **body: Any) -> Any:
    async def asked() -> Any:
        async with api(url, key_file) as service:
            return await (service.get(path, **body) if method == "GET" else service.post(path, body))

    return asyncio.run(asked())


def _when(wall_ms: int) -> str:
    return (_EPOCH + timedelta(milliseconds=wall_ms)).strftime("%Y-%m-%d %H:%M UTC")


def _put(told: Mapping[str, Any], lines: Iterable[str], *, as_json: bool) -> None:
    """For machines, or for people."""
    if as_json:
        put(told)
        return
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


# --- feedback ---


@feedback.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    url: Url = URL,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """The newest first."""
    with sentences(as_json=as_json):
        told = _ask("GET", "/feedback", url, key_file, limit=limit)
    _put(told, _feedback(told), as_json=as_json)


def _feedback(told: Mapping[str, Any]) -> Iterator[str]:
    words = Catalogue.load(language())
    for each in told["feedback"]:
        said = words.text(f"care.say_{each['what']}")
        yield f"{_when(each['at_ms'])}  {said}  {each['counter']}  {each['sale']}"


@feedback.command()
def report(
    days: Annotated[int, typer.Option(min=1, max=400, help="So many times 24 hours back.")] = 14,
    url: Url = URL,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Grouped by what and counter, the most frequent first; customers' answers below."""
    with sentences(as_json=as_json):
        told = _ask("GET", "/feedback/report", url, key_file, days=days)
    _put(told, _groups(told), as_json=as_json)


def _groups(told: Mapping[str, Any]) -> Iterator[str]:
    words = Catalogue.load(language())
    for each in told["groups"]:
        counters = ", ".join(f"{name}: {count}" for name, count in each["counters"].items())
        said = words.text(f"care.say_{each['what']}")
        yield f"{each['count']:5}  {said}  ({counters})  {' '.join(each['sales'])}"
    yield f"{words.text('care.rate_good')}: {told['good']}  {words.text('care.rate_bad')}: {told['bad']}"


# --- complaints ---


@case.command("open")
def open_(
    sale: Annotated[str, typer.Argument(help="The sale's id.")],
    reason: Annotated[Reason, typer.Option(help="What is wrong.")] = Reason.other,
    note: Annotated[str, typer.Option(help="Short, without names or phone numbers.")] = "",
    print_at: Annotated[str, typer.Option(help="Print the slip at this counter.")] = "",
    url: Url = URL,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """A complaint about a sale, with its number. The same again is the one that is open."""
    with sentences(as_json=as_json):
        told = _ask("POST", f"/sales/{sale}/cases", url, key_file, reason=reason.value, note=note)
        if print_at:
            _ask("POST", f"/cases/{told['id']}/print", url, key_file, counter=print_at)
    _put(told, _steps(told), as_json=as_json)


@case.command("list")
def cases(url: Url = URL, key_file: KeyFile = None, as_json: Json = False) -> None:
    """The newest first, at most 100."""
    with sentences(as_json=as_json):
        told = _ask("GET", "/cases", url, key_file, limit=100)
    _put(told, map(_line, told["cases"]), as_json=as_json)


@case.command()
def show(
    name: Annotated[str, typer.Argument(help="Its number or id.")],
    evidence: Annotated[
        Path | None, typer.Option(help="Write the sale's story, redacted, to this .html file.")
    ] = None,
    url: Url = URL,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """How a complaint stands, and every step."""

    async def story(path: Path) -> None:
        async with api(url, key_file) as service:
            write(path, await service.page(f"/cases/{name}/evidence", format="html"))

    with sentences(as_json=as_json):
        told = _ask("GET", f"/cases/{name}", url, key_file)
        if evidence is not None:
            asyncio.run(story(evidence))
    _put(told, _steps(told), as_json=as_json)


@case.command()
def move(
    name: Annotated[str, typer.Argument(help="Its number or id.")],
    to: Annotated[To, typer.Argument(help="What it is now.")],
    note: Annotated[str, typer.Option(help="Short, without names or phone numbers.")] = "",
    person: Annotated[str, typer.Option(help="Id of the owner whose PIN is asked for, to close it.")] = "",
    url: Url = URL,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """What was done about it; an owner's PIN closes it."""
    body: dict[str, Any] = {"to": to.value, "note": note}
    if person:
        body["approver"] = {"person": person, "pin": typer.prompt("PIN", hide_input=True, err=True)}
    with sentences(as_json=as_json):
        told = _ask("POST", f"/cases/{name}", url, key_file, **body)
    _put(told, _steps(told), as_json=as_json)


def _steps(told: Mapping[str, Any]) -> Iterator[str]:
    words = Catalogue.load(language())
    yield _line(told)
    for each in told["steps"]:
        yield f"  {_when(each['at_ms'])}  {words.text('care.state_' + each['state'])}  {each['note']}".rstrip()


def _line(told: Mapping[str, Any]) -> str:
    words = Catalogue.load(language())
    late = f"  {words.text('care.case_late')}" if told["late"] else ""
    state = f"{words.text('care.reason_' + told['reason'])}  {words.text('care.state_' + told['state'])}"
    return f"{told['no']:04}  {state}  {words.text('care.due')}: {_when(told['due_ms'])}{late}  {told['sale']}"


# --- cards ---


@print_.callback()
def _group() -> None:
    """Cards for the counter."""


@print_.command()
def card(
    name: Annotated[CardName, typer.Argument(help="safety: what protects you; quickstart: taking money.")],
    config: Config = DEMO,
    png: Annotated[Path | None, typer.Option(help="Write the picture to this file.")] = None,
    counter: Annotated[str, typer.Option(help="Print it at this counter of the running service.")] = "",
    url: Url = URL,
    key_file: KeyFile = None,
) -> None:
    """As text, as a picture, or on the receipt printer: made from this shop's own settings."""
    from terminal.cli.care_cards import card_lines
    from terminal.payments.receipt import Receipt
    from terminal.wiring.preview import receipt_picture

    async def picture(lines: Receipt) -> bytes:
        return await receipt_picture(lines)

    with sentences():
        loaded = load(config)
        lines, text = card_lines(loaded, name.value, language())
        if png is not None:
            write(png, asyncio.run(picture(lines)))
        if counter:
            path = "safety-card" if name is CardName.safety else "cards/quick/print"
            _ask("POST", f"/counters/{counter}/{path}", url, key_file)
    if png is None and not counter:
        typer.echo(text, nl=False)
