"""What the certificates that this machine makes have in common, whoever shall trust them.

Source: RFC 5280, section 4.2.1: whose key it is, whose key signed it, and what the key may be used for. OpenSSL
checks these under X509_V_FLAG_X509_STRICT, which Python sets from 3.13 on.
"""

import datetime
import ipaddress
from dataclasses import dataclass
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY: Final = datetime.timedelta(days=1)
_COMMON_MAX: Final = 64  # RFC 5280, appendix A
PEM: Final = serialization.Encoding.PEM


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate with the key that signs for it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def make(
        cls, name: str, now: datetime.datetime, days: int, limits: x509.NameConstraints | None = None
    ) -> Self:
        """It signs servers, no further authorities. ``limits``: what it may vouch for; None: for every name."""
        key = ec.generate_private_key(ec.SECP256R1())
        begun = (
            _begun(named(name), named(name), key.public_key(), now, days)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
        )
        if limits is not None:
            begun = begun.add_extension(limits, critical=True)
        return cls(begun.sign(key, hashes.SHA256()), key)

    def server(self, common: str, names: list[x509.GeneralName], now: datetime.datetime, days: int) -> bytes:
        """A new key and its certificate, PEM, in one file as servers read it."""
        key, public = ec.generate_private_key(ec.SECP256R1()), self.key.public_key()
        made = (
            _begun(named(common), self.certificate.subject, key.public_key(), now, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return private_pem(key) + made.public_bytes(PEM)


def named(common: str) -> x509.Name:
    """Cut to what a common name may be."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:_COMMON_MAX])])


def general(name: str) -> x509.GeneralName:
    """An address, or a name."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def certificate_in(data: bytes) -> x509.Certificate:
    """Of a server's file, behind its key. Raises ValueError."""
    return x509.load_pem_x509_certificate(data[data.index(b"-----BEGIN CERTIFICATE") :])


def _begun(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + days * _DAY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
