"""Countertop for a till's own program: ``Client`` blocks, ``AsyncClient`` awaits; imports nothing of ours."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Concatenate, Final, NoReturn, ParamSpec, Self, TypeVar
from urllib.parse import quote
from zlib import crc32

from msgspec import MsgspecError, Struct, convert, json, to_builtins

P = ParamSpec("P")
T = TypeVar("T")
Json = Mapping[str, Any]
Over = Callable[["Sale"], bool]
Pieces = AsyncGenerator[tuple[int, Mapping[str, str], bytes], None]  # of an answer: status, headers, some bytes
MODULE: Final = Path(__file__).with_name("countertop.js")  # the same in JavaScript
STREAM_S, SILENT_S, REST_MAX_S, BODY_MAX = 3600.0, 40.0, 30.0, 8 * 1024 * 1024  # after them a stream goes on
NOTHING: Final[tuple[int, Mapping[str, str], bytes]] = (0, {}, b"")
STRANGE: Final = (MsgspecError, KeyError, TypeError)  # an answer, but not of this service
DECIDED: Final = frozenset({400, 404, 409, 413, 415, 422})  # holds for earlier copies of the request as well


class Refused(Exception):
    """The service said no, and did nothing. Programs go by ``slug``; people get ``detail``, ``fix``, ``code``."""

    def __init__(self, status: int, told: Json) -> None:
        self.status, self.slug, self.code = status, str(told["slug"]), str(told["code"])
        self.detail, self.fix, self.facts = str(told["detail"]), str(told["fix"]), dict(told["facts"])
        super().__init__(f"{self.slug} ({self.code}): {self.detail} {self.fix}")


class NoAnswer(Exception):
    """It may have happened, or may still. Send the same again under the same ``key``, or read."""

    def __init__(self, call: str, key: str) -> None:
        self.key = key
        super().__init__(f"no answer to {call}; it may have happened" + (f", key {key}" if key else ""))


class Order(Struct, frozen=True, omit_defaults=True):
    """What to ask for: ``amount_minor`` in the smallest unit, 2850 is 28.50; no currency is the shop's own."""

    counter: str
    amount_minor: int
    currency: str = ""
    order_no: str = ""
    title: str = ""
    reference: str = ""
    directions: tuple[str, ...] = ("push", "pull")
    lines: tuple[Json, ...] = ()  # what it is for, as POST /sales takes it; they add up to the amount


class Refund(Struct, frozen=True):
    """Proven by ``state`` refunded; failed gave nothing back; all else is on its way or in doubt."""

    id: str
    amount_minor: int
    state: str


class Sale(Struct, frozen=True):
    id: str
    counter: str
    state: str
    word: str
    amount_minor: int
    currency: str
    paid_minor: int
    order_no: str
    check_code: str
    refunds: list[Refund]
    exceptions: list[Json]

    @property
    def over(self) -> bool:
        return self.state in {"paid", "cancelled", "expired"}


class Event(Struct, frozen=True, rename={"type": "event_type"}):
    number: int
    type: str
    counter: str
    subject: str
    body: Json


class Result(Struct, frozen=True):
    """Paid, NotPaid (proven: nothing was charged) or Unknown: no yes or no, so ``if result`` is stopped."""

    def __bool__(self) -> NoReturn:
        raise TypeError("a sale is Paid, NotPaid or Unknown: ask with isinstance or match")


class Paid(Result, frozen=True):
    sale: Sale


class NotPaid(Result, frozen=True):
    sale: Sale


class Unknown(Result, frozen=True):
    """Keep the goods, charge nothing again. The same call under ``key`` goes on where this one stopped."""

    key: str
    sale: Sale | None = None
    why: Exception | None = None


@dataclass
class Calls:
    url: str
    api_key: str
    language: str = "en"
    tries: int = 5
    pause_s: float = 0.5
    timeout_s: float = 10.0
    keep: Callable[[str, Json], object] = lambda _key, _body: None  # before a byte leaves: note both
    new_key: Callable[[], str] = lambda: token_urlsafe(18)

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise ValueError(f"no address of a service: {self.url}")

    async def _open_sale(self, order: Order, *, key: str = "") -> Sale:
        """Ask for money and return at once. The same key is the same sale, as it is now."""
        return await self._money("/sales", Sale, to_builtins(order), key)

    async def _pay(self, order: Order, *, key: str = "", limit_s: float = 300) -> Result:
        """Open a sale and stay until its end. Raises Refused while nothing was opened."""
        key = key or self.new_key()
        try:
            sale = await self._open_sale(order, key=key)
        except NoAnswer as lost:
            return Unknown(key, None, lost)
        return await self._ended(sale.id, key, limit_s, sale)

    async def _cancel(self, sale: str, *, why: str = "pos", limit_s: float = 30) -> Result:
        """With proof from the bank: NotPaid charged nothing, Paid says that it was too late."""
        now = None
        try:
            now = await self._ask(f"/sales/{quote(sale, '')}/cancel", Sale, body={"why": why})
        except NoAnswer as lost:
            return Unknown("", None, lost)
        except Refused as no:
            if no.slug != "sale_paid":
                raise
        return await self._ended(sale, "", limit_s, now)

    async def _ended(self, sale: str, key: str, limit_s: float, before: Sale | None) -> Result:
        """Money that came after the end, and waits for a person, is no "not paid"."""
        try:
            now = await self._wait(sale, limit_s=limit_s)
        except (NoAnswer, Refused) as why:
            return Unknown(key, before, why)
        nothing = now.over and all(each["closed"] for each in now.exceptions)
        return Paid(now) if now.state == "paid" else NotPaid(now) if nothing else Unknown(key, now)

    async def _scan(self, counter: str, code: str, *, key: str = "") -> Sale:
        """The customer's code, read by the till's own scanner, for the sale open there."""
        return await self._money(f"/counters/{quote(counter, '')}/scan", Sale, {"code": code}, key)

    async def _refund(
        self, sale: str, reason: str, *, minor: int | None = None, approver: Json | None = None, key: str = ""
    ) -> Refund:
        """On its way, not done: ``wait`` for it. No ``minor``: all that is left. ``approver``: person and pin."""
        body = {"reason": reason, "amount_minor": minor, "approver": approver}
        return await self._money(f"/sales/{quote(sale, '')}/refunds", Refund, body, key, "refund")

    async def _sale(self, sale: str) -> Sale:
        return await self._ask(f"/sales/{quote(sale, '')}", Sale)

    async def _find(self, order_no: str) -> Sale | None:
        """The sale of an order number: what to ask when the key is lost as well."""
        rows = await self._ask(f"/sales?limit=100&search={quote(order_no, '')}", list[dict[str, Any]], at="sales")
        found = [row["id"] for row in rows if row["order_no"] == order_no]
        return await self._sale(found[0]) if found else None

    async def _wait(self, sale: str, *, over: Over = lambda now: now.over, limit_s: float = 300) -> Sale:
        """The sale at its end (or when ``over``), or as it is when the time is; breaks meanwhile do not matter."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while True:
                    with suppress(NoAnswer):
                        return await self._seen(sale, over)
                    await self._rest(self.tries, {}, sale)
        return await self._sale(sale)

    async def _seen(self, sale: str, over: Over) -> Sale:
        """The number first, then the sale: what happens in between is an event after that number."""
        newest = await self._ask("/events?limit=1", int, at="newest")
        now = await self._sale(sale)
        async with aclosing(self._follow(newest)) as news:
            while not over(now):
                if (await anext(news)).counter == now.counter:
                    now = await self._sale(sale)
        return now

    async def _follow(self, after: int) -> AsyncGenerator[Event, None]:
        """Every event after a number, for ever, through any break. Note ``number`` once the work on it is done."""
        turn = 0
        while True:
            head, text, turn = NOTHING, b"", turn + 1
            async with aclosing(self._pieces(f"/events/stream?after={after}", limit_s=STREAM_S)) as pieces:
                async for head in pieces:
                    text += head[2]
                    while head[0] == 200 and b"\n\n" in text:
                        message, _, text = text.partition(b"\n\n")
                        told = dict(line.partition(b": ")[::2] for line in message.split(b"\n"))
                        after, turn = int(told.get(b"id", after)), 1
                        if b"data" in told and b"event" not in told:
                            yield json.decode(told[b"data"], type=Event)
            with suppress(*STRANGE):
                if 400 <= head[0] < 500 and "Retry-After" not in head[1]:
                    raise Refused(head[0], json.decode(text))
            await self._rest(turn, head[1], "")

    async def _money(self, path: str, kind: type[T], body: dict[str, Any], key: str, at: str = "") -> T:
        key = key or self.new_key()
        self.keep(key, {name: said for name, said in body.items() if name not in {"code", "approver"}})
        return await self._ask(path, kind, body=body, key=key, at=at)

    async def _ask(self, path: str, kind: type[T], *, body: Json | None = None, key: str = "", at: str = "") -> T:
        """A call below /api/v1, repeated under one key while nobody answers; a POST where there is a body."""
        lost, no, head = False, None, NOTHING
        sent = b"" if body is None else json.encode(body)
        for turn in range(self.tries):
            await self._rest(turn, head[1], key)
            head, data, no = NOTHING, b"", None
            async for head in self._pieces(path, sent, key):
                data += head[2]
            with suppress(*STRANGE):
                if 200 <= head[0] < 300:
                    return convert(json.decode(data)[at], kind) if at else json.decode(data, type=kind)
                no = Refused(head[0], json.decode(data))
            if no is not None and no.status != 500 and "Retry-After" not in head[1]:
                break
            lost = lost or (body is not None and (no is None or no.status == 500))
        if no is not None and (not lost or (no.status in DECIDED and no.slug != "idempotency_running")):
            raise no
        raise NoAnswer(path, key) from no

    async def _rest(self, turn: int, told: Mapping[str, str], name: str) -> None:
        """As long as the service asks; else longer each time, and not in step with other tills."""
        usual_s = self.pause_s * 2 ** min(turn - 1, 9) * (0.75 + crc32(f"{name}{turn}".encode()) % 512 / 1024)
        asked = told.get("Retry-After", "")
        await asyncio.sleep(turn and min(float(asked) if asked.isdecimal() else usual_s, REST_MAX_S))

    async def _pieces(self, path: str, body: bytes = b"", key: str = "", limit_s: float = 0) -> Pieces:
        """An answer as it comes, while its line holds: to its end, or to a bound."""
        from aiohttp import ClientError, ClientTimeout, request

        head = {"Authorization": f"Bearer {self.api_key}", "Accept-Language": self.language}
        head |= {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        verb, url, size = "POST" if body else "GET", f"{self.url.rstrip('/')}/api/v1{path}", 0
        bound = ClientTimeout(limit_s or self.timeout_s, sock_read=SILENT_S)
        with suppress(ClientError, OSError):
            async with request(verb, url, data=body, headers=head, timeout=bound, allow_redirects=False) as answer:
                while size <= BODY_MAX and (piece := await answer.content.readany()):
                    size += len(piece)
                    yield answer.status, answer.headers, piece


def _now(call: Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]) -> Callable[Concatenate["Client", P], T]:
    return wraps(call)(lambda client, /, *args, **kwargs: client.run(call(client, *args, **kwargs)))


class Client(Calls):
    """Blocks: each call has a connection of its own, so that threads may share it."""

    ask, open_sale, pay, cancel = _now(Calls._ask), _now(Calls._open_sale), _now(Calls._pay), _now(Calls._cancel)
    scan, refund, sale, find = _now(Calls._scan), _now(Calls._refund), _now(Calls._sale), _now(Calls._find)
    wait = _now(Calls._wait)

    def follow(self, after: int) -> Iterator[Event]:
        """Every event after a number, for ever, through any break. Note ``number`` once the work on it is done."""
        with asyncio.Runner() as own:
            events = self._follow(after)
            while True:
                yield own.get_loop().run_until_complete(anext(events))

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(call)


class AsyncClient(Calls):
    """``async with AsyncClient(url, api_key) as client``."""

    ask, open_sale, pay, cancel, scan = Calls._ask, Calls._open_sale, Calls._pay, Calls._cancel, Calls._scan
    refund, sale, find, wait, follow = Calls._refund, Calls._sale, Calls._find, Calls._wait, Calls._follow

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *ended: object) -> None: ...
