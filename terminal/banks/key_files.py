"""Keys and certificates in files that change while the shop is open: taken up without a restart (row 36).

A file is looked at by its time and size; it is read again only when one of these changed. What cannot be used
(half a file, a key that does not belong to its certificate) changes nothing: the keys before go on, and the next
look tries again.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric import rsa

from terminal.banks.connector import Keys
from terminal.banks.signing import RsaSigner, Signer, read_file, read_private_key
from terminal.counter.ports import Expiry
from terminal.errors import BadSettings

if TYPE_CHECKING:
    from cryptography import x509

LOOK_S: Final = 10.0
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """``from_s``: it signs from this second of the provider's time on; 0: at once."""

    signer: Signer
    from_s: int = 0


@dataclass(frozen=True, slots=True)
class KeyMaterial:
    """What the files of a channel hold. Of ``signing`` the last one whose time has come is used."""

    signing: tuple[SigningKey, ...]
    keys: Keys
    expiries: tuple[Expiry, ...] = ()

    def signer(self, now_s: float) -> Signer:
        return next(
            (each.signer for each in reversed(self.signing) if each.from_s <= now_s), self.signing[0].signer
        )


class KeyFiles:
    """The files of one channel.

    Args:
        files: those to watch; one that is not there yet counts as a state of its own.
        read: makes the material of them, now and after every change. Raises BadSettings.
        renew: called before a later reading, for what else holds files (TLS authorities). Raises BadSettings.

    ``now`` is what the channel uses; ``wrong`` says why the newest change was not taken up.
    """

    def __init__(
        self, files: Sequence[Path], read: Callable[[], KeyMaterial], renew: Callable[[], None] | None = None
    ) -> None:
        self._files, self._read, self._renew = tuple(files), read, renew
        self._seen = self._look()  # before the reading: what changes meanwhile is seen next time
        self.now = read()
        self.wrong: BadSettings | None = None

    def changed(self) -> KeyMaterial | None:
        """What the files hold now, when they changed and can be used; else None."""
        seen = self._look()
        if seen == self._seen and self.wrong is None:
            return None
        try:
            if self._renew is not None:
                self._renew()
            self.now = self._read()
        except BadSettings as error:
            if seen != self._seen:
                _log.warning("changed keys are not taken up: %s", error)
            self._seen, self.wrong = seen, error
            return None
        self._seen, self.wrong = seen, None
        return self.now

    def _look(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_stamp(each) for each in self._files)


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def hex_serial(certificate: "x509.Certificate") -> str:
    return f"{certificate.serial_number:X}"


def signing_key(
    key_file: Path,
    serial: str,
    certificate_file: Path | None,
    *,
    from_s: int = 0,
    named: "Callable[[x509.Certificate], str]" = hex_serial,
) -> SigningKey:
    """A private key with its serial; a certificate beside it names the serial and must be the key's.

    Raises:
        BadSettings: as ``read_private_key`` and ``read_certificate``; ``key_not_of_certificate``;
            ``setting_unusable``: the serial of the settings is another certificate's.
    """
    key = read_private_key(key_file)
    if certificate_file is not None:
        certificate = read_certificate(certificate_file)
        public = certificate.public_key()
        if (
            not isinstance(public, rsa.RSAPublicKey)
            or public.public_numbers() != key.public_key().public_numbers()
        ):
            raise BadSettings("key_not_of_certificate", file=str(key_file), certificate=str(certificate_file))
        serial = named(certificate)
    return SigningKey(RsaSigner(key, serial), from_s)


def read_certificate(file: Path) -> "x509.Certificate":
    """The first certificate of a PEM. Raises BadSettings: ``key_file_unreadable``, ``certificate_unreadable``."""
    return _certificates(file)[0]


def _certificates(file: Path) -> "list[x509.Certificate]":
    from cryptography import x509  # a megabyte, and a channel with public keys reads none

    try:
        return x509.load_pem_x509_certificates(read_file(file))
    except ValueError as error:
        raise BadSettings("certificate_unreadable", file=str(file)) from error


def expiry_of(kind: str, file: Path) -> Expiry:
    """When a certificate file ends; of several in one file the first to end. Raises as ``read_certificate``."""
    until = min(each.not_valid_after_utc for each in _certificates(file))
    return Expiry(kind, file.name, int(until.timestamp()) * 1000)


def since(text: str, field: str) -> int:
    """Seconds since 1970 of "2026-05-01T03:00:00+08:00"; 0 of nothing. Raises BadSettings ``setting_unusable``."""
    if not text:
        return 0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        why = "date and time with offset, such as 2026-05-01T03:00:00+08:00"
        raise BadSettings("setting_unusable", field=field, why=why)
    return int(moment.timestamp())
