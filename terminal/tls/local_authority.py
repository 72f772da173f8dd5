"""A private authority for TLS on this machine: the bank's notifications arrive over https, also in the demo."""

import datetime
import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Final

from terminal.counter.ports import Clock
from terminal.whole_file import Owner, take_place, write_aside

if TYPE_CHECKING:
    from cryptography import x509

DAYS: Final = 3650
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_SEAL: Final = b"Made with its authority, SHA-256 of both: "  # text around a PEM is nobody's (RFC 7468, section 2)


def ensure(
    folder: Path, clock: Clock, names: Collection[str] = (), *, anew: bool = False, owner: Owner | None = None
) -> tuple[Path, Path]:
    """The authority's certificate and a server file (key and certificate) for loopback; made when missing or half.

    Files: ``authority.pem`` (public), ``server.pem`` (0600). The authority's key is forgotten after signing.
    Certificates are read only where the first line of ``server.pem`` does not tell that both are as they were
    made: what reads them takes a megabyte for as long as the service runs, and 20 ms of its start.

    Args:
        names: further names and addresses of this machine, the first of them its common name; both files are
            made anew when the certificate is not one of these.
        anew: also where nothing is wrong with them. Until both new ones are on the disk the old ones stay.
        owner: of both, where root makes them for the service.
    """
    authority, server = folder / "authority.pem", folder / "server.pem"
    if not anew and (_sealed(authority, server, names) or _sound(authority, server, names)):
        return authority, server
    from terminal.tls.certificate import PEM, Authority, general

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = datetime.datetime.fromtimestamp(clock.wall_ms() / 1000, datetime.UTC)
    root = Authority.make("Countertop local authority", now, DAYS)
    told = [general(each) for each in dict.fromkeys((*LOOPBACK, *names))]
    public, own = root.certificate.public_bytes(PEM), root.server(_common(names), told, now, DAYS)
    asides = (
        write_aside(server, _seal(public, own, names) + b"\n" + own, 0o600, owner),
        write_aside(authority, public, 0o644, owner),
    )
    for aside, path in zip(asides, (server, authority), strict=True):
        take_place(aside, path)
    return authority, server


def _seal(authority: bytes, server: bytes, names: Collection[str]) -> bytes:
    parts = (authority, server, *(each.encode() for each in names))
    return _SEAL + hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in parts)).hexdigest().encode()


def _sealed(authority: Path, server: Path, names: Collection[str]) -> bool:
    """Both as they were made, together and for these names."""
    try:
        seal, _, own = server.read_bytes().partition(b"\n")
        return seal == _seal(authority.read_bytes(), own, names)
    except FileNotFoundError:
        return False


def _sound(authority: Path, server: Path, names: Collection[str]) -> bool:
    """Both there, whole, of one making, and for these names; a power cut may have come between them."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import serialization

    from terminal.tls.certificate import certificate_in

    try:
        told, root = server.read_bytes(), x509.load_pem_x509_certificate(authority.read_bytes())
        serialization.load_pem_private_key(told, None)
        own = certificate_in(told)
        own.verify_directly_issued_by(root)
    except (FileNotFoundError, ValueError, TypeError, InvalidSignature):
        return False
    return not names or _covers(own, names)


def _covers(own: "x509.Certificate", names: Collection[str]) -> bool:
    from cryptography import x509

    from terminal.tls.certificate import general, named

    known = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return own.subject == named(_common(names)) and all(general(each) in known for each in names)


def _common(names: Collection[str]) -> str:
    return next(iter(names), "localhost")
