"""Every call as a plan: what to send, how long to rest, what a reply means. Two thin carriers play it."""

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import asdict, dataclass
from secrets import token_urlsafe
from typing import Final, NamedTuple, TypeVar
from urllib.parse import quote
from zlib import crc32

from terminal.client.answers import Json, NoAnswer, Order, Outcome, Page, Refund, Refused, Sale, Unknown, result

T = TypeVar("T")
WAIT_S: Final = 20  # one look for events; the service allows 30
REST_MAX_S: Final = 30.0
DECIDED: Final = frozenset({400, 404, 409, 413, 415, 422})  # holds for earlier copies of the request as well


class Ask(NamedTuple):
    """One request; ``wait_s``: how much later than usual its answer may come."""

    method: str
    path: str
    body: bytes | None
    headers: dict[str, str]
    wait_s: int


class Reply(NamedTuple):
    """``at_s`` on the carrier's steady clock; status 0: none came."""

    at_s: float
    status: int = 0
    headers: Mapping[str, str] = {}
    body: bytes = b""


Plan = Generator[Ask | float, Reply, T]  # a number: rest so many seconds


@dataclass
class Service:
    """Where it answers and how often to try, each time for ``timeout_s`` at most.

    ``keep`` is called with a key and its body before the first byte leaves: write them where a restart finds them.
    ``new_key`` makes the keys that a call is not given.
    """

    url: str
    api_key: str
    language: str = "en"
    tries: int = 5
    pause_s: float = 0.5
    timeout_s: float = 10.0
    keep: Callable[[str, Json], None] | None = None
    new_key: Callable[[], str] = lambda: token_urlsafe(18)

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise ValueError(f"no address of a service: {self.url}")


def ask(
    to: Service, path: str, read: Callable[[Json], T], *, body: Json | None = None, key: str = "", wait_s: int = 0
) -> Plan[T]:
    """A call below /api/v1, repeated under one key while nobody answers; a POST where there is a body."""
    lost, no, reply = False, None, Reply(0.0)
    headers = {"Authorization": f"Bearer {to.api_key}", "Accept-Language": to.language}
    headers |= {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
    sent = None if body is None else json.dumps(body).encode()
    for turn in range(to.tries):
        if turn:
            yield _rest_s(reply, to.pause_s * 2 ** (turn - 1), f"{key}{turn}")
        reply = yield Ask("POST" if sent else "GET", f"/api/v1{path}", sent, headers, wait_s)
        try:
            told = json.loads(reply.body)
            if 200 <= reply.status < 300:
                return read(told)
            no = Refused(reply.status, told)
        except (ValueError, KeyError, TypeError, RecursionError):
            no = None
        if no is not None and no.status != 500 and "retry-after" not in reply.headers:
            break
        lost = lost or (body is not None and (no is None or no.status == 500))
    if no is not None and (not lost or (no.status in DECIDED and no.slug != "idempotency_running")):
        raise no
    raise NoAnswer(path, key) from no


def _rest_s(reply: Reply, usual_s: float, name: str) -> float:
    """As long as the service asks; else longer each time, and not in step with other tills."""
    asked = reply.headers.get("retry-after", "")
    rest_s = float(asked) if asked.isdecimal() else usual_s * (0.75 + crc32(name.encode()) % 512 / 1024)
    return min(rest_s, REST_MAX_S)


def _money(to: Service, path: str, read: Callable[[Json], T], body: Json, key: str) -> Plan[T]:
    key = key or to.new_key()
    if to.keep is not None:
        to.keep(key, {name: said for name, said in body.items() if name not in {"code", "approver"}})
    return (yield from ask(to, path, read, body=body, key=key))


def open_sale(to: Service, order: Order, *, key: str = "") -> Plan[Sale]:
    """Ask for money and return at once. The same key is the same sale, as it is now."""
    return _money(to, "/sales", Sale.read, asdict(order), key)


def pay(to: Service, order: Order, *, key: str = "", limit_s: float = 300) -> Plan[Outcome]:
    """Open a sale and stay until its end. Raises Refused while nothing was opened."""
    key, sale = key or to.new_key(), None
    try:
        sale = yield from open_sale(to, order, key=key)
        return result((yield from wait(to, sale.id, limit_s=limit_s)), key)
    except (NoAnswer, Refused) as why:
        if sale is None and isinstance(why, Refused):
            raise
        return Unknown(key, sale, why)


def cancel(to: Service, sale: str, *, why: str = "pos", limit_s: float = 30) -> Plan[Outcome]:
    """With proof from the bank: NotPaid charged nothing, Paid says that it was too late."""
    try:
        yield from ask(to, f"/sales/{quote(sale, '')}/cancel", Sale.read, body={"why": why})
        return result((yield from wait(to, sale, limit_s=limit_s)), "")
    except NoAnswer as lost:
        return Unknown("", None, lost)
    except Refused as no:
        if no.slug != "sale_paid":
            raise
        return result((yield from read_sale(to, sale)), "")


def scan(to: Service, counter: str, code: str, *, key: str = "") -> Plan[Sale]:
    """The customer's code, read by the till's own scanner, for the sale open there."""
    return _money(to, f"/counters/{quote(counter, '')}/scan", Sale.read, {"code": code}, key)


def refund(
    to: Service, sale: str, reason: str, *, minor: int | None = None, approver: Json | None = None, key: str = ""
) -> Plan[Refund]:
    """On its way, not done: ``wait`` for it. No ``minor``: all that is left. ``approver``: person and pin."""
    body = {"reason": reason, "amount_minor": minor, "approver": approver}
    return _money(to, f"/sales/{quote(sale, '')}/refunds", lambda told: Refund.read(told["refund"]), body, key)


def read_sale(to: Service, sale: str) -> Plan[Sale]:
    return ask(to, f"/sales/{quote(sale, '')}", Sale.read)


def find(to: Service, order_no: str) -> Plan[Sale | None]:
    """The sale of an order number: what to ask when the key is lost as well."""
    rows = yield from ask(to, f"/sales?limit=100&search={quote(order_no, '')}", lambda told: list(told["sales"]))
    found = [row["id"] for row in rows if row["order_no"] == order_no]
    return (yield from read_sale(to, found[0])) if found else None


def events(to: Service, after: int, *, limit: int = 100, wait_s: int = 0) -> Plan[Page]:
    """``wait_s``: answered with the next event, or empty after so many seconds."""
    return ask(to, f"/events?after={after}&limit={limit}&wait_s={wait_s}", Page.read, wait_s=wait_s)


def next_page(to: Service, after: int) -> Plan[Page]:
    """The next events after a number, through any number of breaks and restarts."""
    while True:
        try:
            page = yield from events(to, after, wait_s=WAIT_S)
            if page.events:
                return page
            after = page.next
        except NoAnswer:
            yield to.pause_s


def wait(
    to: Service, sale: str, *, over: Callable[[Sale], bool] = lambda now: now.over, limit_s: float = 300
) -> Plan[Sale]:
    """The sale at its end (or when ``over``), or as it is when the time is; breaks meanwhile do not matter."""
    end_s, after = (yield 0.0).at_s + limit_s, 0
    while True:
        try:
            after = after or (yield from events(to, 0, limit=1)).newest
            now = yield from read_sale(to, sale)
            left_s = end_s - (yield 0.0).at_s
            if over(now) or left_s <= 0:
                return now
            after = (yield from events(to, after, wait_s=min(int(left_s) + 1, WAIT_S))).next
        except NoAnswer:
            if (yield to.pause_s).at_s >= end_s:
                raise
