"""Which troubles a seed meets, and how often: about half of the kinds are off, the rest draw their rates.

A run in which everything goes wrong at once explores little: swarms of different troubles find more (A. Groce
and others, "Swarm testing", ISSTA 2012).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from msgspec import structs

from terminal.banks.profile_file import load_profile
from terminal.chance import Chance
from terminal.payments.profile import Profile
from terminal.sandbox.faults import ROWS

LINE: Final = ("refused", "lost_request", "lost_answer", "slow")
PROCESS: Final = (
    "kill",
    "kill_before_commit",
    "kill_after_commit",
    "kill_while_starting",
    "restart",
    "disk_error",
)
OTHER: Final = ("clock", "client_drops", "double_click", "same_scan", "unplug", "paper", "mute")
_ELSEWHERE: Final = frozenset({"partial-approval"})  # not by the shipped channels: rails_run.py plays it
_BANK: Final = tuple(  # bills: lab_bills.py
    f"bank {row.slug}" for row in ROWS.values() if row.stage != "bill" and row.slug not in _ELSEWHERE
)
KINDS: Final = (*_BANK, *(f"line {x}" for x in LINE), *PROCESS, *OTHER)
COUNTED: Final = (*KINDS, "power_cut")  # the last is drawn for whole seeds
REAL_KEYS_PER_MILLE: Final = 50
POWER_PER_MILLE: Final = 50
POWER_RATES: Final = {"kill": 300, "kill_before_commit": 300, "kill_after_commit": 300}
HURRY_PER_MILLE: Final = 50
HURRY_RATES: Final = {
    **POWER_RATES,
    "line refused": 400,
    "bank error-500": 300,
    "bank answer-lost-after-debit": 300,
}
POWER_HASTE: Final = 6  # a seed is over in minutes, and each of these is to see several cuts
SLOW_SWEEPS_S: Final = (300.0, 86_400.0)
SCANNED: Final = ("shows", "shows", "shows_password", "shows_no_funds", "pays_and_shows")
DEVICES: Final = (*("models",) * 15, *("none",) * 4, "stubs")
CHANNELS: Final = (
    *((("wechatpay",),) * 10),
    *((("alipay",),) * 3),
    ("wechatpay", "alipay"),
    ("alipay", "wechatpay"),
    ("pix",),
    ("pix",),
    ("any_bank",),
)


@cache
def _usual() -> Profile:
    return load_profile("wechatpay")


@dataclass(frozen=True, slots=True)
class Swarm:
    """One seed's shop.

    Args:
        rates: per mille of its chances that a trouble takes; absent ones are off.
        channels: of every counter.
    """

    counters: int
    sales: int
    real_keys: bool
    devices: str  # none (a browser shows the code), models at the ports, or stubs with every byte
    query_s: float
    rates: Mapping[str, int]
    channels: tuple[str, ...] = ("wechatpay",)
    plans: tuple[str, ...] = ()  # what customers do; empty: of everything something
    refunds: int = 4  # one paid sale of so many is refunded
    haste: int = 1  # the process is ended so much sooner than in a long run
    power: bool = False  # what ends the process takes the power too: unsynced writes are lost in part

    def profile(self) -> Profile:
        """The channel asks at its own pace: profiles are data, and a channel's policy may slow it.

        A quarter of the seeds has the shipped rhythm; the others look less often, and so there are more of them.
        """
        usual = _usual()
        if self.query_s == usual.timings.push_query_s:
            return usual
        slow = structs.replace(
            usual.timings,
            push_query_s=self.query_s,
            push_query_slow_s=self.query_s,
            sweep_after_close_s=SLOW_SWEEPS_S,
        )
        return structs.replace(usual, timings=slow)

    def rate(self, kind: str) -> int:
        return self.rates.get(kind, 0)

    def on(self, prefix: str) -> list[str]:
        return [kind for kind in self.rates if kind.startswith(prefix)]


def draw(seed: int, *, sales: int = 0) -> Swarm:
    """The same seed, the same swarm. ``sales``: 0 draws 20 to 30."""
    chance = Chance(seed).split("swarm")
    rates = {}
    for kind in KINDS:
        on, rate = chance.below(2) == 1, chance.between(20, 300)
        if on:
            rates[kind] = rate // 4 if kind.startswith("line") or kind == "client_drops" else rate
    counters, usual = chance.between(2, 4), chance.between(20, 30)  # drawn in any case: the rest stays as it is
    swarm = Swarm(
        counters=counters,
        sales=sales or usual,
        real_keys=chance.below(1000) < REAL_KEYS_PER_MILLE,
        devices=chance.choice(DEVICES),
        query_s=chance.choice((2.5, 10.0, 20.0, 20.0)),
        rates=rates,
        channels=chance.choice(CHANNELS),
    )
    drawn = Chance(seed).split("power").below(1000)
    if drawn < POWER_PER_MILLE:
        return powerless(swarm)
    return _hurried(swarm) if drawn < POWER_PER_MILLE + HURRY_PER_MILLE else swarm


def powerless(swarm: Swarm) -> Swarm:
    """A failing disk is another matter: what is salvaged from it is written past the recording one."""
    rates = {kind: rate for kind, rate in swarm.rates.items() if kind not in {"disk_error", "kill_while_starting"}}
    return replace(swarm, power=True, haste=POWER_HASTE, rates={**rates, **POWER_RATES})


def _hurried(swarm: Swarm) -> Swarm:
    """Scanned codes on a line that hardly holds, in processes that live for moments: rare rows are taken here."""
    channels = swarm.channels if "pix" not in swarm.channels and "any_bank" not in swarm.channels else CHANNELS[0]
    rates = {**swarm.rates, **HURRY_RATES}
    return replace(swarm, plans=SCANNED, haste=POWER_HASTE, rates=rates, channels=channels)
