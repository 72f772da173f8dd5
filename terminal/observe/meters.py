"""What the service counts for its metrics: from the journal's events, the calls to banks and the loop. Bounded."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from terminal.counter.ports import Clock, Health, HealthState
from terminal.observe.exposition import Family, Histograms, Sample, counter, gauge, one, text
from terminal.payments.event import Event, Owed
from terminal.payments.notice import CallMade

GREEN_S: Final = (0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 300.0)
CALL_S: Final = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 6.0, 10.0, 30.0)
COMMIT_S: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0)
LAG_S: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0)
OPEN_MAX: Final = 4096  # sales under way whose beginning is remembered
_ENDS: Final = frozenset({"paid", "cancelled", "expired"})
_TOP_NS: Final = 10**15


@dataclass(frozen=True, slots=True)
class Seen:
    """What is looked up at the moment of a scrape."""

    owed: Callable[[], Iterable[Owed]]
    health: Callable[[], Mapping[str, Mapping[str, Health]]]  # counter -> role -> health
    refused: Callable[[], Mapping[tuple[str, str], int]]  # (channel, slug) -> messages that proved nothing
    repeated: Callable[[], Mapping[str, int]]  # channel -> messages that said nothing new
    event: Callable[[], int]
    memory_bytes: Callable[[], int]


@dataclass(slots=True)
class Meters:
    """``more``: families of parts that come and go with the settings, such as queues of their own."""

    clock: Clock
    build: Callable[[], Mapping[str, str]]  # asked when somebody scrapes
    seen: Seen
    more: list[Callable[[], Iterable[Family]]] = field(default_factory=list)
    checking: dict[str, int] = field(default_factory=dict)  # sale -> since when, wall ms
    _open: "OrderedDict[str, tuple[int, int]]" = field(default_factory=OrderedDict)  # sale -> mono ns, wall ms
    _ended: Counter[str] = field(default_factory=Counter)
    _green: Histograms = field(default_factory=lambda: Histograms(GREEN_S))
    _calls: Histograms = field(default_factory=lambda: Histograms(CALL_S, ("channel", "act", "outcome")))
    _commits: Histograms = field(default_factory=lambda: Histograms(COMMIT_S))
    _lag: Histograms = field(default_factory=lambda: Histograms(LAG_S))

    def heard(self, event: Event) -> None:
        match event.type:
            case "sale_opened":
                self.opened(event.subject, event.mono_ns, event.wall_ms)
            case "sale_moved":
                self._moved(event)

    def opened(self, sale: str, mono_ns: int, wall_ms: int) -> None:
        self._open[sale] = mono_ns, wall_ms
        while len(self._open) > OPEN_MAX:
            self._open.popitem(last=False)

    def _moved(self, event: Event) -> None:
        to = str(event.body.get("to"))
        if to == "checking":
            if len(self.checking) < OPEN_MAX:
                self.checking.setdefault(event.subject, event.wall_ms)
        else:
            self.checking.pop(event.subject, None)
        if to in _ENDS:
            self._ended[to] += 1
            began = self._open.pop(event.subject, None)
            if to == "paid" and began is not None:
                self._green.observe(_between_s(began, event))

    def called(self, channel: str, call: CallMade) -> None:
        self._calls.observe(max(call.took_s, 0.0), channel, call.act, call.outcome)

    def committed(self, seconds: float) -> None:
        self._commits.observe(seconds)

    def lagged(self, seconds: float) -> None:
        self._lag.observe(seconds)

    def scrape(self) -> str:
        return text([*self._of_sales(), *self._of_messages(), *self._of_machine(), *self._more()])

    def _more(self) -> Iterable[Family]:
        for each in self.more:
            yield from each()

    def _of_sales(self) -> Iterable[Family]:
        now = self.clock.wall_ms()
        oldest = max((now - since for since in self.checking.values()), default=0)
        ended = {(end,): float(self._ended[end]) for end in sorted(_ENDS)}
        yield self._green.family("countertop_time_to_green_seconds", "From a sale's opening until it was paid.")
        yield counter("countertop_sales_ended_total", "Sales by how they ended.", ended.items(), "end")
        yield one("countertop_sales_checking", "Sales whose result is not known now.", len(self.checking))
        yield one("countertop_sales_checking_oldest_seconds", "How long the oldest is.", max(oldest, 0) / 1000)

    def _of_messages(self) -> Iterable[Family]:
        refused = {key: float(count) for key, count in self.seen.refused().items()}
        repeated = {(channel,): float(count) for channel, count in self.seen.repeated().items()}
        yield self._calls.family("countertop_bank_call_seconds", "Calls to banks about orders, by outcome.")
        yield counter(
            "countertop_messages_refused_total",
            "Notifications and answers that prove nothing, by reason.",
            refused.items(),
            "channel",
            "reason",
        )
        yield counter(
            "countertop_notifications_repeated_total", "Proof that said nothing new.", repeated.items(), "channel"
        )

    def _of_machine(self) -> Iterable[Family]:
        yield from self._spool()
        yield self._health()
        yield self._commits.family("countertop_journal_commit_seconds", "From an append to its being durable.")
        yield self._lag.family("countertop_loop_lag_seconds", "How late the loop woke a task that slept.")
        yield one("countertop_journal_last_event", "Number of the newest event.", self.seen.event())
        yield one("process_resident_memory_bytes", "Resident memory.", self.seen.memory_bytes())
        build = [Sample("countertop_build_info", self.build(), 1)]
        yield Family("countertop_build_info", "gauge", "The program that runs.", build)

    def _spool(self) -> Iterable[Family]:
        now = self.clock.wall_ms()
        depth, oldest = Counter[str](), dict.fromkeys(("receipt", "voice"), 0.0)
        for owed in self.seen.owed():
            kind = owed.kind if owed.kind in oldest else "other"
            depth[kind] += 1
            oldest[kind] = max(oldest.get(kind, 0.0), (now - owed.owed_ms) / 1000)
        depths = {(kind,): float(depth[kind]) for kind in oldest}
        ages = {(kind,): max(age, 0.0) for kind, age in oldest.items()}
        yield gauge("countertop_spool_depth", "Slips and announcements still owed.", depths.items(), "kind")
        yield gauge("countertop_spool_oldest_seconds", "Age of the oldest of them.", ages.items(), "kind")

    def _health(self) -> Family:
        states = {
            (counter_id, role, state.value): float(health.state is state)
            for counter_id, devices in self.seen.health().items()
            for role, health in devices.items()
            for state in HealthState
        }
        told = "1 for the state a device is in: ok, fault or cannot_tell."
        return gauge("countertop_device_state", told, states.items(), "counter", "role", "state")


def _between_s(began: tuple[int, int], event: Event) -> float:
    mono_ns, wall_ms = began
    passed_ns = event.mono_ns - mono_ns
    return passed_ns / 1e9 if 0 <= passed_ns < _TOP_NS else max(event.wall_ms - wall_ms, 0) / 1000
