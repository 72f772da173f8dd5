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

from terminal.counter.ports import Clock
from terminal.tls.certificate import PEM, Authority, certificate_in, general, private_pem
from terminal.tls.ends import LAN_SERVER_DAYS
from terminal.whole_file import Owner, take_place, write_aside

AUTHORITY: Final = "lan-authority.pem"
KEY: Final = "lan-authority.key"
SERVER: Final = "lan-server.pem"
AUTHORITY_DAYS: Final = 3650
RENEW_DAYS: Final = 30  # before its end a certificate is made anew
_DAY: Final = datetime.timedelta(days=1)
_SUFFIXES: Final = ("local", "lan", "internal", "home.arpa")
_PRIVATE: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")


@dataclass(frozen=True, slots=True)
class LanCertificate:
    """What may be told of it. Fingerprints are SHA-256 of the whole certificate, in hexadecimal groups of four."""

    names: tuple[str, ...]
    fingerprint: str
    server_fingerprint: str
    ends_ms: int
    authority: bytes  # DER, for phones


def ensure(
    folder: Path,
    names: Sequence[str],
    title: str,
    clock: Clock,
    *,
    anew: bool = False,
    owner: Owner | None = None,
) -> bool:
    """Make what is missing, about to end, or made for other names. True: the server's file is a new one.

    Files: ``lan-authority.pem`` (public), ``lan-authority.key`` and ``lan-server.pem`` (key, certificate), 0600.

    Args:
        names: of this machine, names and addresses; the first is the certificate's common name.
        title: of the shop, as a phone lists it among its authorities.
        anew: all of it, also where nothing is wrong. Until all is on the disk the old ones stay.
        owner: of the files, where root makes them for the service.

    Raises:
        OSError: the folder cannot be written.
    """
    assert names, "a certificate for nobody"
    now = datetime.datetime.fromtimestamp(clock.wall_ms() / 1000, datetime.UTC)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    root, files = None if anew else _authority(folder, now), dict[str, tuple[bytes, int]]()
    if root is None or not all(_permitted(root.certificate, each) for each in names):
        root = _new_authority(names, title, now)
        files = {
            KEY: (private_pem(root.key), 0o600),
            AUTHORITY: (root.certificate.public_bytes(PEM), 0o644),
        }
    elif _fits(folder / SERVER, root.certificate, names, now):
        return False
    files[SERVER] = (root.server(names[0], [general(each) for each in names], now, LAN_SERVER_DAYS), 0o600)
    asides = {folder / name: write_aside(folder / name, *each, owner) for name, each in files.items()}
    for path, aside in asides.items():
        take_place(aside, path)
    return True


def told(folder: Path) -> LanCertificate | None:
    """None: none was made yet, or it cannot be read."""
    try:
        root = x509.load_pem_x509_certificate((folder / AUTHORITY).read_bytes())
        own = certificate_in((folder / SERVER).read_bytes())
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


def _authority(folder: Path, now: datetime.datetime) -> Authority | None:
    """The one that is there, if it is whole and outlives the next server certificate."""
    try:
        root = x509.load_pem_x509_certificate((folder / AUTHORITY).read_bytes())
        key = serialization.load_pem_private_key((folder / KEY).read_bytes(), None)
    except (OSError, ValueError):
        return None
    lasts = root.not_valid_before_utc <= now <= root.not_valid_after_utc - LAN_SERVER_DAYS * _DAY
    ours = isinstance(key, ec.EllipticCurvePrivateKey) and key.public_key() == root.public_key()
    return Authority(root, key) if lasts and ours and isinstance(key, ec.EllipticCurvePrivateKey) else None


def _fits(server: Path, root: x509.Certificate, names: Collection[str], now: datetime.datetime) -> bool:
    try:
        own = certificate_in(server.read_bytes())
        own.verify_directly_issued_by(root)
        listed = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    lasts = own.not_valid_before_utc <= now <= own.not_valid_after_utc - RENEW_DAYS * _DAY
    return lasts and set(listed) == {general(each) for each in names}


def _new_authority(names: Sequence[str], title: str, now: datetime.datetime) -> Authority:
    subtrees: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_network(each)) for each in _PRIVATE]
    subtrees += [x509.DNSName(each) for each in _SUFFIXES]
    subtrees += [_subtree(each) for each in names if not _usual(each)]
    return Authority.make(f"{title} – Countertop", now, AUTHORITY_DAYS, x509.NameConstraints(subtrees, None))


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
