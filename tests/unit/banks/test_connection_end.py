"""How a connection to a provider ends, and what may still be believed and sent then."""

import asyncio
import contextlib
import gc
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from terminal.banks import client
from terminal.banks.client import ProviderLink
from terminal.banks.connection import Connection
from terminal.counter.ports import HttpRequest, NoAnswer, NothingSent
from terminal.tls.trust import trusting
from tests.unit.banks.bad_server import GET, OK, POST, WATCHDOG_S, Handler, read_request, serving
from tests.unit.banks.test_client import server_tls
from tests.unit.banks.test_connection import Counted, linked, send

UNBOUNDED = b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n{}"


@contextlib.asynccontextmanager
async def linked_by_tls(folder: Path, handler: Handler) -> AsyncIterator[ProviderLink]:
    tls, authority = server_tls(folder)
    async with serving(handler, tls) as port:
        link = ProviderLink(f"https://127.0.0.1:{port}", ca_file=authority)
        try:
            yield link
        finally:
            await link.aclose()


def ending(answer: bytes, *, told: bool) -> Handler:
    """Answers and ends the connection in the same moment, with TLS's word for it or without."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)
        if told:
            writer.close()
            return
        writer.transport.abort()

    return handle


@pytest.mark.parametrize("told", [True, False], ids=["told", "cut"])
async def test_nothing_more_is_asked_from_the_moment_the_end_is_seen(tmp_path: Path, told: bool) -> None:
    """Between that and the loss of the connection other tasks run: what money they asked would be unknown."""
    open_then: list[bool] = []

    class Seen(Connection):
        def eof_received(self) -> None:
            super().eof_received()
            open_then.append(self.open)

    tls, authority = server_tls(tmp_path)
    loop = asyncio.get_running_loop()
    async with serving(ending(OK, told=told), tls) as port:
        _, connection = await loop.create_connection(
            lambda: Seen(lambda _: None), "127.0.0.1", port, ssl=trusting(authority)
        )
        assert (await connection.ask(b"GET / HTTP/1.1\r\n\r\n")).body == b"{}"
        await connection.lost
    assert open_then == [False]


async def test_money_is_not_asked_over_a_connection_that_is_being_closed() -> None:
    bank = Counted(OK)
    async with linked(bank) as link:
        await send(link)
        (warm,) = link._idle
        warm.data_received(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
        assert (await send(link)).body == b"{}"
    assert bank.connections == 2


async def test_b2_a_body_without_a_length_is_whole_when_the_provider_says_so(tmp_path: Path) -> None:
    async with linked_by_tls(tmp_path, ending(UNBOUNDED, told=True)) as link:
        assert (await send(link)).body == b"{}"


async def test_b2_b9_a_body_without_a_length_that_anybody_could_have_cut_is_not_whole(tmp_path: Path) -> None:
    """RFC 9112, 9.8: who is on the way can end a connection, but cannot say close_notify."""
    async with linked_by_tls(tmp_path, ending(UNBOUNDED, told=False)) as link:
        with pytest.raises(NoAnswer, match="cut short"):
            await send(link)


async def test_b2_a_body_without_a_length_that_is_reset_is_not_whole() -> None:
    async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(UNBOUNDED)
        for _ in range(4):  # the other end reads it first: a reset takes away what was not read
            await asyncio.sleep(0)
        at_once = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        writer.transport.abort()

    async with linked(resets) as link:
        with pytest.raises(NoAnswer, match="ConnectionResetError"):
            await send(link)


@pytest.mark.parametrize("request_", [GET, POST], ids=["get", "post"])
async def test_a_body_that_we_cut_ourselves_is_not_whole(request_: HttpRequest) -> None:
    begun = asyncio.Event()

    async def begins(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(UNBOUNDED)
        begun.set()
        await reader.read()

    async with linked(begins) as link:
        task = asyncio.create_task(send(link, request_))
        await begun.wait()
        for _ in range(4):  # until the answer's beginning was read, in the same loop
            await asyncio.sleep(0)
        await link.aclose()
        with pytest.raises(NoAnswer):
            await task


async def test_what_is_under_way_at_the_end_is_not_asked_again() -> None:
    asked = asyncio.Event()
    bank = Counted(OK)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if bank.connections:
            await bank(reader, writer)
            return
        bank.connections += 1
        await read_request(reader)
        writer.write(OK)
        await read_request(reader)
        asked.set()
        await reader.read()

    async with linked(handle) as link:
        await send(link, GET)
        task = asyncio.create_task(send(link, GET))
        await asked.wait()
        await link.aclose()
        with pytest.raises(NoAnswer):
            await task
    assert (bank.connections, bank.requests) == (1, 0)


class Resolver:
    """In place of the system's: it answers when it is told, and counts who waits for it in a thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked, self.knows, self._goes_on, self._real = 0, True, threading.Event(), socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self._find)

    def _find(self, *args: Any, **more: Any) -> Any:
        self.asked += 1
        assert self._goes_on.wait(WATCHDOG_S)
        if not self.knows:
            raise socket.gaierror(socket.EAI_AGAIN, "no")
        return self._real(*args, **more)

    def answer(self) -> None:
        self._goes_on.set()


async def test_money_is_not_asked_over_a_connection_that_was_not_made_yet_when_it_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolver, bank = Resolver(monkeypatch), Counted(OK)
    async with linked(bank) as link:
        task = asyncio.create_task(send(link))
        async with asyncio.timeout(WATCHDOG_S):
            while not resolver.asked:  # noqa: ASYNC110  # in its own thread
                await asyncio.sleep(0)
        await link.aclose()
        resolver.answer()
        with pytest.raises(NothingSent):
            await task
        async with asyncio.timeout(WATCHDOG_S):
            while link._all:  # noqa: ASYNC110  # it is closed, though nobody waits for that
                await asyncio.sleep(0)
        assert (await send(link)).body == b"{}", "asked again, it begins anew"
    assert bank.requests == 1


@pytest.mark.parametrize("error", [OSError(28, "full"), TimeoutError("slow"), ValueError("large")], ids=repr)
async def test_b3_what_the_taker_of_a_download_raises_is_not_the_providers(error: Exception) -> None:
    def full(_: bytes) -> None:
        raise error

    bank = Counted(OK)
    async with linked(bank) as link:
        with pytest.raises(type(error)) as caught:
            await link.download(GET, full, connect_s=WATCHDOG_S, whole_s=WATCHDOG_S)
        assert caught.value is error
        assert (await send(link)).body == b"{}", "of a connection of its own"
    assert bank.connections == 2


async def test_a_connection_cancelled_as_its_handshake_ends_is_closed_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider never says that TLS ends: asyncio would wait for that, and nobody would know of the socket."""
    tls, authority = server_tls(tmp_path)
    made: list[Connection] = []

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        end = tls.wrap_bio(incoming, outgoing, server_side=True)
        while data := await reader.read(65536):
            incoming.write(data)
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
            writer.write(outgoing.read())

    class Cancelling(Connection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            made.append(self)
            task.cancel()

    monkeypatch.setattr(client, "Connection", Cancelling)
    async with serving(mute) as port:
        link = ProviderLink(f"https://127.0.0.1:{port}", ca_file=authority)
        task = asyncio.create_task(send(link))
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(WATCHDOG_S / 2):
            await made[0].lost


async def test_a_connection_that_ends_before_it_was_asked_ends_quietly() -> None:
    async def leaves(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write_eof()

    wrong: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: wrong.append(context))
    async with serving(leaves) as port:
        lost: list[Connection] = []
        _, connection = await loop.create_connection(lambda: Connection(lost.append), "127.0.0.1", port)
        await connection.lost
    assert (wrong, lost) == ([], [connection])


async def test_b9_a_slow_resolver_is_asked_once_however_often_we_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver(monkeypatch)
    async with linked(Counted(OK)) as link:
        for _ in range(3):
            with pytest.raises(NothingSent, match="TimeoutError"):
                await link.send(POST, connect_s=0.001, answer_s=WATCHDOG_S)
        both = [asyncio.create_task(send(link)) for _ in range(2)]
        await asyncio.sleep(0)
        resolver.answer()
        assert [reply.status for reply in await asyncio.gather(*both)] == [200, 200]
    assert resolver.asked == 1


async def test_b9_a_name_that_is_not_found_may_be_found_later(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver, wrong = Resolver(monkeypatch), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: wrong.append(context))
    async with linked(Counted(OK)) as link:
        resolver.knows = False
        with pytest.raises(NothingSent, match="TimeoutError"):
            await link.send(POST, connect_s=0.001, answer_s=WATCHDOG_S)
        resolver.answer()
        async with asyncio.timeout(WATCHDOG_S):
            while link._finding is not None:  # noqa: ASYNC110  # nobody waits for it
                await asyncio.sleep(0)
        with pytest.raises(NothingSent, match="gaierror"):
            await send(link)
        resolver.knows = True
        assert (await send(link)).status == 200
    gc.collect()
    assert not wrong


@pytest.mark.parametrize("cancelled", [True, False], ids=["cancelled", "too late"])
async def test_the_connection_of_an_exchange_that_was_given_up_is_closed_then(cancelled: bool) -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        asked.set()
        assert await reader.read() == b""
        ended.set()

    async with linked(silent) as link, asyncio.timeout(WATCHDOG_S):
        answer_s = WATCHDOG_S if cancelled else 0.05
        while not asked.is_set():
            task = asyncio.create_task(link.send(POST, connect_s=WATCHDOG_S, answer_s=answer_s))
            if cancelled:
                await asked.wait()
                task.cancel()
            with pytest.raises(asyncio.CancelledError if cancelled else (NoAnswer, NothingSent)):
                await task
            answer_s *= 2  # a busy machine may not even have sent it by then
        await ended.wait()
