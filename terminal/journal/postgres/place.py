"""Where the database is, how it is reached, and what it must answer before a shop's money is trusted to it."""

import asyncio
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

from terminal.errors import BadSettings, JournalError
from terminal.tls.trust import trusting

PORT: Final = 5432
CONNECT_S: Final = 3.0
ANSWER_S: Final = 30.0  # of one statement; after that the connection counts as lost
OLDEST: Final = 14  # idle_session_timeout came with it (PostgreSQL 14 release notes, E.24.3.1)
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

LOST: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,  # asyncpg's word for a connection that is closed already
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,  # the server shuts down, starts up, or somebody ended our session
)
"""The connection is gone, or to be treated so: what was sent last may have happened."""

# What every connection must answer. The first three are what makes COMMIT mean "on the disk" (PostgreSQL
# documentation, 19.5.1); the rest is what the statements rely on.
_WANTED: Final = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "server_encoding": "UTF8",
    "transaction_isolation": "read committed",
    "transaction_read_only": "off",  # a standby server of a pair is not where money is written
}
_SET: Final = {
    "synchronous_commit": "on",
    "default_transaction_isolation": "read committed",
    "application_name": "countertop",
    "idle_in_transaction_session_timeout": "5000",  # a machine that was cut off holds no row lock for long
    "lock_timeout": "20000",
    "jit": "off",
    "client_min_messages": "warning",
}


@dataclass(frozen=True, slots=True)
class Place:
    """One shop's schema in one database. ``host`` beginning with a slash is the folder of a Unix socket."""

    host: str
    port: int
    user: str
    database: str
    schema: str = "countertop"
    password: str = field(default="", repr=False)
    ca: Path | None = None  # who signed the server's certificate; None: whom the system trusts

    @classmethod
    def parse(cls, dsn: str, *, schema: str = "countertop", password: str = "", ca: Path | None = None) -> "Place":
        """Read ``postgresql://user@host:port/database`` or ``postgresql:///database?host=/run/postgresql``.

        Raises:
            BadSettings("config_value_wrong"): another form, or a password in it (it belongs to the secrets).
        """
        parts = urlsplit(dsn)
        try:
            query = parse_qs(parts.query, strict_parsing=True) if parts.query else {}
            port = parts.port or PORT
        except ValueError:
            raise _wrong("postgresql://user@host:port/database") from None
        if parts.scheme not in ("postgresql", "postgres") or query.keys() - {"host"}:
            raise _wrong("postgresql://user@host:port/database")
        if parts.password is not None:
            raise _wrong("the password belongs into the secrets file")
        host, database = (query.get("host") or [parts.hostname or ""])[0], unquote(parts.path.strip("/"))
        if not (host and database and parts.username):
            raise _wrong("user, host and database must be named")
        return cls(host, port, unquote(parts.username), database, schema, password, ca)

    @property
    def local(self) -> bool:
        """No wire to listen on: TLS is not asked for."""
        return self.host.startswith("/") or self.host in _LOOPBACK

    def tls(self) -> ssl.SSLContext | None:
        """The server's name is verified; nothing goes over a network in the clear. Raises BadSettings."""
        if self.local:
            return None
        try:
            return trusting(self.ca)
        except (OSError, ssl.SSLError):
            raise BadSettings("config_value_wrong", key="journal.ca", why="no certificate in this file") from None

    async def connect(self, *, idle_s: float = 0, timeout_s: float = CONNECT_S) -> asyncpg.Connection:
        """A checked connection; the server ends it when it was silent for ``idle_s``.

        Raises:
            LOST: nobody answers; JournalError: ``journal_pragma``, ``database_refused``; BadSettings as ``tls``.
        """
        settings = {**_SET, "search_path": f'"{self.schema}"'}
        if idle_s:
            settings["idle_session_timeout"] = str(round(idle_s * 1000))
        try:
            connection = await asyncpg.connect(
                host=self.host,
                port=self.port,
                user=self.user,
                password=self.password or None,
                database=self.database,
                ssl=self.tls() or False,
                timeout=timeout_s,
                command_timeout=ANSWER_S,
                server_settings=settings,
            )
        except (asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError) as error:
            raise ConnectionError(str(error)) from error
        except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as error:
            raise JournalError("database_refused", place=self.told, detail=str(error)) from error
        except ssl.SSLCertVerificationError as error:
            raise JournalError("database_refused", place=self.told, detail=error.verify_message) from error
        try:
            await _check(connection)
        except BaseException:
            connection.terminate()
            raise
        return connection

    @property
    def told(self) -> str:
        """For people: no password in it."""
        return f"{self.host}:{self.port}/{self.database}"


def _wrong(why: str) -> BadSettings:
    return BadSettings("config_value_wrong", key="journal.dsn", why=why)


async def _check(connection: asyncpg.Connection) -> None:
    """Raises JournalError("journal_pragma") for a server on which a commit is not what it says."""
    if (version := connection.get_server_version().major) < OLDEST:
        raise JournalError("journal_pragma", name="server_version", wanted=OLDEST, got=str(version))
    names = list(_WANTED)
    rows = await connection.fetch("SELECT name, current_setting(name) FROM unnest($1::text[]) AS name", names)
    for name, got in rows:
        if got != _WANTED[name]:
            raise JournalError("journal_pragma", name=name, wanted=_WANTED[name], got=str(got))


async def close(connection: asyncpg.Connection, *, limit_s: float = 1.0) -> None:
    """Politely, or at once when the other side says nothing."""
    try:
        async with asyncio.timeout(limit_s):
            await connection.close()
    except LOST:
        connection.terminate()
