"""Sizes, times and numbers of connections, with requests no HTTP library would send (S28, W3)."""

import asyncio
import contextlib
from pathlib import Path

import msgspec

from terminal.web.edge import EdgeLimits
from tests.flows.api_rig import WATCHDOG_S, Shop, open_shop


class Wire:
    """One raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def answer(self) -> tuple[int, dict[str, object]]:
        """Status and problem document of the next answer."""
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), WATCHDOG_S)
        size = next(line for line in head.lower().splitlines() if line.startswith(b"content-length:"))
        body = await self.reader.readexactly(int(size.split(b":")[1]))
        assert b"\r\nserver: countertop\r\n" in head.lower()
        return int(head.split()[1]), msgspec.json.decode(body)

    async def closed(self) -> bool:
        """Whether the other side closed without a word more."""
        with contextlib.suppress(ConnectionError):
            return await asyncio.wait_for(self.reader.read(), WATCHDOG_S) == b""
        return True

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


async def connect(shop: Shop) -> Wire:
    host, _, port = shop.url.removeprefix("http://").rpartition(":")
    return Wire(*await asyncio.open_connection(host, int(port)))


def head(shop: Shop, first: str, *lines: str) -> bytes:
    host = shop.url.removeprefix("http://")
    return "\r\n".join([first, f"Host: {host}", *lines, "", ""]).encode("utf-8", "surrogateescape")


POST = "POST /api/v1/sign-out HTTP/1.1"
JSON = ("Content-Type: application/json", "X-Requested-With: countertop")
BIG = 64 * 1024 + 1
SHAPES = {
    "long address": ("GET /{a} HTTP/1.1", 9000, (), 414, "address_too_long"),
    "long header": ("GET /api/v1/health HTTP/1.1", 0, ("X-Long: " + "a" * 9000,), 431, "headers_too_large"),
    "many headers": (
        "GET /api/v1/health HTTP/1.1",
        0,
        tuple(f"X-{number}: a" for number in range(100)),
        431,
        "headers_too_large",
    ),
    "headers large together": (
        "GET /api/v1/health HTTP/1.1",
        0,
        tuple(f"X-{number}: " + "a" * 4000 for number in range(10)),
        431,
        "headers_too_large",
    ),
    "declared body": (POST, 0, (*JSON, f"Content-Length: {BIG}"), 413, "body_too_large"),
    "two lengths": (POST, 0, (*JSON, "Content-Length: 2", "Content-Length: 3"), 400, "request_malformed"),
    "length and chunks": (
        POST,
        0,
        (*JSON, "Content-Length: 2", "Transfer-Encoding: chunked"),
        400,
        "request_malformed",
    ),
    "absolute address": ("GET http://evil.example/api/v1/health HTTP/1.1", 0, (), 421, "host_not_allowed"),
    "second host": ("GET /api/v1/health HTTP/1.1", 0, ("Host: evil.example",), 400, "request_malformed"),
    "unknown method": ("BREW /api/v1/health HTTP/1.1", 0, (), 405, "method_not_allowed"),
    "trace": ("TRACE /api/v1/health HTTP/1.1", 0, (), 405, "method_not_allowed"),
    "expects wonders": ("GET /api/v1/health HTTP/1.1", 0, ("Expect: wonders",), 400, "request_malformed"),
    "expects what nobody reads": (POST, 0, (*JSON, "Expect: \udcff"), 400, "request_malformed"),
    "no http": ("hello there", 0, (), 405, "method_not_allowed"),
}


async def test_s28_w3_every_odd_request_is_told_what_is_wrong_with_it(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        for shape, (first, fill, lines, status, slug) in SHAPES.items():
            wire = await connect(shop)
            wire.writer.write(head(shop, first.format(a="a" * fill), *lines))
            told = await wire.answer()
            await wire.close()
            assert (told[0], told[1]["slug"]) == (status, slug), shape
        assert (await shop.client().get("/health")).status == 200


async def test_s28_w3_a_body_that_grows_chunk_by_chunk_is_cut_off(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        wire = await connect(shop)
        wire.writer.write(head(shop, POST, *JSON, "Transfer-Encoding: chunked"))
        chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
        for _ in range(5):
            wire.writer.write(chunk)
        status, told = await wire.answer()
        assert (status, told["slug"], told["facts"]) == (413, "body_too_large", {"limit": 64 * 1024})
        await wire.close()


async def test_s28_w3_a_body_that_comes_too_slowly_is_not_waited_for(tmp_path: Path) -> None:
    async with open_shop(tmp_path, limits=EdgeLimits(body_s=0.05)) as shop:
        wire = await connect(shop)
        wire.writer.write(head(shop, POST, *JSON, "Content-Length: 10") + b"{")
        status, told = await wire.answer()
        assert (status, told["slug"]) == (408, "request_timeout")
        await wire.close()


async def test_s28_w3_a_head_that_comes_too_slowly_is_not_waited_for(tmp_path: Path) -> None:
    async with open_shop(tmp_path, limits=EdgeLimits(head_s=0.05)) as shop:
        wire = await connect(shop)
        wire.writer.write(head(shop, "GET /api/v1/health HTTP/1.1")[:-2])
        status, told = await wire.answer()
        assert (status, told["slug"]) == (408, "request_timeout")
        assert await wire.closed()
        await wire.close()


async def test_w3_also_the_second_request_of_a_connection_has_its_time(tmp_path: Path) -> None:
    async with open_shop(tmp_path, limits=EdgeLimits(head_s=0.5)) as shop:  # long for the first, which is whole
        wire = await connect(shop)
        whole = head(shop, "GET /api/v1/health HTTP/1.1")
        wire.writer.write(whole)
        assert (await wire.answer())[0] == 200
        wire.writer.write(whole[:20])
        assert (await wire.answer())[0] == 408
        await wire.close()


async def test_s28_one_address_has_so_many_connections_and_all_together_so_many(tmp_path: Path) -> None:
    async with open_shop(tmp_path, limits=EdgeLimits(connections_per_address=4)) as shop:
        wires = [await connect(shop) for _ in range(4)]
        for wire in wires:
            wire.writer.write(head(shop, "GET /api/v1/health HTTP/1.1"))
            assert (await wire.answer())[0] == 200
        extra = await connect(shop)
        assert await extra.closed()
        await wires.pop().close()
        for _ in range(100):
            again = await connect(shop)
            again.writer.write(head(shop, "GET /api/v1/health HTTP/1.1"))
            if await asyncio.wait_for(again.reader.read(1), WATCHDOG_S):
                break
            await again.close()
        else:
            raise AssertionError("a closed connection makes room")
        for wire in (*wires, extra, again):
            await wire.close()


async def test_s28_a_request_in_pieces_is_still_a_request(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        wire = await connect(shop)
        for byte in head(shop, "GET /api/v1/health HTTP/1.1"):
            wire.writer.write(bytes([byte]))
            await wire.writer.drain()
        assert await wire.answer() == (200, {"state": "ready"})
        await wire.close()
