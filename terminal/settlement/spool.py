"""A bill read to its end before a line of it is believed: in a private file that is gone with the process.

Lines wait packed in a table, so that a million of them take no memory; an index finds what stands there twice.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

import apsw
import msgspec

from terminal.payments.bill import BillEnd, BillLine, BillReader, BillRefused, LineKind, LineState
from terminal.settlement.ports import BillChannel

CHUNK: Final = 256
TAKEN_BACK_MAX: Final = 50_000  # reverses of one file that are known beforehand; few orders are reversed
PAYOUTS_MAX: Final = 1_000  # of one file: each is kept with its days
REPEATED_MAX: Final = 10_000  # keys; a file with more is no bill
_PRAGMAS: Final = ("journal_mode = OFF", "synchronous = OFF", "cache_size = -8192", "temp_store = FILE")
_PAID: Final = f"{LineKind.PAYMENT.value}:"
_BACK: Final = f"{LineKind.REFUND.value}:"
_MONEY: Final = (LineKind.PAYMENT, LineKind.REFUND)


class Spool:
    """``fill`` it first; then ``end``, ``sums`` and ``repeated`` are known and ``chunks`` gives the lines back.

    ``taken_back``: orders the file says were reversed, and how much of each in all.
    """

    def __init__(self) -> None:
        self._file = apsw.Connection("")
        for pragma in _PRAGMAS:
            self._file.execute(f"PRAGMA {pragma}")
        self._file.execute("CREATE TABLE line (seq INTEGER PRIMARY KEY, key TEXT, body BLOB NOT NULL) STRICT")
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(BillLine).decode
        self.end: BillEnd | None = None
        self.sums: Counter[str] = Counter()
        self._lines = 0
        self._told = {each: [0, 0, 0] for each in LineKind}  # count, smallest units, thousandths of fees
        self.repeated: frozenset[str] = frozenset()
        self.taken_back: dict[str, int] = {}
        self._merchants: Counter[str] = Counter()

    def close(self) -> None:
        self._file.close()

    def fill(self, reader: BillReader) -> Iterator[None]:
        """Yields after each chunk, so that others may go on.

        Raises:
            BillRefused: of the reader; ``bill_cut_short`` without an end; ``bill_repeats`` beyond REPEATED_MAX;
                ``bill_too_large`` beyond TAKEN_BACK_MAX or PAYOUTS_MAX.
        """
        chunk: list[tuple[str | None, bytes]] = []
        encode = self._encode
        for each in reader:
            if isinstance(each, BillEnd):
                self.end = each
                break
            self._count(each)
            chunk.append((repeat_key(each), encode(each)))
            if len(chunk) == CHUNK:
                self._write(chunk)
                yield
        self._write(chunk)
        if self.end is None:
            raise BillRefused("bill_cut_short", line=self._lines)
        self._sum_up()
        if self.sums[f"{LineKind.PAYOUT.value}_count"] > PAYOUTS_MAX:
            raise BillRefused("bill_too_large", limit=PAYOUTS_MAX)
        self._find_repeated()
        yield

    def chunks(self) -> Iterator[list[BillLine]]:
        seq = 0
        while rows := self._file.execute(
            "SELECT seq, body FROM line WHERE seq > ? ORDER BY seq LIMIT ?", (seq, CHUNK)
        ).fetchall():
            seq = int(str(rows[-1][0]))
            yield [self._decode(row[1]) for row in rows]  # type: ignore[arg-type]  # a blob column

    def has_payment(self, order_no: str) -> bool:
        key = f"{LineKind.PAYMENT.value}:{order_no}"
        return bool(self._file.execute("SELECT 1 FROM line WHERE key = ? LIMIT 1", (key,)).fetchall())

    def payment(self, order_no: str) -> BillLine | None:
        """The first line of the file that pays this order."""
        key = f"{LineKind.PAYMENT.value}:{order_no}"
        rows = self._file.execute("SELECT body FROM line WHERE key = ? ORDER BY seq LIMIT 1", (key,)).fetchall()
        return self._decode(rows[0][0]) if rows else None  # type: ignore[arg-type]  # a blob column

    def refuse_other(self, channel: BillChannel) -> None:
        """Raises BillRefused("bill_other_account"): no line of it is of this channel's account."""
        if self._merchants and channel.account.merchant_id not in self._merchants:
            found = min(self._merchants)
            raise BillRefused("bill_other_account", found=found, wanted=channel.account.merchant_id)

    def _write(self, chunk: list[tuple[str | None, bytes]]) -> None:
        with self._file:
            self._file.executemany("INSERT INTO line (key, body) VALUES (?, ?)", chunk)
        chunk.clear()

    def _count(self, line: BillLine) -> None:
        self._lines += 1
        if line.merchant_id and line.kind in _MONEY and len(self._merchants) < CHUNK:
            self._merchants[line.merchant_id] += 1
        if reverses(line):
            if len(self.taken_back) == TAKEN_BACK_MAX and line.order_no not in self.taken_back:
                raise BillRefused("bill_too_large", limit=TAKEN_BACK_MAX)
            self.taken_back[line.order_no] = self.taken_back.get(line.order_no, 0) + line.gross_minor
        revoked = line.state is LineState.REVOKED and line.kind is LineKind.REFUND  # the money went back
        if (line.state is not LineState.DONE and not revoked) or line.provisional:
            return
        told = self._told[line.kind]
        told[0] += 1
        told[1] += line.settle_minor
        told[2] += line.fee_milli

    def _sum_up(self) -> None:
        self.sums["lines"] = self._lines
        for kind, (count, minor, fee_milli) in self._told.items():
            if count:
                self.sums[f"{kind.value}_count"] = count
                self.sums[f"{kind.value}_minor"] = minor
                self.sums["fee_milli"] += fee_milli

    def _find_repeated(self) -> None:
        self._file.execute("CREATE INDEX line_key ON line (key) WHERE key IS NOT NULL")
        sql = "SELECT key FROM line WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1 LIMIT ?"
        found = self._file.execute(sql, (REPEATED_MAX + 1,)).fetchall()
        if len(found) > REPEATED_MAX:
            raise BillRefused("bill_repeats", limit=REPEATED_MAX)
        self.repeated = frozenset(str(row[0]) for row in found)


def reverses(line: BillLine) -> bool:
    """It takes a whole order back: no refund of ours, which would have its number."""
    if line.kind is not LineKind.REFUND or line.refund_no or not line.order_no:
        return False
    return line.state in {LineState.DONE, LineState.REVOKED}


def repeat_key(line: BillLine) -> str | None:
    """What makes two lines of a file the same thing; None where nothing does."""
    if line.state is not LineState.DONE or line.provisional or line.kind not in _MONEY:
        return None
    back = line.kind is LineKind.REFUND
    named = line.refund_no if back else line.order_no
    named = named or (line.references[0] if line.references else "")
    named = named or (line.provider_refund if back else line.provider_txn)
    return (_BACK if back else _PAID) + named if named else None
