"""What is seen of the running service: metrics, this run's calls to banks, and ended sales as spans elsewhere."""

import asyncio
import logging
import os
import platform
from collections import deque
from collections.abc import Mapping
from contextlib import AsyncExitStack, aclosing
from functools import cache, partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from terminal.banks.channel import Channel
from terminal.banks.client import ProviderLink
from terminal.counter.ports import Clock, HttpRequest, NoAnswer, NothingSent
from terminal.counter.service import Service
from terminal.errors import BadSettings
from terminal.hooks.desk import Hooks
from terminal.observe.calls import Calls
from terminal.observe.exposition import Family, one
from terminal.observe.lag import watch_lag
from terminal.observe.meters import Meters, Seen
from terminal.observe.spans import end_of, export
from terminal.observe.stages import numbers_of, told
from terminal.payments.event import Event
from terminal.settings import Loaded
from terminal.web.listen import listen
from terminal.web.metrics import Observed, metrics_app
from terminal.wiring.channels import Opened

log = logging.getLogger(__name__)
FOUND_MAX: Final = 200  # sales in doubt that are looked up at the start
SETTLE_S: Final = 20.0  # a slip and a voice follow the end: the sale's spans wait for them
QUEUE_MAX: Final = 256  # ended sales whose spans wait; the oldest go first
TRIES: Final = 3
PAUSE_S: Final = 10.0
CONNECT_S: Final = 3.0
ANSWER_S: Final = 10.0
NO_CLOCK: Final = 1 << 62  # of a sale whose monotonic beginning is another machine's


class Watching:
    """Hears everything and holds nothing up; ``observed`` is what the pages and ``/metrics`` show."""

    def __init__(
        self,
        loaded: Loaded,
        service: Service,
        channels: Mapping[str, Opened],
        clock: Clock,
        *,
        hooks: Hooks | None = None,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._service, self._loaded, self._after = service, loaded, service.feed.published
        self.calls = Calls(clock)
        self.meters = Meters(clock, _build, _seen(service, channels))
        self.calls.listeners.append(self.meters.called)
        service.feed.committed = self.meters.committed
        for name, channel in channels.items():
            if isinstance(channel, Channel):
                channel.heard = partial(self.calls.made, name)
        self.observed = Observed(self.calls, self.meters.scrape)
        self._spans = Exporter(loaded, service, self.calls, settle_s) if loaded.settings.traces.endpoint else None
        if hooks is not None:
            self.meters.more.append(partial(_of_hooks, hooks))
        if self._spans is not None:
            self.meters.more.append(self._spans.families)

    async def open_listener(self, stack: AsyncExitStack) -> None:
        """Raises BadSettings: the port is taken."""
        if port := self._loaded.settings.metrics.port:
            await listen(stack, metrics_app(self.meters.scrape), "127.0.0.1", port)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(watch_lag(self.meters.lagged, lambda: self._after))
            if self._spans is not None:
                group.create_task(self._spans.run())

    async def _follow(self) -> None:
        self._take_up()
        async with aclosing(self._service.feed.follow(self._after)) as news:
            async for batch in news:
                for event in batch:
                    self._after = event.number
                    self.meters.heard(event)
                    if self._spans is not None:
                        self._spans.heard(event)

    def _take_up(self) -> None:
        """What was under way before this start: counted on by the wall's clock."""
        found = [each for each in self._service.feed.unfinished() if each.body.get("kind") == "sale"]
        for row in found:
            self.meters.opened(row.subject, NO_CLOCK, row.first_ms)
        for row in [each for each in found if each.body.get("state") == "checking"][:FOUND_MAX]:
            for event in self._service.feed.of_subject(row.subject):
                if event.type == "sale_moved":
                    self.meters.heard(event)


def collector_of(loaded: Loaded) -> tuple[ProviderLink, str]:
    """Where spans go, and the path there; plain HTTP to this machine alone.

    Raises:
        BadSettings("config_value_wrong"): no such address, or others could read along.
    """
    parts = urlsplit(loaded.settings.traces.endpoint)
    try:
        link = ProviderLink(f"{parts.scheme}://{parts.netloc}", test=True)
    except BadSettings as refused:
        why = "https, or http on this machine" if refused.slug == "gateway_not_https" else "no such address"
        raise BadSettings("config_value_wrong", key="traces.endpoint", why=why) from None
    return link, parts.path or "/v1/traces"


class Exporter:
    """Sends a sale's spans when it has ended, never on the way of a sale; what cannot be sent is counted."""

    def __init__(self, loaded: Loaded, service: Service, calls: Calls, settle_s: float) -> None:
        self._link, self._path = collector_of(loaded)
        self._name = loaded.settings.traces.service
        self._service, self._calls, self._settle_s = service, calls, settle_s
        self._queue: deque[tuple[float, str]] = deque(maxlen=QUEUE_MAX)
        self._news = asyncio.Event()
        self.sent = self.lost = 0

    def heard(self, event: Event) -> None:
        if end_of(event):
            self.lost += len(self._queue) == QUEUE_MAX
            self._queue.append((asyncio.get_running_loop().time() + self._settle_s, event.subject))
            self._news.set()

    def families(self) -> list[Family]:
        return [
            one("countertop_spans_waiting", "Ended sales whose spans wait.", len(self._queue)),
            one("countertop_spans_sent_total", "Sales whose spans were taken.", self.sent, "counter"),
            one("countertop_spans_lost_total", "Sales whose spans nobody took.", self.lost, "counter"),
        ]

    async def run(self) -> None:
        try:
            while True:
                while not self._queue:
                    self._news.clear()
                    await self._news.wait()
                due_s, sale = self._queue.popleft()
                await asyncio.sleep(max(due_s - asyncio.get_running_loop().time(), 0))
                if await self._send(sale):
                    self.sent += 1
                else:
                    self.lost += 1
        finally:
            await self._link.aclose()

    async def _send(self, sale: str) -> bool:
        events = self._service.feed.of_subject(sale)
        made = told(self._calls.of(numbers_of(events)), events)
        body = msgspec.json.encode(export(events, made, service=self._name, version=_version()))
        request = HttpRequest("POST", self._path, (("Content-Type", "application/json"),), body)
        for tried in range(TRIES):
            try:
                reply = await self._link.send(request, connect_s=CONNECT_S, answer_s=ANSWER_S)
            except (NothingSent, NoAnswer) as error:
                log.info("spans were not taken: %s", error)
            else:
                if reply.status not in {429, 502, 503, 504}:  # OTLP, "Failures": these alone are worth another try
                    return 200 <= reply.status < 300
            if tried + 1 < TRIES:
                await asyncio.sleep(PAUSE_S)
        return False


def _of_hooks(hooks: Hooks) -> list[Family]:
    """Which endpoint it is a person reads on the page; a label of ours would be an address of somebody's."""
    known = hooks.all()
    behind = max((hooks.feed.published - each.position for each in known), default=0)
    waiting = sum(hooks.register.count(each.id) for each in known)
    return [
        one("countertop_hook_endpoints", "Addresses that are told of events.", len(known)),
        one("countertop_hook_endpoints_failing", "Of these, those that take nothing.", len(hooks.failing())),
        one("countertop_hook_events_behind", "How many events the slowest of them is behind.", max(behind, 0)),
        one("countertop_hook_letters_waiting", "Deliveries given up, which wait for a person.", waiting),
    ]


def _seen(service: Service, channels: Mapping[str, Opened]) -> Seen:
    def refused() -> dict[tuple[str, str], int]:
        return {
            (name, slug): count
            for name, channel in channels.items()
            if isinstance(channel, Channel)
            for slug, count in channel.rejected.items()
        }

    return Seen(
        owed=service.feed.owed,
        health=lambda: {lane.id: lane.devices.health() for lane in service.lanes.values()},
        refused=refused,
        repeated=lambda: service.notices.repeated,
        event=service.feed.last_number,
        memory_bytes=_memory_bytes,
    )


def _memory_bytes() -> int:
    """proc_pid_statm(5): the second number counts resident pages."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # megabytes of post and archives

    try:
        return version("countertop")
    except PackageNotFoundError:
        return "0"


@cache
def _build() -> dict[str, str]:
    return {"version": _version(), "python": platform.python_version()}
