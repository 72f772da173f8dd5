"""``countertop privacy map | ledger | retain | export | erase | hold | release | breach``: data of people."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import msgspec
import typer

from terminal.cli.journal import DEMO, Config
from terminal.cli.words import console, language, put, sentences
from terminal.payments.event import Actor
from terminal.privacy.datamap import data_map, sheet
from terminal.privacy.notice import breach_notice
from terminal.privacy.retention import DAY_MS
from terminal.settings import Loaded, load
from terminal.system import SystemClock, SystemEntropy

if TYPE_CHECKING:
    from terminal.wiring.stores import Store

T = TypeVar("T")

privacy = typer.Typer(no_args_is_help=True, help="What is kept of people, what leaves the shop, what goes when.")
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
Tongue = Annotated[str, typer.Option(help="en, zh-CN or pt-BR; else the terminal's own.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would go and change nothing.")]
Who = Annotated[str, typer.Argument(help="A sale, order or bank number, or a staff member's id or name.")]
Reason = Annotated[str, typer.Option(prompt=True, help="Kept in the journal; no names of customers, please.")]
OPERATOR: Final = Actor("system", "privacy-command")
_NAMES_SHOWN: Final = 12


def when(wall_ms: int) -> str:
    return datetime.fromtimestamp(wall_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


async def with_journal(loaded: Loaded, use: "Callable[[Store], Awaitable[T]]") -> T:
    """Raises JournalError("journal_locked"): the service is running, and it alone may write."""
    from terminal.wiring.stores import open_store

    journal = await open_store(loaded, SystemClock(), SystemEntropy())
    try:
        return await use(journal)
    finally:
        await journal.close()


@privacy.callback()
def _group() -> None:
    """Commands about personal data."""


@privacy.command("map")
def map_(tongue: Tongue = "", as_json: Json = False) -> None:
    """Everything that is stored: purpose, legal base, how long, who sees it."""
    rows = sheet(data_map(), tongue or language())
    if as_json:
        put(msgspec.to_builtins(rows))
        return
    for row in rows:
        more = f" … {len(row.names) - _NAMES_SHOWN}" if len(row.names) > _NAMES_SHOWN else ""
        console.print(f"[bold]{row.where}[/]  {row.purpose}", highlight=False, soft_wrap=True)
        console.print(
            f"  {row.person} · {row.base} · {row.keep} · {row.readers}\n"
            f"  {', '.join(row.names[:_NAMES_SHOWN])}{more}",
            highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip


@privacy.command()
def ledger(config: Config = DEMO, as_json: Json = False) -> None:
    """What left this shop in the last 30 days: when, to whom, for what, which fields; at most a minute late."""
    from terminal.wiring.privacy import read_ledger

    with sentences(as_json=as_json):
        found = sorted(read_ledger(load(config)), key=lambda each: -each.last_ms)
    if as_json:
        put(msgspec.to_builtins(found))
        return
    for each in found:
        count = f"{each.connections} connections" if each.connections else f"{each.requests} requests"
        console.print(
            f"{when(each.first_ms)}  {each.host} ({each.purpose or '?'})  {each.operation}  {count}\n"
            f"  {', '.join(each.fields) or '-'}",
            highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip
    if not found:
        console.print("Nothing left this shop.", highlight=False)


@privacy.command()
def retain(config: Config = DEMO, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Delete what is older than its period. A running service does it every day by itself."""
    from terminal.wiring.privacy import Retained, what_is_due
    from terminal.wiring.privacy import retain as delete

    with sentences(as_json=as_json):
        loaded, clock = load(config), SystemClock()

        async def done(journal: "Store") -> Retained:
            return await delete(loaded, journal, clock.wall_ms())

        found = what_is_due(loaded, clock.wall_ms())
        if not dry_run and found.people:
            found = asyncio.run(with_journal(loaded, done))
        elif not dry_run:
            found = asyncio.run(delete(loaded, None, clock.wall_ms()))
    if as_json:
        put(msgspec.to_builtins(found))
        return
    for file in found.files:
        console.print(f"{file.path}  {file.age_days} > {file.days} days", highlight=False, markup=False)
    for person in found.people:
        console.print(f"{person}: personal values", highlight=False, markup=False)
    count, verb = len(found.files) + len(found.people), "would go" if dry_run else "gone"
    console.print(f"{count} {verb}.", highlight=False)


@privacy.command()
def breach(
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day, UTC.")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day, UTC.")],
    config: Config = DEMO,
    tongue: Tongue = "",
) -> None:
    """A notice of a breach to finish by hand, filled with what the journal knows of that time."""
    from terminal.wiring.privacy import concerned, providers

    with sentences():
        loaded = load(config)
        payments, staff = concerned(loaded, _ms(since), _ms(until) + DAY_MS)
    text = breach_notice(
        data_map(),
        providers(loaded),
        tongue or language(),
        shop=loaded.settings.shop.title,
        since=f"{since:%Y-%m-%d}",
        until=f"{until:%Y-%m-%d}",
        payments=payments,
        staff=staff,
    )
    typer.echo(text.strip())


def _ms(day: datetime) -> int:
    return int(day.replace(tzinfo=UTC).timestamp() * 1000)


@privacy.command()
def export(who: Who, config: Config = DEMO) -> None:
    """Everything that is held of a payment or a staff member, as one JSON document. No hash of a PIN is in it."""
    from terminal.wiring.privacy import held_of

    with sentences():
        put(held_of(load(config), who))


@privacy.command()
def erase(who: Who, reason: Reason, config: Config = DEMO, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Remove the personal values of somebody for good. Money facts and what people wrote stay; the chain is whole.

    The service must be stopped for it. A legal hold refuses it.
    """
    from terminal.wiring.privacy import erase as remove
    from terminal.wiring.privacy import held_of

    with sentences(as_json=as_json):
        loaded = load(config)
        told = held_of(loaded, who)
        about, values = str(told["about"]), sum(len(each["personal"]) for each in told["events"])
        texts = sum(data_map().written(each["type"], each["body"]) for each in told["events"])

        async def gone(journal: "Store") -> int:
            return await remove(journal, loaded.settings.shop.store, about, OPERATOR, reason)

        if not dry_run:
            values = asyncio.run(with_journal(loaded, gone))
    if as_json:
        kept = {"events": len(told["events"]), "texts": texts}
        put({"about": about, "values": values, **kept, "erased": not dry_run})
        return
    verb = "would be erased" if dry_run else "erased"
    console.print(f"{about}: {values} personal values {verb}; {len(told['events'])} events of money or work stay.")
    if texts:
        console.print(f"{texts} of them hold words that somebody wrote (goods, reasons), which stay: read them.")


@privacy.command()
def hold(who: Who, reason: Reason, config: Config = DEMO) -> None:
    """Legal hold: nothing of this person or payment is erased until its release. The service must be stopped."""
    _held(who, reason, config, begin=True)


@privacy.command()
def release(who: Who, reason: Reason, config: Config = DEMO) -> None:
    """End a legal hold."""
    _held(who, reason, config, begin=False)


def _held(who: str, reason: str, config: Path, *, begin: bool) -> None:
    from terminal.wiring.privacy import held_of
    from terminal.wiring.privacy import hold as set_hold

    with sentences():
        loaded = load(config)
        about = str(held_of(loaded, who)["about"])

        async def put_down(journal: "Store") -> None:
            await set_hold(journal, loaded.settings.shop.store, about, OPERATOR, reason, begin=begin)

        asyncio.run(with_journal(loaded, put_down))
    console.print(f"{about}: {'held' if begin else 'released'}.", highlight=False, markup=False)
