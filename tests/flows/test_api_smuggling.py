"""Requests that two programs could read differently: each is refused once and its connection ends (S28, W3)."""

import asyncio
import contextlib
import re
from pathlib import Path
from typing import Final

from terminal.web.edge import EdgeLimits
from tests.flows.api_rig import WATCHDOG_S, Shop, open_shop
from tests.flows.test_api_limits import JSON, POST, connect, head

GET: Final = "GET /api/v1/health HTTP/1.1"
CHUNKED: Final = "Transfer-Encoding: chunked"
SECOND: Final = "GET /api/v1/me HTTP/1.1\r\nHost: x\r\n\r\n"  # what is smuggled along
SHAPES: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "length first, then chunks": (("Content-Length: 6", CHUNKED), "0\r\n\r\nG"),
    "chunks first, then length": ((CHUNKED, "Content-Length: 6"), "0\r\n\r\nG"),
    "chunks twice": ((CHUNKED, CHUNKED), "0\r\n\r\n"),
    "chunked not last": (("Transfer-Encoding: chunked, identity",), "0\r\n\r\n"),
    "an unknown coding": (("Transfer-Encoding: xchunked",), "0\r\n\r\n"),
    "a space before the colon": (("Transfer-Encoding : chunked",), "0\r\n\r\n"),
    "a vertical tab in it": (("Transfer-Encoding: \x0bchunked",), "0\r\n\r\n"),
    "a folded line": (("Transfer-Encoding:", " chunked"), "0\r\n\r\n"),
    "two lengths in one": (("Content-Length: 2, 2",), "{}"),
    "a signed length": (("Content-Length: +2",), "{}"),
    "a negative length": (("Content-Length: -2",), "{}"),
    "a length in hexadecimal": (("Content-Length: 0x2",), "{}"),
    "a length in other digits": (("Content-Length: ２",), "{}"),
    "a length with underscores": (("Content-Length: 1_0",), "{}"),
    "a header without a name": ((": nothing",), ""),
    "a name with a space": (("X Y: z",), ""),
    "a zero byte": (("X-Y: a\x00b",), ""),
}
CHUNKS: Final = {
    "a size with a sign": "+2\r\n{}\r\n0\r\n\r\n",
    "a size in hexadecimal twice": "0x2\r\n{}\r\n0\r\n\r\n",
    "a size with an underscore": "0_2\r\n{}\r\n0\r\n\r\n",
    "a size that is no number": "zz\r\n{}\r\n0\r\n\r\n",
    "a size that never ends": "0" * 20_000,
    "more than was said": "2\r\n{}GET / HTTP/1.1\r\n\r\n0\r\n\r\n",
}
ENDLESS: Final = {
    "an extension that never ends": "2;" + "a" * 20_000,
    "an enormous size": "ffffffffffffffff\r\n{}",
    "chunks of nothing much": "1\r\n \r\n" * 2000,
}
INSIDE: Final = (b"Traceback", b"File ", b"site-packages", b"aiohttp", b"Python", b"/work", b"SELECT", b"sqlite")


async def statuses(shop: Shop, sent: bytes) -> tuple[list[int], bytes]:
    """Every answer the connection gives before it ends, and all it said."""
    wire = await connect(shop)
    wire.writer.write(sent)
    said = b""
    with contextlib.suppress(ConnectionError):  # it may be cut: what came before counts
        while piece := await asyncio.wait_for(wire.reader.read(65_536), WATCHDOG_S):
            said += piece
    await wire.close()
    return [int(each) for each in re.findall(rb"HTTP/1\.[01] ([0-9]{3}) [A-Z]", said)], said


async def test_s28_s29_w3_no_request_is_read_as_two(tmp_path: Path) -> None:
    """What is unread when a connection ends may cost its answer (RFC 9112, 9.6), so each is sent bare first."""
    async with open_shop(tmp_path, limits=EdgeLimits(body_s=0.2)) as shop:
        for shape, (lines, body) in SHAPES.items():
            sent = head(shop, POST, *JSON, *lines)
            told, said = await statuses(shop, sent)
            assert told in ([400], [501]), (shape, told)
            assert not [each for each in INSIDE if each in said], shape
            told, _ = await statuses(shop, sent + (body + SECOND).encode())
            assert told in ([400], [501], []), (shape, told)
        for shape, body in CHUNKS.items():
            told, said = await statuses(shop, head(shop, POST, *JSON, CHUNKED) + (body + SECOND).encode())
            assert told in ([400], [413], []), (shape, told)
            assert not [each for each in INSIDE if each in said], shape
        began = [head(shop, POST, *JSON, CHUNKED) + body.encode() for body in ENDLESS.values()]
        for shape, (told, _) in zip(
            ENDLESS, await asyncio.gather(*(statuses(shop, each) for each in began)), strict=True
        ):
            assert told in ([408], []), (shape, told)
        assert (await shop.client().get("/health")).status == 200


async def test_s28_whole_requests_in_one_packet_are_answered_in_their_order(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        told, _ = await statuses(
            shop, head(shop, GET) + head(shop, POST, *JSON, "Content-Length: 2", "Connection: close") + b"{}"
        )
        assert told == [200, 200]
