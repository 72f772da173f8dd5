"""Connections to a provider that stay warm: asked again and again, and never believed for another's question."""

import asyncio
import contextlib
import gc
import os
import socket
from collections.abc import AsyncIterator

import pytest

from terminal.banks import client
from terminal.banks.client import ProviderLink
from terminal.counter.ports import HttpReply, HttpRequest, NoAnswer, NothingSent
from tests.unit.banks.bad_server import GET, OK, POST, WATCHDOG_S, Handler, answering, read_request, serving


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # names alone


class Counted:
    """A provider that answers ``each`` time on one connection what it is told, and counts connections."""

    def __init__(self, *answers: bytes) -> None:
        self.connections, self.requests, self.ended = 0, 0, asyncio.Event()
        self._answers = answers

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            for answer in self._answers:
                await read_request(reader)
                self.requests += 1
                writer.write(answer)
                await writer.drain()
            if not self._answers[-1]:
                return
            assert await reader.read() == b""
        finally:
            self.ended.set()


@contextlib.asynccontextmanager
async def linked(handler: Handler) -> AsyncIterator[ProviderLink]:
    async with serving(handler) as port:
        link = ProviderLink(f"http://127.0.0.1:{port}", test=True)
        try:
            yield link
        finally:
            await link.aclose()


async def asked_of(port: int) -> HttpReply:
    link = ProviderLink(f"http://127.0.0.1:{port}", test=True)
    try:
        return await send(link)
    finally:
        await link.aclose()


async def send(link: ProviderLink, request: HttpRequest = POST) -> HttpReply:
    return await link.send(request, connect_s=WATCHDOG_S, answer_s=WATCHDOG_S)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_b2_a_question_to_a_connection_that_died_meanwhile_is_asked_once_more(method: str) -> None:
    bank = Counted(OK, b"")
    async with linked(bank) as link:
        await send(link)
        reply = await send(link, HttpRequest(method, "/v3/orders/1", ()))  # type: ignore[arg-type]
    assert reply.status == 200
    assert (bank.connections, bank.requests) == (2, 3)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_b2_money_asked_of_a_connection_that_died_meanwhile_may_have_moved(method: str) -> None:
    bank = Counted(OK, b"")
    async with linked(bank) as link:
        await send(link)
        with pytest.raises(NoAnswer):
            await send(link, HttpRequest(method, "/v3/pay", (), b"{}"))  # type: ignore[arg-type]
    assert (bank.connections, bank.requests) == (1, 2)


async def test_b2_a_question_that_was_answered_badly_is_not_asked_again() -> None:
    bank = Counted(OK, b"no HTTP")
    async with linked(bank) as link:
        await send(link, GET)
        with pytest.raises(NoAnswer, match="not HTTP"):
            await send(link, GET)
    assert (bank.connections, bank.requests) == (1, 2)


async def test_b2_a_question_is_not_asked_a_third_time() -> None:
    bank = Counted(b"")
    async with linked(bank) as link:
        with pytest.raises(NoAnswer):
            await send(link, GET)
    assert bank.requests == 1, "a new connection that hangs up is no old one"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", id="it says so"),
        pytest.param(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", id="HTTP/1.0"),
        pytest.param(OK + OK, id="a second answer that nobody asked for"),
        pytest.param(OK + b"and more", id="bytes behind the answer"),
    ],
)
async def test_what_may_not_be_asked_again_is_closed(answer: bytes) -> None:
    bank = Counted(answer)
    async with linked(bank) as link:
        assert (await send(link)).body == b"{}"
        await bank.ended.wait()
        assert (await send(link)).body == b"{}"
    assert bank.connections == 2


async def test_an_answer_nobody_asked_for_is_not_the_next_one() -> None:
    told = asyncio.Event()

    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(OK)
        await told.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nPAID")
        assert await reader.read() == b"", "closed, and nothing more was asked over it"
        told.clear()

    async with linked(early) as link:
        await send(link)
        told.set()
        async with asyncio.timeout(WATCHDOG_S):
            while told.is_set():  # noqa: ASYNC110  # until the other end saw the close
                await asyncio.sleep(0)
        told.set()
        assert (await send(link)).body == b"{}"


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"{}", id="100 first"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" * 3 + OK, b"{}", id="103 first"),
        pytest.param(b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", b"{}", id="lines without CR"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", b"", id="no content"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1 \r\n}\r\n0\r\n\r\n",
            b"{}",
            id="chunks, one with a blank behind its size",
        ),
    ],
)
async def test_answers_of_every_form_are_read(answer: bytes, body: bytes) -> None:
    async with linked(Counted(answer, answer)) as link:
        for _ in range(2):
            assert (await send(link)).body == body


async def test_a_body_without_a_length_ends_with_its_connection() -> None:
    async with serving(answering(b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n{}")) as port:
        assert (await asked_of(port)).body == b"{}"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", id="101"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", id="two lengths"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n", id="100 alone"),
    ],
)
async def test_b3_what_is_no_answer(answer: bytes) -> None:
    async with serving(answering(answer)) as port:
        with pytest.raises(NoAnswer):
            await asked_of(port)


async def test_a_connection_nobody_needs_is_closed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "KEEP_WARM_S", 0.01)
    bank = Counted(OK)
    async with linked(bank) as link:
        await send(link)
        async with asyncio.timeout(WATCHDOG_S):
            await bank.ended.wait()
        await send(link)
    assert bank.connections == 2


async def test_each_of_several_connections_is_closed_in_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "KEEP_WARM_S", 0.1)
    asked, answer, ended = asyncio.Semaphore(0), asyncio.Semaphore(0), asyncio.Semaphore(0)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        asked.release()
        await answer.acquire()
        writer.write(OK)
        assert await reader.read() == b""
        ended.release()

    async with linked(handle) as link:
        both = [asyncio.create_task(send(link)) for _ in range(2)]
        await asked.acquire()
        await asked.acquire()
        answer.release()
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        answer.release()
        await asyncio.gather(*both)
        link._idle[-1].idle_since_s += 0.1  # used so much later, without waiting for it
        async with asyncio.timeout(WATCHDOG_S):
            await ended.acquire()
            await ended.acquire()


async def test_when_it_is_closed_nothing_is_left_open() -> None:
    async with linked(Counted(OK)) as link:
        await send(link)
        assert len(link._all) == 1
        await link.aclose()
        assert not link._all


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [
        ("POST", b"", [b"0"]),
        ("PUT", b"", [b"0"]),
        ("POST", "面".encode(), [b"3"]),
        ("GET", b"", []),
        ("DELETE", b"", []),
    ],
)
async def test_how_long_a_request_is_is_said(method: str, body: bytes, length: list[bytes]) -> None:
    """Many a gateway refuses a POST that does not say that it is empty (411)."""
    heads: list[bytes] = []

    async def kept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await read_request(reader))
        writer.write(OK)

    async with linked(kept) as link:
        await send(link, HttpRequest(method, "/", (), body))  # type: ignore[arg-type]
    fields = [line.partition(b": ") for line in heads[0].partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]]
    assert [value for name, _, value in fields if name == b"Content-Length"] == length


async def test_no_more_connections_than_allowed_and_who_waits_too_long_sent_nothing() -> None:
    begun = asyncio.Semaphore(0)

    async def holds(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        begun.release()
        await reader.read()

    async with linked(holds) as link:
        held = [asyncio.create_task(send(link)) for _ in range(client.CONNECTIONS)]
        for _ in held:
            await begun.acquire()
        with pytest.raises(NothingSent):
            await link.send(POST, connect_s=0.01, answer_s=WATCHDOG_S)
        for task in held:
            task.cancel()
        assert all(
            isinstance(each, asyncio.CancelledError)
            for each in await asyncio.gather(*held, return_exceptions=True)
        )


async def test_every_place_is_given_back_however_an_exchange_ends() -> None:
    bank = Counted(b"no HTTP")
    async with linked(bank) as link:
        for _ in range(client.CONNECTIONS + 1):
            with pytest.raises(NoAnswer, match="not HTTP"):
                await link.send(POST, connect_s=WATCHDOG_S / 2, answer_s=WATCHDOG_S)
            task = asyncio.create_task(send(link))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    assert bank.connections >= client.CONNECTIONS + 1


async def test_a_cancelled_exchange_leaves_no_connection_with_its_answer_on_it() -> None:
    asked, cancelled = asyncio.Event(), asyncio.Event()
    bodies: list[bytes] = []

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bodies.append(b"new" if bodies else b"old")
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + bodies[-1]
        await read_request(reader)
        asked.set()
        await cancelled.wait()
        writer.write(answer)
        await writer.drain()
        await reader.read()

    async with linked(late) as link:
        task = asyncio.create_task(send(link))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        cancelled.set()
        assert (await send(link)).body == b"new"


async def test_whenever_it_is_cancelled_no_socket_stays_open(recwarn: pytest.WarningsRecorder) -> None:
    """A socket that was connected and belongs to nobody would be told by its end (ResourceWarning)."""
    before = open_files()
    async with serving(Counted(OK)) as port:
        for steps in range(40):
            link = ProviderLink(f"http://localhost:{port}", test=True)
            task = asyncio.create_task(send(link))
            for _ in range(steps):
                await asyncio.sleep(0.0002 if steps > 20 else 0)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await link.aclose()
    gc.collect()
    assert not [str(each.message) for each in recwarn]
    assert open_files() <= before


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest("GET", "/a b", ()),
        HttpRequest("GET", "/a\r\nX: y", ()),
        HttpRequest("GET", "/", (("X", "y\r\nZ: 1"),)),
        HttpRequest("GET", "/", (("X\n", "y"),)),
        HttpRequest("GET", "/", (("X", "\0"),)),
    ],
    ids=["blank in the target", "line in the target", "line in a value", "line in a name", "NUL"],
)
async def test_what_would_be_more_than_one_request_is_not_sent(request_: HttpRequest) -> None:
    bank = Counted(OK)
    async with linked(bank) as link:
        with pytest.raises(ValueError, match="control character"):
            await send(link, request_)
    assert not bank.connections


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding", "HOST", "Connection"])
async def test_where_a_request_ends_is_ours_to_say(name: str) -> None:
    bank = Counted(OK)
    async with linked(bank) as link:
        with pytest.raises(ValueError, match="where a request ends"):
            await send(link, HttpRequest("POST", "/", ((name, "0"),), b"{}"))
    assert not bank.connections


@pytest.mark.parametrize(
    ("gateway", "host"),
    [
        ("http://127.0.0.1:80", b"127.0.0.1"),
        ("http://127.0.0.1:443", b"127.0.0.1:443"),
        ("http://localhost", b"localhost"),
        ("http://[::1]:80", b"[::1]"),
        ("http://[::1]:8080", b"[::1]:8080"),
    ],
)
async def test_a_port_that_goes_without_saying_is_not_said(
    gateway: str, host: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some gateways know their name only without it."""
    heads: list[bytes] = []

    async def kept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await read_request(reader))
        writer.write(OK)

    async with serving(kept) as port:
        there = socket.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **_more: there)
        link = ProviderLink(gateway, test=True)
        await send(link)
        await link.aclose()
    assert heads[0].split(b"\r\n")[1] == b"Host: " + host
