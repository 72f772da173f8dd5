"""What a provider's connector is: pure functions from a wish to bytes, and from bytes to an Answer.

A connector opens no socket, knows no time and holds no private key. ``Channel`` gives it a stamp and a
signature, sends its bytes, verifies what it says must be verified, and only then lets it read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from terminal.banks.signing import Verifier
from terminal.counter.ports import HttpMethod, HttpReply, HttpRequest, Order, RefundOrder
from terminal.payments.evidence import Account
from terminal.payments.notice import Answer, Notice, RefundNotice
from terminal.payments.profile import Profile

Act = Literal["order", "pay", "query", "close", "reverse", "refund", "query_refund", "keys", "bill"]


@dataclass(frozen=True, slots=True)
class Call:
    """One request before it is stamped and signed, and what its answer must be about.

    ``body`` is serialised here once; the same bytes are signed and sent. It may hold a customer's payment
    code, so it is left out of the repr (S42).
    """

    act: Act
    method: HttpMethod
    target: str
    body: bytes = field(default=b"", repr=False)
    order_no: str = ""
    refund_no: str = ""
    asked_minor: int = 0  # of a refund, where the answer does not repeat it


@dataclass(frozen=True, slots=True)
class Stamp:
    """The trusted second, a nonce of at most 32 of ``[0-9A-Za-z]``, and the name of the key that will sign."""

    at_s: int
    nonce: str
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Seal:
    """What a message offers as proof of its origin, taken from the raw bytes before any parsing (S10).

    ``at_s`` is None where the provider signs no time: then TLS and the order number alone say it is new.
    """

    key_id: str
    message: bytes
    signature: str
    at_s: int | None


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """One of the provider's public keys. Zero means no limit; seconds since 1970."""

    verifier: Verifier
    from_s: int = 0
    until_s: int = 0

    def good_at(self, at_s: int) -> bool:
        return self.from_s <= at_s and (not self.until_s or at_s <= self.until_s)


Keys = Mapping[str, ProviderKey]


class Connector(Protocol):
    """One provider's protocol. Every message it cannot use ends as an Answer or as NotEvidence."""

    @property
    def profile(self) -> Profile: ...

    @property
    def account(self) -> Account: ...

    def order(self, order: Order) -> Call: ...

    def pay(self, order: Order, code: str) -> Call: ...

    def query(self, order_no: str) -> Call: ...

    def close(self, order_no: str) -> Call: ...

    def reverse(self, order_no: str) -> Call: ...

    def refund(self, refund: RefundOrder) -> Call: ...

    def query_refund(self, refund_no: str, order_no: str = "") -> Call: ...

    def to_sign(self, call: Call, stamp: Stamp) -> bytes: ...

    def dress(self, call: Call, stamp: Stamp, signature: str, serial: str) -> HttpRequest:
        """The request as it leaves, with its headers."""
        ...

    def seal(self, headers: Mapping[str, str], body: bytes) -> Seal:
        """Raises NotEvidence: ``signature_missing``, ``signature_probe``, ``signature_unreadable``."""
        ...

    def notification_seal(self, headers: Mapping[str, str], body: bytes) -> Seal:
        """A notification's; it must say when it was signed. Raises as ``seal``."""
        ...

    def read(self, call: Call, reply: HttpReply, *, verified: bool) -> Answer:
        """``verified`` False means that the reply carried no signature at all."""
        ...

    def notification(self, body: bytes) -> Notice | RefundNotice:
        """Read a notification whose seal was verified. Raises NotEvidence."""
        ...

    def ask_keys(self, key_id: str) -> Call | None:
        """The call that may bring the key ``key_id``; None when no call can."""
        ...

    def read_keys(self, body: bytes) -> Keys:
        """Keys whose origin the body itself proves (sealed with our shared secret). Raises NotEvidence."""
        ...
