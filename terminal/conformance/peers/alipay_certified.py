"""Alipay's side of the wire in certificate mode: answers name the certificate that signed them.

It shares no code with the connector. Source: Alipay Open Platform documentation, "Signing with certificates",
alipay.open.app.alipaycert.download.
"""

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from terminal.conformance.kit import NOW_S
from terminal.conformance.peers.alipay import AlipayPeer
from terminal.conformance.peers.rsa_keys import rsa_key
from terminal.counter.ports import HttpReply, HttpRequest

OWNER: Final = ("CN", "TEST Shop", "Alipay", "TEST Alipay-2088000000000001")
APP: Final = ("CN", "TEST Shop", "Alipay", "2088000000000001-2021000000000001")
ROOT: Final = ("CN", "TEST Financial", "Certification Authority", "TEST R1")
Words = tuple[str, str, str, str]


class CertifiedAlipayPeer(AlipayPeer):
    """``certificate`` signs the answers; ``named`` tells of it there. Its root is a stranger to nobody's books."""

    def __init__(self, *, key: RSAPrivateKey | None = None, number: int = 7) -> None:
        super().__init__(key=key)
        self.certificate = issued(OWNER, self.private, number)

    @property
    def sn(self) -> str:
        return sn_of(self.certificate)

    def signed(
        self, status: int, body: bytes, *, act: str = "query", key: RSAPrivateKey | None = None
    ) -> HttpReply:
        return self.named(super().signed(status, body, act=act, key=key))

    def forged(self, reply: HttpReply) -> HttpReply:
        return self.named(super().forged(reply))

    def unsigned(self, reply: HttpReply) -> HttpReply:
        """Without the name, too: it belongs to the signature."""
        bare = reply.body.replace(b',"alipay_cert_sn":"%s"' % self.sn.encode(), b"")
        return super().unsigned(replace(reply, body=bare))

    def named(self, reply: HttpReply) -> HttpReply:
        if not reply.body.startswith(b"{") or b'"alipay_cert_sn"' in reply.body:
            return reply
        head, sign, rest = reply.body.rpartition(b',"sign"')
        return replace(reply, body=head + b',"alipay_cert_sn":"%s"' % self.sn.encode() + sign + rest)

    def value_of(self, body: bytes) -> tuple[bytes, bytes]:
        return super().value_of(body.replace(b',"alipay_cert_sn":"%s"' % self.sn.encode(), b""))

    def accepts(self, request: HttpRequest) -> bool:
        given = dict(parse_qsl(urlsplit(request.target).query))
        named = given.get("app_cert_sn"), given.get("alipay_root_cert_sn")
        return named == (sn_of(app_certificate()), sn_of(root())) and super().accepts(request)

    def downloaded(self, *chain: x509.Certificate) -> HttpReply:
        """The answer to the certificate's download, signed like every other."""
        pem = b"".join(each.public_bytes(Encoding.PEM) for each in chain or (self.certificate,))
        content = base64.b64encode(pem).decode()
        value = f'{{"code":"10000","msg":"Success","alipay_cert_content":"{content}"}}'.encode()
        sign = self.sign(value)
        node = b"alipay_open_app_alipaycert_download_response"
        body = b'{"%s":%s,"sign":"%s"}' % (node, value, sign.encode())
        return self.named(HttpReply(200, self.headers(), body))


def sn_of(certificate: x509.Certificate) -> str:
    """MD5 of the issuer, from the common name to the country, and the serial number in decimal."""
    issuer = {each.oid: str(each.value) for each in certificate.issuer}
    order = (
        NameOID.COMMON_NAME,
        NameOID.ORGANIZATIONAL_UNIT_NAME,
        NameOID.ORGANIZATION_NAME,
        NameOID.COUNTRY_NAME,
    )
    text = ",".join(f"{short}={issuer[oid]}" for short, oid in zip(("CN", "OU", "O", "C"), order, strict=True))
    return hashlib.md5(f"{text}{certificate.serial_number}".encode(), usedforsecurity=False).hexdigest()


@cache
def root() -> x509.Certificate:
    return issued(ROOT, rsa_key("stranger"), 1, ca=True)


@cache
def app_certificate() -> x509.Certificate:
    return issued(APP, rsa_key("merchant"), 2)


def issued(
    owner: Words,
    key: RSAPrivateKey,
    number: int,
    *,
    by: RSAPrivateKey | None = None,
    issuer: Words = ROOT,
    ca: bool = False,
    days: int = 365,
) -> x509.Certificate:
    """From the day before the kit's world on, signed by the root's key unless ``by`` another."""
    start = datetime.fromtimestamp(NOW_S, UTC) - timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(owner))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(number)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(by or rsa_key("stranger"), SHA256())
    )


def _name(words: Words) -> x509.Name:
    oids = (NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.COMMON_NAME)
    return x509.Name([x509.NameAttribute(oid, word) for oid, word in zip(oids, words, strict=True)])
