"""Codes that open a door once: six digits for a till or a visitor, ten letters for the set-up, links to sign in.

Kept in memory only: a restart voids them, and a new one costs a press of a key.
"""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Final, Literal

from terminal.counter.ports import Clock, Entropy
from terminal.people.sessions import digest
from terminal.ulid import ALPHABET

LIFE_S: Final = 15 * 60
WRONG_MAX: Final = 5  # wrong codes by anybody, then every short code is void
LIVE_MAX: Final = 32
PAIRING_DIGITS: Final = 6
SET_UP_LETTERS: Final = 10

Purpose = Literal["pair", "set_up", "link", "visit"]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code gives: a till, or a display, for ``counter``; a link may also sign ``person`` in; a visitor's
    login ends after ``hours``."""

    purpose: Purpose
    counter: str = ""
    person: str = ""
    made_by: str = ""
    display: bool = False
    hours: int = 0


@dataclass(slots=True)
class _Live:
    hash: str
    grant: Grant
    until_ns: int
    wrong: int = 0


class Codes:
    """Codes that were given out and not used yet; only hashes are kept."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock, self._entropy = clock, entropy
        self._live: list[_Live] = []

    def make(self, grant: Grant) -> str:
        """A new code in the form of its purpose, valid for LIFE_S seconds, once."""
        self._drop_old()
        del self._live[: max(0, len(self._live) - LIVE_MAX + 1)]
        if grant.purpose in {"pair", "visit"}:
            code = f"{self._below(10**PAIRING_DIGITS):0{PAIRING_DIGITS}d}"
        elif grant.purpose == "set_up":
            code = "".join(ALPHABET[self._below(32)] for _ in range(SET_UP_LETTERS))
        else:
            code = urlsafe_b64encode(self._entropy.bytes(24)).decode()
        until_ns = self._clock.mono_ns() + LIFE_S * 1_000_000_000
        self._live.append(_Live(digest(code), grant, until_ns))
        return code

    def use(self, code: str, purpose: Purpose) -> Grant | None:
        """What the code gives; it is used up. None when it is wrong, old, used or for something else."""
        self._drop_old()
        wanted = digest(plain(code) if purpose != "link" else code)
        found = None
        for live in self._live:
            fits = hmac.compare_digest(live.hash, wanted) and live.grant.purpose == purpose
            found = live if fits else found
        if found is None:
            self._count_wrong(purpose)
            return None
        self._live.remove(found)
        return found.grant

    def void(self, purpose: Purpose) -> None:
        self._live = [live for live in self._live if live.grant.purpose != purpose]

    def _count_wrong(self, purpose: Purpose) -> None:
        for live in self._live:
            if live.grant.purpose == purpose != "link":
                live.wrong += 1
        self._live = [live for live in self._live if live.wrong < WRONG_MAX]

    def _drop_old(self) -> None:
        now_ns = self._clock.mono_ns()
        self._live = [live for live in self._live if live.until_ns > now_ns]

    def _below(self, limit: int) -> int:
        """Even to one in 2**44: 64 bits folded onto a small range."""
        return int.from_bytes(self._entropy.bytes(8)) * limit >> 64


def plain(code: str) -> str:
    """As people copy it: spaces and hyphens are for reading, letters that look like digits are digits."""
    text = "".join(code[:40].split()).replace("-", "").upper()
    return text.translate(str.maketrans("OIL", "011"))
