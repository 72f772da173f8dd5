"""A POS that keeps what it was told, and repeats every question with the same key until it is answered."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from terminal.chance import Chance
from tests.torture.shop import Shop

AGAIN_S: Final = 0.05
TRIES: Final = 2000
ENDED: Final = frozenset({"paid", "cancelled", "expired"})
NO_ANSWER: Final = (OSError, aiohttp.ClientError, TimeoutError, ValueError)


@dataclass(slots=True)
class Told:
    """What one till heard of one sale, in the order it heard it. An answer is a promise."""

    key: str
    counter: str
    minor: int
    sale: str = ""
    attempts: set[str] = field(default_factory=set)
    end: str = ""


@dataclass
class Till:
    """One counter's client and the customers in front of it. ``stop`` ends it after the sale at hand.

    Args:
        calm: every customer pays the shown code at once.
    """

    shop: Shop
    counter: str
    chance: Chance
    calm: bool = False
    log: list[Told] = field(default_factory=list)
    stop: bool = False
    retries: int = 0
    wrong: list[str] = field(default_factory=list)

    async def work(self) -> None:
        while not self.stop:
            await self.sell()
            await asyncio.sleep(self.chance.below(60) / 1000)

    async def sell(self) -> Told:
        told = Told(f"torture-{self.counter}-{len(self.log):06}", self.counter, self.chance.between(1, 20_000))
        self.log.append(told)
        scanned = not self.calm and self.chance.below(4) == 0
        body = {"counter": self.counter, "amount_minor": told.minor, "currency": "CNY"}
        if scanned:
            body["directions"] = ["pull"]
        sale = await self.ask("POST", "/sales", body, key=told.key)
        if told.sale and told.sale != sale["id"]:
            self.wrong.append(f"I16 {told.key} is {told.sale} and {sale['id']}")
        self._hear(told, sale)
        customer = asyncio.ensure_future(self._customer(told, scanned=scanned))
        try:
            await self._until_ended(told)
        finally:
            customer.cancel()
            await asyncio.gather(customer, return_exceptions=True)
        return told

    async def ask(self, method: str, path: str, body: Any = None, *, key: str = "") -> dict[str, Any]:
        """The answer, however often the service dies meanwhile; also a definite no that a sale is."""
        for _ in range(TRIES):
            try:
                status, told = await self.shop.ask(method, path, body, key=key)
            except NO_ANSWER:
                status, told = 0, {}
            if status in {200, 201}:
                return dict(told)
            if status == 409 and told.get("sale") and key:
                await self._free(str(told["sale"]))
            self.retries += 1
            await asyncio.sleep(AGAIN_S)
        raise AssertionError(f"{method} {path} {key}: no answer in {TRIES} tries, at last {status} {told}")

    async def _free(self, sale: str) -> None:
        """Another sale is on this counter: never ours, but say so and go on."""
        self.wrong.append(f"I15 {self.counter} is busy with {sale}, which this till ended or never opened")

    def _hear(self, told: Told, sale: dict[str, Any]) -> None:
        told.sale = sale["id"]
        told.attempts |= {each["id"] for each in sale["attempts"]}
        if told.end and told.end != sale["state"]:
            self.wrong.append(f"I7 {told.sale} was told {told.end}, then {sale['state']}")
        if sale["state"] in ENDED:
            told.end = sale["state"]

    async def _until_ended(self, told: Told) -> None:
        """Ask for it until it ended; after a while somebody cancels."""
        patience = 10_000 if self.calm else self.chance.between(4, 60)
        while True:
            patience -= 1
            if patience <= 0 and await self._cancelled(told):
                patience = 100
            self._hear(told, await self.ask("GET", f"/sales/{told.sale}"))
            if told.end:
                return
            await asyncio.sleep(0.1)

    async def _cancelled(self, told: Told) -> bool:
        """Whether the service heard it; its answer may be that it is too late. A life may be too short for it."""
        try:
            status, _ = await self.shop.ask(
                "POST", f"/sales/{told.sale}/cancel", {"why": "customer_left"}, key=f"{told.key}-cancel"
            )
        except NO_ANSWER:
            return False
        return status in {200, 409}

    async def _customer(self, told: Told, *, scanned: bool) -> None:
        """Pays in most sales, as soon as there is something to pay; in the others never comes."""
        if not self.calm:
            await asyncio.sleep(self.chance.below(300) / 1000)
            if self.chance.below(8) == 0:
                return
        while scanned:
            self.shop.stands[self.counter].scan(self.shop.bank.customer_code())
            await asyncio.sleep(1.0)
        while True:
            order = next((x for x in self.shop.bank.orders() if x.out_trade_no in told.attempts), None)
            if order is not None and self.shop.bank.pay(order.out_trade_no):
                return
            await asyncio.sleep(AGAIN_S)
