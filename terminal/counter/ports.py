"""What the counter needs from the world. Everything outside satisfies these by shape, nothing imports back.

Waiting is always ``asyncio``: on the virtual-time loop the same code runs in simulated seconds.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

from terminal.counter.screens import CodeScreen, IdleScreen, ResultScreen, ScanScreen, Screen
from terminal.payments.event import Event, NewEvent, Owed, Summary
from terminal.payments.evidence import Account
from terminal.payments.money import Money
from terminal.payments.notice import Answer, Notice, RefundNotice
from terminal.payments.profile import Profile
from terminal.payments.receipt import Receipt

__all__ = ["CodeScreen", "IdleScreen", "ResultScreen", "ScanScreen", "Screen"]
"""Handed on beside what stands here: for displays this file is the whole of the counter."""

# --- time, chance, names ---------------------------------------------------------------------------------


class Clock(Protocol):
    def wall_ms(self) -> int:
        """UTC milliseconds since 1970, for records and provider timestamps; decides no outcome (I17)."""
        ...

    def mono_ns(self) -> int:
        """Monotonic nanoseconds, for waits and durations."""
        ...


class Entropy(Protocol):
    def bytes(self, count: int) -> bytes: ...


class Ids(Protocol):
    def ulid(self) -> str:
        """A new time-ordered 26-character id, unique for ever (≥ 64 random bits)."""
        ...


# --- journal ---------------------------------------------------------------------------------------------
Release = Callable[[], object]
"""Lets what stands ready go. Called once or never, from any thread; quick, and raises nothing."""
Calls = Sequence[Release]


class Ticket:
    """One append's place in line. What it calls is quick, in whatever thread makes it durable, failures logged.

    Args:
        behind: of the append, handed in before, whose outcome this one was decided on; refused with it.
        durable: called as soon as it is durable, before anybody is told; not for what was refused or is in doubt.
        meanwhile: called once, as the disk begins or later; not for what is refused by then. It may fail yet.
    """

    __slots__ = ("behind", "durable", "meanwhile", "refused")

    def __init__(self, behind: "Ticket | None" = None, durable: Calls = (), meanwhile: Calls = ()) -> None:
        self.behind, self.durable, self.meanwhile = behind, durable, meanwhile
        self.refused: Exception | None = None  # set by the journal: why, and whoever is behind it with it


class Journal(Protocol):
    """The durable record. An append returns only after fsync; appends of many callers share one commit."""

    async def append(self, events: Sequence[NewEvent], *, ticket: Ticket | None = None) -> tuple[Event, ...]:
        """All or nothing, durable on return.

        Args:
            ticket: of this append alone; None: behind nothing, and nothing waits for it.

        Raises:
            Conflict("key_taken", kind=…, key=…, value=…): a claim in an event's index is taken already.
            JournalError: not recorded, or not known whether recorded; the store refuses everything after.
        """

    def claimed(self, kind: str, key: str) -> str | None: ...

    def of_subject(self, subject: str) -> tuple[Event, ...]: ...

    def after(self, number: int, *, limit: int = 256) -> tuple[Event, ...]: ...

    def last_number(self) -> int: ...

    def unfinished(self) -> tuple[Summary, ...]:
        """Summaries whose ``final`` is false, oldest first."""

    def list(
        self, kind: str, *, counter: str = "", before: int | None = None, limit: int = 20, search: str = ""
    ) -> tuple[Summary, ...]:
        """Newest first. ``before`` pages by first_number; ``search`` matches a summary's ``search`` words."""

    def owed(self) -> tuple[Owed, ...]: ...


# --- provider --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Order:
    """One attempt as the provider shall see it. ``expires_ms`` is wall time UTC."""

    order_no: str
    amount: Money
    description: str
    counter: str
    expires_ms: int
    notify_url: str = ""


@dataclass(frozen=True, slots=True)
class RefundOrder:
    refund_no: str
    order_no: str
    amount: Money
    total: Money
    reason: str
    notify_url: str = ""
    provider_txn: str = ""  # the payment's number at the provider, where refunds are asked for by it


class Provider(Protocol):
    """A channel: one connector with its profile, keys and link. No call raises for what a provider does."""

    @property
    def profile(self) -> Profile: ...

    @property
    def account(self) -> Account: ...

    @property
    def clock_offset_s(self) -> float:
        """How far our wall clock is behind the provider's authenticated time."""
        ...

    def trouble(self) -> str:
        """Why no *new* sale should start here now (a registry slug such as ``provider_down``), or ""."""
        ...

    def prepare(self, order: Order) -> None:
        """``order`` follows once the attempt is recorded: what needs no sending may be done now."""
        ...

    async def order(self, order: Order) -> Answer: ...

    async def pay(self, order: Order, code: str) -> Answer: ...

    async def query(self, order_no: str) -> Answer: ...

    async def close(self, order_no: str) -> Answer: ...

    async def reverse(self, order_no: str) -> Answer: ...

    async def refund(self, refund: RefundOrder) -> Answer: ...

    async def query_refund(self, refund_no: str, order_no: str = "") -> Answer:
        """``order_no``: of the payment; some providers find a refund by both numbers only."""
        ...

    async def take_notification(self, headers: Mapping[str, str], body: bytes) -> Notice | RefundNotice:
        """Verify over the raw bytes, check freshness. Raises NotEvidence with what was wrong.

        Raises Hint where the provider signs nothing: the orders it names are to be asked about.
        """
        ...


@dataclass(frozen=True, slots=True)
class Expiry:
    """A key or certificate of a channel that ends by itself.

    Args:
        kind: ``merchant_certificate``, ``client_certificate``, ``authority`` or ``provider_certificate``.
        name: its file as people find it, or its serial where it has no file.
        until_ms: UTC milliseconds.
    """

    kind: str
    name: str
    until_ms: int


@runtime_checkable
class Expiring(Protocol):
    """A Provider that knows when its keys end; those without this method have none that do."""

    def expiries(self) -> Sequence[Expiry]: ...


HttpMethod = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """``target`` is the absolute path with its query, exactly as signed."""

    method: HttpMethod
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class HttpReply:
    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes


class NothingSent(Exception):
    """DNS, connect or TLS failed with no request byte written."""


class NoAnswer(Exception):
    """Bytes may have left; no whole answer came back in time or within bounds."""


class ProviderHttp(Protocol):
    async def send(self, request: HttpRequest, *, connect_s: float, answer_s: float) -> HttpReply:
        """One exchange, no redirects, body ≤ 1 MiB. Raises NothingSent or NoAnswer."""
        ...


# --- devices ---------------------------------------------------------------------------------------------
Role = Literal["display", "scanner", "printer", "speaker"]


class HealthState(StrEnum):
    OK = "ok"
    FAULT = "fault"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of a device. ``reason`` is a slug of the error registry, empty when OK."""

    state: HealthState
    reason: str
    checked_mono_ns: int
    detail: Mapping[str, str]  # model, serial, port: for people


class Display(Protocol):
    async def show(self, screen: Screen) -> None:
        """Make the glass show this; return once the device proved it. It repaints nothing by itself: whoever wants
        the screen knows how long it is still true. Raises PeripheralFailed."""

    def on_back(self, again: Callable[[], None]) -> None:
        """``again`` is called when the device went, is back, or lost its screen: show what is wanted now (I10)."""

    def health(self) -> Health: ...


@runtime_checkable
class ForeseeingGlass(Protocol):
    """A Display that can take the beginning of a screen while its facts are made durable; most cannot."""

    def foresee(self, screen: Screen) -> Release | None:
        """This screen follows if its facts become durable. All but its end may leave now: nothing of it is seen.

        Returns:
            What sends the end. ``show`` of the same screen follows all the same, and proves it. Whatever else the
            device is told before that takes the beginning back. None: not now, ``show`` sends it whole.
        """


@runtime_checkable
class ReceiptGlass(Protocol):
    """A Display that may draw the code of a receipt's page beside "paid"; most know of none."""

    async def draws_receipt(self, link: str) -> bool:
        """Return once it stands there, as far as the device tells; False: it will not. The caller bounds it."""


class Played(StrEnum):
    DONE = "done"
    NOT_PLAYED = "not_played"
    QUIET = "quiet"  # the shop wants silence at this hour: screens show it
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Utterance:
    """``kind`` chooses chime and phrase; ``digits``, of its kind, are said one by one: a test of the speaker."""

    kind: Literal["paid", "not_paid", "late", "checking", "unverified", "digits", "legs"]
    amount: Money
    wallet: str
    language: str
    test: bool
    training: bool = False
    digits: str = ""
    legs: tuple[str, ...] = ()  # of the kind "legs": ok, printer, lan, internet, bank, clock, unsure


class Speaker(Protocol):
    async def say(self, utterance: Utterance) -> Played:
        """Bounded by 2 s plus the phrase's length; never raises for what a device does."""

    def health(self) -> Health: ...


class Printed(StrEnum):
    CONFIRMED = "confirmed"  # the device says the paper has it
    PROCESSED = "processed"  # the device worked through the bytes
    SENT = "sent"  # the device took the bytes; nothing more can be known


@dataclass(frozen=True, slots=True)
class Slip:
    """One print job: the frozen receipt of a sale or refund. ``job`` is the same across retries."""

    job: str
    receipt: Receipt
    copy: int  # 0 = original, n prints COPY n


class PrintStopped(Exception):
    """The slip did not come out whole.

    ``touched`` says that at least a byte may be on paper, ``definite`` that the device reported a fault
    (then a whole COPY follows by itself when it clears, a few times at most; else a person is asked once).
    """

    def __init__(self, reason: str, *, touched: bool, definite: bool) -> None:
        super().__init__(reason)
        self.reason, self.touched, self.definite = reason, touched, definite


class Printer(Protocol):
    async def print(self, slip: Slip) -> Printed:
        """Raises PrintStopped."""

    async def ready(self) -> None:
        """Return when the printer says it can print (paper, cover, power); waits without polling hard."""

    def health(self) -> Health: ...


@runtime_checkable
class ForeseeingPrinter(Protocol):
    """A Printer that is asked for its state while a slip's beginning is made durable; others are later."""

    def foresee(self) -> Release | None:
        """A slip follows if its facts become durable: returns what asks meanwhile. None: not now."""


@dataclass(frozen=True, slots=True)
class Scan:
    text: str = field(repr=False)  # ASCII, of a strict grammar; secret: memory only, in no line of a log (S42)
    mono_ns: int


class Scanner(Protocol):
    def scans(self) -> AsyncIterator[Scan]: ...

    async def feedback(self, good: bool) -> None:
        """Beep, where the scanner can."""

    def health(self) -> Health: ...


def unwatched(_pages: int) -> None:
    """No display of this counter is a browser."""


Start = Callable[[str, Callable[[], Awaitable[None]]], None]
"""(name, job): run the job, again after a failure, until the service ends."""


def as_built(_start: Start, _scanner_there: Callable[[], None]) -> None:
    """Nothing else is ever put here: ``jobs`` are all there is to run."""


@dataclass(frozen=True, slots=True)
class Devices:
    """What stands on this counter; None: it has none of that kind. ``jobs`` keep them open, by name.

    A port may also be a place where nothing stands yet: it is false then, and true once something does.
    ``watched`` is told how many paired display pages follow this counter, whenever that changes. ``fitted`` hears
    once how to start the jobs of what is put here later, and whom to tell of a scanner.
    """

    display: Display | None = None
    scanner: Scanner | None = None
    printer: Printer | None = None
    speaker: Speaker | None = None
    jobs: Mapping[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    watched: Callable[[int], None] = unwatched
    fitted: Callable[[Start, Callable[[], None]], None] = as_built

    def health(self) -> dict[str, Health]:
        held = {"display": self.display, "scanner": self.scanner, "printer": self.printer, "speaker": self.speaker}
        return {role: device.health() for role, device in held.items() if device}
