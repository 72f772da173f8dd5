"""When notifications leave, and how often again. Time comes in, deliveries come out; nothing is sent here.

Source: WeChat Pay merchant documentation, API v3, "支付成功回调通知": what is not answered with 200 or 204
within 5 seconds is sent again after 15 s, 15 s, 30 s, 3 m, 10 m, 20 m, 30 m, 30 m, 30 m, 60 m, 3 h, 3 h, 3 h,
6 h, 6 h. Alipay Open Platform documentation, "异步通知": what is not answered with the word ``success`` is sent
again after 4 m, 10 m, 10 m, 1 h, 2 h, 6 h, 15 h.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from terminal.sandbox.records import Notice, Table

RETRY_AFTER_S: Final = (
    *(15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600),
    *(10_800, 10_800, 10_800, 21_600, 21_600),
)
ALIPAY_RETRY_AFTER_S: Final = (240, 600, 600, 3600, 7200, 21_600, 54_000)
PIX_RETRY_AFTER_S: Final = (10, 60, 300, 900, 3600, 10_800)  # ours: each bank has a schedule of its own
_SCHEDULES: Final[Mapping[str, tuple[int, ...]]] = {
    "": RETRY_AFTER_S,
    "alipay": ALIPAY_RETRY_AFTER_S,
    "pix": PIX_RETRY_AFTER_S,
}
_YES: Final[Mapping[str, str]] = {"": "", "alipay": "success", "pix": ""}
ANSWER_WITHIN_S: Final = 5.0
HISTORY: Final = 256

Sign = Callable[[Notice, int], tuple[Mapping[str, str], bytes]]  # headers and body as they leave now


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt: POST ``body`` to ``url``, then tell ``delivered``. ``attempt`` counts from 1."""

    id: str
    notification_id: str
    about: str
    event_type: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    attempt: int
    kind: str = ""  # whose: empty is WeChat Pay's, or alipay, pix

    @property
    def yes(self) -> str:
        """The body that means "taken"; empty: status 200 or 204 does."""
        return _YES[self.kind]


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt ended: taken, refused, lost on the way, given up."""

    at_ms: int
    notification_id: str
    about: str
    event_type: str
    attempt: int
    end: str


class Postbox:
    """Waiting notifications. ``due`` hands an attempt out once; it comes back only through ``delivered``."""

    def __init__(self, sign: Sign) -> None:
        self.table: Table[Notice] = Table("notice", Notice)
        self.history: deque[Attempt] = deque(maxlen=HISTORY)
        self._sign = sign
        self._out: dict[str, str] = {}  # delivery id -> key of its notice
        self._next = 1

    def restored(self) -> None:
        """After loading rows: what was on its way when the process ended is due again."""
        self._next = max((notice.number for notice in self.table), default=0) + 1

    def post(
        self,
        *,
        notification_id: str,
        about: str,
        event_type: str,
        url: str,
        body: bytes,
        due_ms: int,
        repeats: bool = True,
        tamper: str = "",
        lose: int = 0,
        kind: str = "",
    ) -> None:
        self.table.put(
            Notice(
                self._next,
                notification_id,
                about,
                event_type,
                url,
                body.decode(),
                due_ms,
                repeats=repeats,
                tamper=tamper,
                lose=lose,
                kind=kind,
            )
        )
        self._next += 1

    def due(self, now_ms: int) -> list[Delivery]:
        """Attempts to make now, oldest first. A lost one counts as made and is not handed out."""
        deliveries = []
        busy = set(self._out.values())
        waiting = [notice for notice in self.table if notice.due_ms <= now_ms and notice.key not in busy]
        for notice in sorted(waiting, key=lambda notice: (notice.due_ms, notice.number)):
            notice.attempt += 1
            if notice.lose:
                notice.lose -= 1
                self._ended(notice, now_ms, "lost")
                continue
            self.table.put(notice)
            delivery_id = f"{notice.key}.{notice.attempt}"
            self._out[delivery_id] = notice.key
            headers, body = self._sign(notice, now_ms)
            deliveries.append(
                Delivery(
                    delivery_id,
                    notice.notification_id,
                    notice.about,
                    notice.event_type,
                    notice.url,
                    headers,
                    body,
                    notice.attempt,
                    notice.kind,
                )
            )
        return deliveries

    def delivered(self, delivery_id: str, ok: bool, now_ms: int) -> None:
        """``ok``: answered within 5 s as the delivery wants."""
        notice = self.table.get(self._out.pop(delivery_id, ""))
        if notice is None:
            return
        if ok:
            self._remember(notice, now_ms, "taken")
            self.table.drop(notice.key)
        else:
            self._ended(notice, now_ms, "refused")

    def next_due_ms(self) -> int | None:
        busy = set(self._out.values())
        return min((notice.due_ms for notice in self.table if notice.key not in busy), default=None)

    def _ended(self, notice: Notice, now_ms: int, how: str) -> None:
        self._remember(notice, now_ms, how)
        schedule = _SCHEDULES[notice.kind]
        if not notice.repeats or notice.attempt > len(schedule):
            self._remember(notice, now_ms, "given up")
            self.table.drop(notice.key)
            return
        notice.due_ms = now_ms + schedule[notice.attempt - 1] * 1000
        self.table.put(notice)

    def _remember(self, notice: Notice, now_ms: int, end: str) -> None:
        self.history.append(
            Attempt(now_ms, notice.notification_id, notice.about, notice.event_type, notice.attempt, end)
        )
