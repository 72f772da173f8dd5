"""PINs: which are refused, and how they are kept.

Argon2id (RFC 9106) over an HMAC-SHA-256 of the PIN with a pepper that never enters the journal: a million PINs are
guessed quickly from a hash alone, so a stolen journal must not be enough.
"""

import asyncio
import hashlib
import hmac
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec
from argon2.exceptions import VerifyMismatchError
from argon2.low_level import Type, hash_secret, verify_secret

from terminal.counter.ports import Entropy
from terminal.errors import BadSettings, InvalidRequest

COMMON: Final = Path(__file__).parent.parent / "data" / "common_pins.txt"
PEPPER_BYTES: Final = 32
_FORM: Final = re.compile("[0-9]{6,12}")


class PinCost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Argon2id parameters; the default is the minimum of OWASP's Password Storage Cheat Sheet (19 MiB, 2, 1)."""

    passes: int = 2
    memory_kib: int = 19_456
    lanes: int = 1


def check_new(pin: str) -> None:
    """Refuse what is guessed first. Raises InvalidRequest("pin_weak")."""
    if not _FORM.fullmatch(pin) or _guessable(pin):
        raise InvalidRequest("pin_weak", field="pin")


def _guessable(pin: str) -> bool:
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    periods = range(1, min(4, len(pin) // 2) + 1)  # 111111, 121212, 123123, 12341234, also cut off: 1212121
    repeated = any((pin[:period] * len(pin)).startswith(pin) for period in periods)
    return steps in ({1}, {9}) or repeated or pin == pin[::-1] or pin in _common()


@cache
def _common() -> frozenset[str]:
    lines = COMMON.read_text().splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


class Pins:
    """Hashes and checks PINs off the loop. A record is ``<pepper id>:<argon2 text>``, salt and cost inside."""

    def __init__(self, pepper: bytes, cost: PinCost, entropy: Entropy) -> None:
        assert len(pepper) >= PEPPER_BYTES, "a short pepper protects nothing"
        self._pepper, self._cost, self._entropy = pepper, cost, entropy
        self._pepper_id = hmac.digest(pepper, b"pepper id", "sha256").hex()[:8]

    def check_pepper(self, record: str) -> None:
        """Raises BadSettings("pepper_changed") for a record of another pepper: no PIN could ever fit it."""
        if not record.startswith(self._pepper_id + ":"):
            raise BadSettings("pepper_changed")

    async def hash(self, pin: str) -> str:
        salt = self._entropy.bytes(16)
        return await asyncio.get_running_loop().run_in_executor(None, self._hash, pin, salt)

    async def verify(self, pin: str, record: str | None) -> bool:
        """None stands for somebody unknown: the same work is done, the answer is no."""
        loop = asyncio.get_running_loop()
        if record is None:
            await loop.run_in_executor(None, self._hash, pin, bytes(16))
            return False
        return await loop.run_in_executor(None, self._verify, pin, record)

    def _hash(self, pin: str, salt: bytes) -> str:
        cost = self._cost
        text = hash_secret(
            self._peppered(pin), salt, cost.passes, cost.memory_kib, cost.lanes, hash_len=32, type=Type.ID
        )
        return f"{self._pepper_id}:{text.decode()}"

    def _verify(self, pin: str, record: str) -> bool:
        self.check_pepper(record)
        try:
            return verify_secret(record.partition(":")[2].encode(), self._peppered(pin), Type.ID)
        except VerifyMismatchError:
            return False

    def _peppered(self, pin: str) -> bytes:
        return hmac.digest(self._pepper, pin[:64].encode("utf-8", "replace"), hashlib.sha256)
