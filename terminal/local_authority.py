"""A private authority for TLS on this machine: the bank's notifications arrive over https, also in the demo."""

import datetime
import ipaddress
from collections.abc import Collection
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from terminal.counter.ports import Clock
from terminal.whole_file import write_whole

DAYS: Final = 3650
_COMMON_MAX: Final = 64  # RFC 5280, appendix A
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_PEM = serialization.Encoding.PEM


def ensure(folder: Path, clock: Clock, names: Collection[str] = ()) -> tuple[Path, Path]:
    """The authority's certificate and a server file (key and certificate) for loopback; made when missing or half.

    Files: ``authority.pem`` (public), ``server.pem`` (0600). The authority's key is forgotten after signing.

    Args:
        names: further names and addresses of this machine, the first of them its common name; both files are
            made anew when the certificate is not one of these.
    """
    authority, server = folder / "authority.pem", folder / "server.pem"
    if _sound(authority, server, names):
        return authority, server
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = datetime.datetime.fromtimestamp(clock.wall_ms() / 1000, datetime.UTC)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Countertop local authority")])
    root = (
        _certificate(root_name, root_name, root_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    told = [_general(each) for each in dict.fromkeys((*LOOPBACK, *names))]
    name = _named(names)
    own = (
        _certificate(name, root_name, key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(told), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    private = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_whole(server, private + own.public_bytes(_PEM), 0o600)
    write_whole(authority, root.public_bytes(_PEM), 0o644)
    return authority, server


def _sound(authority: Path, server: Path, names: Collection[str]) -> bool:
    """Both there, whole, of one making, and for these names; a power cut may have come between them."""
    try:
        told, root = server.read_bytes(), x509.load_pem_x509_certificate(authority.read_bytes())
        serialization.load_pem_private_key(told, None)
        own = x509.load_pem_x509_certificate(told.partition(b"-----END PRIVATE KEY-----")[2].lstrip())
        own.verify_directly_issued_by(root)
    except (FileNotFoundError, ValueError, TypeError, InvalidSignature):
        return False
    return not names or _covers(own, names)


def _covers(own: x509.Certificate, names: Collection[str]) -> bool:
    known = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return own.subject == _named(names) and all(_general(each) in known for each in names)


def _named(names: Collection[str]) -> x509.Name:
    common = next(iter(names), "localhost")[:_COMMON_MAX]
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _certificate(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=DAYS))
    )
