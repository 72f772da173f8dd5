"""Connectors with one thing wrong each: what the kit is for. Each is a small change of a working one."""

import contextlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import quote, unquote

from terminal.banks.alipay import Alipay
from terminal.banks.alipay import Merchant as AlipayMerchant
from terminal.banks.channel import Channel
from terminal.banks.connector import Call, Connector, Keys, ProviderKey, Seal
from terminal.banks.profile_file import load_profile
from terminal.banks.signing import RsaVerifier, Verifier
from terminal.banks.wechatpay import Merchant, WeChatPay
from terminal.conformance.benches import ORDER_NO, SERIAL, alipay_bench, wechatpay_bench
from terminal.conformance.kit import NOW_S, CountingEntropy, Rig, refund_no
from terminal.conformance.peers import alipay, wechatpay
from terminal.conformance.peers.rsa_keys import KeptSigner, rsa_key
from terminal.conformance.run import Bench
from terminal.counter.ports import HttpReply, Order
from terminal.payments.notice import (
    Answer,
    Notice,
    NotThere,
    RefundNotice,
    Refusal,
    Refused,
    Told,
    Trade,
    Unclear,
)

_log = logging.getLogger(__name__)
PROFILE, ALIPAY = load_profile("wechatpay"), load_profile("alipay")


class BelievesUnsigned(WeChatPay):
    def read(self, call: Call, reply: HttpReply, *, verified: bool) -> Answer:
        return super().read(call, reply, verified=True)


class ComparesNoAmount(WeChatPay):
    """Fills in what the sale asked for, instead of what the provider says."""

    asked = 2850

    def read(self, call: Call, reply: HttpReply, *, verified: bool) -> Answer:
        answer = super().read(call, reply, verified=verified)
        return Told(replace(answer.notice, amount_minor=self.asked)) if isinstance(answer, Told) else answer


class TakesStale(WeChatPay):
    def seal(self, headers: Mapping[str, str], body: bytes) -> Seal:
        return replace(super().seal(headers, body), at_s=NOW_S)


class WritesAgainBeforeVerifying(WeChatPay):
    def seal(self, headers: Mapping[str, str], body: bytes) -> Seal:
        with contextlib.suppress(ValueError, RecursionError):
            body = json.dumps(json.loads(body), ensure_ascii=False).encode()
        return super().seal(headers, body)


class DeclinesOn500(WeChatPay):
    def read(self, call: Call, reply: HttpReply, *, verified: bool) -> Answer:
        if reply.status >= 500:
            return Refused(Refusal.BAD_REQUEST)
        return super().read(call, reply, verified=verified)


class NewNumberEachTime(WeChatPay):
    count = 0

    def pay(self, order: Order, code: str) -> Call:
        self.count += 1
        return super().pay(replace(order, order_no=order.order_no[:-2] + f"{self.count:02d}"), code)


class AnyMerchantIsUs(WeChatPay):
    def read(self, call: Call, reply: HttpReply, *, verified: bool) -> Answer:
        answer = super().read(call, reply, verified=verified)
        return Told(self._ours(answer.notice)) if isinstance(answer, Told) else answer

    def notification(self, body: bytes) -> Notice | RefundNotice:
        notice = super().notification(body)
        return self._ours(notice) if isinstance(notice, Notice) else notice

    def _ours(self, notice: Notice) -> Notice:
        return replace(notice, merchant_id=self.account.merchant_id, app_id=self.account.app_id)


class FloatAmounts(Alipay):
    """28.50 becomes 28.5, and 0.1 + 0.2 is near."""

    def order(self, order: Order) -> Call:
        call = super().order(order)
        wish = json.loads(unquote(call.body.decode().removeprefix("biz_content=")))
        wish["total_amount"] = float(wish["total_amount"])
        return replace(call, body=b"biz_content=" + quote(json.dumps(wish), safe="").encode())


class YesSayer:
    """Verifies with whatever key the message names."""

    def verifies(self, message: bytes, signature: str) -> bool:
        return True


class PaidForAClose(WeChatPay):
    def read(self, call: Call, reply: HttpReply, *, verified: bool) -> Answer:
        answer = super().read(call, reply, verified=verified)
        if call.act != "close" or isinstance(answer, Unclear):
            return answer
        return Told(
            Notice("wechatpay", "query", "x", self.account.merchant_id, "", call.order_no, Trade.PAID, 2850, "CNY")
        )


class NotFoundIsNo(WeChatPay):
    def read(self, call: Call, reply: HttpReply, *, verified: bool) -> Answer:
        answer = super().read(call, reply, verified=verified)
        return Refused(Refusal.ORDER_CLOSED) if isinstance(answer, NotThere) else answer


class AnswersForAnybody(WeChatPay):
    """Takes the order of the answer for the order of the question."""

    def read(self, call: Call, reply: HttpReply, *, verified: bool) -> Answer:
        named = next(
            (each for each in (ORDER_NO, ORDER_NO[:-1] + "T") if each.encode() in reply.body), call.order_no
        )
        answer = super().read(replace(call, order_no=named, refund_no=refund_no(named)), reply, verified=verified)
        return Told(replace(answer.notice, order_no=call.order_no)) if isinstance(answer, Told) else answer


class LogsTheCode(WeChatPay):
    def pay(self, order: Order, code: str) -> Call:
        _log.debug("charging %s", code)
        return super().pay(order, code)


class OddIsClosed(WeChatPay):
    def read(self, call: Call, reply: HttpReply, *, verified: bool) -> Answer:
        return super().read(
            call, replace(reply, body=reply.body.replace(b"SUCCESSFUL", b"CLOSED")), verified=verified
        )


class EveryEventIsNew(WeChatPay):
    count = 0

    def notification(self, body: bytes) -> Notice | RefundNotice:
        self.count += 1
        return replace(super().notification(body), evidence_id=f"{self.count}")


def bench(kind: type[WeChatPay | Alipay], verifier: Verifier | None = None) -> Bench:
    """The kit's bench with this connector in the place of the sound one."""
    sound = alipay_bench() if issubclass(kind, Alipay) else wechatpay_bench()
    key = ProviderKey(verifier or RsaVerifier(rsa_key("platform").public_key()))
    make: Callable[[], Connector]
    if issubclass(kind, Alipay):
        keys: Keys = {"alipay": key}
        make = lambda: kind(ALIPAY, AlipayMerchant(alipay.APP_ID, alipay.SELLER_ID))  # noqa: E731  # one of two
    else:
        keys = {wechatpay.KEY_ID: key}
        shop = Merchant(wechatpay.MCHID, wechatpay.APPID, wechatpay.APIV3_KEY.encode())
        make = lambda: kind(PROFILE, shop)  # noqa: E731  # as above

    def fresh() -> Rig:
        rig = sound.fresh()
        channel = Channel(
            make(), signer=KeptSigner(SERIAL), http=rig.http, clock=rig.clock, entropy=CountingEntropy(), keys=keys
        )
        return replace(rig, channel=channel)

    return replace(sound, fresh=fresh)
