"""Named faults as rows of data. The bank asks for each at one fixed point of its work."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Value = int | str
Stage = Literal["before", "answer", "notify", "customer", "bank", "bill", "now"]

# The calls a fault may name in its ``call`` parameter, besides "any".
ALL_CALLS: Final = (
    *("native", "codepay", "query", "query-id", "close", "reverse"),
    *("refund", "refund-query", "certificates", "bill"),
)


@dataclass(frozen=True, slots=True)
class FaultRow:
    """One fault.

    Args:
        stage: where it acts: before the call is worked on, on the finished answer, on a notification, on a
            customer's act, inside the bank, on a bill when it is asked for, or at once.
        params: names and defaults. ``call`` is the call it waits for, or "any".
        needs: fields the answer must have; other answers pass untouched and do not use the fault up.
    """

    slug: str
    stage: Stage
    does: str
    params: Mapping[str, Value] = field(default_factory=dict)
    needs: tuple[str, ...] = ()


_PAY: Final[dict[str, Value]] = {"call": "codepay"}
_EVERY: Final[dict[str, Value]] = {"call": "any"}
_SILENT: Final[dict[str, Value]] = {"call": "codepay", "how": "silent"}
_ROW: Final[dict[str, Value]] = {"order_no": ""}  # empty: the day's first payment
_LATE: Final = "the answer is about the right order but"

_ROWS: Final = (
    FaultRow("timeout-before-debit", "before", "the request is lost: not worked on, no answer", _SILENT),
    FaultRow(
        "pay-queued",
        "before",
        "no answer, and the charge is worked on delay_ms later",
        _PAY | {"delay_ms": 20_000},
    ),
    FaultRow("error-500", "before", "SYSTEM_ERROR, not worked on", _EVERY | {"status": 500}),
    FaultRow("rate-429", "before", "FREQUENCY_LIMITED, not worked on", _EVERY),
    FaultRow("not-found-lag", "before", "a query says ORDER_NOT_EXIST although it exists", {"call": "query"}),
    FaultRow("reverse-refused-paying", "before", "a reverse is refused with USERPAYING", {"call": "reverse"}),
    FaultRow("answer-lost-after-debit", "answer", "worked on; the answer never arrives", _SILENT),
    FaultRow("error-500-after-debit", "answer", "worked on; the answer is SYSTEM_ERROR", _PAY),
    FaultRow("slow-answer", "answer", "worked on; the answer waits delay_ms", _EVERY | {"delay_ms": 5_000}),
    FaultRow(
        "malformed-answer",
        "answer",
        "signed bytes that are no such answer: html, empty, truncated, duplicate-key, list",
        _EVERY | {"variant": "truncated"},
    ),
    FaultRow(
        "bad-signature",
        "answer",
        "flipped, missing, unknown-serial, stale or signtest",
        _EVERY | {"variant": "flipped"},
    ),
    FaultRow(
        "wrong-amount",
        "answer",
        f"{_LATE} states total + by fen",
        _EVERY | {"by": 1},
        ("amount", "transaction_id"),
    ),
    FaultRow("wrong-currency", "answer", f"{_LATE} in USD", _EVERY, ("amount", "transaction_id")),
    FaultRow("wrong-merchant", "answer", f"{_LATE} names another mchid", _EVERY, ("mchid", "transaction_id")),
    FaultRow("wrong-app", "answer", f"{_LATE} names another appid", _EVERY, ("appid", "transaction_id")),
    FaultRow(
        "wrong-order",
        "answer",
        "the answer is about another order",
        _EVERY,
        ("out_trade_no", "transaction_id"),
    ),
    FaultRow("unknown-state", "answer", "trade_state is a word nobody documented", _EVERY, ("trade_state",)),
    FaultRow("notify-3-times", "notify", "sent times times, gap_ms apart", {"times": 3, "gap_ms": 0}),
    FaultRow("notify-lost", "notify", "the first attempts never arrive; 99 is all", {"attempts": 99}),
    FaultRow("notify-delayed", "notify", "first sent delay_ms late", {"delay_ms": 60_000}),
    FaultRow("notify-wrong-amount", "notify", "genuine signature, total + by fen", {"by": 1}),
    FaultRow("notify-wrong-merchant", "notify", "genuine signature, another mchid"),
    FaultRow("notify-wrong-order", "notify", "genuine signature, another order number"),
    FaultRow(
        "notify-bad-signature",
        "notify",
        "flipped, missing, unknown-serial, stale or signtest; with repeats=1 tried again on schedule",
        {"variant": "flipped", "repeats": 1},
    ),
    FaultRow(
        "notify-before-answer",
        "bank",
        "the refund's notification overtakes its answer",
        {"delay_ms": 2_000},
    ),
    FaultRow(
        "forged-notification",
        "now",
        "a stranger claims that the newest unpaid order was paid: leaked-apiv3 or stranger",
        {"variant": "leaked-apiv3", "order_no": ""},
    ),
    FaultRow("code-expired", "customer", "the scanned payment code counts as expired"),
    FaultRow("no-funds", "customer", "the customer's money is not enough"),
    FaultRow(
        "password-needed",
        "customer",
        "USERPAYING; confirmed after confirm_after_ms, 0 waits for the wallet page",
        {"confirm_after_ms": 8_000},
    ),
    FaultRow("pay-late", "customer", "the customer pays delay_ms after pressing pay", {"delay_ms": 90_000}),
    FaultRow(
        "partial-approval",
        "customer",
        "of an order whose amount the payer may change, only percent of it is paid",
        {"percent": 70},
    ),
    FaultRow("pay-during-close", "bank", "a scanned order is paid just before it would be closed"),
    FaultRow("capture-after-close", "bank", "an order that was closed or reversed is charged all the same"),
    FaultRow("double-capture", "bank", "the customer is charged twice for one order"),
    FaultRow("refund-abnormal", "bank", "a refund ends ABNORMAL: the payer's account cannot take it"),
    FaultRow("refund-closed", "bank", "a refund ends CLOSED: nothing goes back"),
    FaultRow("refund-slow", "bank", "a refund stays PROCESSING for delay_ms", {"delay_ms": 120_000}),
    FaultRow("refund-no-balance", "bank", "a refund is refused: the merchant's balance is not enough"),
    FaultRow("bill-not-ready", "bill", "the bill is still being made"),
    FaultRow("bill-hash-wrong", "bill", "the file is not the one its hash was made of"),
    FaultRow("bill-truncated", "bill", "the file ends in the middle, its hash is right"),
    FaultRow("bill-row-missing", "bill", "a payment is not in the bill, sums follow", _ROW),
    FaultRow("bill-row-extra", "bill", "a payment of 1.00 that nobody ordered here, sums follow", _ROW),
    FaultRow("bill-fee-wrong", "bill", "a payment's fee is twice as high and 0.05 more, sums follow", _ROW),
    FaultRow("bill-status-differs", "bill", "a payment is told as taken back as well, sums follow", _ROW),
    FaultRow("bill-duplicate-row", "bill", "a payment stands there twice, sums follow", _ROW),
    FaultRow("bill-download-expired", "bill", "the address of the file is no longer good"),
)


ROWS: Final[Mapping[str, FaultRow]] = {row.slug: row for row in _ROWS}


class UnknownFault(ValueError):
    """No such slug, parameter or value; the text says which."""


@dataclass(slots=True)
class Active:
    row: FaultRow
    params: dict[str, Value]
    left: int  # 0: no limit by count
    until_ms: int | None

    def number(self, name: str) -> int:
        return int(self.params[name])

    def text(self, name: str) -> str:
        return str(self.params[name])


class Faults:
    """What is switched on. One entry a slug: setting it again replaces it, so the list is bounded."""

    def __init__(self) -> None:
        self._active: dict[str, Active] = {}
        self.fired: Counter[str] = Counter()

    def set(
        self,
        slug: str,
        now_ms: int,
        *,
        count: int | None = None,
        duration_ms: int | None = None,
        params: Mapping[str, Value] | None = None,
    ) -> Active:
        """Switch a fault on for ``count`` times (default 1, or without limit when a duration is given).

        Raises:
            UnknownFault: slug, parameter, type of a value, or a count or duration below 1.
        """
        row = ROWS.get(slug)
        if row is None:
            raise UnknownFault(f"no fault is called {slug!r}")
        if (count is not None and count < 1) or (duration_ms is not None and duration_ms < 1):
            raise UnknownFault("count and duration_ms start at 1")
        given = dict(params or {})
        for name, value in given.items():
            if name not in row.params or type(value) is not type(row.params[name]):
                raise UnknownFault(f"{slug} takes {dict(row.params)}, not {name}={value!r}")
        if given.get("call", "any") not in ("any", *ALL_CALLS):
            raise UnknownFault(f"call is any or one of {', '.join(ALL_CALLS)}")
        left = count if count is not None else (0 if duration_ms is not None else 1)
        until = None if duration_ms is None else now_ms + duration_ms
        active = Active(row, dict(row.params) | given, left, until)
        self._active[slug] = active
        return active

    def clear(self, slug: str = "") -> None:
        """Switch one off, or all."""
        if slug:
            self._active.pop(slug, None)
        else:
            self._active.clear()

    def take(self, slug: str, now_ms: int) -> Active | None:
        """The fault if it is on, used up by one."""
        active = self._active.get(slug)
        if active is None:
            return None
        if active.until_ms is not None and now_ms >= active.until_ms:
            del self._active[slug]
            return None
        self.fired[slug] += 1
        if active.left:
            active.left -= 1
            if not active.left:
                del self._active[slug]
        return active

    def take_for_call(self, stage: Stage, call: str, now_ms: int, answer: Mapping[str, object]) -> Active | None:
        """The first fault of this stage that waits for this call; ``answer`` decides about ``needs``."""
        for slug, active in tuple(self._active.items()):
            wanted = active.params.get("call", "any")
            if active.row.stage != stage or wanted not in ("any", call):
                continue
            if any(name not in answer for name in active.row.needs):
                continue
            taken = self.take(slug, now_ms)
            if taken is not None:
                return taken
        return None

    def active(self) -> tuple[Active, ...]:
        return tuple(self._active.values())
