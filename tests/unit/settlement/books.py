"""A journal in a list: sales written as their facts, without a bank, a clock or a disk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from terminal.counter.ports import Ticket
from terminal.errors import Conflict
from terminal.payments.decide import summary
from terminal.payments.event import Actor, Event, Ledger, NewEvent, Owed, Summary
from terminal.payments.sale import Sale, evolve

NOON = 1_795_233_600_000  # 2026-11-21T12:00:00+08:00
HOUR = 3_600_000
DAY = 24 * HOUR


@dataclass
class Clock:
    now_ms: int = NOON

    def wall_ms(self) -> int:
        return self.now_ms

    def mono_ns(self) -> int:
        return self.now_ms * 1_000_000


@dataclass
class Books:
    """Satisfies the journal port; ``read`` counts the events it gave out."""

    clock: Clock = field(default_factory=Clock)
    ledger: Ledger = Ledger.LIVE
    log: list[Event] = field(default_factory=list)
    claims: dict[tuple[str, str], str] = field(default_factory=dict)
    rows: dict[str, Summary] = field(default_factory=dict)
    by_subject: dict[str, list[Event]] = field(default_factory=dict)
    sales: dict[str, Sale] = field(default_factory=dict)
    read: int = 0

    async def append(self, events: Sequence[NewEvent], *, ticket: Ticket | None = None) -> tuple[Event, ...]:
        for kind, key, value in (claim for new in events for claim in new.body.get("index", {}).get("claims", ())):
            if (kind, key) in self.claims:
                raise Conflict("key_taken", kind=kind, key=key, value=self.claims[kind, key])
            self.claims[kind, key] = value
        return tuple(self._put(new) for new in events)

    def _put(self, new: NewEvent) -> Event:
        counter = new.stream.removeprefix("counter:") if new.stream.startswith("counter:") else ""
        number = len(self.log) + 1
        event = Event(
            number, new.stream, number, new.type, 1, self.ledger, "m1", "s1", counter, new.subject,
            str(new.actor), self.clock.now_ms, 0, new.body, number.to_bytes(32),
        )  # fmt: skip
        self.log.append(event)
        self.by_subject.setdefault(new.subject, []).append(event)
        if row := new.body.get("index", {}).get("summary"):
            self._stand(event, row)
        return event

    def _stand(self, event: Event, row: Mapping[str, Any]) -> None:
        old = self.rows.get(event.subject)
        fresh = Summary(
            event.subject, event.counter, event.number, event.number, event.wall_ms, event.wall_ms, row
        )
        first = old or fresh
        self.rows[event.subject] = replace(fresh, first_number=first.first_number, first_ms=first.first_ms)

    def put(self, sale: str, kind: str, /, *, by: str = "person:mei", **body: Any) -> None:
        """One event of a sale, with its row for the lists."""
        known = evolve(self.sales.get(sale), kind, body)
        self.sales[sale] = known
        who = Actor(*by.split(":"))  # type: ignore[arg-type]  # the kinds of actors are written out by tests
        self._put(
            NewEvent(f"counter:{known.counter}", kind, sale, who, {**body, "index": {"summary": summary(known)}})
        )

    def claimed(self, kind: str, key: str) -> str | None:
        return self.claims.get((kind, key))

    def of_subject(self, subject: str) -> tuple[Event, ...]:
        found = self.by_subject.get(subject, [])
        self.read += len(found)
        return tuple(found)

    def after(self, number: int, *, limit: int = 256) -> tuple[Event, ...]:
        found = self.log[number : number + limit]
        self.read += len(found)
        return tuple(found)

    def last_number(self) -> int:
        return len(self.log)

    def unfinished(self) -> tuple[Summary, ...]:
        return tuple(row for row in self.rows.values() if not row.body["final"])

    def list(
        self, kind: str, *, counter: str = "", before: int | None = None, limit: int = 20, search: str = ""
    ) -> tuple[Summary, ...]:
        found = [row for row in self.rows.values() if row.body["kind"] == kind and counter in {"", row.counter}]
        found = [row for row in found if before is None or row.first_number < before]
        return tuple(sorted(found, key=lambda row: -row.first_number)[:limit])

    def owed(self) -> tuple[Owed, ...]:
        return ()

    # --- what shopkeepers do ---------------------------------------------------------------------------

    def open(
        self, sale: str, minor: int, *, counter: str = "1", shares: tuple[int, ...] = (), actor: str = "person:mei"
    ) -> None:
        self.put(
            sale, "sale_opened", by=actor, counter=counter, sale=sale, no=len(self.sales) + 1,
            amount_minor=minor, currency="CNY", shares=list(shares or (minor,)), title="", order_no="",
            reference="", directions=["push", "pull"], at_ms=self.clock.now_ms,
        )  # fmt: skip

    def start(self, sale: str, attempt: str, minor: int, *, share: int = 0, provider: str = "wechatpay") -> None:
        self.put(
            sale, "attempt_started", attempt=attempt, share=share, provider=provider, direction="push",
            amount_minor=minor, currency="CNY", state="ordering", at_ms=self.clock.now_ms, expires_ms=0,
        )  # fmt: skip

    def move(self, sale: str, attempt: str, to: str, *, proof: bool = False, **more: Any) -> None:
        told = {
            "trade": "paid",
            "amount_minor": None,
            "txn": f"t{attempt}",
            "wallet": "",
            "payer_minor": None,
            "paid_at": "",
        }
        more |= {"evidence": told} if proof else {}
        self.put(sale, "attempt_moved", attempt=attempt, to=to, at_ms=self.clock.now_ms, **more)

    def sale_to(self, sale: str, to: str) -> None:
        self.put(sale, "sale_moved", **{"from": "open"}, to=to, why="", at_ms=self.clock.now_ms)

    def paid(self, sale: str, minor: int, *, provider: str = "wechatpay", actor: str = "person:mei") -> None:
        self.open(sale, minor, actor=actor)
        self.start(sale, f"{sale}-a", minor, provider=provider)
        self.move(sale, f"{sale}-a", "paid", proof=True)
        self.sale_to(sale, "paid")

    def refund(self, sale: str, attempt: str, minor: int, *, name: str = "", to: str = "refunded") -> None:
        refund = name or f"{attempt}-r"
        self.put(
            sale, "refund_started", refund=refund, attempt=attempt, amount_minor=minor, reason="x",
            actor="person:bo", approver="", at_ms=0,
        )  # fmt: skip
        self.put(sale, "refund_moved", refund=refund, to=to, at_ms=0)

    def exception(self, sale: str, attempt: str, kind: str, minor: int, *, name: str = "") -> None:
        exception = name or f"{attempt}:{kind}"
        self.put(
            sale, "exception_opened", exception=exception, kind=kind, attempt=attempt, amount_minor=minor, at_ms=0
        )

    def close(self, sale: str, exception: str, attempt: str, how: str) -> None:
        self.put(sale, "exception_closed", exception=exception, attempt=attempt, how=how, actor="", at_ms=0)
