"""Who a statement's entry is: the bank's own reference, or a hash of what it says, stable across two files."""

import hashlib
from collections import Counter


class EntryIds:
    """One file's. Equal entries without a reference are told apart by their order."""

    def __init__(self) -> None:
        self._seen: Counter[bytes] = Counter()

    def of(self, bank_reference: str, sign: str, amount: int, currency: str, *more: str) -> str:
        """``more``: day, end-to-end id, remittance: what tells entries apart where the bank gives no reference.

        The amount and sign belong to it: one reference may name a credit and its reversal.
        """
        if bank_reference:
            return f"{bank_reference}/{sign}{amount}{currency}"
        told = "\x1f".join((sign, str(amount), currency, *more))
        digest = hashlib.sha256(told.encode("utf-8", "replace")).digest()[:16]
        index = self._seen[digest]
        self._seen[digest] += 1
        return f"hash:{digest.hex()}/{index}"
