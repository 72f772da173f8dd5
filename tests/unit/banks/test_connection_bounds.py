"""What a provider's answer may hold behind its head, and how it may be cut into pieces (B3)."""

import asyncio

import pytest

from terminal.counter.ports import NoAnswer
from tests.unit.banks.bad_server import Handler, answering, read_request, serving
from tests.unit.banks.test_connection import asked_of

CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Twice: a\r\n\r\n2\r\n{}\r\n"


async def test_b3_what_follows_the_body_is_no_header() -> None:
    behind = b"0\r\nX-Twice: b\r\nWechatpay-Signature: c\r\n\r\n"
    async with serving(answering(CHUNKS + behind)) as port:
        reply = await asked_of(port)
    assert (reply.body, reply.headers["x-twice"]) == (b"{}", "a")
    assert "wechatpay-signature" not in reply.headers


def endless(start: bytes, more: bytes) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(start)
        while True:
            writer.write(more)
            await writer.drain()

    return handle


@pytest.mark.parametrize(
    ("start", "more"),
    [
        pytest.param(CHUNKS + b"0\r\nX: ", b"y" * 65536, id="a field behind the body"),
        pytest.param(CHUNKS + b"2;", b"y" * 65536, id="an extension of a chunk"),
        pytest.param(CHUNKS, b"0" * 65536, id="the size of a chunk"),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 3000, id="informational answers"),
        pytest.param(b"HTTP/1.1 200 ", b"y" * 65536, id="status line"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: ", b"y" * 65536, id="a field"),
    ],
)
async def test_b3_what_has_no_end_is_not_read_for_ever(start: bytes, more: bytes) -> None:
    """Without a bound this runs until the memory or the time is used up."""
    async with serving(endless(start, more)) as port:
        with pytest.raises(NoAnswer, match="headers too large"):
            await asked_of(port)


async def test_a_large_head_is_the_same_in_any_pieces() -> None:
    head = b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 7000) for n in range(4))
    answer = head + b"Content-Length: 2\r\n\r\n{}"

    async def in_pieces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for begin in range(0, len(answer), 1000):
            writer.write(answer[begin : begin + 1000])
            for _ in range(4):  # the other end reads each by itself, in the same loop
                await asyncio.sleep(0)

    for handler in (answering(answer), in_pieces):
        async with serving(handler) as port:
            assert (await asked_of(port)).body == b"{}"


async def test_an_answer_byte_by_byte() -> None:
    behind = b"1 ;x=y\r\n \r\n0\r\nX: y\r\n\r\n"
    answer = b"HTTP/1.1 103 Early Hints\r\nX-Twice: z\r\n\r\n" + CHUNKS + behind

    async def bytewise(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for byte in answer:
            writer.write(bytes([byte]))
            for _ in range(4):
                await asyncio.sleep(0)

    async with serving(bytewise) as port:
        reply = await asked_of(port)
    assert (reply.body, reply.headers["x-twice"]) == (b"{} ", "a")


async def test_blanks_around_a_value_are_no_part_of_it() -> None:
    """A signature with one behind it would be none."""
    fields = (
        b"Wechatpay-Signature: \t abc \t\r\nContent-Encoding: identity \r\nX-Empty: \r\nContent-Length: 2 \r\n"
    )
    async with serving(answering(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n{}")) as port:
        headers = (await asked_of(port)).headers
    assert (headers["wechatpay-signature"], headers["x-empty"]) == ("abc", "")


@pytest.mark.parametrize("value", [b"\0", b"a\0b"])
async def test_b2_a_value_with_nul_is_no_http(value: bytes) -> None:
    async with serving(answering(b"HTTP/1.1 200 OK\r\nX: " + value + b"\r\nContent-Length: 2\r\n\r\n{}")) as port:
        with pytest.raises(NoAnswer, match="not HTTP"):
            await asked_of(port)


@pytest.mark.parametrize("coding", [b"br", b"deflate", b"identity, gzip", b"x"])
async def test_b3_what_is_packed_is_no_answer(coding: bytes) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: " + coding + b"\r\nContent-Length: 2\r\n\r\n{}"
    async with serving(answering(answer)) as port:
        with pytest.raises(NoAnswer, match="compressed"):
            await asked_of(port)
