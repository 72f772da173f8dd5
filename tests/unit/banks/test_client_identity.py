"""Our own certificate towards a provider that asks for one, and its successor without a restart (row 36)."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from terminal.banks.client import ProviderLink
from terminal.banks.open_pix import PixSettings, open_pix
from terminal.counter.ports import NoAnswer, NothingSent
from terminal.errors import BadSettings
from terminal.regions import load_region
from tests.unit.banks.bad_server import GET, OK, WATCHDOG_S, read_request, serving
from tests.unit.banks.rigs import CountingEntropy, FakeClock
from tests.unit.banks.test_client import server_tls
from tests.unit.banks.wechat_peer import made_key


@cache
def certified(name: str) -> bytes:
    """A client's certificate, its own authority. Made once: in another second it would be another one."""
    private = made_key(name)
    subject, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def identity(folder: Path, name: str, *, key: str = "") -> tuple[Path, Path]:
    """The certificate and its key, or another's."""
    certificate, file = folder / "client.pem", folder / "client.key"
    certificate.write_bytes(certified(name))
    file.write_bytes(
        made_key(key or name).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate, file


@pytest.mark.row(36)
async def test_a_changed_certificate_is_used_by_the_next_connection_without_a_restart(tmp_path: Path) -> None:
    tls, authority = server_tls(tmp_path)
    seen: list[str] = []
    certificates = [identity(tmp_path, name)[0].read_text() for name in ("old", "new")]
    tls.load_verify_locations(cadata="".join(certificates))
    tls.verify_mode = ssl.CERT_REQUIRED

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        shown = writer.get_extra_info("ssl_object").getpeercert()
        seen.append(dict(each[0] for each in shown["subject"])["commonName"])
        writer.write(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))  # each request greets anew
        await writer.drain()
        writer.close()

    pair = identity(tmp_path, "old")
    async with serving(handle, tls) as port:
        link = ProviderLink(f"https://127.0.0.1:{port}", ca_file=authority, identity=pair)
        await link.send(GET, connect_s=WATCHDOG_S, answer_s=WATCHDOG_S)
        identity(tmp_path, "new", key="old")  # half of the change: the certificate is there, its key not yet
        with pytest.raises(BadSettings, match="key_not_of_certificate"):
            link.trust_again()
        await link.send(GET, connect_s=WATCHDOG_S, answer_s=WATCHDOG_S)
        identity(tmp_path, "new")
        link.trust_again()
        await link.send(GET, connect_s=WATCHDOG_S, answer_s=WATCHDOG_S)
        await link.aclose()
        nobody = ProviderLink(f"https://127.0.0.1:{port}", ca_file=authority)
        with pytest.raises((NothingSent, NoAnswer)):
            await nobody.send(GET, connect_s=WATCHDOG_S, answer_s=WATCHDOG_S)
        await nobody.aclose()
    assert seen == ["old", "old", "new"]


@pytest.mark.row(36)
async def test_a_pix_channel_takes_up_its_new_certificate_and_tells_when_it_ends(tmp_path: Path) -> None:
    certificate, key = identity(tmp_path, "old")
    scheme = next(each for each in load_region("br").schemes if each.name == "pix_dynamic")
    settings = PixSettings(
        gateway="https://bank.example/api/v2",
        client_id="c",
        key="7d9f0335-8dcc-4054-9bf9-0dbd61d36906",
        client_secret="s",
        certificate_file=certificate,
        key_file=key,
    )
    channel = open_pix(settings, scheme=scheme, clock=FakeClock(), entropy=CountingEntropy(), test=True)
    assert [each.kind for each in channel.expiries()] == ["client_certificate"]
    assert not channel.look_at_files()
    identity(tmp_path, "new", key="old")
    assert not channel.look_at_files(), "half of the change changes nothing"
    identity(tmp_path, "new")
    assert channel.look_at_files()
    await channel.aclose()
