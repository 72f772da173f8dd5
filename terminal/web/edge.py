"""What every handler of the HTTP edge needs, held once by the application."""

import contextlib
import ssl
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import msgspec
from aiohttp import web

from terminal.counter.ports import Clock, Entropy, Ids
from terminal.counter.service import Service
from terminal.errors import TerminalError
from terminal.payments.receipt import Receipt
from terminal.people.refund_rights import RefundRights
from terminal.people.roles import Principal
from terminal.people.service import People
from terminal.web.lan import LanDoor
from terminal.web.legs import Looking
from terminal.web.ports import Fitter, Trainer
from terminal.web.rates import Buckets

if TYPE_CHECKING:
    from terminal.web.visitor import Visitor


class ReceiptPicture(Protocol):
    """A slip as PNG, for the paper of a printer profile; empty: usual paper."""

    def __call__(self, receipt: Receipt, profile: str = "", /) -> Awaitable[bytes]: ...


class EdgeLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Requests are counted a credential, or an address while nobody is known; sizes in bytes, times in seconds."""

    known_per_s: int = 200
    known_burst: int = 400
    strangers_per_s: int = 10
    strangers_burst: int = 60
    refusals_burst: int = 20
    notices_per_s: int = 100
    notices_burst: int = 400
    body_bytes: int = 64 * 1024
    body_s: float = 10.0
    head_s: float = 5.0
    idle_s: float = 75.0
    headers_bytes: int = 32 * 1024
    headers_count: int = 64
    line_bytes: int = 8 * 1024
    connections: int = 1000
    connections_per_address: int = 100
    handshakes: int = 64  # of TLS under way at once; one that ends makes room, and none lasts longer than head_s
    handshakes_per_address: int = 16
    sockets_per_credential: int = 64
    socket_queue: int = 256
    socket_frame_bytes: int = 64 * 1024
    socket_stuck_s: float = 10.0
    socket_tick_s: float = 2.0
    ticket_s: int = 30


@dataclass(slots=True)
class Edge:
    """``hosts`` are the exact Host values answered, name and port; filled when the listener knows its port."""

    service: Service
    people: People
    clock: Clock
    entropy: Entropy
    ids: Ids
    zone: str
    limits: EdgeLimits
    names: tuple[str, ...]
    picture: ReceiptPicture | None = None
    dead: Callable[[], bool] = lambda: False  # the journal takes nothing any more
    fitter: Fitter | None = None  # who holds the counters' devices
    trainer: Trainer | None = None  # who lets a counter practise
    open_visits: "Callable[[], Visitor] | None" = None  # who keeps the visits that set the shop up
    load_visits: Callable[[], None] = lambda: None  # imports what that takes: off the loop, before the first time
    own_refunds: RefundRights | None = None  # of practice: it uses up nobody's allowance
    risk_changes: Callable[[], int] = lambda: 0  # goes up whenever a till should read its inbox again
    lan: LanDoor | None = None  # the second door, for phones: it answers with TLS, this one without
    tls: bool = False
    hosts: set[str] = field(default_factory=set)
    running: dict[str, str] = field(default_factory=dict)  # idempotency key -> meaning, while it is worked on
    made_keys: dict[str, tuple[int, str, str]] = field(
        default_factory=dict
    )  # the same -> when, id, API key: for 60 s
    looking: Looking = field(init=False)
    known: Buckets = field(init=False)
    strangers: Buckets = field(init=False)
    refusals: Buckets = field(init=False)

    def __post_init__(self) -> None:
        limits = self.limits
        self.looking = Looking(self.service)
        self.known = Buckets(self.clock, per_s=limits.known_per_s, burst=limits.known_burst)
        self.strangers = Buckets(self.clock, per_s=limits.strangers_per_s, burst=limits.strangers_burst)
        self.refusals = Buckets(self.clock, per_s=1, burst=limits.refusals_burst)

    async def note_refused(self, who: Principal, operation: str, why: str) -> None:
        """A refused act is on record (S50), as long as nobody makes a flood of it: the disk is for payments."""
        if self.refusals.take(who.id) or not self.service.ready:
            return
        with contextlib.suppress(TerminalError):  # the refusal stands, also when the journal takes nothing
            await self.people.note_refused(who, operation, why)

    async def note_key(self, key: str) -> None:
        with contextlib.suppress(TerminalError):  # a full disk must not stop questions about sales
            await self.people.keys.used(key)

    def device(self, tokens: Iterable[str], header: str) -> Principal | None:
        """The paired device behind one of these cookies, or the program behind an API key; None for strangers."""
        key = header.removeprefix("Bearer ")
        found = self.people.who_key(key) if key != header else None
        return found or next((who for each in tokens if each and (who := self.people.who(each)) is not None), None)

    @property
    def visitor(self) -> "Visitor | None":
        return self.open_visits() if self.open_visits is not None else None

    @property
    def refunds(self) -> RefundRights:
        return self.own_refunds or self.people.refunds

    def allow(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        """Answer to these names on this port from now on."""
        self.tls = tls is not None
        default = 443 if self.tls else 80
        for name in {*self.names, f"[{host}]" if ":" in host else host}:
            self.hosts.add(f"{name}:{port}")
            if port == default:
                self.hosts.add(name)

    def origins(self) -> frozenset[str]:
        scheme = "https" if self.tls else "http"
        return frozenset(f"{scheme}://{host}" for host in self.hosts)


EDGE: Final = web.AppKey("edge", Edge)
STATE: Final = web.AppKey("state", Path)
"""The state folder: a shop's own videos are below it."""
NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
