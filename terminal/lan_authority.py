"""The shop's own authority for phones and second screens: its certificate is what a phone may learn to trust.

Its key stays on this machine, so that a new server certificate, for other names or before the old one's end,
needs no second visit to the phones. It may vouch for this shop's own names and private addresses alone (RFC 5280,
section 4.2.1.10): whoever steals it can impersonate no other site.

Sources: RFC 5280; Apple, "Requirements for trusted certificates in iOS 13" (825 days, server authentication, names
in the subject alternative name); RFC 1918 and RFC 6762 on private addresses and ``.local``.
"""

import datetime
import ipaddress
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from terminal.counter.ports import Clock
from terminal.whole_file import write_whole

AUTHORITY: Final = "lan-authority.pem"
KEY: Final = "lan-authority.key"
SERVER: Final = "lan-server.pem"
AUTHORITY_DAYS: Final = 3650
SERVER_DAYS: Final = 397
RENEW_DAYS: Final = 30  # before its end a certificate is made anew
_DAY: Final = datetime.timedelta(days=1)
_COMMON_MAX: Final = 64  # RFC 5280, appendix A
_SUFFIXES: Final = ("local", "lan", "internal", "home.arpa")
_PRIVATE: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")
_PEM: Final = serialization.Encoding.PEM


@dataclass(frozen=True, slots=True)
class LanCertificate:
    """What may be told of it. Fingerprints are SHA-256 of the whole certificate, in hexadecimal groups of four."""

    names: tuple[str, ...]
    fingerprint: str
    server_fingerprint: str
    ends_ms: int
    authority: bytes  # DER, for phones


def ensure(folder: Path, names: Sequence[str], title: str, clock: Clock) -> bool:
    """Make what is missing, about to end, or made for other names. True: the server's file is a new one.

    Files: ``lan-authority.pem`` (public), ``lan-authority.key`` and ``lan-server.pem`` (key, certificate), 0600.

    Args:
        names: of this machine, names and addresses; the first is the certificate's common name.
        title: of the shop, as a phone lists it among its authorities.

    Raises:
        OSError: the folder cannot be written.
    """
    assert names, "a certificate for nobody"
    now = datetime.datetime.fromtimestamp(clock.wall_ms() / 1000, datetime.UTC)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    root = _authority(folder, now)
    if root is None or not all(_permitted(root[0], each) for each in names):
        root = _new_authority(folder, names, title, now)
    elif _fits(folder / SERVER, root[0], names, now):
        return False
    _new_server(folder / SERVER, root, names, now)
    return True


def told(folder: Path) -> LanCertificate | None:
    """None: none was made yet, or it cannot be read."""
    try:
        root = x509.load_pem_x509_certificate((folder / AUTHORITY).read_bytes())
        own = _certificate_in((folder / SERVER).read_bytes())
    except (OSError, ValueError):
        return None
    named = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return LanCertificate(
        tuple(str(each.value) for each in named),
        groups(root.fingerprint(hashes.SHA256())),
        groups(own.fingerprint(hashes.SHA256())),
        int(own.not_valid_after_utc.timestamp() * 1000),
        root.public_bytes(serialization.Encoding.DER),
    )


def groups(digest: bytes) -> str:
    """As people compare it: ``A1B2 C3D4 …``, 16 groups."""
    text = digest.hex().upper()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


Root = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def _authority(folder: Path, now: datetime.datetime) -> Root | None:
    """The one that is there, if it is whole and outlives the next server certificate."""
    try:
        root = x509.load_pem_x509_certificate((folder / AUTHORITY).read_bytes())
        key = serialization.load_pem_private_key((folder / KEY).read_bytes(), None)
    except (OSError, ValueError):
        return None
    lasts = root.not_valid_before_utc <= now <= root.not_valid_after_utc - SERVER_DAYS * _DAY
    ours = isinstance(key, ec.EllipticCurvePrivateKey) and key.public_key() == root.public_key()
    return (root, key) if lasts and ours and isinstance(key, ec.EllipticCurvePrivateKey) else None


def _fits(server: Path, root: x509.Certificate, names: Collection[str], now: datetime.datetime) -> bool:
    try:
        own = _certificate_in(server.read_bytes())
        own.verify_directly_issued_by(root)
        named = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    lasts = own.not_valid_before_utc <= now <= own.not_valid_after_utc - RENEW_DAYS * _DAY
    return lasts and set(named) == {_general(each) for each in names}


def _new_authority(folder: Path, names: Sequence[str], title: str, now: datetime.datetime) -> Root:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _named(f"{title} – Countertop"[:_COMMON_MAX])
    subtrees: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_network(each)) for each in _PRIVATE]
    subtrees += [x509.DNSName(each) for each in _SUFFIXES]
    subtrees += [_subtree(each) for each in names if not _usual(each)]
    root = (
        _begun(name, name, key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(subtrees, None), critical=True)
        .sign(key, hashes.SHA256())
    )
    write_whole(folder / KEY, _private(key), 0o600)
    write_whole(folder / AUTHORITY, root.public_bytes(_PEM), 0o644)
    return root, key


def _new_server(path: Path, root: Root, names: Sequence[str], now: datetime.datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer, signer = root
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    own = (
        _begun(_named(names[0][:_COMMON_MAX]), issuer.subject, key.public_key(), now, SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general(each) for each in names]), critical=False)
        .add_extension(identifier, critical=False)
        .sign(signer, hashes.SHA256())
    )
    write_whole(path, _private(key) + own.public_bytes(_PEM), 0o600)


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


def _named(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _subtree(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_network(name))
    except ValueError:
        return x509.DNSName(name)


def _usual(name: str) -> bool:
    """Below a suffix, or in a range, that every such authority may vouch for."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return any(name == suffix or name.endswith(f".{suffix}") for suffix in _SUFFIXES)
    return any(address in ipaddress.ip_network(each) for each in _PRIVATE)


def _permitted(root: x509.Certificate, name: str) -> bool:
    if _usual(name):
        return True
    try:
        told = root.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return False
    return _subtree(name) in (told.permitted_subtrees or [])


def _certificate_in(data: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(data[data.index(b"-----BEGIN CERTIFICATE") :])


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
