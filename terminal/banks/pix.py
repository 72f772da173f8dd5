"""Pix for a direct receiver: charges by the central bank's API, their code on the glass; push only.

Pure: builds requests, reads answers; ``Channel`` does the rest. No message of either side is signed: a token and
the client's certificate say who asks, TLS says who answers, and a notification is a hint to ask (S13).
Sources: Banco Central do Brasil, "API Pix" 2.9.0 (openapi.yaml), "Manual de Padrões para Iniciação do Pix".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from terminal.banks import pix_codes, pix_messages
from terminal.banks.choices import Choices
from terminal.banks.connector import Act, Call, Keys, Seal, Stamp
from terminal.banks.fields import Unreadable, evidence_id, retry_after
from terminal.banks.pix_messages import E2E, REFUND_ID, TXID, Charge, Received, Returned, reais
from terminal.counter.ports import HttpMethod, HttpReply, HttpRequest, Order, RefundOrder
from terminal.errors import BadSettings, Hint, NotEvidence
from terminal.payments.codes.entry import build, check
from terminal.payments.codes.flaws import BadCode
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
    Trade,
    Unclear,
)
from terminal.payments.profile import Profile

PATH: Final = "/api/v2"
WORDS_MAX: Final = 140
_SUCCESS: Final[Mapping[Act, frozenset[int]]] = {"order": frozenset({200, 201}), "refund": frozenset({200, 201})}
_OK: Final = frozenset({200})
_PATH: Final = re.compile(r"(/[0-9A-Za-z_.\-]{1,64}){0,8}")
_THEIRS: Final = frozenset({"name", "city", "postal", "category", "reference"})
_KEY: Final = re.compile(
    r"[0-9]{11}|[0-9A-Z]{12}[0-9]{2}|\+[0-9]{10,15}|[!-~]{1,64}@[0-9a-z.\-]{1,64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)


@dataclass(frozen=True, slots=True)
class Merchant:
    """Who we are at the bank (PSP).

    Args:
        key: the Pix key that gets the money: CPF, CNPJ, phone, e-mail or random (EVP).
        path: of the API at the bank's address, such as ``/api/v2``.
        name, city: for the code, only where the bank's answers hold none (``pixCopiaECola``).
    """

    key: str
    path: str = PATH
    name: str = ""
    city: str = ""


class Pix:
    """The connector.

    Args:
        scheme: of the codes it may show, ``pix_dynamic`` of the region pack.

    Raises:
        BadSettings: ``setting_unusable`` for a merchant or profile it cannot use.
    """

    def __init__(self, profile: Profile, merchant: Merchant, scheme: Scheme) -> None:
        for name, value, wanted, why in (
            ("key", merchant.key, _KEY, "CPF, CNPJ, +55 and phone, e-mail, or the random key"),
            ("gateway", merchant.path, _PATH, "a plain path"),
        ):
            if not wanted.fullmatch(value) or len(value) > 77:
                raise BadSettings("setting_unusable", field=name, why=why)
        Choices(profile.settings, {})
        self._profile, self._merchant, self._scheme = profile, merchant, scheme

    @property
    def profile(self) -> Profile:
        return self._profile

    @property
    def account(self) -> Account:
        return Account(self._profile.name, self._merchant.key, "", self._profile.approves_part)

    # --- requests ---

    def order(self, order: Order) -> Call:
        """Its life counts from the bank's own second, so that our clock does not matter."""
        timings = self._profile.timings
        wish = {
            "calendario": {"expiracao": int(timings.code_life_s + timings.expiry_extra_s)},
            "valor": self._value(order.amount.minor),
            "chave": self._merchant.key,
            "solicitacaoPagador": order.description[:WORDS_MAX] or order.order_no,
        }
        return self._call("order", "PUT", _cob(order.order_no), order.order_no, wish, asked=order.amount.minor)

    def _value(self, minor: int) -> dict[str, object]:
        """``modalidadeAlteracao`` 1: the payer may change the amount (CobValor); left out, it is fixed."""
        told: dict[str, object] = {"original": reais(minor)}
        return told | {"modalidadeAlteracao": 1} if self._profile.approves_part else told

    def pay(self, order: Order, code: str) -> Call:  # noqa: ARG002  # never reached
        raise AssertionError("push only: the profile says so and the channel asks it first")

    def query(self, order_no: str) -> Call:
        return self._call("query", "GET", _cob(order_no), order_no)

    def close(self, order_no: str) -> Call:
        """The expiry changes no status: a charge is dead for certain only once it is removed."""
        return self._call(
            "close", "PATCH", _cob(order_no), order_no, {"status": "REMOVIDA_PELO_USUARIO_RECEBEDOR"}
        )

    def reverse(self, order_no: str) -> Call:
        """Nothing is ever pulled; an order can be removed all the same."""
        return self.close(order_no)

    def refund(self, refund: RefundOrder) -> Call:
        assert E2E.fullmatch(refund.provider_txn), "evidence of a payment always names its Pix"
        assert REFUND_ID.fullmatch(refund.refund_no), refund.refund_no
        wish = {"valor": reais(refund.amount.minor)}
        if words := refund.reason[:WORDS_MAX]:
            wish["descricao"] = words
        target = f"/pix/{refund.provider_txn}/devolucao/{refund.refund_no}"
        number, asked = refund.refund_no, refund.amount.minor
        return self._call("refund", "PUT", target, refund.order_no, wish, refund_no=number, asked=asked)

    def query_refund(self, refund_no: str, order_no: str = "") -> Call:
        """A charge shows its Pix, and a Pix all that went back of it."""
        return self._call("query_refund", "GET", _cob(order_no), order_no, refund_no=refund_no)

    def ask_keys(self, key_id: str) -> Call | None:  # noqa: ARG002  # no call brings any
        return None

    def to_sign(self, call: Call, stamp: Stamp) -> bytes:  # noqa: ARG002  # the API signs nothing
        return b""

    def dress(self, call: Call, stamp: Stamp, signature: str, serial: str) -> HttpRequest:  # noqa: ARG002  # as above
        """The token is put on by ``TokenHttp``."""
        headers = [("Accept", "application/json, application/problem+json"), ("User-Agent", "Countertop")]
        if call.body:
            headers.append(("Content-Type", "application/json"))
        return HttpRequest(call.method, call.target, tuple(headers), call.body)

    def _call(
        self,
        act: Act,
        method: HttpMethod,
        target: str,
        order_no: str,
        wish: Mapping[str, object] | None = None,
        *,
        refund_no: str = "",
        asked: int = 0,
    ) -> Call:
        body = b"" if wish is None else json.dumps(wish, ensure_ascii=False, separators=(",", ":")).encode()
        return Call(act, method, self._merchant.path + target, body, order_no, refund_no, asked)

    # --- answers ---

    def seal(self, headers: Mapping[str, str], body: bytes) -> Seal:  # noqa: ARG002  # TLS proves the origin
        raise NotEvidence("signature_missing")

    def notification_seal(self, headers: Mapping[str, str], body: bytes) -> Seal:  # noqa: ARG002  # no header counts
        """Raises Hint, or NotEvidence ``notification_unreadable``: there is nothing to verify."""
        raise Hint(pix_messages.hinted(body))

    def notification(self, body: bytes) -> Notice | RefundNotice:  # noqa: ARG002  # never reached
        raise NotEvidence("signature_missing")

    def read_keys(self, body: bytes) -> Keys:  # noqa: ARG002  # none are ever asked for
        raise NotEvidence("keys_unreadable", field="none")

    def read(self, call: Call, reply: HttpReply, *, verified: bool) -> Answer:  # noqa: ARG002  # nothing is signed
        wait = retry_after(reply.headers)
        if reply.status == 429:
            return Unclear("rate_limited", wait)
        if reply.status == 401 and call.act == "order":
            return Refused(Refusal.CLOCK_OR_KEY)  # a fresh token was refused: nothing was worked on
        if 400 <= reply.status < 500:
            return pix_codes.answer(call.act, reply, wait)
        if reply.status not in _SUCCESS.get(call.act, _OK):
            return Unclear(f"http_{reply.status}", wait)
        try:
            if call.act == "refund":
                return self._refund_told(call, pix_messages.returned(reply.body), reply.body)
            return self._understand(call, pix_messages.charge(reply.body), reply.body)
        except Unreadable as error:
            return Unclear(f"unreadable: {error}", wait)

    def _understand(self, call: Call, found: Charge, body: bytes) -> Answer:
        if found.txid != call.order_no:
            return Unclear("other_order")
        match call.act:
            case "order":
                return self._code(call, found)
            case "query":
                first, *others = self._notices(found, body)
                return Told(first, tuple(others))
            case "query_refund":
                back = (each for pix in found.pix for each in pix.returned if each.id == call.refund_no)
                told = next(back, None)
                return NotThere() if told is None else self._refund_told(call, told, body)
            case _:
                closed = pix_codes.TRADES.get(found.status) is Trade.CLOSED and not found.pix
                return Accepted() if closed else Unclear(f"code {found.status}")

    def _code(self, call: Call, found: Charge) -> Answer:
        """The bank's code, taken apart and compared with its own charge before anybody sees it (S62, row 17)."""
        if (found.minor, found.key) != (call.asked_minor, self._merchant.key):
            return Unclear("other_terms")
        if found.status != "ATIVA" or found.pix:
            return Unclear(f"code {found.status}")
        account = {"url": found.location} if found.location else {}
        expected = CodeOrder("BRL", Money(found.minor, "BRL"), account)
        try:
            if found.code:
                theirs = _THEIRS | (frozenset() if found.location else {"account.url"})
                text = check(self._scheme, found.code, _with(expected, theirs)).text
            else:
                text = self._built(expected)
        except BadCode as flaw:
            return Unclear(f"code_not_ours: {flaw}")
        return CodeReady(text) if text.startswith(self._profile.code_prefixes) else Unclear("code_not_ours")

    def _built(self, expected: CodeOrder) -> str:
        """Banks may leave the code out; its address is all that matters to the payer's app."""
        details = {"name": self._merchant.name, "city": self._merchant.city}
        poster = CodeOrder(expected.currency, None, expected.account, details=details)
        return build(self._scheme, poster).text

    def _notices(self, found: Charge, body: bytes) -> list[Notice]:
        """A Pix that arrived counts whatever the status says; a charge takes one, a second one is never lost."""
        trade = pix_codes.TRADES.get(found.status)
        if trade is None or (trade is Trade.PAID and not found.pix):
            raise Unreadable("status")
        return [self._notice(found, trade, each, evidence_id(body)) for each in found.pix or (None,)]

    def _notice(self, found: Charge, trade: Trade, paid: Received | None, evidence: str) -> Notice:
        if paid is not None:
            back = any(each.trade is RefundTrade.REFUNDED for each in paid.returned)
            trade = Trade.RETURNED if back else Trade.PAID
            evidence += f"/{paid.e2e}"
        return Notice(
            provider=self._profile.name,
            source="query",
            evidence_id=evidence,
            merchant_id=found.key,
            app_id="",
            order_no=found.txid,
            trade=trade,
            amount_minor=found.minor if paid is None else paid.minor,
            currency="BRL",
            provider_txn="" if paid is None else paid.e2e,
            payer_minor=None if paid is None else paid.minor,
            paid_at="" if paid is None else paid.at,
            wallet=self._profile.name,
        )

    def _refund_told(self, call: Call, told: Returned, body: bytes) -> Answer:
        if told.id != call.refund_no:
            return Unclear("other_order")
        return RefundTold(
            RefundNotice(
                provider=self._profile.name,
                source="query",
                evidence_id=evidence_id(body),
                merchant_id=self._merchant.key,
                order_no=call.order_no,
                refund_no=told.id,
                trade=told.trade,
                amount_minor=told.minor,
                currency="BRL",
                provider_refund=told.rtr_id,
                refunded_at=told.settled_at,
            )
        )


def _with(expected: CodeOrder, theirs: frozenset[str]) -> CodeOrder:
    return CodeOrder(expected.currency, expected.amount, expected.account, theirs=theirs)


def _cob(txid: str) -> str:
    assert TXID.fullmatch(txid), txid
    return f"/cob/{txid}"
