"""Over a network: encrypted, and to the machine that was named, or not at all.

The wheel's server is built without TLS, so a front before it begins it as PostgreSQL does (its manual, 54.2.10).
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from terminal.errors import JournalError
from terminal.journal.postgres.place import Place
from terminal.tls.local_authority import ensure
from tests.unit.journal.world import TickingClock, event, open_in

SSL_REQUEST: Final = bytes.fromhex("0000000804d2162f")


@asynccontextmanager
async def front(place: Place, context: ssl.SSLContext | None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Its port, and the first bytes of whoever came. Without a context it says that it knows no TLS."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readexactly(len(SSL_REQUEST)))
        writer.write(b"N" if context is None else b"S")
        await writer.drain()
        if context is not None:
            with suppress(OSError):
                await writer.start_tls(context)
                await carry(reader, writer)
        writer.close()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_unix_connection(str(Path(place.host) / ".s.PGSQL.5432"))
        await asyncio.wait(
            {asyncio.create_task(pipe(reader, forth)), asyncio.create_task(pipe(back, writer))},
        )

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], heads
    finally:
        server.close()


async def test_s16_the_server_is_who_its_certificate_says_and_everything_is_encrypted(
    place: Place, tmp_path: Path
) -> None:
    authority, pair = ensure(tmp_path, TickingClock())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    async with front(place, context) as (port, heads):
        named = replace(place, host="LOCALHOST", port=port, ca=authority)  # not what we call loopback
        async with await open_in(named, tmp_path / "v.db") as journal:
            await journal.append([event()])
        assert heads == [SSL_REQUEST] * 2
        with pytest.raises(JournalError, match="database_refused"):
            await open_in(replace(named, ca=None), tmp_path / "v.db")  # signed by nobody this machine knows
    other = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    other.load_cert_chain(pair)
    async with front(place, other) as (port, _heads):
        with pytest.raises(JournalError, match="database_refused"):
            await open_in(replace(named, host="127.1", port=port), tmp_path / "v.db")  # a name it does not have


async def test_s16_a_server_without_encryption_is_told_nothing_over_a_network(
    place: Place, tmp_path: Path
) -> None:
    async with front(place, None) as (port, heads):
        named = replace(place, host="LOCALHOST", port=port)
        with pytest.raises(JournalError, match="database_lost"):
            await open_in(named, tmp_path / "v.db")
        assert set(heads) == {SSL_REQUEST}
