"""The gateway's certificates, for apps in certificate mode: root file, Alipay's own with its issuer, every app's.

Keys are the platform's own, so that a fresh sandbox makes no more of them; only the root's file also holds one of
another algorithm, as the real one does. The forged one carries the right names and leads to no root.
Source: Alipay Open Platform documentation, "Signing with certificates": an SN is the MD5 of the issuer (RFC 2253)
and the serial number in decimal; the root's SN joins those of its RSA certificates.
"""

import datetime
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

LIFE_DAYS: Final = 5 * 365
CA: Final = "TEST Financial Certification Authority"
FILES: Final[Mapping[str, str]] = {  # what a merchant downloads, by its name in credentials.json
    "alipay_app_certificate_file": "appCertPublicKey.crt",
    "alipay_certificate_file": "alipayCertPublicKey_RSA2.crt",
    "alipay_root_certificate_file": "alipayRootCert.crt",
}


@dataclass(frozen=True, slots=True)
class AlipayCertificates:
    """SNs, and what the download brings for each.

    Args:
        sn: of the certificate that answers are signed with, whose key is the newest platform certificate's;
            ``forged`` of the stranger's.
        apps: SN of each app's certificate by merchant number.
        contents: PEM with its issuer by SN, the forged one too.
    """

    sn: str
    forged: str
    root_sn: str
    apps: Mapping[str, str]
    contents: Mapping[str, str]


class Maker:
    """Signs certificates of one root. ``number`` tells serials apart: equal stores give equal certificates."""

    def __init__(self, root: RSAPrivateKey, now_ms: int) -> None:
        self._root, self._start = root, datetime.datetime.fromtimestamp(now_ms // 1000, datetime.UTC)

    def root_file(self) -> bytes:
        """Two certificates, an empty line between them."""
        other = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"{CA} E1", "TEST Financial", "Certification Authority")
        strange = self._builder(name, other.public_key(), 1, ca=True).issuer_name(name).sign(other, SHA256())
        return strange.public_bytes(Encoding.PEM) + b"\n" + self.root().public_bytes(Encoding.PEM)

    def root(self) -> x509.Certificate:
        return self._signed(_issuer("R1"), self._root.public_key(), 2, "R1", ca=True)

    def alipay(self, key: RSAPublicKey, number: int) -> str:
        """With its issuer, which has the root's key under another name."""
        leaf = self._signed(_ALIPAY, key, number, "Class 2 R1")
        return _pem(leaf) + _pem(self._signed(_issuer("Class 2 R1"), self._root.public_key(), 3, "R1", ca=True))

    def app(self, key: RSAPublicKey, names: Mapping[str, str], number: int) -> str:
        common = f"{names['alipay_seller_id']}-{names['alipay_app_id']}"
        return _pem(self._signed(_name(common, "TEST Shop", "Alipay"), key, number, "Class 1 R1"))

    def forged(self, stranger: RSAPrivateKey, number: int) -> str:
        """Everything it says of itself is right, only nobody vouches for it."""
        made = self._builder(_ALIPAY, stranger.public_key(), number, ca=False).issuer_name(_issuer("Class 2 R1"))
        return _pem(made.sign(stranger, SHA256()))

    def _signed(
        self, subject: x509.Name, key: RSAPublicKey, number: int, by: str, *, ca: bool = False
    ) -> x509.Certificate:
        return self._builder(subject, key, number, ca=ca).issuer_name(_issuer(by)).sign(self._root, SHA256())

    def _builder(
        self, subject: x509.Name, key: RSAPublicKey | ec.EllipticCurvePublicKey, number: int, *, ca: bool
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .public_key(key)
            .serial_number((1 << 100) + number)
            .not_valid_before(self._start - datetime.timedelta(minutes=10))
            .not_valid_after(self._start + datetime.timedelta(days=LIFE_DAYS))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )


def sn_of(pem: bytes | str) -> str:
    """Of the first certificate."""
    first = x509.load_pem_x509_certificate(pem.encode() if isinstance(pem, str) else pem)
    return _sn(first)


def root_sn_of(pem: bytes) -> str:
    roots = [each for each in x509.load_pem_x509_certificates(pem) if isinstance(each.public_key(), RSAPublicKey)]
    return "_".join(_sn(each) for each in roots)


def _sn(certificate: x509.Certificate) -> str:
    short = {NameOID.COMMON_NAME: "CN", NameOID.ORGANIZATIONAL_UNIT_NAME: "OU"}
    short |= {NameOID.ORGANIZATION_NAME: "O", NameOID.COUNTRY_NAME: "C"}
    parts = [f"{short[each.oid]}={each.value!s}" for each in certificate.issuer]
    text = ",".join(reversed(parts)) + str(certificate.serial_number)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _issuer(which: str) -> x509.Name:
    return _name(f"{CA} {which}", "TEST Financial", "Certification Authority")


def _name(common: str, organisation: str, unit: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


_ALIPAY: Final = _name("TEST Alipay", "TEST Shop", "Alipay")


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def read(bank: Path, newest: str, apps: Mapping[str, Path]) -> AlipayCertificates:
    """What was written before; ``newest``: the platform certificate's name, ``apps``: files by merchant number."""
    made = {each.name: each.read_text() for each in sorted(bank.glob("alipay-*.crt.pem"))}
    root = made.pop("alipay-root.crt.pem")
    contents = {sn_of(pem): pem for pem in made.values()}
    return AlipayCertificates(
        sn_of(made[f"alipay-{newest}.crt.pem"]),
        sn_of(made["alipay-forged.crt.pem"]),
        root_sn_of(root.encode()),
        {mchid: sn_of(file.read_bytes()) for mchid, file in apps.items()},
        contents,
    )
