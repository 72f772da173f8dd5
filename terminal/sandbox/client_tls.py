"""TLS that asks for the client's certificate: an authority of its own signs server and shops, and nobody else.

Sources: Banco Central do Brasil, "API Pix" 2.9.0 and "Manual de Padrões para Iniciação do Pix": mutual TLS of 1.2
or later. RFC 5280 section 4.2 for the extensions that strict verifiers want.
"""

import datetime
import ipaddress
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from terminal.sandbox.keyring import Entropy
from terminal.whole_file import write_whole

LIFE: Final = datetime.timedelta(days=5 * 365)
FILES: Final = {
    "pix_certificate_file": "pix_client.pem",
    "pix_key_file": "pix_client.key",
    "pix_authority_file": "pix_authority.pem",
}
"""What a shop gets, as ``credentials.json`` names it."""


def listening(bank: Path, shops: Sequence[Path], now_ms: int, entropy: Entropy) -> ssl.SSLContext:
    """For the server: it shows its certificate and ends every handshake in which the client shows none of ours.

    Args:
        bank: folder of the bank's own files; the authority's key is forgotten after signing.
        shops: folders with the merchants' files.
    """
    server, authority = bank / "pix-server.pem", bank / "pix-authority.crt.pem"
    if not (server.exists() and authority.exists()):
        _Signing(now_ms, entropy).make(bank, shops)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(server)
    return context


class _Signing:
    """One authority, for as long as it signs."""

    def __init__(self, now_ms: int, entropy: Entropy) -> None:
        self._start, self._entropy = datetime.datetime.fromtimestamp(now_ms // 1000, datetime.UTC), entropy
        self._key, self._name = generate_private_key(SECP256R1()), _name("Countertop TEST Pix authority")

    def make(self, bank: Path, shops: Sequence[Path]) -> None:
        root = self._root().public_bytes(Encoding.PEM)
        for folder in shops:
            key = generate_private_key(SECP256R1())
            made = self._signed(f"TEST {folder.name}", key, ExtendedKeyUsageOID.CLIENT_AUTH)
            write_whole(folder / FILES["pix_key_file"], _pem(key), 0o600)
            write_whole(folder / FILES["pix_certificate_file"], made.public_bytes(Encoding.PEM), 0o600)
            write_whole(folder / FILES["pix_authority_file"], root, 0o600)
        key = generate_private_key(SECP256R1())
        made = self._signed("localhost", key, ExtendedKeyUsageOID.SERVER_AUTH)
        write_whole(bank / "pix-authority.crt.pem", root, 0o600)
        write_whole(bank / "pix-server.pem", _pem(key) + made.public_bytes(Encoding.PEM), 0o600)

    def _root(self) -> x509.Certificate:
        usage = dict.fromkeys(
            ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "encipher_only", "decipher_only"),
            False,
        )  # fmt: skip
        signs = x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage)
        return (
            self._about(self._name, self._key, ca=True)
            .add_extension(signs, critical=True)
            .sign(self._key, SHA256())
        )

    def _signed(self, name: str, key: EllipticCurvePrivateKey, use: ObjectIdentifier) -> x509.Certificate:
        places = [
            x509.DNSName("localhost"),
            *(x509.IPAddress(ipaddress.ip_address(x)) for x in ("127.0.0.1", "::1")),
        ]
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            self._about(_name(name), key, ca=False)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(x509.SubjectAlternativeName(places), critical=False)
            .add_extension(issuer, critical=False)
            .sign(self._key, SHA256())
        )

    def _about(self, name: x509.Name, key: EllipticCurvePrivateKey, *, ca: bool) -> x509.CertificateBuilder:
        public = key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(int.from_bytes(self._entropy.bytes(16)) >> 1 | 1)
            .not_valid_before(self._start - datetime.timedelta(minutes=10))
            .not_valid_after(self._start + LIFE)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
