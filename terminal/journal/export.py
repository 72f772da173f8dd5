"""The log as JSON lines, and the check of such lines on a machine that has only the published key."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import IO, Final

import msgspec

from terminal.journal.checkpoints import Checkpoint
from terminal.journal.reader import Reader
from terminal.journal.records import ZERO, BadRow, Row, canonical, decode, encode
from terminal.journal.verify import Report, one_history

_FIELDS: Final = Row._fields


def export(reader: Reader, out: IO[bytes], *, after: int = 0) -> int:
    """Write every event after ``after``, one line each; returns how many.

    Personal data is in it only as commitments. Lines from the first on can be checked by ``check_export``.
    """
    count = 0
    for values in reader.connection.execute("SELECT * FROM event WHERE number > ? ORDER BY number", (after,)):
        row = Row(*values)
        line = dict(zip(_FIELDS, row, strict=True))
        out.write(encode({**line, "body": decode(row.body), "hash": row.hash.hex()}) + b"\n")
        count += 1
    return count


def check_export(lines: Iterable[bytes], checkpoints: Sequence[Checkpoint]) -> Report:
    """Compare an export with signed checkpoints (``read_checkpoints``): needs no secret.

    What comes after the last checkpoint is not covered; ``events`` counts the covered ones.
    """
    wanted = {checkpoint.number: checkpoint.digest for checkpoint in one_history(checkpoints)}
    digest, number, covered = ZERO, 0, 0
    try:
        for line in lines:
            row = _row(line)
            number += 1
            if row.number != number:
                raise BadRow(number, "gap", f"found {row.number}")
            digest = hashlib.sha256(digest + canonical(row)).digest()
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


def _row(line: bytes) -> Row:
    fields = decode(line)
    values = {**fields, "body": encode(fields["body"]).decode(), "hash": bytes.fromhex(fields["hash"])}
    return Row(**values)
