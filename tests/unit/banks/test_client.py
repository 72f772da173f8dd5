"""The outgoing link against real servers on loopback that behave as badly as servers can."""

import asyncio
import gzip
import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from terminal.banks.client import ProviderLink
from terminal.banks.connection import BODY_MAX
from terminal.counter.ports import HttpReply, HttpRequest, NoAnswer, NothingSent
from terminal.errors import BadSettings
from tests.unit.banks.bad_server import GET, OK, POST, WATCHDOG_S, Handler, answering, read_request, serving
from tests.unit.banks.wechat_peer import made_key


async def ask(
    port: int,
    request: HttpRequest = POST,
    *,
    answer_s: float = WATCHDOG_S,
    connect_s: float = WATCHDOG_S,
    scheme: str = "http",
    ca_file: Path | None = None,
    host: str = "127.0.0.1",
) -> HttpReply:
    link = ProviderLink(f"{scheme}://{host}:{port}", ca_file=ca_file, test=True)
    try:
        return await link.send(request, connect_s=connect_s, answer_s=answer_s)
    finally:
        await link.aclose()


@pytest.mark.parametrize("request_", [GET, POST], ids=["get", "post"])
async def test_what_is_signed_is_what_leaves(request_: HttpRequest) -> None:
    seen: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await read_request(reader))
        writer.write(b"HTTP/1.1 200 OK\r\nX-Twice: a\r\nx-twice: b\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()

    async with serving(handle) as port:
        reply = await ask(port, request_)
    assert (reply.status, reply.body) == (200, b"{}")
    assert reply.headers["x-twice"] == "a, b", "nobody can pick the one he likes"
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == f"{request_.method} {request_.target} HTTP/1.1".encode()
    assert body == request_.body
    assert b"accept-encoding: identity" in head.lower()
    names = [line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:]]
    assert sorted(names) == sorted(set(names)), "nothing is said twice"
    assert b"cookie" not in head.lower()


async def test_one_connection_stays_warm_and_cookies_are_not_kept() -> None:
    connections: list[int] = []
    heads: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        while True:
            heads.append(await read_request(reader))
            writer.write(
                b"HTTP/1.1 204 No Content\r\nSet-Cookie: a=b; Path=/\r\n\r\n"
                if len(heads) == 1
                else b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{}"
            )
            await writer.drain()

    async with serving(handle) as port:
        link = ProviderLink(f"http://127.0.0.1:{port}", test=True)
        for _ in range(5):
            await link.send(POST, connect_s=WATCHDOG_S, answer_s=WATCHDOG_S)
        await link.aclose()
    assert len(connections) == 1
    assert len(heads) == 5
    assert not any(b"cookie" in head.lower() for head in heads)


async def test_b1_a_refused_port_means_nothing_was_sent() -> None:
    with socket.socket() as bound:  # bound, not listening: nobody else can take the port meanwhile
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(NothingSent):
            await ask(bound.getsockname()[1])


async def reset_at_once(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def read_then_reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.transport.abort()


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def slow_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for byte in OK:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)
    await reader.read()


async def slow_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def endless_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def endless_chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        await writer.drain()


async def endless_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\n")
    number = 0
    while True:
        number += 1
        writer.write(b"X-%d: %s\r\n" % (number, b"y" * 1000))
        await writer.drain()


BOMB = gzip.compress(b"\0" * 10_000_000)
LYING = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB


@pytest.mark.parametrize(
    ("handler", "answer_s"),
    [
        pytest.param(reset_at_once, WATCHDOG_S, id="accept and reset"),
        pytest.param(read_then_reset, WATCHDOG_S, id="read and reset"),
        pytest.param(silent, 0.3, id="silent"),
        pytest.param(slow_head, 0.3, id="slow head"),
        pytest.param(slow_body, 0.3, id="slow body"),
        pytest.param(endless_body, WATCHDOG_S, id="100 MB"),
        pytest.param(endless_chunks, WATCHDOG_S, id="endless chunks"),
        pytest.param(endless_headers, WATCHDOG_S, id="endless headers"),
        pytest.param(answering(LYING), WATCHDOG_S, id="gzip bomb"),
        pytest.param(answering(OK[:-1]), WATCHDOG_S, id="truncated body"),
        pytest.param(answering(OK[:20]), WATCHDOG_S, id="truncated head"),
        pytest.param(answering(b"SSH-2.0-OpenSSH\r\n\r\n"), WATCHDOG_S, id="not HTTP"),
        pytest.param(answering(b""), WATCHDOG_S, id="nothing"),
        pytest.param(
            answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"),
            WATCHDOG_S,
            id="chunks without end",
        ),
        pytest.param(
            answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
            WATCHDOG_S,
            id="bad chunk size",
        ),
        pytest.param(
            answering(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20_000 + b"\r\n\r\n"), WATCHDOG_S, id="long header"
        ),
        pytest.param(
            answering(b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 500 + b"\r\n"), WATCHDOG_S, id="500 headers"
        ),
        pytest.param(
            answering(b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"y" * 8000 + b"\r\n") * 5 + OK[17:]),
            WATCHDOG_S,
            id="40 KB of headers",
        ),
    ],
)
async def test_b2_b3_no_whole_answer_may_have_happened(handler: Handler, answer_s: float) -> None:
    async with serving(handler) as port:
        with pytest.raises(NoAnswer):
            await ask(port, answer_s=answer_s)


async def test_b2_s16_a_redirect_is_an_answer_not_a_journey() -> None:
    reached: list[int] = []

    async def target(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(1)

    async with serving(target) as elsewhere:
        there = f"HTTP/1.1 307 T\r\nLocation: http://127.0.0.1:{elsewhere}/\r\nContent-Length: 0\r\n\r\n"
        async with serving(answering(there.encode())) as port:
            assert (await ask(port)).status == 307
    assert not reached


async def test_the_largest_body_allowed_is_read_whole() -> None:
    head = b"HTTP/1.1 500 E\r\nContent-Length: %d\r\n\r\n" % BODY_MAX
    async with serving(answering(head, b"x" * BODY_MAX)) as port:
        reply = await ask(port)
    assert (reply.status, len(reply.body)) == (500, BODY_MAX)


async def test_b3_a_body_that_is_a_byte_too_large_is_no_answer() -> None:
    head = b"HTTP/1.1 500 E\r\nContent-Length: %d\r\n\r\n" % (BODY_MAX + 1)
    async with serving(answering(head, b"x" * (BODY_MAX + 1))) as port:
        with pytest.raises(NoAnswer, match="too large"):
            await ask(port)


async def test_a_cancelled_call_leaves_nothing_behind() -> None:
    async with serving(silent) as port:
        task = asyncio.create_task(ask(port))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


# --- TLS (B9) ---


def server_tls(folder: Path, *, name: str = "127.0.0.1", days: int = 1) -> tuple[ssl.SSLContext, Path]:
    """A server certificate that is its own authority."""
    key, now = made_key("tls"), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway")])
    alternative: x509.GeneralName = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(pem + private)
    (folder / "ca.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context, folder / "ca.pem"


async def test_b9_a_private_authority_is_trusted_only_when_named(tmp_path: Path) -> None:
    tls, authority = server_tls(tmp_path)
    async with serving(answering(OK), tls) as port:
        assert (await ask(port, scheme="https", ca_file=authority)).status == 200
        with pytest.raises(NothingSent):
            await ask(port, scheme="https")


@pytest.mark.parametrize(("name", "days"), [("elsewhere.test", 1), ("127.0.0.1", -1)], ids=["name", "expired"])
async def test_b9_a_wrong_name_or_an_expired_certificate_gets_nothing(
    tmp_path: Path, name: str, days: int
) -> None:
    tls, authority = server_tls(tmp_path, name=name, days=days)
    got: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.read())

    async with serving(handle, tls) as port:
        with pytest.raises(NothingSent):
            await ask(port, scheme="https", ca_file=authority)
    assert not b"".join(got)


async def test_b9_the_name_of_the_gateway_is_what_its_certificate_must_say(tmp_path: Path) -> None:
    tls, authority = server_tls(tmp_path, name="localhost")
    told: list[str | None] = []
    tls.sni_callback = lambda _socket, name, _context: told.append(name)
    async with serving(answering(OK), tls) as port:
        reply = await ask(port, scheme="https", ca_file=authority, host="localhost")
        assert (reply.status, told) == (200, ["localhost"])
        with pytest.raises(NothingSent):
            await ask(port, scheme="https", ca_file=authority, host="127.0.0.1")


async def test_b9_a_cut_or_silent_handshake_gets_nothing() -> None:
    async with serving(reset_at_once) as port:
        with pytest.raises(NothingSent):
            await ask(port, scheme="https")
    async with serving(silent) as port:
        with pytest.raises(NothingSent):
            await ask(port, scheme="https", connect_s=0.3)


# --- settings ---


@pytest.mark.parametrize(
    ("gateway", "slug"),
    [
        ("http://api.mch.weixin.qq.com", "gateway_not_https"),
        ("http://127.0.0.1.evil.test", "gateway_not_https"),
        ("http://10.0.0.1:7610", "gateway_not_https"),
        ("ftp://127.0.0.1", "gateway_unusable"),
        ("https://", "gateway_unusable"),
        ("https://host/path", "gateway_unusable"),
        ("https://user:secret@host", "gateway_unusable"),
        ("https://host?x=1", "gateway_unusable"),
        ("https://host:port", "gateway_unusable"),
        ("https://a..test", "gateway_unusable"),
        ("https://" + "a" * 64 + ".test", "gateway_unusable"),
        ("https://银行.test", "gateway_unusable"),
        ("", "gateway_unusable"),
    ],
)
def test_s16_gateways_that_are_not_allowed(gateway: str, slug: str) -> None:
    with pytest.raises(BadSettings) as caught:
        ProviderLink(gateway, test=True)
    assert caught.value.slug == slug
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("gateway", ["http://127.0.0.1:7610", "http://localhost:7610", "http://[::1]:7610"])
def test_plain_http_is_for_loopback_in_test_mode_only(gateway: str) -> None:
    ProviderLink(gateway, test=True)
    with pytest.raises(BadSettings) as caught:
        ProviderLink(gateway)
    assert caught.value.slug == "gateway_not_https"


def test_an_authority_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for file in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        with pytest.raises(BadSettings) as caught:
            ProviderLink("https://host.test", ca_file=file)
        assert caught.value.slug == "ca_file_unreadable"


# --- downloads --------------------------------------------------------------------------------------------------

BULK = b"`1,`2\r\n" * 400_000  # 2.8 MB: more than any other answer may have


async def download(port: int, *, whole_s: float = WATCHDOG_S) -> tuple[HttpReply, bytes]:
    link, taken = ProviderLink(f"http://127.0.0.1:{port}", test=True), bytearray()
    try:
        return await link.download(GET, taken.extend, connect_s=WATCHDOG_S, whole_s=whole_s), bytes(taken)
    finally:
        await link.aclose()


async def test_a_download_is_handed_on_piece_by_piece() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BULK)
    async with serving(answering(head, BULK)) as port:
        reply, taken = await download(port)
    assert (reply.status, reply.body, taken) == (200, b"", BULK)


async def test_the_words_of_a_refused_download_are_no_part_of_the_file() -> None:
    async with serving(answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone")) as port:
        reply, taken = await download(port)
    assert (reply.status, reply.body, taken) == (404, b"gone", b"")


@pytest.mark.parametrize(
    "parts",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf",),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Y: z\r\n" * 100 + b"\r\n",),
    ],
    ids=["cut short", "compressed by the way", "endless headers"],
)
async def test_b3_a_download_that_is_not_whole_is_no_answer(parts: tuple[bytes, ...]) -> None:
    async with serving(answering(*parts)) as port:
        with pytest.raises(NoAnswer):
            await download(port)


async def test_b3_a_download_has_a_time_for_all_of_it() -> None:
    async with serving(slow_head) as port:
        with pytest.raises(NoAnswer, match="TimeoutError"):
            await download(port, whole_s=0.01)


async def test_b3_who_takes_the_bytes_may_end_it() -> None:
    async with serving(answering(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BULK), BULK)) as port:
        link = ProviderLink(f"http://127.0.0.1:{port}", test=True)

        def enough(_: bytes) -> None:
            raise ValueError("too large")

        with pytest.raises(ValueError, match="too large"):
            await link.download(GET, enough, connect_s=WATCHDOG_S, whole_s=WATCHDOG_S)
        await link.aclose()
