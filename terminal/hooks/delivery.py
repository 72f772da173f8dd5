"""One delivery: what leaves, and what became of it. The sender itself is a port."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from terminal.hooks import signature
from terminal.hooks.address import Target
from terminal.payments.event import Event

Why = Literal["", "answer", "redirect", "timeout", "unreachable", "tls", "inside", "url", "secret"]
"""What a delivery failed of: a status that is no 2xx, a redirect, no answer in time, no connection, no trust in
its certificate, an address inside, an address that is none any more, a secret that cannot be read."""
AGENT: Final = "Countertop-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``status``: 0 when there was no answer."""

    taken: bool
    gone: bool = False  # 410: the receiver wants no more
    why: Why = ""
    status: int = 0
    retry_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Delivery:
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Sender(Protocol):
    async def send(self, target: Target, delivery: Delivery) -> Outcome:
        """One try, bounded in time and size; never raises for what a receiver or the network does."""
        ...


def message_id(event: Event) -> str:
    """The same on every try, to every endpoint, for ever; of one shop's one event alone."""
    return f"evt_{event.number}_{event.hash[:9].hex()}"


def delivery_of(event: Event, body: bytes, secrets: Sequence[bytes], timestamp_s: int) -> Delivery:
    signed = signature.headers(secrets, message_id(event), timestamp_s, body)
    plain = {"Content-Type": "application/json", "User-Agent": AGENT}
    return Delivery(tuple((plain | signed).items()), body)


def outcome_of(status: int, retry_after: str = "") -> Outcome:
    """Standard Webhooks 1.0.0, "Delivery success and failure"."""
    if 200 <= status < 300:
        return Outcome(True, status=status)
    if status == 410:
        return Outcome(False, gone=True, why="answer", status=status)
    asked = float(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 7 else 0.0
    return Outcome(False, why="redirect" if 300 <= status < 400 else "answer", status=status, retry_after_s=asked)
