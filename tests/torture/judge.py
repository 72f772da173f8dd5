"""What must hold over a killed or starved service, by everybody else's books: the bank's, the tills', the paper.

Reads the journal's bytes from a copy, by the simulation's own fold; no code of the service says what is true here.
"""

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from terminal.journal.keys import JournalKeys
from terminal.journal.place import side
from terminal.journal.reader import Reader
from terminal.journal.verify import verify
from terminal.sandbox.records import Order
from terminal.simulation.books import Journaled
from terminal.system import SystemEntropy
from tests.torture.till import Told

_ROWS: Final = "SELECT number, type, subject, mono_ns, body FROM event ORDER BY number"
FILES: Final = ("", "-wal")


def fold(journal: Path) -> Journaled:
    """Everything that is durable in this file."""
    reader, log = Reader.at(journal), Journaled()
    try:
        for number, kind, subject, mono_ns, text in reader.connection.execute(_ROWS):
            assert number == log.last + 1, f"I18 event {number} after {log.last}"
            log.last = number
            log.read(kind, subject, mono_ns, msgspec.json.decode(text))
    finally:
        reader.close()
    return log


def copied(state: Path, folder: Path) -> Path:
    """The journal's files as the dead process left them, where nobody else looks."""
    path = folder / "journal.db"
    for ending in FILES:
        if (source := side(state / "journal.db", ending)).exists():
            shutil.copy(source, side(path, ending))
    checkpoints = side(state / "journal.db", ".checkpoints")
    if checkpoints.exists():
        shutil.copy(checkpoints, side(path, ".checkpoints"))
    return path


def after_a_kill(state: Path, told: Iterable[Told], orders: Iterable[Order], *, whole: bool) -> list[str]:
    """What is wrong with what a dead process left behind: nothing told is missing, nothing sent is unintended.

    Args:
        whole: also its chain, pages and views from the first row.
    """
    with tempfile.TemporaryDirectory(prefix="countertop-torture-") as place:
        journal = copied(state, Path(place))
        if not journal.exists() or not side(journal, ".checkpoints").exists():
            return [] if not any(each.sale for each in told) else ["I1 the journal is gone"]
        wrong = (
            [] if not whole else _unsound(journal, JournalKeys.open(state / "keys", SystemEntropy(), create=False))
        )
        log = fold(journal)
    for each in told:
        wrong += _kept(log, each)
    for order in orders:
        row = log.attempts.get(order.out_trade_no)
        if row is None or row.amount != order.total:
            wrong.append(f"I5 the bank has {order.out_trade_no} over {order.total}, the journal {row}")
    return wrong


def _unsound(journal: Path, keys: JournalKeys) -> list[str]:
    report = verify(journal, keys)
    return [] if report.sound else [f"I18 {report}"]


def _kept(log: Journaled, told: Told) -> list[str]:
    if not told.sale:
        return []
    row = log.sales.get(told.sale)
    if row is None or row.amount != told.minor or row.counter != told.counter:
        return [f"I6 {told.key} was told {told.sale}, the journal has {row}"]
    if told.end and row.state != told.end:
        return [f"I6 {told.sale} was told {told.end}, the journal says {row.state}"]
    missing = told.attempts - {each.id for each in row.attempts}
    return [f"I6 {told.sale} was told {missing}"] if missing else []


def at_the_end(
    log: Journaled, told: Sequence[Told], orders: Sequence[Order], paper: dict[str, list[str]]
) -> list[str]:
    """Everything healed and at rest: money, sales and paper agree."""
    wrong = [f"I4 {row.id} is still {row.state}" for row in log.attempts.values() if row.live]
    wrong += [f"I4 {row.id} is still {row.state}" for row in log.sales.values() if not row.ended]
    wrong += [f"I9 {effect} is still owed" for effect in log.owed]
    for each in told:
        wrong += _kept(log, each)
    counters = {each.sale: each.counter for each in told}
    for order in orders:
        wrong += _money(log, order)
        row = log.attempts[order.out_trade_no]
        if row.state == "paid" and order.captures:
            wrong += _slips(order, paper[counters[row.sale]])
    for sale in log.sales.values():
        held = sum(
            1 for x in orders if x.out_trade_no in {y.id for y in sale.attempts} and x.captures and not x.returned
        )
        if held > 1 and not any(log.exceptions_of(x.id) for x in sale.attempts):
            wrong.append(f"I3 {sale.id} was taken {held} times")
    return wrong


def _money(log: Journaled, order: Order) -> list[str]:
    row = log.attempts[order.out_trade_no]
    held = sum(x.amount for x in order.captures) - order.returned
    if held > 0 and row.state != "paid" and not log.exceptions_of(row.id):
        return [f"I1 the bank took {held} for {row.id}, which is {row.state}"]
    if row.state == "paid" and held != row.amount:
        return [f"I2 {row.id} is paid, the bank holds {held} of {row.amount}"]
    return []


def _slips(order: Order, paper: Sequence[str]) -> list[str]:
    """A receipt names the bank's number of the payment; every one after the first says COPY."""
    number = order.captures[0].transaction_id
    mine = [slip for slip in paper if number in slip]
    originals = [slip for slip in mine if "COPY" not in slip]
    if not mine or len(originals) > 1:
        return [f"I9 {order.out_trade_no}: {len(mine)} slips, {len(originals)} originals"]
    return []
