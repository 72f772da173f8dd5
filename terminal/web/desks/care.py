"""What the edge has of care: what is said of sales, complaints, whom to call, and the bundle for support."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from terminal.brand.brand import Brand
from terminal.brand.shelf import no_brand
from terminal.care.cases import CaseDesk
from terminal.care.feedback import FeedbackDesk
from terminal.care.shop import Link, Protection, ShopCare, under
from terminal.counter.service import Service
from terminal.errors import NotFound
from terminal.help.catalogue import Catalogue
from terminal.payments.money import Money
from terminal.payments.receipt import Receipt
from terminal.web.pages.safety import own_rows


@dataclass(frozen=True, slots=True)
class Kept:
    """A bundle for support that lies on this machine: the code to read over the phone, where, what is in it."""

    code: str
    file: str
    holds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EndingCertificate:
    """One that this machine made for itself. ``kind``: machine (listeners, tills) or phones; ``until_ms``: UTC."""

    kind: str
    file: str
    until_ms: int
    ended: bool


async def _none(_now_ms: int) -> tuple[EndingCertificate, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class CareParts:
    """What the settings say of care.

    Args:
        protection: what the settings say that protects, channels named in a language.
        rating: the customer's display asks how it was; ``on_receipt``: the page of a receipt does.
        call: makes the bundle. Raises Unavailable("help_not_kept").
        brand: the bank whose name the shop works under.
        certificates: which of this machine's own end within 60 days of this time (UTC milliseconds).
    """

    shop: ShopCare = field(default_factory=ShopCare)
    protection: Callable[[str], Protection] | None = None
    rating: bool = False
    on_receipt: bool = False
    answer_h: int = 48
    call: Callable[[], Awaitable[Kept]] | None = None
    brand: Callable[[], Brand | None] = no_brand
    certificates: Callable[[int], Awaitable[Sequence[EndingCertificate]]] = _none


AGAIN_S: Final = 60.0  # who presses twice gets the same bundle


class CareDesk:
    """One shop's. ``terminal``: this machine's short name for the hotline."""

    def __init__(self, service: Service, parts: CareParts, terminal: str) -> None:
        store, feed, clock, ids = service.house.store, service.feed, service.parts.clock, service.parts.ids
        self.parts, self.terminal, self._clock = parts, terminal, clock
        self.feedback = FeedbackDesk(store, journal=feed, clock=clock, ids=ids, rating=parts.rating)
        self.cases = CaseDesk(store, journal=feed, clock=clock, ids=ids, answer_h=parts.answer_h)
        self._kept: tuple[int, Kept] | None = None
        self._house = service.house

    async def call(self) -> Kept:
        """A bundle made now, or the one of a minute ago. Raises Unavailable("help_not_kept"), NotFound."""
        if self._kept is not None and self._clock.mono_ns() - self._kept[0] < AGAIN_S * 1e9:
            return self._kept[1]
        if self.parts.call is None:
            raise NotFound("not_found")
        kept = await self.parts.call()
        self._kept = (self._clock.mono_ns(), kept)
        return kept

    @property
    def shop(self) -> ShopCare:
        """Whom to call, as settings and the bank's brand say it now."""
        brand = self.parts.brand()
        if brand is None:
            return self.parts.shop
        links = tuple(Link(each.title, each.url) for each in brand.links)
        return under(self.parts.shop, brand.bank, brand.hotline, brand.hours, links)

    def own_card(self, language: str) -> Receipt:
        """What this shop's settings do, for its safety card."""
        return own_rows(self.protection(language), self.shop.hotline, Catalogue.load(language))

    def protection(self, language: str) -> Protection:
        """What protects here; of a shop that was built without settings what its house says."""
        if self.parts.protection is not None:
            return self.parts.protection(language)
        nothing = Money(0, self._house.currency)
        limit = Money(self._house.limit_minor, self._house.currency)
        return Protection(limit, nothing, nothing, nothing, test=self._house.simulated)


CARE: Final = web.AppKey("care", CareDesk)
