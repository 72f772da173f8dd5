"""A folder of wheels that somebody signed: every wheel named with its hash, and nothing beside them (S70, S72)."""

import hashlib
import re
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from terminal.errors import BadSettings
from terminal.versions.parts import PROGRAM, plain

LOCK: Final = "release.lock"
SIGNATURE: Final = "release.lock.sig"
_LOCK_MAX: Final = 1024 * 1024
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_PIN: Final = re.compile(r"([A-Za-z0-9_.-]+)==([0-9][0-9A-Za-z.+!-]*)")


def proven(folder: Path, publisher: Path) -> tuple[str, bytes]:
    """The version of the program that the folder brings, and its lock, once signature and hashes are right.

    ``release.lock`` is a pip requirements file with hashes; ``release.lock.sig`` its Ed25519 signature, 64 bytes.

    Raises:
        BadSettings("update_unproven"): with why.
    """
    lock = _bytes(folder / LOCK)
    try:
        _publisher(publisher).verify(_bytes(folder / SIGNATURE), lock)
    except InvalidSignature:
        raise BadSettings("update_unproven", why=f"{LOCK} is not signed by this publisher") from None
    return matched(folder, lock), lock


def unsigned(folder: Path) -> tuple[str, bytes]:
    """The same by hashes alone, for the first version of a machine, whose owner holds the folder in hand.

    Raises:
        BadSettings("update_unproven"): with why.
    """
    lock = _bytes(folder / LOCK)
    return matched(folder, lock), lock


def matched(folder: Path, lock: bytes) -> str:
    """The version of the program; every wheel there is one that the lock names. Raises BadSettings."""
    allowed, version = _allowed(lock.decode("utf-8", "replace"))
    for wheel in sorted(folder.glob("*.whl")):
        name = plain(wheel.name.split("-")[0])
        if hashlib.sha256(wheel.read_bytes()).hexdigest() not in allowed.get(name, frozenset()):
            raise BadSettings("update_unproven", why=f"{wheel.name} is not the file that was signed")
    if not version:
        raise BadSettings("update_unproven", why=f"{LOCK} names no {PROGRAM}")
    return version


def _allowed(text: str) -> tuple[dict[str, frozenset[str]], str]:
    """Hashes by name, and the program's version. A line that goes on ends with a backslash, as in pip's files."""
    found: dict[str, frozenset[str]] = {}
    version = ""
    for line in text.replace("\\\n", " ").splitlines():
        if pin := _PIN.match(line.strip()):
            name = plain(pin[1])
            found[name] = found.get(name, frozenset()) | frozenset(_HASH.findall(line))
            version = pin[2] if name == PROGRAM else version
    return found, version


def _publisher(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(_bytes(path))
    except (ValueError, UnsupportedAlgorithm):
        raise BadSettings("update_unproven", why=f"{path} is no public key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise BadSettings("update_unproven", why=f"{path} is no Ed25519 key")
    return key


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LOCK_MAX)
    except OSError as error:
        raise BadSettings("update_unproven", why=f"{path}: {error.strerror}") from None
