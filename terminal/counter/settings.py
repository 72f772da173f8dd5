"""What a counter and its house are, as values; read from the settings file by the app."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from terminal.payments.codes.consumer import KnownCodes
from terminal.payments.event import Ledger


@dataclass(frozen=True, slots=True)
class Offline:
    """What a till may do when no channel of its counter can confirm anything (row 39).

    Args:
        policy: "refuse" begins no sale; "list" lets the till put it on the list of the unverified.
        sale_minor: the most one such sale may be, in the house's currency.
        day_minor: the most of all such sales of 24 hours that are not proven yet.
        posters: text of the shop's own static code by channel, for the glass while nobody can confirm.
    """

    policy: Literal["refuse", "list"] = "refuse"
    sale_minor: int = 0
    day_minor: int = 0
    posters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Favourite:
    """What is sold often: a key of the till's page that adds a line. In the house's currency."""

    name: str
    price_minor: int


@dataclass(frozen=True, slots=True)
class House:
    """The merchant's place of business: one journal, one or more counters."""

    merchant: str
    store: str
    title: str  # the shop's name as customers see it
    lines: tuple[str, ...] = ()  # address, tax number: printed under the name
    currency: str = "CNY"
    ledger: Ledger = Ledger.LIVE
    limit_minor: int = 5_000_000
    excess: Literal["list", "refund"] = "list"  # what becomes of a second payment by itself
    known: KnownCodes = field(default_factory=KnownCodes)  # what a scan may be that no channel here takes
    offline: Offline = field(default_factory=Offline)
    favourites: tuple[Favourite, ...] = ()

    @property
    def test(self) -> bool:
        return self.ledger is Ledger.TEST

    @property
    def training(self) -> bool:
        """Somebody learns at a machine whose other sales are real."""
        return self.ledger is Ledger.TRAINING

    @property
    def simulated(self) -> bool:
        """No money moves."""
        return self.ledger is not Ledger.LIVE


@dataclass(frozen=True, slots=True)
class CounterSettings:
    """One lane."""

    id: str
    title: str = ""
    channels: tuple[str, ...] = ("wechatpay",)  # the first that can is used
    languages: Mapping[str, str] = field(default_factory=dict)  # cashier, display, receipt, voice -> language
    receipts: bool = True
    voice: bool = True

    def language(self, where: str) -> str:
        return self.languages.get(where, "en")


@dataclass(frozen=True, slots=True)
class Limits:
    """Every wait of the counter that is no channel's own, in seconds, and what it does at most by itself."""

    voice_fresh_s: float = 10.0
    receipt_young_s: float = 600.0
    copies_by_itself: int = 3  # of a slip or report that breaks off each time; then a person decides
    idle_sale_s: float = 600.0  # an open sale nobody goes on with ends
    switch_proof_s: float = 3.0  # a scan waits this long for the shown code to be proven closed
    cancel_answer_s: float = 3.0  # a cancelling caller waits this long for proof
    check_again_s: float = 2.0  # "check again" asks the provider at most this often
    stop_s: float = 5.0
    voice_queue: int = 5
    voice_s: float = 20.0  # no phrase is longer
    result_on_glass_s: float = 5.0
