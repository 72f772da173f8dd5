"""The second step: codes of an authenticator (RFC 6238, TOTP), and recovery codes for when the phone is gone.

The secret is kept sealed with AES-256-GCM under a key made from the pepper, bound to its person: a stolen journal
opens no account. A code is good once, in its half minute or in the one before or after.
"""

import base64
import hmac
from typing import Final, Literal
from urllib.parse import quote

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from terminal.counter.ports import Entropy
from terminal.errors import BadSettings
from terminal.people.roles import AWAY_FROM_MONEY, STEP_UP, VISITORS, Action, Role
from terminal.people.sessions import digest
from terminal.ulid import ALPHABET

Policy = Literal["off", "office", "always"]
Lack = Literal["", "code_again", "code_set_up"]

STEP_S: Final = 30  # RFC 6238, section 4.1
DRIFT: Final = 1  # steps before and after that are taken (RFC 6238, section 5.2)
DIGITS: Final = 6
SECRET_BYTES: Final = 20  # as long as SHA-1's output (RFC 4226, section 4, R6)
RECOVERY: Final = 8
RECOVERY_LETTERS: Final = 12  # 60 bits: a plain hash is enough
NONCE_BYTES: Final = 12  # NIST SP 800-38D, 5.2.1.1


def code_at(secret: bytes, step: int) -> str:
    """The code of one half minute. Authenticators know SHA-1 and six digits; not all know more."""
    return TOTP(secret, DIGITS, SHA1(), STEP_S).generate(step * STEP_S).decode()  # noqa: S303  # as an HMAC, sound


def matching_step(secret: bytes, code: str, wall_ms: int, last: int) -> int | None:
    """The step whose code this is, None when it is none or was used; every candidate costs the same."""
    now, found = wall_ms // (STEP_S * 1000), None
    given = code.encode("utf-8", "replace")
    for step in range(now - DRIFT, now + DRIFT + 1):
        fits = step >= 0 and hmac.compare_digest(code_at(secret, max(step, 0)).encode(), given)
        found = step if fits and step > last else found
    return found


def uri(secret: bytes, label: str, issuer: str) -> str:
    """What an authenticator scans (Google Authenticator wiki, Key Uri Format)."""
    name = quote(f"{issuer}:{label}", safe=":")
    return f"otpauth://totp/{name}?secret={text_of(secret)}&issuer={quote(issuer, safe='')}"


def text_of(secret: bytes) -> str:
    return base64.b32encode(secret).decode()


def recovery_codes(entropy: Entropy) -> list[str]:
    """Told once, in two groups of letters that are not mistaken for each other."""
    drawn = ("".join(ALPHABET[byte % 32] for byte in entropy.bytes(RECOVERY_LETTERS)) for _ in range(RECOVERY))
    return [f"{each[:6]}-{each[6:]}" for each in drawn]


def recovery_hash(person: str, code: str) -> str:
    """As people copy it: without hyphen, in any case."""
    return digest(f"{person}:{code.replace('-', '').strip().upper()}")


class Sealer:
    """Secrets as the journal keeps them: ``<key id>:<nonce and sealed bytes, base64>``."""

    def __init__(self, pepper: bytes, entropy: Entropy) -> None:
        self._key = hmac.digest(pepper, b"second step", "sha256")
        self._id, self._entropy = hmac.digest(self._key, b"key id", "sha256").hex()[:8], entropy

    def seal(self, person: str, secret: bytes) -> str:
        nonce = self._entropy.bytes(NONCE_BYTES)
        sealed = nonce + AESGCM(self._key).encrypt(nonce, secret, person.encode())
        return f"{self._id}:{base64.b64encode(sealed).decode()}"

    def open(self, person: str, sealed: str) -> bytes:
        """Raises BadSettings("pepper_changed"): sealed under another key, for somebody else, or altered."""
        key_id, _, text = sealed.partition(":")
        data = base64.b64decode(text)
        try:
            if key_id != self._id:
                raise InvalidTag
            return AESGCM(self._key).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], person.encode())
        except InvalidTag:
            raise BadSettings("pepper_changed") from None


def at_sign_in(policy: Policy, *, enrolled: bool, at_till: bool) -> bool:
    """Whether a code belongs to this sign-in. At a till the phone may lie elsewhere, and the till is paired."""
    return enrolled and policy != "off" and (not at_till or policy == "always")


def lacking(
    policy: Policy, role: Role, *, enrolled: bool, given: bool, at_till: bool
) -> tuple[Lack, frozenset[Action]]:
    """What a session still lacks, and for which acts.

    ``office``: who has a second step is asked for it away from tills, and at a till for what no customer waits
    for; an owner whose phone is not at hand still gives money back there with the PIN. Visitors must have one.
    ``always``: owners must have one too, and every act that asks for a fresh PIN asks for it.
    """
    if policy == "off" or given or role is Role.CASHIER:
        return "", frozenset()
    if not enrolled:
        return ("code_set_up", STEP_UP) if role in VISITORS or policy == "always" else ("", frozenset())
    return "code_again", (STEP_UP if policy == "always" or not at_till else AWAY_FROM_MONEY)
