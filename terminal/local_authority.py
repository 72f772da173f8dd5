"""A private authority for TLS on this machine: the bank's notifications arrive over https, also in the demo."""

import datetime
from collections.abc import Collection
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from terminal.certificate import PEM, Authority, certificate_in, general, named
from terminal.counter.ports import Clock
from terminal.whole_file import write_whole

DAYS: Final = 3650
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


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
    root = Authority.make("Countertop local authority", now, DAYS)
    told = [general(each) for each in dict.fromkeys((*LOOPBACK, *names))]
    write_whole(server, root.server(_common(names), told, now, DAYS), 0o600)
    write_whole(authority, root.certificate.public_bytes(PEM), 0o644)
    return authority, server


def _sound(authority: Path, server: Path, names: Collection[str]) -> bool:
    """Both there, whole, of one making, and for these names; a power cut may have come between them."""
    try:
        told, root = server.read_bytes(), x509.load_pem_x509_certificate(authority.read_bytes())
        serialization.load_pem_private_key(told, None)
        own = certificate_in(told)
        own.verify_directly_issued_by(root)
    except (FileNotFoundError, ValueError, TypeError, InvalidSignature):
        return False
    return not names or _covers(own, names)


def _covers(own: x509.Certificate, names: Collection[str]) -> bool:
    known = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return own.subject == named(_common(names)) and all(general(each) in known for each in names)


def _common(names: Collection[str]) -> str:
    return next(iter(names), "localhost")
