"""Privacy's part of the wiring: the ledger on disk, the daily look at what is old, held and erased people."""

import asyncio
import logging
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from terminal.banks.client import OUTBOUND
from terminal.bills.statement_folder import DONE, REFUSED
from terminal.connectors import profile_of
from terminal.counter.ports import Clock
from terminal.errors import Conflict, NotFound
from terminal.journal.export import redacted
from terminal.journal.keys import JournalKeys
from terminal.journal.reader import Reader
from terminal.journal.records import Row, decode, event_of
from terminal.payments.event import Actor, NewEvent
from terminal.privacy.datamap import DataMap, Place, data_map
from terminal.privacy.ledger import Entry, Ledger
from terminal.privacy.notice import Provider
from terminal.privacy.requests import OLD_PEOPLE, dossier, held, of_people
from terminal.privacy.retention import DAY_MS, PERSONAL, Due, Found, due, periods
from terminal.settings import Loaded
from terminal.settings.channel_tables import AnyBankTable
from terminal.whole_file import write_whole
from terminal.wiring.stores import keys_folder, reading_path

if TYPE_CHECKING:
    from terminal.wiring.stores import Store

OUTBOUND_FILE: Final = "outbound.json"
log = logging.getLogger(__name__)
ROUND_S: Final = 60.0
RETAIN_EVERY_S: Final = 86_400.0
FOLDERS: Final = ("bills", "letters", "bundles")  # of the state folder: files that go by age
SYSTEM: Final = Actor("system", "retention")


@dataclass(frozen=True, slots=True)
class Retained:
    """What went, or would go: files, and the people whose values are past their time."""

    files: tuple[Due, ...]
    people: tuple[str, ...]


class Keeper:
    """Holds the ledger of what left and deletes what is old, once a day."""

    def __init__(self, loaded: Loaded, clock: Clock, journal: "Store") -> None:
        self.ledger = Ledger(clock, lambda host: purposes(loaded).get(host, ""))
        self._loaded, self._clock, self._journal = loaded, clock, journal

    async def run(self) -> None:
        left_s = 0.0
        while True:
            if left_s <= 0:
                await self.look()
                left_s = RETAIN_EVERY_S
            await self.write()
            await asyncio.sleep(ROUND_S)
            left_s -= ROUND_S

    async def write(self) -> None:
        """The ledger to disk, when it changed; at most ``ROUND_S`` of it is lost by a power cut."""
        if self.ledger.changed:
            self.ledger.changed = False
            await asyncio.to_thread(write_ledger, self._loaded, self.ledger.entries())

    async def look(self) -> Retained:
        """What is done every day: what is past its time goes."""
        self.ledger.forget_old()
        found = await retain(self._loaded, self._journal, self._clock.wall_ms())
        if found.files or found.people:
            log.info("past their time: %d files, values of %d people", len(found.files), len(found.people))
        return found


async def open_keeper(stack: AsyncExitStack, loaded: Loaded, clock: Clock, journal: "Store") -> Keeper:
    """From here on every link tells the ledger; what is not written yet is written when ``stack`` closes."""
    keeper = Keeper(loaded, clock, journal)
    keeper.ledger.load(await asyncio.to_thread(read_ledger, loaded))
    OUTBOUND.set(keeper.ledger)
    stack.push_async_callback(keeper.write)
    return keeper


def providers(loaded: Loaded) -> list[Provider]:
    """Every channel of the settings with its connector's title, for people."""
    found = []
    for name, table in loaded.settings.channels.items():
        titles = profile_of(table.connector).titles
        found.append(Provider(titles.get("en", name), table.connector, getattr(table, "region", ""), titles))
    return found


def own_map(loaded: Loaded) -> DataMap:
    """The data map with this shop's own periods."""
    return data_map().with_days("bills", loaded.settings.state.bill_days)


def purposes(loaded: Loaded) -> dict[str, str]:
    """Host and port of every provider that the settings name -> its channel."""
    found = {}
    for name, table in loaded.settings.channels.items():
        for text in (table.gateway, getattr(table, "oauth_url", "")):
            if host := urlsplit(text).netloc:
                found[host] = name
    if host := urlsplit(loaded.settings.tax.url).netloc:
        found[host] = "tax"
    if host := urlsplit(loaded.settings.traces.endpoint).netloc:
        found[host] = "traces"
    return found


def read_ledger(loaded: Loaded) -> list[Entry]:
    """What the file says; an unreadable one is as none: it proves nothing and stops nothing."""
    try:
        text = (loaded.state / OUTBOUND_FILE).read_bytes()
        return msgspec.json.decode(text, type=list[Entry])
    except (OSError, ValueError, RecursionError):
        return []


def write_ledger(loaded: Loaded, entries: list[Entry]) -> None:
    """Whole or not at all. A full disk leaves the old file; the money's own disk checks tell of it."""
    with suppress(OSError):
        write_whole(loaded.state / OUTBOUND_FILE, msgspec.json.encode(entries), 0o600)


def what_is_due(loaded: Loaded, now_ms: int) -> Retained:
    """Looked up beside a running service too; nothing is deleted."""
    days = periods(own_map(loaded))
    files = due(own_map(loaded), _files(loaded), now_ms, days)
    path = reading_path(loaded)
    people: tuple[str, ...] = ()
    if path.exists():
        reader = Reader.at(path)
        try:
            old = of_people(reader.rows(OLD_PEOPLE, (now_ms - days[PERSONAL] * DAY_MS,)))
            people = tuple(each for each in old if not held(reader.of_subject(f"privacy:{each}")))
        finally:
            reader.close()
    return Retained(tuple(files), people)


async def retain(loaded: Loaded, journal: "Store | None", now_ms: int) -> Retained:
    """Delete what is due. ``journal`` None: files alone."""
    found = await asyncio.to_thread(what_is_due, loaded, now_ms)
    gone = await asyncio.to_thread(_delete, loaded, found.files)
    people = found.people if journal is not None else ()
    for each in people:
        assert journal is not None
        await erase(journal, loaded.settings.shop.store, each, SYSTEM, "retention")
    return Retained(gone, people)


async def erase(journal: "Store", store: str, subject: str, actor: Actor, reason: str) -> int:
    """Remove the clear personal values of ``subject``; says so in the journal. Returns how many there were.

    Raises:
        Conflict("personal_held"): somebody has to keep them for now.
    """
    if held(journal.of_subject(f"privacy:{subject}")):
        raise Conflict("personal_held", subject=subject)
    count = await journal.erase(subject)
    body = {"about": subject, "count": count, "reason": reason}
    await journal.append([NewEvent(f"store:{store}", "personal_erased", f"privacy:{subject}", actor, body)])
    return count


async def hold(journal: "Store", store: str, subject: str, actor: Actor, reason: str, *, begin: bool) -> None:
    """Begin or end a legal hold: while it lasts nothing of ``subject`` is erased, on request or by age."""
    kind = "personal_held" if begin else "personal_released"
    body = {"about": subject, "reason": reason}
    await journal.append([NewEvent(f"store:{store}", kind, f"privacy:{subject}", actor, body)])


def _files(loaded: Loaded) -> Iterator[Found]:
    for name in FOLDERS:
        yield from _below("state", loaded.state / name, name)
    yield from _below("settings", loaded.folder / "logs", "logs")
    for table in loaded.settings.channels.values():
        if isinstance(table, AnyBankTable):
            for done in (DONE, REFUSED):  # what still lies there to be read is nobody's to delete
                yield from _below("settings", loaded.path(table.statement_folder) / done, f"statements/{done}")


def _below(place: Place, folder: Path, name: str) -> Iterator[Found]:
    """Plain files alone: a link is not followed (F4)."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for each in entries:
        if each.is_file(follow_symlinks=False):
            changed_ms = int(each.stat(follow_symlinks=False).st_mtime * 1000)
            yield Found(place, f"{name}/{each.name}", changed_ms)


def _delete(loaded: Loaded, files: tuple[Due, ...]) -> tuple[Due, ...]:
    gone = []
    for each in files:
        with suppress(OSError):
            _place(loaded, each).unlink()
            gone.append(each)
    return tuple(gone)


def _place(loaded: Loaded, file: Due) -> Path:
    if file.place == "state":
        return loaded.state / file.path
    folder, _, rest = file.path.partition("/")
    if folder != "statements":
        return loaded.folder / file.path
    inboxes = [t.statement_folder for t in loaded.settings.channels.values() if isinstance(t, AnyBankTable)]
    found = [loaded.path(each) / rest for each in inboxes]
    return next((each for each in found if each.exists()), found[0])


def find(reader: Reader, who: str) -> str:
    """The subject behind what a person can name: a sale's id, order number or bank number, staff's id or name.

    Raises:
        NotFound("person_unknown_here")
    """
    if reader.of_subject(who):
        return who
    sales = reader.list("sale", search=who, limit=2)
    if len(sales) == 1:
        return sales[0].subject
    for stream, subject, body in reader.rows(_STAFF):
        if stream.startswith("people:") and decode(body).get("label") == who:
            return str(subject)
    raise NotFound("person_unknown_here", subject=who)


def concerned(loaded: Loaded, since_ms: int, until_ms: int) -> tuple[int, int]:
    """How many payments were made in that time, and how many people work here. Raises JournalError."""
    reader = Reader.at(reading_path(loaded))
    try:
        return (
            int(reader.rows(_PAID, (since_ms, until_ms))[0][0]),
            len({subject for _, subject, _ in reader.rows(_STAFF)}),
        )
    finally:
        reader.close()


_PAID: Final = """SELECT count(DISTINCT subject) FROM event
    WHERE type = 'sale_moved' AND wall_ms >= ? AND wall_ms < ? AND body LIKE '%"to":"paid"%'"""
_STAFF: Final = (
    "SELECT stream, subject, body FROM event WHERE type IN ('person_added', 'visitor_added') ORDER BY number DESC"
)
_ABOUT: Final = "SELECT * FROM event WHERE subject IN (?, ?) OR actor = ? ORDER BY number"


def held_of(loaded: Loaded, who: str) -> dict[str, Any]:
    """Everything the journal holds of ``who``, as data. Raises NotFound as ``find``, JournalError, BadSettings."""
    keys, reader = JournalKeys.load(keys_folder(loaded)), Reader.at(reading_path(loaded))
    try:
        about = find(reader, who)
        rows = reader.rows(_ABOUT, (about, f"privacy:{about}", f"person:{about}"))
        events = [event_of(Row(*row)) for row in rows]
        return dossier(about, events, lambda number: reader.personal(number, keys), redacted)
    finally:
        reader.close()
