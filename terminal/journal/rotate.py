"""New keys for chain and personal values, with the service stopped; old rows verify and stay readable (S17, S41).

One rename decides: killed before it, the old keys are in force; after it, the new ones. Either way the journal
opens, and the command may simply be run again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from terminal.counter.ports import Entropy
from terminal.errors import JournalError
from terminal.journal.keys import JournalKeys, drop_draft, take_up_draft
from terminal.journal.lock import InstanceLock
from terminal.journal.place import side
from terminal.journal.verify import verify


@dataclass(frozen=True, slots=True)
class Rotation:
    """``events`` were read back under the new ring before it was taken up. The ids are no secrets."""

    events: int
    chain_before: str
    chain_id: str
    personal_before: str
    personal_id: str


def rotate(
    path: Path,
    folder: Path,
    entropy: Entropy,
    *,
    rehearse: bool,
    fault: Callable[[str], None] = lambda _point: None,
) -> Rotation:
    """Make new keys in ``folder`` for the journal at ``path``; with ``rehearse`` do everything but take them up.

    Raises:
        JournalError: ``journal_missing``, ``journal_in_use`` (the service runs), ``journal_damaged``.
        BadSettings: as ``JournalKeys.load``; ``key_ring_full``.
    """
    if not path.exists():
        raise JournalError("journal_missing", path=str(path))
    lock = InstanceLock.take(side(path, ".lock"))
    try:
        before = JournalKeys.load(folder)
        _must_verify(path, before)
        fault("verified")
        drafted = before.renewed(entropy).draft(folder)
        fault("drafted")
        events = _must_verify(path, drafted)
        _must_hide(drafted, entropy)
        if rehearse:
            drop_draft(folder)
        else:
            take_up_draft(folder)
            fault("taken_up")
    finally:
        lock.release()
    return Rotation(events, before.chain_id, drafted.chain_id, before.personal_id, drafted.personal_id)


def _must_verify(path: Path, keys: JournalKeys) -> int:
    report = verify(path, keys)
    if not report.sound:
        raise JournalError("journal_damaged", number=report.first_bad, reason=report.reason)
    return report.events


def _must_hide(keys: JournalKeys, entropy: Entropy) -> None:
    key_id, hidden = keys.hide(entropy.bytes(12), "0:rehearsal", b"rehearsal")
    assert keys.show(key_id, "0:rehearsal", hidden) == b"rehearsal"
