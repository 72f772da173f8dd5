"""Goal 13: a counter as a test library: whole paid sales on virtual time through the pytest plugin's fixtures."""

import time
from collections.abc import Callable, Iterator
from typing import Final

from terminal.testing import Clock, Counter, Phone, Setup
from tests.bench.table import Figure
from tests.bench.timing import hottest, p50

ROUNDS: Final = 9
SALES: Final = 100  # a round
WARM: Final = 20
WANTED: Final = 500.0  # sales a second of one core
MINUTE_MS: Final = 100.0
SETUPS: Final = {
    "MACs": Setup(devices=()),
    "RSA": Setup(devices=(), signatures="rsa"),
    "devices": Setup(),
}


def measure() -> Iterator[Figure]:
    counters = {name: Counter.open(setup) for name, setup in SETUPS.items()}
    try:
        sells = {name: _seller(counter) for name, counter in counters.items()}
        for sell in sells.values():
            sell(WARM)
        taken: dict[str, list[float]] = {name: [] for name in sells}
        for _ in range(ROUNDS):
            for name, sell in sells.items():
                taken[name].append(_cpu_s(lambda: sell(SALES)))  # noqa: B023  # called within this turn
        macs, rsa, devices = (SALES / p50(taken[name]) for name in SETUPS)
        why = hottest(lambda: sells["MACs"](SALES))
    finally:
        for counter in counters.values():
            counter.close()
    what = "whole paid sales on virtual time, a core: "
    yield Figure(13, f"{what}simulated signatures, no devices", macs, "/s", "goal", WANTED, least=1, why=why)
    yield Figure(13, f"{what}real RSA on both sides, no devices", rsa, "/s", "simulated signatures", macs)
    yield Figure(13, f"{what}four devices, every byte of glass, voice and paper", devices, "/s", "without", macs)
    minutes = [_cpu_s(_a_minute) * 1e3 for _ in range(ROUNDS)]
    made = "a counter made, a sale left unpaid for 60 virtual s, the counter ended"
    yield Figure(13, made, p50(minutes), "ms", "limit", MINUTE_MS, most=1)


def _seller(counter: Counter) -> Callable[[int], None]:
    """Sales by the fixtures' own verbs, one after the other on one counter."""
    phone = Phone(counter)

    def sell(count: int) -> None:
        for _ in range(count):
            sale = counter.sell()
            phone.pay(sale)
            assert sale.word == "paid", sale

    return sell


def _a_minute() -> None:
    counter = Counter.open()
    try:
        sale = counter.sell()
        Clock(counter).advance(60)
        assert sale.paid_minor == 0
    finally:
        counter.close()


def _cpu_s(run: Callable[[], object]) -> float:
    """Of this process: nothing here waits, so on a quiet machine it is the time that passes."""
    began = time.process_time()
    run()
    return time.process_time() - began
