"""The log as JSON lines, and the check of such lines on a machine that has only the published key.

Hashes of PINs and tokens do not leave (I19): their place holds a hash of them. A line without them cannot be
digested again, so it carries the digest after it, and our signature that joins it to the digest before it.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from terminal.journal.checkpoints import Checkpoint
from terminal.journal.reader import Reader
from terminal.journal.records import ZERO, BadRow, Row, canonical, decode, encode
from terminal.journal.verify import Report, one_history

_FIELDS: Final = Row._fields
_SECRETS: Final = frozenset({"pin", "token"})  # of events of people: hashes, which stay here all the same (S42)
_REDACTED: Final = "redacted"


def redacted(stream: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The body as it may leave this machine; the same one when it holds no secret."""
    if not stream.startswith("people:"):
        return body
    clear = {name: _told(name, value, stream) for name, value in body.items()}
    return clear if clear != body else body


def _told(name: str, value: Any, stream: str) -> Any:
    if isinstance(value, Mapping):
        return redacted(stream, value)
    if name in _SECRETS and isinstance(value, str):
        return "sha256:" + hashlib.sha256(value.encode()).hexdigest()
    return value


def export(reader: Reader, out: IO[bytes], signer: Ed25519PrivateKey, *, after: int = 0) -> int:
    """As ``export_rows``, of a journal's file."""
    return export_rows(reader.every(), out, signer, after=after)


def export_rows(rows: Iterable[Row], out: IO[bytes], signer: Ed25519PrivateKey, *, after: int = 0) -> int:
    """Write every event after ``after``, one line each; returns how many.

    Personal data is in it only as commitments. Lines from the first on can be checked by ``check_export``.

    Args:
        rows: all of them, from the first on.
        signer: the checkpoints' key; it signs the lines that hold no longer what was chained.
    """
    count, digest = 0, ZERO
    for row in rows:
        before = digest
        digest = hashlib.sha256(digest + canonical(row)).digest()
        if row.number <= after:
            continue
        body = decode(row.body)
        told = redacted(row.stream, body)
        line = {**dict(zip(_FIELDS, row, strict=True)), "body": told, "hash": row.hash.hex()}
        if told is not body:
            signature = signer.sign(_joined(line, before, digest)).hex()
            line[_REDACTED] = {"digest": digest.hex(), "signature": signature}
        out.write(encode(line) + b"\n")
        count += 1
    return count


def _joined(line: Mapping[str, Any], before: bytes, after: bytes) -> bytes:
    return b"countertop redacted event 1\n" + before + after + encode(dict(line))


def check_export(lines: Iterable[bytes], checkpoints: Sequence[Checkpoint], public: Ed25519PublicKey) -> Report:
    """Compare an export with signed checkpoints (``read_checkpoints``): needs no secret.

    What comes after the last checkpoint is not covered; ``events`` counts the covered ones.

    Args:
        public: the published half of the checkpoints' key.
    """
    wanted = {checkpoint.number: checkpoint.digest for checkpoint in one_history(checkpoints)}
    digest, number, covered = ZERO, 0, 0
    try:
        for line in lines:
            fields = decode(line)
            number += 1
            if fields["number"] != number:
                raise BadRow(number, "gap", f"found {fields['number']}")
            digest = _digest_after(fields, number, digest, public)
            if number in wanted:
                if wanted[number] != digest.hex():
                    raise BadRow(number, "checkpoint", f"changed after {covered}")
                covered = number
    except BadRow as bad:
        return Report(covered, bad.reason, bad.number, bad.detail)
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        return Report(covered, "unreadable", number + 1, str(error))
    if any(each > number for each in wanted):
        return Report(covered, "rolled_back", number + 1, f"signed up to {max(wanted)}")
    return Report(covered)


def _digest_after(fields: Mapping[str, Any], number: int, before: bytes, public: Ed25519PublicKey) -> bytes:
    if _REDACTED not in fields:
        return hashlib.sha256(before + canonical(_row(fields))).digest()
    joint = fields[_REDACTED]
    after = bytes.fromhex(joint["digest"])
    line = {name: value for name, value in fields.items() if name != _REDACTED}
    try:
        public.verify(bytes.fromhex(joint["signature"]), _joined(line, before, after))
    except InvalidSignature:
        raise BadRow(number, "redacted", "changed, or a line before it was") from None
    return after


def _row(fields: Mapping[str, Any]) -> Row:
    values = {**fields, "body": encode(fields["body"]).decode(), "hash": bytes.fromhex(fields["hash"])}
    return Row(**values)
