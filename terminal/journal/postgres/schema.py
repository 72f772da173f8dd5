"""The shop's tables in PostgreSQL: numbered forward-only migrations, and rules that the server itself keeps.

The log, the claims and the clear personal values live here; every view is made by each instance for itself.
"""

from collections.abc import Mapping
from typing import Final

import asyncpg

from terminal.counter.ports import Entropy
from terminal.errors import JournalError
from terminal.journal.postgres.place import Place
from terminal.journal.records import Identity

_REFUSE: Final = "BEGIN RAISE EXCEPTION 'events are never changed' USING ERRCODE = 'CT001'; END"
_FORWARD: Final = """BEGIN
    IF TG_OP = 'UPDATE' AND NEW.number >= OLD.number AND NEW.fence >= OLD.fence THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'the log only grows' USING ERRCODE = 'CT001';
END"""

_FIRST: Final = (
    "CREATE TABLE fact (name text PRIMARY KEY, value text NOT NULL)",
    # One row: whoever appends changes it, so appends of all instances stand in one line, numbers in commit order.
    """CREATE TABLE log (one boolean PRIMARY KEY CHECK (one), number bigint NOT NULL, fence bigint NOT NULL)
        WITH (fillfactor = 10)""",
    "INSERT INTO log VALUES (true, 0, 0)",
    """CREATE TABLE event (
        number bigint PRIMARY KEY, stream text COLLATE "C" NOT NULL, position bigint NOT NULL, type text NOT NULL,
        version bigint NOT NULL, ledger text NOT NULL, merchant text NOT NULL, store text NOT NULL,
        counter text NOT NULL, subject text NOT NULL, actor text NOT NULL, wall_ms bigint NOT NULL,
        mono_ns bigint NOT NULL, body text NOT NULL, key_id text NOT NULL, hash bytea NOT NULL,
        run bigint NOT NULL, UNIQUE (stream, position))""",
    # A run of an instance: after a lost connection it knows its own rows by this number, not by what is in them.
    "CREATE SEQUENCE run",
    """CREATE TABLE claim (
        kind text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, value text NOT NULL, number bigint NOT NULL,
        PRIMARY KEY (kind, key))""",
    """CREATE TABLE personal (
        number bigint NOT NULL, name text COLLATE "C" NOT NULL, subject text NOT NULL, key_id text NOT NULL,
        hidden bytea NOT NULL, PRIMARY KEY (number, name))""",
    "CREATE INDEX personal_subject ON personal (subject)",
    # Every instance takes the clear values out of its own view too, also one that was off at the time.
    """CREATE TABLE erasure (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        subject text NOT NULL, until bigint NOT NULL)""",
    """CREATE TABLE holder (
        stream text COLLATE "C" PRIMARY KEY, fence bigint NOT NULL, instance text NOT NULL)""",
    f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $body${_REFUSE}$body$",
    f"CREATE FUNCTION forward() RETURNS trigger LANGUAGE plpgsql AS $body${_FORWARD}$body$",
    "CREATE TRIGGER event_kept BEFORE UPDATE OR DELETE ON event FOR EACH ROW EXECUTE FUNCTION refuse()",
    "CREATE TRIGGER event_whole BEFORE TRUNCATE ON event FOR EACH STATEMENT EXECUTE FUNCTION refuse()",
    "CREATE TRIGGER claim_kept BEFORE UPDATE OR DELETE ON claim FOR EACH ROW EXECUTE FUNCTION refuse()",
    "CREATE TRIGGER claim_whole BEFORE TRUNCATE ON claim FOR EACH STATEMENT EXECUTE FUNCTION refuse()",
    "CREATE TRIGGER log_kept BEFORE UPDATE OR DELETE ON log FOR EACH ROW EXECUTE FUNCTION forward()",
    "CREATE TRIGGER log_whole BEFORE TRUNCATE ON log FOR EACH STATEMENT EXECUTE FUNCTION refuse()",
)
MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (_FIRST,)
"""Number n is the n-th entry. A released one is never edited: the next one changes what it made."""

_RULES: Final = {
    **dict.fromkeys(("event_kept", "event_whole", "claim_kept", "claim_whole", "log_whole"), _REFUSE),
    "log_kept": _FORWARD,
}
_SHAPE: Final = """SELECT t.tgname::text, t.tgenabled::text, p.prosrc FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_proc p ON p.oid = t.tgfoid WHERE n.nspname = $1 AND NOT t.tgisinternal"""
_KEYS: Final = """SELECT c.conrelid::regclass::text || ' ' || pg_get_constraintdef(c.oid) FROM pg_constraint c
    JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname = $1 AND c.contype IN ('p', 'u')"""
_WANTED_KEYS: Final = frozenset(
    {
        "fact PRIMARY KEY (name)",
        "log PRIMARY KEY (one)",
        "event PRIMARY KEY (number)",
        'event UNIQUE (stream, "position")',
        "claim PRIMARY KEY (kind, key)",
        "personal PRIMARY KEY (number, name)",
        "erasure PRIMARY KEY (number)",
        "holder PRIMARY KEY (stream)",
    }
)
COPYING: Final = "copying"  # a fact that stands while a journal moves in from elsewhere


async def migrate(connection: asyncpg.Connection, place: Place) -> None:
    """Apply what is missing, everything in one transaction: old version or new, never half (D3).

    Raises:
        JournalError: ``journal_newer``, ``journal_altered``.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", place.schema)
        found = await version_of(connection, place)
        if found > len(MIGRATIONS):
            raise JournalError("journal_newer", found=found, known=len(MIGRATIONS))
        if not found:
            await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{place.schema}"')
            await connection.execute("CREATE TABLE IF NOT EXISTS migration (number integer PRIMARY KEY)")
        for number in range(found + 1, len(MIGRATIONS) + 1):
            for statement in MIGRATIONS[number - 1]:
                await connection.execute(statement)
            await connection.execute("INSERT INTO migration VALUES ($1)", number)
    if name := await altered(connection, place):
        raise JournalError("journal_altered", name=name)


async def version_of(connection: asyncpg.Connection, place: Place) -> int:
    """The number of the last migration applied, 0 where there is nothing yet."""
    if not await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", f'"{place.schema}".migration'):
        return 0
    found: int = await connection.fetchval("SELECT coalesce(max(number), 0) FROM migration")
    return found


async def altered(connection: asyncpg.Connection, place: Place) -> str:
    """The name of a rule or key that is not as the migrations made it; empty when all are."""
    rules = {name: body for name, on, body in await connection.fetch(_SHAPE, place.schema) if on == "O"}
    odd = {name for name in {*rules, *_RULES} if rules.get(name) != _RULES.get(name)}
    keys = {row[0] for row in await connection.fetch(_KEYS, place.schema)} - {"migration PRIMARY KEY (number)"}
    return min(odd | (keys ^ _WANTED_KEYS), default="")


async def facts_of(connection: asyncpg.Connection) -> dict[str, str]:
    return {str(name): str(value) for name, value in await connection.fetch("SELECT name, value FROM fact")}


async def introduce(connection: asyncpg.Connection, identity: Identity, entropy: Entropy) -> str:
    """Write who owns a new schema, or compare; returns the database's own id.

    Raises:
        JournalError: ``journal_other_shop`` (merchant, store or ledger differ), ``journal_half_moved``.
    """
    wanted = owner(identity)
    async with connection.transaction():
        await connection.execute("SELECT 1 FROM log FOR UPDATE")  # two first starts at the same moment
        facts = await facts_of(connection)
        if not facts:
            facts = {**wanted, "database": entropy.bytes(16).hex()}
            await connection.executemany("INSERT INTO fact VALUES ($1, $2)", list(facts.items()))
    compare(facts, wanted)
    if COPYING in facts:
        raise JournalError("journal_half_moved")
    return facts["database"]


def owner(identity: Identity) -> dict[str, str]:
    return {"merchant": identity.merchant, "store": identity.store, "ledger": str(identity.ledger)}


def compare(facts: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Raises JournalError: ``journal_other_shop``, ``journal_corrupt``."""
    for name, value in wanted.items():
        if facts.get(name) != value:
            raise JournalError("journal_other_shop", what=name, found=facts.get(name, ""), wanted=value)
    if "database" not in facts:
        raise JournalError("journal_corrupt", detail="the database has no id")
