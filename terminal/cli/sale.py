"""``countertop sale 28.50``, ``sale show ID``, ``sale timeline ID``: a sale watched to its end, or looked into."""

import asyncio
import os
import re
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from terminal.cli.client import URL, Api, api
from terminal.cli.journal import DEMO
from terminal.cli.sale_story import tell_story
from terminal.cli.words import REFUSED, USAGE, console, errors, give_up, language, put, sentences
from terminal.errors import InvalidRequest
from terminal.help.catalogue import Catalogue
from terminal.payments.currencies import EXPONENTS
from terminal.payments.money import Money
from terminal.system import SystemIds

POLL_S: Final = 0.5
_LONG: Final = re.compile(r"[0-9]{13,}")
COLOURS: Final = {"paid": "green", "not_paid": "red", "checking": "magenta", "person": "yellow"}


def sale(
    what: Annotated[
        str, typer.Argument(help="An amount such as 28.50, or show or timeline.", metavar="AMOUNT|show|timeline")
    ],
    sale_id: Annotated[str, typer.Argument(help="After show or timeline: the sale's id.", metavar="[ID]")] = "",
    counter: Annotated[str, typer.Option(help="Which counter takes it.")] = "1",
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "CNY",
    order_no: Annotated[str, typer.Option(help="Your own number for it; used once for ever.")] = "",
    url: Annotated[str, typer.Option(envvar="COUNTERTOP_URL", help="Where the service answers.")] = URL,
    key_file: Annotated[Path | None, typer.Option(envvar="COUNTERTOP_KEY_FILE", help="API key file.")] = None,
    out: Annotated[Path | None, typer.Option(help="With record: the zip file; it must not exist yet.")] = None,
    config: Annotated[Path, typer.Option(help="With record: the settings file of the service.")] = DEMO,
    wait: Annotated[bool, typer.Option(help="Stay until it is paid or not.")] = True,
    share: Annotated[
        Path | None, typer.Option(help="With timeline: write it, redacted, to this .html or .json file.")
    ] = None,
    amounts: Annotated[bool, typer.Option("--amounts", help="With --share: name the money.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Take a payment, show what happened to one, or record it, redacted, for `countertop lab replay`."""
    with sentences(as_json=as_json):
        if what == "record":
            _record(sale_id, out, config, as_json=as_json)
            return
        if what == "timeline":
            if not sale_id:
                give_up("Which sale? Use: countertop sale timeline ID", USAGE)
            asyncio.run(tell_story(url, key_file, sale_id, share=share, amounts=amounts, as_json=as_json))
            return
        if what == "show":
            if not sale_id:
                give_up("Which sale? Use: countertop sale show ID", USAGE)
            asyncio.run(_show(url, key_file, sale_id, as_json))
            return
        if sale_id:
            give_up(f"Not understood: {sale_id}. Use: countertop sale AMOUNT, or countertop sale show ID", USAGE)
        amount = _amount(what, currency)
        order = {"counter": counter, "amount_minor": amount.minor, "currency": currency}
        if order_no:
            order["order_no"] = order_no
        word = asyncio.run(_take(url, key_file, order, wait=wait, as_json=as_json))
        if wait and word != "paid":
            raise typer.Exit(REFUSED)


def _amount(text: str, currency: str) -> Money:
    """As people type it. Raises InvalidRequest as ``Money.parse``; many digits are too many, not unreadable."""
    if _LONG.fullmatch(text) and currency in EXPONENTS:
        raise InvalidRequest("amount_too_large", field="amount")
    return Money.parse(text, currency)


async def _take(url: str, key_file: Path | None, order: dict[str, Any], *, wait: bool, as_json: bool) -> str:
    words = Catalogue.load(language())
    async with api(url, key_file) as service:
        told = await service.post("/sales", order, key=SystemIds().ulid())
        if not as_json:
            amount = Money(told["amount_minor"], told["currency"])
            console.print(f"{words.money(amount)}  {told['id']}", highlight=False)
        if wait:
            try:
                told = await _watch(service, told, words, quiet=as_json)
            except asyncio.CancelledError:  # Ctrl-C ends the watching; nobody should think that it ended the sale
                goes_on = f"The sale goes on and can be paid: countertop sale show {told['id']}"
                errors.print(f"{goes_on}, or cancel it at the till.", highlight=False, soft_wrap=True)
                raise
        if as_json:
            put(told)
        return str(told["word"])


async def _watch(service: Api, told: dict[str, Any], words: Catalogue, *, quiet: bool) -> dict[str, Any]:
    said = ""
    with console.status("") as status:
        while True:
            word = told["word"]
            if word != said and not quiet:
                said = word
                status.update(words.text(f"state.{word}"))
                console.print(f"[{COLOURS.get(word, 'blue')}]{words.text(f'state.{word}')}[/]", highlight=False)
            if told["state"] in {"paid", "cancelled", "expired"}:
                return told
            await asyncio.sleep(POLL_S)
            told = await service.get(f"/sales/{told['id']}")


def _record(sale_id: str, out: Path | None, config: Path, *, as_json: bool) -> None:
    """Read beside a running service: nothing is asked of it."""
    from terminal.privacy.bundle import zipped
    from terminal.settings import load
    from terminal.wiring.support_bundle import recorded

    if not sale_id or out is None:
        give_up("Which sale, and where to? Use: countertop sale record ID --out FILE.zip", USAGE)
    files = recorded(load(config), sale_id)
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(zipped(files))
    except OSError as error:
        give_up(f"{out}: {error.strerror}", REFUSED)
    if as_json:
        put({"file": str(out), "files": {name: len(data) for name, data in files.items()}})
        return
    console.print(f"{out}: without customers, staff and secrets. Play it: countertop lab replay {out}",
                  highlight=False, markup=False, soft_wrap=True)  # fmt: skip


async def _show(url: str, key_file: Path | None, sale_id: str, as_json: bool) -> None:
    async with api(url, key_file) as service:
        told = await service.get(f"/sales/{sale_id}")
        events = await service.get(f"/sales/{sale_id}/events")
    if as_json:
        put({"sale": told, "events": events})
        return
    show_timeline(told, events["events"] if isinstance(events, dict) else events)


def show_timeline(told: dict[str, Any], events: list[dict[str, Any]]) -> None:
    """A sale and its events with durations, as the sale's page shows them."""
    words = Catalogue.load(language())
    amount = words.money(Money(told["amount_minor"], told["currency"]))
    console.print(f"{amount}  no. {told['no']}  [bold]{words.text('state.' + told['word'])}[/]", highlight=False)
    settled = told["settled"]["settled_on"] if told["settled"] else "not yet known"
    console.print(f"paid {told['paid_minor']} · settled: {settled} · {told['id']}", highlight=False)
    table = Table("ms", "event", "what", "who", box=None)
    start = events[0]["wall_ms"] if events else 0
    for event in events:
        body = event["body"]
        what = " ".join(str(body[name]) for name in ("from", "to", "why", "outcome", "kind") if body.get(name))
        table.add_row(f"+{event['wall_ms'] - start}", event["type"], what, event["actor"])
    console.print(table)
