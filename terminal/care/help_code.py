"""The code that is read over the phone: who helps sees that the bundle they got is the one that was made."""

import hashlib
from typing import Final

LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is heard or read as another one
LENGTH: Final = 8
_BYTES: Final = 16


def help_code(data: bytes) -> str:
    """``4K7P-9M2X``: of the SHA-256 of a bundle's bytes. Not a secret; 39 bits are enough to tell files apart."""
    number = int.from_bytes(hashlib.sha256(data).digest()[:_BYTES])
    return _letters(number)


def terminal_name(secret: bytes) -> str:
    """This machine's short name for the hotline, the same after every start; tells nothing of ``secret``."""
    return _letters(
        int.from_bytes(hashlib.blake2b(b"terminal name", key=secret[:64], digest_size=_BYTES).digest())
    )


def same(code: str, other: str) -> bool:
    """As people type it: spaces, dashes and small letters do not matter."""
    return _plain(code) == _plain(other) != ""


def _plain(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter in LETTERS)


def _letters(number: int) -> str:
    code = ""
    for _ in range(LENGTH):
        number, letter = divmod(number, len(LETTERS))
        code += LETTERS[letter]
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"
