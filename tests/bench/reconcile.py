"""Goal 11: a bill of a million lines against a journal that has them all, read, matched, settled, written down.

The bill is a file in WeChat Pay's format, the journal the product's on this disk, made of one sale that it
decided itself (``history``). It runs in a process of its own, so that its memory is its own:
``python -m tests.bench.reconcile FOLDER``.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from terminal.bills.readers import open_bill
from terminal.chance import Chance
from terminal.counter.book import Book
from terminal.counter.feed import Feed
from terminal.counter.healing import BillEvidence
from terminal.journal.keys import JournalKeys
from terminal.journal.sqlite import SqliteJournal
from terminal.sandbox.bill_days import Movement
from terminal.sandbox.records import Order
from terminal.sandbox.wechatpay_bills import trade_bill
from terminal.settlement.ports import BillHead
from terminal.settlement.reconcile import Reconciler
from terminal.system import SystemClock, SystemEntropy
from tests.bench.history import Grower, Pattern, order_no
from tests.bench.table import Figure
from tests.bench.timing import hottest
from tests.unit.journal.world import SHOP
from tests.unit.settlement.shop import DAY, RULE, WECHAT, Shop, begins_ms, txn

LINES: Final = 1_000_000
LIMIT_S: Final = 60.0
LIMIT_MB: Final = 300.0
PLANTED: Final = 3  # payments that nobody ordered here
MINOR: Final = 2850
JOURNAL: Final = "journal.db"
BILL: Final = "bill.csv"


@dataclass(frozen=True, slots=True)
class Run:
    seconds: float
    cpu_s: float  # of all its threads
    rss_mb: float  # the most it ever was
    lines: int
    settled: int
    found: int


def measure(lines: int = LINES, folder: Path | None = None) -> Iterator[Figure]:
    """``lines`` below a million are told, and judged by the same share of the minute."""
    with tempfile.TemporaryDirectory(prefix="reconcile-", dir=folder) as name:
        place = Path(name)
        asyncio.run(_build(place, lines))
        os.sync()  # else the disk writes this history while it answers
        done = in_process(place)
    limit_s = LIMIT_S * lines / LINES
    why = [
        f"{done.settled:,} settled, {done.found} differences of {PLANTED} planted",
        f"{done.cpu_s:.1f} s of CPU, {done.cpu_s / done.lines * 1e6:.0f} µs a line",
    ]
    what = f"bill of {lines:,} lines held against its journal"
    rate = done.lines / done.seconds
    yield Figure(11, what, done.seconds, "s", "limit", limit_s, most=1, why=why)
    yield Figure(11, f"{what}: lines", rate, "/s", "limit", LINES / LIMIT_S, least=1, why=why)
    yield Figure(11, f"{what}: memory, the most", done.rss_mb, "MB", "limit", LIMIT_MB, most=1, why=why)
    right = (done.settled, done.found) == (lines - PLANTED, PLANTED)
    yield Figure(11, f"{what}: differences found", done.found, "", "planted", PLANTED, good=right, why=why)


def in_process(folder: Path, *, profile: bool = False) -> Run:
    more = ["--profile"] if profile else []
    command = [sys.executable, "-m", "tests.bench.reconcile", str(folder), *more]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    return Run(**json.loads(told.stdout.splitlines()[-1]))


# --- what is measured -----------------------------------------------------------------------------------------


async def _reconcile(folder: Path) -> Run:
    keys = JournalKeys.load(folder / "keys")
    clock = SystemClock()
    journal = SqliteJournal.open(folder / JOURNAL, identity=SHOP, clock=clock, entropy=SystemEntropy(), keys=keys)
    async with journal:
        feed = Feed(journal)
        evidence = BillEvidence(Book(feed, clock), lambda _name: WECHAT.account)
        house = Reconciler(feed, journal.settled, clock, "s-1", evidence)
        path = folder / BILL
        began, cpu_s = time.perf_counter(), time.process_time()
        digest = sha256(path.read_bytes()[:1024]).hexdigest()
        report = await house.run(BillHead(WECHAT, "trade", digest, DAY), open_bill(path, "wechatpay-trade"))
        seconds, cpu_s = time.perf_counter() - began, time.process_time() - cpu_s
    most_mb = _most_mb()
    return Run(seconds, cpu_s, most_mb, report.lines, report.settled, report.found)


def _most_mb() -> float:
    """Of this program alone; the usage the kernel tells of a process begins with its parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(each for each in lines if each.startswith("VmHWM:")).split()[1]) * 1024 / 1e6


# --- what it is measured with ---------------------------------------------------------------------------------


async def _build(folder: Path, lines: int) -> None:
    """A day of so many sales, and its bill, in which the last PLANTED lines are nobody's."""
    keys = JournalKeys.open(folder / "keys", Chance("bench"), create=True)
    shop = Shop(folder, keys=keys)
    order = await shop.pay(MINOR, begins_ms(DAY) + 1_000, fee=RULE)
    await shop.close()
    (folder / "j.db").replace(folder / JOURNAL)
    for suffix in (".checkpoints", "-wal", "-shm"):
        if (beside := folder / f"j.db{suffix}").exists():
            beside.replace(folder / f"{JOURNAL}{suffix}")
    sale = f"S{order[1:]}"
    pattern = Pattern.read(folder / JOURNAL, sale, (sale, order, txn(order), "\0key", f"sha256:{order}"))
    between_ms = max(1, 86_000_000 // lines)
    Grower(folder / JOURNAL, pattern, between_ms=between_ms).grow(lines - PLANTED)
    _write_bill(folder / BILL, lines)


def _write_bill(path: Path, lines: int) -> None:
    """One row of the simulated bank's, told so often with other numbers; the sums follow."""
    at_ms = begins_ms(DAY) + 1_000
    order = Order(WECHAT.account.merchant_id, "wx1", "ORDERNUMBER", "NATIVE", "Tea", MINOR, "CNY", "", at_ms)
    movement = Movement("paid", at_ms, order, MINOR, 17, "TRANSACTION")
    text = trade_bill([movement], "ALL", 6_000).decode("utf-8")
    head, row, names, values, *rest = text.split("\r\n")
    told = values.removeprefix("`").split(",`")
    sums = [str(int(told[0]) * lines), *(_times(each, lines) for each in told[1:])]
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(head + "\r\n")
        for number in range(1, lines + 1):
            named = order_no(number) if number <= lines - PLANTED else f"STRANGE{number}"
            file.write(row.replace("ORDERNUMBER", named).replace("TRANSACTION", f"4200{number:024d}") + "\r\n")
        file.write("\r\n".join([names, "`" + ",`".join(sums), *rest]))


def _times(amount: str, lines: int) -> str:
    whole, _, decimals = amount.partition(".")
    total = int(whole + decimals) * lines
    return f"{total // 10 ** len(decimals)}.{total % 10 ** len(decimals):0{len(decimals)}d}"


def main() -> int:
    folder = Path(sys.argv[1])
    if "--profile" in sys.argv:
        for line in hottest(lambda: asyncio.run(_reconcile(folder)), count=25):
            print(line, file=sys.stderr)  # noqa: T201  # for who profiles
        return 0
    told = asyncio.run(_reconcile(folder))
    fields: dict[str, Any] = {name: getattr(told, name) for name in Run.__slots__}
    print(json.dumps(fields))  # noqa: T201  # the parent reads it
    return 0


if __name__ == "__main__":
    sys.exit(main())
