"""Which store keeps the journal, as the settings say, and what a shared one asks of the rest of the service."""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from terminal.counter.ports import Clock, Entropy
from terminal.errors import BadSettings, JournalError
from terminal.journal.failure import diagnose
from terminal.journal.keys import PRIVATE, JournalKeys
from terminal.journal.place import side
from terminal.journal.records import Identity
from terminal.journal.sqlite import SqliteJournal
from terminal.payments.event import Event, Ledger
from terminal.settings import Loaded

if TYPE_CHECKING:  # a shop on SQLite starts without PostgreSQL's client
    from terminal.journal.postgres.place import Place
    from terminal.journal.postgres.store import PostgresJournal

    Store = SqliteJournal | PostgresJournal

JOURNAL: Final = "journal.db"
VIEW: Final = "journal.view.db"


def journal_path(loaded: Loaded) -> Path:
    return loaded.state / JOURNAL


def reading_path(loaded: Loaded) -> Path:
    """The file that commands read beside a service: the journal, or this machine's view of a shared one."""
    return loaded.state / (VIEW if loaded.settings.journal.store == "postgres" else JOURNAL)


def checkpoints_path(loaded: Loaded) -> Path:
    """Of both stores: a journal that moved goes on with the checkpoints that it has."""
    return side(journal_path(loaded), ".checkpoints")


def keys_folder(loaded: Loaded) -> Path:
    return loaded.state / "keys"


def identity_of(loaded: Loaded, ledger: Ledger | None = None) -> Identity:
    """``ledger``: another one than the settings' mode says, of whoever practises."""
    shop, test = loaded.settings.shop, loaded.settings.mode == "test"
    return Identity(shop.merchant, shop.store, ledger or (Ledger.TEST if test else Ledger.LIVE))


def open_journal(loaded: Loaded, clock: Clock, entropy: Entropy, ledger: Ledger | None = None) -> SqliteJournal:
    """The file of a shop with one machine. Raises JournalError, BadSettings."""
    with on_disk(loaded.state):
        loaded.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = journal_path(loaded)
        return SqliteJournal.open(
            path,
            identity=identity_of(loaded, ledger),
            clock=clock,
            entropy=entropy,
            keys=JournalKeys.open(keys_folder(loaded), entropy, create=not path.exists()),
        )


async def open_store(loaded: Loaded, clock: Clock, entropy: Entropy) -> "Store":
    """The journal that the settings name. Raises JournalError, BadSettings."""
    if loaded.settings.journal.store == "sqlite":
        return open_journal(loaded, clock, entropy)
    from terminal.journal.postgres.store import PostgresJournal

    table, place = loaded.settings.journal, place_of(loaded)
    with on_disk(loaded.state):
        loaded.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        return await PostgresJournal.open(
            place,
            reading_path(loaded),
            identity=identity_of(loaded),
            clock=clock,
            entropy=entropy,
            keys=await _keys(loaded, place, entropy),
            counters=[each.id for each in loaded.settings.counters],
            standby=table.standby,
            instance=table.instance or os.uname().nodename,
            checkpoints=checkpoints_path(loaded),
        )


async def _keys(loaded: Loaded, place: "Place", entropy: Entropy) -> JournalKeys:
    """Every machine of a shop has the same; the first one makes them, the others are given a copy."""
    from terminal.journal.postgres.start import is_new

    folder = keys_folder(loaded)
    create = not (folder / PRIVATE).exists() and await is_new(place)
    return JournalKeys.open(folder, entropy, create=create)


def place_of(loaded: Loaded) -> "Place":
    """Raises BadSettings: no database, one whose address is wrong, or no password for one over the network."""
    from terminal.journal.postgres.place import Place

    table = loaded.settings.journal
    if not table.dsn:
        raise BadSettings("config_key_missing", key="journal.dsn")
    ca = loaded.path(table.ca) if table.ca else None
    place = Place.parse(table.dsn, schema=table.schema, ca=ca)
    password = ""
    with contextlib.suppress(BadSettings) if place.local else contextlib.nullcontext():
        password = loaded.secrets.get("journal", "password")
    return Place.parse(table.dsn, schema=table.schema, ca=ca, password=password)


def serves(loaded: Loaded) -> Callable[[str], bool]:
    """Whose sales this machine brings back after a start: on a shared journal those of its own counters."""
    if loaded.settings.journal.store == "sqlite":
        return lambda _counter: True
    here = {"", *(each.id for each in loaded.settings.counters)}
    return lambda counter: counter in here


def listen_to_others(journal: "Store", *heard: Callable[[Sequence[Event]], None]) -> None:
    """Tell ``heard``, in this order, what other machines recorded."""

    def tell(events: Sequence[Event]) -> None:
        for each in heard:
            each(events)

    if not isinstance(journal, SqliteJournal):
        journal.on_foreign = tell


async def lost(journal: "Store") -> None:
    """A shared journal may be lost while nobody appends: raises its reason. Returns at once for one's own file."""
    if not isinstance(journal, SqliteJournal):
        raise await journal.failure()


async def chores(journal: "Store") -> None:
    """Returns once it is this machine that does what is done once a shop."""
    if not isinstance(journal, SqliteJournal):
        await journal.chores()


@contextlib.contextmanager
def on_disk(folder: Path) -> Iterator[None]:
    """Name what the system says about our files. Raises JournalError: ``disk_full``, ``journal_place``."""
    try:
        yield
    except OSError as error:
        fatal = diagnose(error, 0, "journal_place")
        raise JournalError(fatal.slug, path=str(folder), detail=fatal.detail) from error
