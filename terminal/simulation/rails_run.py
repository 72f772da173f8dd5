"""``lab run rails``: every fault with every connector, a few seeds each, judged by one oracle.

Faults of the bank, the line and the process are played with a till's day in small (``run.simulate``: sales of
every kind, cancels, refunds, restarts); devices, clocks and bills with the counter's own stubs (``lab_run``).
"""

import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

from terminal.banks.profile_file import load_profile
from terminal.lab.faults import catalogue, find
from terminal.payments.profile import Profile
from terminal.sandbox.any_bank import FAULTS as ACCOUNT_FAULTS
from terminal.sandbox.faults import ROWS
from terminal.simulation.lab_run import LabRun
from terminal.simulation.mass import processes
from terminal.simulation.people import PLANS
from terminal.simulation.rails import IN_PART, SHIPPED
from terminal.simulation.run import MEMORY, simulate
from terminal.simulation.swarm import LINE, PROCESS, Swarm
from terminal.virtual_time import run

Layer = Literal["bank", "bill", "line", "process", "clock", "device", "statement"]
SPREAD: Final = 50  # a cell plays one seed in so many, but always one
MORE: Final = 12
SALES: Final = 4
RATE: Final = 1000  # whenever it may happen it does
LINE_RATE: Final = 120  # of requests, per mille
HASTE: Final = 8
REFUND_FAULTS: Final = frozenset({"notify-before-answer"})  # beside those that say so themselves
PULL_FAULTS: Final = frozenset(
    {"code-expired", "password-needed", "pay-queued", "reverse-refused-paying", "timeout-before-debit"}
)
LISTED: Final = {  # a list that is paged through instead of a file
    "bill-hash-wrong": "its bill has no hash",
    "bill-fee-wrong": "its bill names no fee",
    "bill-download-expired": "its bill is no download",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One fault as a line of the table."""

    slug: str
    layer: Layer


@dataclass(frozen=True, slots=True)
class Cell:
    """One fault with one connector. ``why_not``: it cannot happen there, in words."""

    row: Row
    connector: str
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Played:
    """One seed of one cell. ``fired``: the fault really happened."""

    seed: int
    fired: bool
    sales: int
    blame: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a cell."""

    cell: Cell
    played: tuple[Played, ...] = ()

    @property
    def blamed(self) -> Played | None:
        return next((each for each in self.played if each.blame), None)

    @property
    def right(self) -> bool:
        return bool(self.cell.why_not) or (self.blamed is None and any(each.fired for each in self.played))

    @property
    def words(self) -> str:
        cell, blamed = self.cell, self.blamed
        if cell.why_not:
            return f"not applicable ({cell.why_not})"
        if blamed is not None:
            return f"{blamed.blame.splitlines()[0][:160]} | {replay(cell, blamed.seed)}"
        if not self.right:
            return f"never happened | {replay(cell, self.played[0].seed)}"
        return f"{sum(each.sales for each in self.played)} sales right"


def replay(cell: Cell, seed: int) -> str:
    return f"countertop simulate --seed {seed} --connector {cell.connector} --fault {cell.row.slug} --trace"


# --- what is played -----------------------------------------------------------------------------------------


@cache
def rows() -> tuple[Row, ...]:
    """Of the sandbox, the account, the line, the process and the laboratory's own list."""
    layers: dict[str, Layer] = {"provider": "bank", "device": "device", "link": "device", "clock": "clock"}
    listed = [Row(each.slug, layers[each.layer]) for each in catalogue().values() if each.layer in layers]
    listed = [Row(each.slug, "bill") if each.slug.startswith("bill-") else each for each in listed]
    return (
        *listed,
        *(Row(slug, "statement") for slug in ACCOUNT_FAULTS),
        *(Row(f"line {name}", "line") for name in LINE),
        *(Row(name, "process") for name in PROCESS),
    )


def cells(connector: str = "") -> tuple[Cell, ...]:
    names = [connector] if connector else list(SHIPPED)
    return tuple(Cell(row, name, why_not(row, load_profile(name))) for row in rows() for name in names)


def why_not(row: Row, profile: Profile) -> str:
    """By what the connector's profile declares; empty when the fault can happen."""
    by_statement = profile.confirms_by == "statement"
    if row.layer == "statement":
        return "" if by_statement else "it has an API"
    if row.layer in {"bank", "bill", "line"} and by_statement:
        return "nobody is asked"
    if row.layer == "bill":
        if not profile.bill_formats:
            return "no bill to fetch"
        return LISTED.get(row.slug, "") if profile.name == "pix" else ""
    if row.layer == "device":
        return "no code is scanned" if find(row.slug).run.direction.startswith("scan") and not profile.pull else ""
    return _bank_cannot(row.slug, profile) if row.layer == "bank" else ""


def _bank_cannot(slug: str, profile: Profile) -> str:
    speaks = profile.speaks
    reasons = (
        ("no code is scanned", slug in PULL_FAULTS and not profile.pull),
        ("answers are not signed", slug == "bad-signature" and not speaks.signs_answers),
        ("notifications are not signed", slug == "notify-bad-signature" and not speaks.signs_notifications),
        ("no currency is named", slug == "wrong-currency" and "foreign_currency" in speaks.lacks),
        ("no amount can be changed", slug == "partial-approval" and profile.name != "pix"),
        ("answers name no app", slug == "wrong-app" and profile.name != "wechatpay"),
        ("answers name no merchant", slug == "wrong-merchant" and profile.name == "alipay"),
        ("it has no such word", slug == "refund-abnormal" and profile.name == "alipay"),
        ("a refund is told in its answer", slug == "notify-before-answer" and profile.name == "alipay"),
    )
    return next((why for why, holds in reasons if holds), "")


# --- playing ------------------------------------------------------------------------------------------------


def play(cell: Cell, seed: int, show: Callable[[str], None] | None = None) -> Played:
    """One seed. Raises nothing: a world that falls over is blamed too."""
    if cell.row.layer in {"device", "clock", "bill"}:
        return _at_the_counter(cell, seed, show)
    outcome = simulate(seed, swarm=swarm_of(cell), show=show)
    fired = outcome.counts.get(f"{'bank ' if cell.row.layer == 'bank' else ''}{cell.row.slug}", 0) > 0
    return Played(seed, fired, outcome.sales, outcome.blame)


def swarm_of(cell: Cell) -> Swarm:
    """Only this fault, whenever it may happen, and customers who give it occasion."""
    slug, layer = cell.row.slug, cell.row.layer
    name, rate = {"bank": (f"bank {slug}", RATE), "line": (slug, LINE_RATE)}.get(layer, (slug, RATE))
    back = slug.startswith("refund-") or slug in REFUND_FAULTS
    return Swarm(
        counters=1,
        sales=SALES,
        real_keys=False,
        devices="models",
        query_s=2.5,
        rates={name: rate},
        channels=(IN_PART if slug == "partial-approval" else cell.connector,),
        plans=_plans(slug, back=back),
        refunds=1 if back else 2,
        haste=HASTE,
    )


def _plans(slug: str, *, back: bool) -> tuple[str, ...]:
    """What customers must do that the fault can happen; of everything something where it always can."""
    if back:
        return ("pays", "pays", "shows")
    if slug == "reverse-refused-paying":
        return ("shows_password_never",)
    if slug == "capture-after-close":
        return ("pays_late", "pays_while_cancelled")
    row = ROWS.get(slug)
    if slug in PULL_FAULTS or (row is not None and row.needs):
        return (*(each for each in PLANS if "shows" in each), "pays")
    if row is not None and (row.stage == "notify" or slug in {"forged-notification", "partial-approval"}):
        return tuple(each for each in PLANS if "shows" not in each)
    return PLANS


def _at_the_counter(cell: Cell, seed: int, show: Callable[[str], None] | None) -> Played:
    place = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="countertop-rails-", dir=place) as folder:
        played = LabRun(find(cell.row.slug), seed, Path(folder), channel=cell.connector)
        verdict = run(played.play(), seed=seed)
    for line in verdict.lines if show else ():
        assert show is not None
        show(f"{line.at_ms} {line.place} {line.way} {line.text}")
    return Played(seed, verdict.fired, 1, "; ".join(verdict.wrong))


def seeds_of(number: int, seeds: Sequence[int], each: int) -> list[int]:
    """The seeds of the cell of this number: ``each`` of them, spread over all; then some to go on with."""
    count = min(each or max(1, len(seeds) // SPREAD), len(seeds))
    step = len(seeds) // count
    order = [seeds[(number + k * step) % len(seeds)] for k in range(count)]
    return order + [seed for seed in seeds if seed not in order][:MORE]


def play_all(
    seeds: Sequence[int], *, connector: str = "", each: int = 0, jobs: int = 1, only: Sequence[Cell] = ()
) -> Iterator[Outcome]:
    """Every cell in the order of the table. ``each``: seeds a cell, 0 for one in ``SPREAD``."""
    count = min(each or max(1, len(seeds) // SPREAD), len(seeds))
    wanted = [(cell, seeds_of(at, seeds, each), count) for at, cell in enumerate(only or cells(connector))]
    if jobs == 1:
        yield from map(_cell, wanted)
        return
    with processes(jobs) as pool:
        yield from pool.map(_cell, wanted, chunksize=4)


def _cell(wanted: tuple[Cell, list[int], int]) -> Outcome:
    """A fault that did not happen in the cell's own seeds is waited for in some more."""
    cell, seeds, count = wanted
    if cell.why_not:
        return Outcome(cell)
    logging.disable(logging.CRITICAL)  # what the service logs here is the fault
    try:
        played: list[Played] = []
        for seed in seeds:
            if len(played) >= count and any(each.fired or each.blame for each in played):
                break
            played.append(play(cell, seed))
        return Outcome(cell, tuple(played))
    finally:
        logging.disable(logging.NOTSET)
