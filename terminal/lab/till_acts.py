"""What a cashier does in a story that is shown: through the service's public API, as any till would."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from terminal.lab.scenarios import as_seen

COUNTER: Final = "1"
EVENTS_MAX: Final = 200
LOOKED_AT: Final = 5
GOING: Final = ("waiting", "acting", "checking")
"""Words of a sale that is under way."""
Send = Callable[[str, str, Mapping[str, Any] | None, str], Awaitable[tuple[int, Any]]]
"""(method, path below /api/v1, body, idempotency key) -> status and answer; 0: nobody answered."""


class TillRefuses(Exception):
    """The service said no, or nothing; the text is its word for why."""


@dataclass(frozen=True, slots=True)
class AtTill:
    """What the till says of a sale now; ``word`` as in ``payments.sale.Sale.word``."""

    word: str = "ready"
    amount_minor: int = 0
    currency: str = ""
    giving_back: bool = False
    given_back: bool = False


class Ids(Protocol):
    def ulid(self) -> str: ...


class TillActs:
    """Args:
    owner_pin: of the simulated owner, who stands beside a refund; empty: nobody does.
    """

    def __init__(self, send: Send, ids: Ids, owner_pin: Callable[[], str]) -> None:
        self._send, self._ids, self._owner_pin = send, ids, owner_pin

    async def ready(self) -> bool:
        status, _ = await self._send("GET", f"/counters/{COUNTER}", None, "")
        return status == 200

    async def left_open(self) -> tuple[str, ...]:
        """Sales of this counter that nobody has ended, newest first: of an earlier show, or of who tried the till.

        Raises TillRefuses.
        """
        told = await self._done("GET", f"/sales?counter={COUNTER}&limit={LOOKED_AT}")
        return tuple(str(each["id"]) for each in told["sales"] if each["word"] in GOING)

    async def open(self, amount_minor: int, directions: tuple[str, ...]) -> str:
        """The sale's id. Raises TillRefuses."""
        body: dict[str, Any] = {"counter": COUNTER, "amount_minor": amount_minor}
        if len(directions) == 1:
            body["directions"] = list(directions)
        return str((await self._done("POST", "/sales", body))["id"])

    async def cancel(self, sale: str) -> None:
        """Raises TillRefuses."""
        await self._done("POST", f"/sales/{sale}/cancel", {})

    async def refund(self, sale: str) -> None:
        """All of it, with the owner's PIN. Raises TillRefuses."""
        body: dict[str, Any] = {"reason": "broken"}
        if pin := self._owner_pin():
            people = (await self._done("GET", "/people"))["people"]
            owner = next((each["id"] for each in people if each["role"] == "owner"), "")
            body["approver"] = {"person": owner, "pin": pin}
        await self._done("POST", f"/sales/{sale}/refunds", body)

    async def check_proof(self, proof: str) -> str:
        """What the bank says of the number on a customer's screen: yes, no, … Raises TillRefuses."""
        return str((await self._done("POST", f"/counters/{COUNTER}/proof", {"proof": proof}))["verdict"])

    async def at(self, sale: str) -> AtTill:
        """Raises TillRefuses."""
        told = await self._done("GET", f"/sales/{sale}")
        states = [str(each["state"]) for each in told.get("refunds", ())]
        back = bool(states) and all(state == "refunded" for state in states)
        return AtTill(told["word"], told["amount_minor"], told["currency"], bool(states) and not back, back)

    async def heard(self, sale: str) -> tuple[str, ...]:
        """Events of the sale so far, as stories name them. Raises TillRefuses."""
        told = await self._done("GET", f"/sales/{sale}/events")
        events = told["events"] if isinstance(told, dict) else told
        return tuple(as_seen(each["type"], each["body"]) for each in events[-EVENTS_MAX:])

    async def _done(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        key = self._ids.ulid() if method == "POST" else ""
        status, told = await self._send(method, path, body, key)
        if not 200 <= status < 300:
            raise TillRefuses(str(told.get("slug", status)) if isinstance(told, dict) else f"status {status}")
        return told
