"""Keys of requests: what the journal keeps of one for ever, so that a repeat is answered and never done twice."""

from dataclasses import dataclass

from terminal.counter.feed import Feed
from terminal.errors import InvalidRequest
from terminal.payments.decide import OpenSale
from terminal.payments.fact import Claim


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key as its sender scoped it. ``meaning`` is a digest of the parsed request."""

    credential: str
    operation: str
    key: str
    meaning: str

    @property
    def name(self) -> str:
        return f"{self.credential}/{self.operation}/{self.key}"


def answered(feed: Feed, key: Key) -> str | None:
    """What the same key with the same meaning was answered before; None: it is new."""
    stored = feed.claimed("idem", key.name)
    if stored is None:
        return None
    meaning, _, answer = stored.partition(":")
    if meaning != key.meaning:
        raise InvalidRequest("idempotency_other_meaning")
    return answer


def claim(key: Key | None, answer: str) -> tuple[Claim, ...]:
    """What the journal remembers of a key for ever: its meaning, and what it was answered."""
    return (("idem", key.name, f"{key.meaning}:{answer}"),) if key else ()


def opening_claims(merchant: str, request: OpenSale, sale_id: str, key: Key | None) -> tuple[Claim, ...]:
    """The request's key and its order number: each is this one sale for ever."""
    claims = claim(key, sale_id)
    return (*claims, ("pos_order", f"{merchant}/{request.order_no}", sale_id)) if request.order_no else claims
