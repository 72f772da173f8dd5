"""``countertop risk show | rules | code | proof | stickers | sticker | hold | end | seen | letter``.

What it tells and does is the running service's; the numbers of the rules are read from the data beside it.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from terminal.cli.client import URL, api
from terminal.cli.words import REFUSED, console, language, put, sentences
from terminal.help.catalogue import Catalogue
from terminal.payments.money import Money
from terminal.risk.table import RULES, risk_table

risk = typer.Typer(no_args_is_help=True, help="Warnings, what is held back, codes of receipts, proofs, stickers.")
Url = Annotated[str, typer.Option(envvar="COUNTERTOP_URL", help="Where the service answers.")]
KeyFile = Annotated[Path | None, typer.Option(envvar="COUNTERTOP_KEY_FILE", help="API key file.")]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
Counter = Annotated[str, typer.Option(help="At which counter.")]
Person = Annotated[str, typer.Option(help="Id of the owner whose PIN is asked for.")]
Reason = Annotated[str, typer.Option(help="Kept with who did it.")]
GOOD: Final = frozenset({"yes", "ours"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _ask(method: str, path: str, url: str, key_file: Path | None, body: Mapping[str, Any]) -> Any:
    async def asked() -> Any:
        async with api(url, key_file) as service:
            return await (service.get(path, **body) if method == "GET" else service.post(path, body))

    return asyncio.run(asked())


def _by(person: str) -> dict[str, Any]:
    """An owner's PIN for this one act; without a person the key itself must be allowed to."""
    if not person:
        return {}
    return {"approver": {"person": person, "pin": typer.prompt("PIN", hide_input=True, err=True)}}


def _when(wall_ms: int) -> str:
    return (_EPOCH + timedelta(milliseconds=wall_ms)).strftime("%Y-%m-%d %H:%M:%S UTC")


def _end(*, bad: bool) -> None:
    if bad:
        raise typer.Exit(REFUSED)


@risk.command()
def show(url: Url = URL, key_file: KeyFile = None, as_json: Json = False) -> None:
    """Open warnings with their reasons, and what is held back. Exit code 1 while a warning is open."""
    with sentences(as_json=as_json):
        told = _ask("GET", "/risk", url, key_file, {})
        if as_json:
            put(told)
        else:
            words = Catalogue.load(language())
            for each in told["alerts"]:
                console.print(f"[bold]{each['title']}[/]  {_when(each['at_ms'])}  {each['id']}", highlight=False)
                console.print(f"  {each['sentence']}", highlight=False, markup=False)
            for each in told["holds"]:
                console.print(f"{each['name']}  {each['id']}", highlight=False, markup=False)
            if not told["alerts"]:
                console.print(words.text("risk.none"), highlight=False)
    _end(bad=bool(told["alerts"]))


@risk.command()
def rules(as_json: Json = False) -> None:
    """The twelve rules with their floors and ceilings, from this program's own data."""
    table, words = risk_table(), Catalogue.load(language())
    rows = [(rule, table.rule(rule), words.text(f"risk.rule_{rule}")) for rule in RULES]
    if as_json:
        put([{"rule": rule, "floor": x.floor, "ceiling": x.ceiling, "learns": x.learns} for rule, x, _ in rows])
        return
    shown = Table("rule", "what", "floor", "ceiling", box=None)
    for rule, numbers, title in rows:
        shown.add_row(rule, title, str(numbers.floor), str(numbers.ceiling))
    console.print(shown)


@risk.command()
def code(text: str, url: Url = URL, key_file: KeyFile = None, as_json: Json = False) -> None:
    """Whose payment a receipt's code is. Exit code 1: none of ours."""
    with sentences(as_json=as_json):
        found = _ask("GET", "/codes", url, key_file, {"code": text})["found"]
        words = Catalogue.load(language())
        if as_json:
            put({"found": found})
        elif not found:
            console.print(words.text("risk.code_none"), highlight=False)
        for each in [] if as_json else found:
            amount = words.money(Money(each["amount_minor"], each["currency"]))
            when = _when(each["paid_ms"]) if each["paid_ms"] else words.text("risk.code_unpaid")
            row = words.text("risk.code_row", no=f"{each['no']:04}", counter=each["counter"], when=when)
            back = words.money(Money(each["refunded_minor"], each["currency"]))
            refunded = words.text("risk.code_refunded", amount=back) if each["refunded_minor"] else ""
            console.print(
                "  ".join(part for part in (amount, row, refunded) if part), highlight=False, markup=False
            )
    _end(bad=not found)


@risk.command()
def proof(
    number: str, counter: Counter = "1", url: Url = URL, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Ask the bank about a customer's order or transaction number. Exit code 0 only for a fresh yes."""
    _tell(f"/counters/{counter}/proof", {"proof": number}, "verdict", url, key_file, as_json)


@risk.command()
def sticker(
    text: str, counter: Counter = "1", url: Url = URL, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Compare the text of a scanned sticker with our own. Exit code 0 only for one of ours."""
    _tell(f"/counters/{counter}/sticker", {"code": text}, "result", url, key_file, as_json)


def _tell(path: str, body: dict[str, str], name: str, url: str, key_file: Path | None, as_json: bool) -> None:
    with sentences(as_json=as_json):
        told = _ask("POST", path, url, key_file, body)
        if as_json:
            put(told)
        else:
            console.print(f"[bold]{told['word']}[/]", highlight=False)
            console.print(f"{told['told']}\n{told['todo']}", highlight=False, markup=False)
    _end(bad=told[name] not in GOOD)


@risk.command()
def stickers(url: Url = URL, key_file: KeyFile = None, as_json: Json = False) -> None:
    """The shop's own stickers. Exit code 1 while one is still to be scanned today."""
    with sentences(as_json=as_json):
        told = _ask("GET", "/stickers", url, key_file, {})
        if as_json:
            put(told)
        for each in [] if as_json else told["stickers"]:
            mark = "✓" if each["done"] else "·"
            console.print(f"{mark} {each['name']}  {each['who']}", highlight=False, markup=False)
    _end(bad=bool(told["due"]))


@risk.command()
def hold(
    what: Annotated[str, typer.Argument(help="refunds_pin, refunds_locked or channel_paused.")],
    channel: Annotated[str, typer.Option(help="Of channel_paused.")] = "",
    alert: Annotated[str, typer.Option(help="What it follows from.")] = "",
    reason: Reason = "",
    person: Person = "",
    url: Url = URL,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Hold back what is new; what is under way goes on to its end."""
    body = {"what": what, "channel": channel, "alert": alert, "reason": reason, **_by(person)}
    _act("/risk/holds", body, url, key_file, as_json)


@risk.command()
def end(
    hold_id: str,
    reason: Reason = "",
    person: Person = "",
    url: Url = URL,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """End what was held back."""
    _act(f"/risk/holds/{hold_id}/end", {"reason": reason, **_by(person)}, url, key_file, as_json)


@risk.command()
def seen(alert: str, person: Person = "", url: Url = URL, key_file: KeyFile = None, as_json: Json = False) -> None:
    """A person has taken note of a warning."""
    _act(f"/risk/alerts/{alert}", {"how": "seen", **_by(person)}, url, key_file, as_json)


@risk.command()
def letter(
    alert: str,
    print_at: Annotated[str, typer.Option(help="A counter whose printer prints it too.")] = "",
    person: Person = "",
    url: Url = URL,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """The facts of a warning as a text for the bank; nothing is sent."""
    body = {"print_at": print_at, **_by(person)}
    _act(f"/risk/alerts/{alert}/letter", body, url, key_file, as_json)


def _act(path: str, body: dict[str, Any], url: str, key_file: Path | None, as_json: bool) -> None:
    with sentences(as_json=as_json):
        told = _ask("POST", path, url, key_file, body)
        if as_json:
            put(told)
            return
        for each in told.get("holds", ()):
            console.print(f"{each['name']}  {each['id']}", highlight=False, markup=False)
        for line in told.get("lines", ()):
            console.print(line, highlight=False, markup=False)
