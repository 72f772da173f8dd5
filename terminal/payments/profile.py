"""A channel as data: timings, windows, limits. One TOML file per provider in ``terminal/banks/profiles``.

The engine reads only this; no provider's name appears in it. Seconds are floats of waiting time, never money.
"""

from typing import Literal

import msgspec

from terminal.payments.fees import FeeRule
from terminal.payments.payout import PayoutDays


class Timings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds. Sources: facts of the provider, as named in the profile's comments."""

    connect_s: float = 3.0
    answer_s: float = 10.0
    code_life_s: float = 60.0  # how long a shown code can be paid before we close it
    expiry_extra_s: float = 30.0  # the provider's expiry is this much later than ours
    push_first_query_s: float = 3.0
    push_query_s: float = 2.5
    push_query_fast_for_s: float = 60.0  # then push_query_slow_s
    push_query_slow_s: float = 5.0
    acted_query_s: float = 2.0  # after the channel says the customer acted
    pull_first_query_s: float = 5.0
    pull_query_s: float = 5.0
    pull_total_s: float = 45.0  # then reverse
    reverse_not_before_s: float = 15.0  # after pay
    reverse_again_paying_s: float = 10.0
    pull_never_arrived_s: float = 120.0  # query and reverse both say "no such order" this late: it never arrived
    reverse_window_s: float = 7 * 86400.0
    not_found_after_s: float = 15.0  # believe "not found" only this long after sending, twice
    not_found_gap_s: float = 5.0
    close_not_before_s: float = 0.0  # "too young to close" rule of older APIs
    free_counter_after_s: float = 60.0  # UNKNOWN for this long frees the counter (parked)
    refund_queries_s: tuple[float, ...] = (5.0, 15.0, 60.0, 300.0, 1800.0, 3600.0)
    refund_again_s: float = 3600.0  # a refund the provider cannot make now is sent again after so long
    refund_remind_s: float = 6 * 3600.0  # a refund without an end for so long is put before a person
    sweep_after_close_s: tuple[float, ...] = (60.0, 300.0, 1800.0, 7200.0, 86400.0)  # or after it was reversed


class VoidRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a paid attempt may be undone by reversing its order, whole: nothing is charged then.

    ``shows``: the words of ``Trade`` that prove it when the order is asked about; any other word proves nothing.
    """

    directions: tuple[Literal["push", "pull"], ...] = ("pull",)
    same_day: bool = True  # only within the provider's settlement day of the payment
    within_s: float = 0.0  # and so long after it; 0: ``timings.reverse_window_s``
    shows: tuple[Literal["reversed", "returned", "closed"], ...] = ("reversed",)


class Speaks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the provider's protocol can say. A conformance case that needs more than this does not apply.

    Args:
        lacks: words the provider has none of its own for, by the names the cases use (docs/conformance.md).
    """

    notifies: bool = True  # it can send notifications at all
    signs_notifications: bool = True  # with a key, over their bytes and time; else only a query proves them
    signs_answers: bool = True  # with a key, over their bytes; else TLS alone says whose they are
    times_answers: bool = True  # an answer's signature covers the second it was made
    signs_requests: bool = True  # ours: the provider checks a signature over our bytes
    stamps_requests: bool = True  # ours: they carry the second they were signed
    probes: bool = False  # it sends deliberately false signatures to test us
    closes: bool = True  # an order can be closed before it is paid
    refunds: bool = True
    lacks: tuple[str, ...] = ()


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One channel. ``titles`` name the wallet per language for screen, voice and receipt."""

    name: str
    connector: str  # module in terminal/banks
    titles: dict[str, str]
    currencies: tuple[str, ...]
    push: bool  # merchant-presented: we show a code
    pull: bool  # consumer-presented: we scan the customer's code
    pull_prefixes: tuple[str, ...] = ()
    pull_lengths: tuple[int, ...] = ()
    code_prefixes: tuple[str, ...] = ()  # what a push payload must start with (S62)
    create_idempotent: bool = True
    hidden_until_scanned: bool = (
        False  # an order that nobody scanned is "not found" there: no proof that it is none
    )
    pull_notifies: bool = False
    confirm_notification_by_query: bool = False  # S13
    notification_yes: str = ""  # what the provider reads as "taken"; empty: 204 without words
    min_minor: int = 1
    max_minor: int = 5_000_000
    day_limit_minor: int = 0  # what the channel may take in one settlement day; 0: no such limit
    fee: FeeRule | None = None  # the price agreed; kept with every sale (row 116)
    settlement_offset_min: int = 0  # the provider's settlement day begins at midnight of UTC plus so many minutes
    refund_days: int = 365
    refund_takes_days: int = 3  # told to the customer: by then the money is back at the latest
    refund_fee_returned: Literal["yes", "no", "unknown"] = "unknown"
    refund_hours: tuple[str, str] | None = None  # "HH:MM" from and until, of refund_zone; none: at any hour
    refund_zone: str = "UTC"
    refund_retry: tuple[str, ...] = ()  # words of ``Refusal`` that mean "not now": asked again under its number
    approves_part: bool = False  # less than was asked may be paid, and counts: the rest is asked for anew (row 33)
    confirms_by: Literal["provider", "statement"] = "provider"  # statement: nobody can be asked, a file tells
    void_by_reverse: bool = False  # a reverse of a paid order is allowed as "void", within ``void``
    void: VoidRule = VoidRule()
    bill_formats: dict[str, str] = {}  # by kind of bill, what ``terminal.bills.readers`` calls its format
    bill_ready: str = ""  # "HH:MM" of the next day, in the provider's settlement time: then a day's bill exists
    bill_days_back: int = 0  # how many days back bills can be had; 0: nobody says
    payout: PayoutDays | None = None  # when settled money is paid out; none: nobody says, nothing is missed
    queries_per_s: float = 50.0
    timings: Timings = Timings()
    speaks: Speaks = Speaks()
    settings: dict[str, str] = {}  # what the facts mark contradictory or unverified, by the connector's names
