"""One channel: a connector with its profile, keys and link. It is what the counter calls a Provider.

Every answer is verified over its raw bytes before anybody reads it, and fresh by the provider's own time.
No call raises for what a provider does; what cannot be proved is Unclear.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from terminal.banks.bill_fetching import BillFetching
from terminal.banks.connector import Call, Connector, Keys, Seal, Stamp
from terminal.banks.key_files import LOOK_S, KeyFiles, KeyMaterial, SigningKey
from terminal.banks.key_ring import KeyRing
from terminal.banks.pacing import Breaker, QueryPace
from terminal.banks.signing import Signer
from terminal.banks.trusted_clock import TrustedClock
from terminal.counter.ports import (
    Clock,
    Entropy,
    Expiry,
    HttpReply,
    HttpRequest,
    NoAnswer,
    NothingSent,
    Order,
    ProviderHttp,
    RefundOrder,
)
from terminal.errors import Hint, NotEvidence
from terminal.payments.bill import BillKind, FetchedBill, NoBill
from terminal.payments.evidence import Account
from terminal.payments.notice import (
    Answer,
    CallMade,
    Notice,
    NotSent,
    RefundNotice,
    Refusal,
    Refused,
    Unclear,
    outcome_of,
)
from terminal.payments.profile import Profile

FRESH_S: Final = 300.0  # WeChat Pay APIv3 "Signature verification"
CLOCK_OFF_S: Final = 60.0  # every stamp is corrected, but slips and expiry times would lie
REFRESH_KEYS_S: Final = 12 * 3600.0  # "Download platform certificates": at least every 12 hours
REFRESH_AGAIN_S: Final = 600.0
PREPARED_MAX: Final = 64  # orders signed ahead of their commit; one that is never sent is forgotten
PREPARED_S: Final = 10.0  # a stamp older than this, or of a clock since set back, is made anew
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Begun:
    """A stamped call whose signature is being made."""

    call: Call
    stamp: Stamp
    serial: str
    signature: Awaitable[str] = field(repr=False)


class Channel:
    """Provider over a Connector.

    Args:
        signer, keys: our key, and the provider's public keys known from the settings, by id.
        files: where these come from, when they may change while the shop is open; its keys come first.
        bills: fetches them, where the provider has any.
        closing: closes the link, when the channel owns one.
    """

    def __init__(
        self,
        connector: Connector,
        *,
        signer: Signer,
        http: ProviderHttp,
        clock: Clock,
        entropy: Entropy,
        keys: Keys,
        files: KeyFiles | None = None,
        bills: BillFetching | None = None,
        closing: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._connector, self._http, self._entropy = connector, http, entropy
        self._files, self._bills, self._closing = files, bills, closing
        self._own = files.now if files else KeyMaterial((SigningKey(signer),), keys)
        self._time = TrustedClock(clock)
        self._ring = KeyRing(self._own.keys, self._fetch_keys)
        self._pace = QueryPace(connector.profile.queries_per_s)
        self._breaker = Breaker()
        self._prepared: dict[str, tuple[Order, Begun]] = {}  # by order number
        self.rejected: Counter[str] = Counter()  # messages that proved nothing, by slug
        self.heard: Callable[[CallMade], None] = _unheard  # of every call about an order, when it has ended

    @property
    def profile(self) -> Profile:
        return self._connector.profile

    @property
    def account(self) -> Account:
        return self._connector.account

    @property
    def clock_offset_s(self) -> float:
        """How far this machine's wall clock is behind the provider's authenticated time."""
        return self._time.offset_s

    def trouble(self) -> str:
        """``clock_off``, ``provider_down`` or "": only new sales ask; old ones are resolved regardless."""
        if abs(self.clock_offset_s) > CLOCK_OFF_S:
            return "clock_off"
        return "" if self._breaker.closed(_now()) else "provider_down"

    async def aclose(self) -> None:
        if self._closing is not None:
            await self._closing()

    # --- Provider ---

    def prepare(self, order: Order) -> None:
        """Sign the request for this order beside the commit that comes first; nothing is sent before ``order``."""
        if self._takes(order):
            self._prepared[order.order_no] = order, self._begun(self._connector.order(order))
            while len(self._prepared) > PREPARED_MAX:
                del self._prepared[next(iter(self._prepared))]

    async def order(self, order: Order) -> Answer:
        if not self._takes(order):
            return Refused(Refusal.BAD_REQUEST, "")
        known, begun = self._prepared.pop(order.order_no, (None, None))
        if known == order and begun and abs(self._time.now_s() - begun.stamp.at_s) < PREPARED_S:
            return await self._ask(begun)
        return await self._ask(self._connector.order(order))

    def _takes(self, order: Order) -> bool:
        return self.profile.push and order.amount.currency in self.profile.currencies

    async def pay(self, order: Order, code: str) -> Answer:
        profile = self.profile
        if not profile.pull or order.amount.currency not in profile.currencies:
            return Refused(Refusal.BAD_REQUEST, "")
        digits = code.isascii() and code.isdigit() and len(code) in profile.pull_lengths
        if not digits or not code.startswith(profile.pull_prefixes):
            return Refused(Refusal.CODE_INVALID, "")  # what is no code of this wallet never leaves the shop
        return await self._ask(self._connector.pay(order, code))

    async def query(self, order_no: str) -> Answer:
        return await self._ask_paced(self._connector.query(order_no))

    async def close(self, order_no: str) -> Answer:
        return await self._ask(self._connector.close(order_no))

    async def reverse(self, order_no: str) -> Answer:
        return await self._ask(self._connector.reverse(order_no))

    async def refund(self, refund: RefundOrder) -> Answer:
        return await self._ask(self._connector.refund(refund))

    async def query_refund(self, refund_no: str, order_no: str = "") -> Answer:
        return await self._ask_paced(self._connector.query_refund(refund_no, order_no))

    async def take_notification(self, headers: Mapping[str, str], body: bytes) -> Notice | RefundNotice:
        """Verify over the raw bytes, check freshness, read.

        Raises:
            NotEvidence: ``signature_missing``, ``signature_probe`` (the provider tests us: no forgery alarm),
                ``signature_unreadable``, ``signature_wrong``, ``key_unknown``, ``notification_unreadable``,
                ``notification_unknown_kind``; ``message_stale`` with ``order_no``, for a query to be started.
            Hint: this provider signs no notification; the orders it names are to be asked about.
        """
        try:
            seal = self._connector.notification_seal(headers, body)
            await self._check_origin(seal)
            notice = self._connector.notification(body)
            late_s = self._age_s(seal)
            if abs(late_s) > FRESH_S:
                raise NotEvidence("message_stale", order_no=notice.order_no, late_s=round(late_s))
        except Hint:
            raise
        except NotEvidence as error:
            self._reject("notification", error)
            raise
        return notice

    # --- keys ---

    async def keep_keys(self) -> None:
        """Fetch the provider's keys now and every 12 h, look at our own files every 10 s.

        A job for the service's supervisor, ends never.
        """
        async with asyncio.TaskGroup() as both:
            both.create_task(self._keep_fetched())
            both.create_task(self._keep_files())

    async def _keep_fetched(self) -> None:
        while True:
            renewed = await self._ring.refresh("", _now())
            await asyncio.sleep(REFRESH_KEYS_S if renewed else REFRESH_AGAIN_S)

    async def _keep_files(self) -> None:
        while self._files is not None:
            await asyncio.sleep(LOOK_S)
            self.look_at_files()

    def look_at_files(self) -> bool:
        """Take up keys that were changed; True when there were any. What is under way ends with the old ones."""
        material = self._files.changed() if self._files is not None else None
        if material is None:
            return False
        self._own = material
        self._ring.fix(material.keys)
        _log.info("%s: changed keys are in use", self.profile.name)
        return True

    def expiries(self) -> tuple[Expiry, ...]:
        """When our certificates and the provider's newest one end (row 36)."""
        if (last := self._ring.last_fetched()) is None:
            return self._own.expiries
        serial, until_s = last
        return (*self._own.expiries, Expiry("provider_certificate", serial, until_s * 1000))

    async def _fetch_keys(self, key_id: str) -> Keys | None:
        """Keys from the provider, authenticated twice: by our shared secret and by the answer's signature."""
        call = self._connector.ask_keys(key_id)
        if call is None:
            return None
        try:
            reply = await self._send(self._begun(call))
            if reply.status != 200:
                self._time.learn(reply.headers.get("date", ""))
                return None
            seal = self._connector.seal(reply.headers, reply.body)
            known = self._ring.get(seal.key_id, self._signed_s(seal))
            if known is not None and not known.verifier.verifies(seal.message, seal.signature):
                raise NotEvidence("signature_wrong")
            keys = self._connector.read_keys(reply.body)
            signing = keys.get(seal.key_id)
            if known is None and (signing is None or not signing.verifier.verifies(seal.message, seal.signature)):
                raise NotEvidence("signature_wrong")
            self._time.learn(reply.headers.get("date", ""))
            self._check_fresh(seal)
        except NotEvidence as error:
            self._reject("keys", error)
            return None
        except (NothingSent, NoAnswer) as error:
            _log.warning("%s: keys not fetched: %s", self.profile.name, error)
            return None
        return keys

    # --- one exchange ---

    async def _ask_paced(self, call: Call) -> Answer:
        if (wait_s := self._pace.wait_s(_now())) > 0:
            await asyncio.sleep(wait_s)
        return await self._ask(call)

    async def _ask(self, asked: Call | Begun) -> Answer:
        begun, since_s, outcome = asked if isinstance(asked, Begun) else self._begun(asked), _now(), "given_up"
        try:
            answer = await self._answered(begun)
            outcome = outcome_of(answer)
        finally:
            call = begun.call
            self.heard(CallMade(call.act, call.refund_no or call.order_no, outcome, _now() - since_s))
        return answer

    async def _answered(self, begun: Begun) -> Answer:
        call = begun.call
        try:
            reply = await self._send(begun)
        except NothingSent as error:
            self._breaker.failed(_now())
            return NotSent(str(error))
        except NoAnswer as error:
            self._breaker.failed(_now())
            return Unclear(str(error))
        if reply.status >= 500:
            self._breaker.failed(_now())
        try:
            verified = await self._verified(reply)
        except NotEvidence as error:
            self._reject(call.act, error)
            return Unclear(error.slug)
        answer = self._connector.read(call, reply, verified=verified)
        self._note(reply, answer)
        return answer

    # --- bills ---

    async def fetch_bill(self, day: date, kind: BillKind, folder: Path) -> FetchedBill | NoBill:
        """The bill of a settlement day as a file in ``folder``: hash compared, unpacked, not yet read."""
        if self._bills is None:
            return NoBill("not_offered")
        return await self._bills.fetch(self, day, kind, folder)

    def now_s(self) -> float:
        """Seconds since 1970 by the provider's own time."""
        return self._time.now_s()

    async def exchange(self, call: Call) -> tuple[HttpReply, bool]:
        """The reply, and whether it was signed at all. Raises NothingSent, NoAnswer, NotEvidence."""
        reply = await self._send(self._begun(call))
        try:
            return reply, await self._verified(reply)
        except NotEvidence as error:
            self._reject(call.act, error)
            raise

    async def signed(self, call: Call) -> HttpRequest:
        """The request as it leaves, stamped now."""
        return await self._dressed(self._begun(call))

    def _begun(self, call: Call) -> "Begun":
        at_s = int(self._time.now_s())
        signer = self._own.signer(at_s)  # one for signature and serial, whatever changes meanwhile
        stamp = Stamp(at_s, self._entropy.bytes(16).hex().upper(), signer.serial)
        return Begun(call, stamp, signer.serial, signer.sign(self._connector.to_sign(call, stamp)))

    async def _dressed(self, begun: "Begun") -> HttpRequest:
        return self._connector.dress(begun.call, begun.stamp, await begun.signature, begun.serial)

    async def _send(self, begun: "Begun") -> HttpReply:
        request, timings = await self._dressed(begun), self.profile.timings
        return await self._http.send(request, connect_s=timings.connect_s, answer_s=timings.answer_s)

    async def _verified(self, reply: HttpReply) -> bool:
        """False: no signature at all. Raises NotEvidence for every signature that does not prove the bytes.

        The Date of an unsigned reply is learnt too: TLS authenticated it, and a clock so wrong that the
        provider refuses us unsigned would else never be corrected.
        """
        date = reply.headers.get("date", "")
        try:
            seal = self._connector.seal(reply.headers, reply.body)
        except NotEvidence as error:
            if error.slug != "signature_missing":
                raise
            self._time.learn(date)
            return False
        await self._check_origin(seal)
        self._time.learn(date)
        self._check_fresh(seal)
        return True

    async def _check_origin(self, seal: Seal) -> None:
        at_s = self._signed_s(seal)
        key = self._ring.get(seal.key_id, at_s)
        if key is None and await self._ring.refresh(seal.key_id, _now()):
            key = self._ring.get(seal.key_id, at_s)
        if key is None:
            raise NotEvidence("key_unknown")
        if not key.verifier.verifies(seal.message, seal.signature):
            raise NotEvidence("signature_wrong")

    def _check_fresh(self, seal: Seal) -> None:
        late_s = self._age_s(seal)
        if abs(late_s) > FRESH_S:
            raise NotEvidence("message_stale", late_s=round(late_s))

    def _age_s(self, seal: Seal) -> float:
        return 0.0 if seal.at_s is None else self._time.now_s() - seal.at_s

    def _signed_s(self, seal: Seal) -> int:
        return int(self._time.now_s()) if seal.at_s is None else seal.at_s

    def _note(self, reply: HttpReply, answer: Answer) -> None:
        if isinstance(answer, Unclear) and (reply.status == 429 or answer.why == "rate_limited"):
            self._pace.slowed(_now(), answer.retry_after_s)
        elif reply.status < 500:
            self._breaker.worked()
            self._pace.answered()

    def _reject(self, what: str, error: NotEvidence) -> None:
        self.rejected[error.slug] += 1
        _log.warning("%s: %s proves nothing: %s", self.profile.name, what, error.slug)


def _unheard(_call: CallMade) -> None:
    """Nobody counts."""


def _now() -> float:
    return asyncio.get_running_loop().time()
