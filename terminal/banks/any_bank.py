"""A bank without an API: the code is made here, the statement says who paid.

Satisfies ``Provider`` without a line of HTTP. Nobody can be asked, so a query answers only what a statement told;
nobody can stop a transfer, so closing is a promise of ours alone: what comes later is late money.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NoReturn, Protocol

from terminal.counter.ports import Order, RefundOrder
from terminal.errors import BadSettings, NotEvidence
from terminal.payments.codes.entry import build
from terminal.payments.codes.flaws import BadCode
from terminal.payments.codes.proofs import is_qr_iban
from terminal.payments.codes.scheme import CodeOrder, Scheme
from terminal.payments.evidence import Account
from terminal.payments.money import Money
from terminal.payments.notice import (
    Accepted,
    Answer,
    CodeReady,
    Notice,
    NotThere,
    RefundNotice,
    RefundTold,
    RefundTrade,
    Refusal,
    Refused,
    Told,
    Unclear,
)
from terminal.payments.profile import Profile
from terminal.payments.reference import KEY_LENGTH, ULID_LENGTH, Form, Given, give

UNNAMED_MOST: Final = 25  # EMVCo "Merchant-Presented Mode" 1.1, 4.8: additional data fields have 25 characters
TRY_MINOR: Final = 10_000
AWAITED: Final = "no_statement_yet"
NO_STOPPING: Final = "transfer_cannot_be_stopped"
Where = Literal["reference", "message"]


class Credits(Protocol):
    """What the statements told, and what was promised to customers; its owner writes the journal."""

    async def promise(self, given: Given) -> bool:
        """Make it durable that this reference is this attempt's. False: another attempt has it."""
        ...

    def told(self, order_no: str) -> Notice | None:
        """The first statement credit that names this order."""
        ...

    def given_up(self, order_no: str) -> bool:
        """Somebody cancelled, or another tender took over: we no longer wait."""
        ...


@dataclass(frozen=True, slots=True)
class AnyBankSettings:
    """One account. ``account`` and ``details`` by the scheme's own names (docs/connect/any-bank.md).

    Args:
        form, where: "" takes the scheme's usual ones; ``where`` "message" is EPC's and the QR-bill's free text.
        statement_account: as the bank's statements write it: an IBAN, or a number.
        intraday: whether a camt.054's booked credit already says "paid"; "waits": only the day's statement does.
    """

    scheme: Scheme
    account: Mapping[str, str]
    statement_account: str
    details: Mapping[str, str] = field(default_factory=dict)
    form: Form | None = None
    where: Where = "reference"
    intraday: Literal["confirms", "waits"] = "confirms"


class AnyBank:
    """Provider over a scheme and statements. ``credits`` is set before the first order."""

    def __init__(self, settings: AnyBankSettings, profile: Profile) -> None:
        """Raises BadSettings: ``any_bank_no_reference``, ``any_bank_account`` with the scheme and the place."""
        self.settings, self.profile = settings, profile
        self.credits: Credits | None = None
        self.clock_offset_s = 0.0
        self.rejected: Counter[str] = Counter()
        self._form, self._most = _form_of(settings)
        self._try()

    @property
    def account(self) -> Account:
        return Account(self.profile.name, self.settings.statement_account, "", self.profile.approves_part)

    def trouble(self) -> str:
        return ""

    async def aclose(self) -> None:
        """It holds nothing open."""

    async def keep_keys(self) -> None:
        """There are none; ends never, as a channel's job does."""
        await asyncio.Event().wait()

    # --- Provider -----------------------------------------------------------------------------------------

    def prepare(self, order: Order) -> None:
        """Nothing is signed for a code that is made here."""

    async def order(self, order: Order) -> Answer:
        """The code, made and read back; its reference is promised durably before anybody sees it."""
        if order.amount.currency not in self.profile.currencies:
            return Refused(Refusal.BAD_REQUEST, "")
        try:
            text, given = self._code(order)
        except BadCode as flaw:
            return Refused(Refusal.BAD_REQUEST, flaw.slug)
        if not await self._credits.promise(given):
            return Refused(Refusal.ORDER_CLOSED, "reference_taken")
        return CodeReady(text)

    async def pay(self, order: Order, code: str) -> Answer:  # noqa: ARG002  # the port
        return Refused(Refusal.BAD_REQUEST, "")

    async def query(self, order_no: str) -> Answer:
        """Paid when a statement says so. That it says nothing proves nothing, unless we no longer wait."""
        notice = self._credits.told(order_no)
        if notice is not None:
            return Told(notice)
        return NotThere() if self._credits.given_up(order_no) else Unclear(AWAITED)

    async def close(self, order_no: str) -> Answer:
        """Our own promise not to wait any longer. A code whose time merely ran out may still be on its way."""
        if self._credits.given_up(order_no) and self._credits.told(order_no) is None:
            return Accepted()
        return Unclear(NO_STOPPING)

    async def reverse(self, order_no: str) -> Answer:  # noqa: ARG002  # the port
        return Refused(Refusal.NOT_REVERSIBLE, NO_STOPPING)

    async def refund(self, refund: RefundOrder) -> Answer:
        """A transfer back is made by a person at their bank: it stays reserved until they say so."""
        return self._manual(refund.refund_no, refund.order_no, refund.amount.minor, refund.amount.currency)

    async def query_refund(self, refund_no: str, order_no: str = "") -> Answer:  # noqa: ARG002  # the port
        """Nobody was ever asked: whoever lost the answer to ``refund`` asks for it again."""
        return NotThere()

    async def take_notification(self, headers: Mapping[str, str], body: bytes) -> NoReturn:  # noqa: ARG002  # the port
        """No bank writes to us: whatever calls itself a notification proves nothing."""
        raise NotEvidence("signature_missing")

    # --- parts --------------------------------------------------------------------------------------------

    @property
    def _credits(self) -> Credits:
        assert self.credits is not None, "the statements are attached before the first order"
        return self.credits

    def _manual(self, refund_no: str, order_no: str, amount: int, currency: str) -> RefundTold:
        return RefundTold(
            RefundNotice(
                provider=self.profile.name,
                source="query",
                evidence_id=f"manual:{refund_no}",
                merchant_id=self.account.merchant_id,
                order_no=order_no,
                refund_no=refund_no,
                trade=RefundTrade.ABNORMAL,
                amount_minor=amount,
                currency=currency,
            )
        )

    def _code(self, order: Order) -> tuple[str, Given]:
        settings = self.settings
        reference, given = give(order.order_no, self._form, self._most)
        details = dict(settings.details)
        if settings.where == "message":
            details["message"] = reference
            reference = ""
        if settings.scheme.name == "swiss_qr_bill":
            kinds = {Form.SWISS: "QRR", Form.CREDITOR: "SCOR", Form.PLAIN: "NON"}
            details["reference_type"] = "NON" if settings.where == "message" else kinds[self._form]
        code = CodeOrder(
            currency=order.amount.currency,
            amount=order.amount,
            account=settings.account,
            reference=reference,
            details=details,
        )
        return build(settings.scheme, code).text, given

    def _try(self) -> None:
        """One code of one unit, so that a wrong account is told at start and not before a customer."""
        scheme = self.settings.scheme
        amount = Money(TRY_MINOR, scheme.currencies[0])
        try:
            self._code(Order("0" * ULID_LENGTH, amount, "", "", 0))
        except BadCode as flaw:
            raise BadSettings("any_bank_account", scheme=scheme.name, place=str(flaw)) from flaw


def _form_of(settings: AnyBankSettings) -> tuple[Form, int]:
    """How this scheme carries a reference, and how many characters of it."""
    scheme, message = settings.scheme, settings.where == "message"
    place = next((each for each in scheme.pieces if each.from_ == settings.where), None)
    if place is None:
        raise BadSettings("any_bank_no_reference", scheme=scheme.name)
    usual = {
        "epc": Form.CREDITOR,
        "swiss_qr_bill": Form.SWISS if is_qr_iban(settings.account.get("iban", "")) else Form.CREDITOR,
    }.get(scheme.name, Form.PLAIN)
    most = place.most or (20 if "{1,20}" in place.like else UNNAMED_MOST)
    return settings.form or (Form.PLAIN if message else usual), max(min(most, ULID_LENGTH), KEY_LENGTH)
