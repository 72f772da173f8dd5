"""The WeChat Pay connector in the conformance kit, and the kit against connectors that are wrong."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from terminal.banks.channel import Channel
from terminal.banks.conformance import Case, Rig, run_all
from terminal.banks.conformance_cases import ALL_CASES
from terminal.banks.connector import Call, ProviderKey, Seal, Stamp
from terminal.banks.signing import RsaSigner
from terminal.banks.wechatpay import Merchant, WeChatPay
from terminal.counter.ports import HttpReply, HttpRequest
from terminal.payments.notice import Answer, Notice, Paying, RefundNotice, Told, Trade
from tests.unit.banks.rigs import Bench, CountingEntropy, platform_keys, profile
from tests.unit.banks.wechat_peer import APIV3_KEY, APPID, MCHID, merchant_key


@pytest.mark.row(28, 31, 32)
@pytest.mark.parametrize("one", ALL_CASES, ids=lambda one: one.name)
async def test_wechatpay_conforms(one: Case) -> None:
    await one.run(Bench().rig())


class Gullible:
    """Says yes to every signature."""

    def verifies(self, message: bytes, signature: str) -> bool:
        return True


class ForgetsTime(WeChatPay):
    def seal(self, headers: Mapping[str, str], body: bytes) -> Seal:
        return replace(super().seal(headers, body), at_s=Bench().peer.now_s)


class AnyOrder(WeChatPay):
    def read(self, call: Call, reply: HttpReply, *, verified: bool) -> Answer:
        answer = super().read(replace(call, order_no=""), reply, verified=verified)
        other = super().read(replace(call, order_no="01K5MZ0000ABCDEFGHJKMNPQRT"), reply, verified=verified)
        return other if isinstance(other, Told) else answer


class TrustsUnsigned(WeChatPay):
    def read(self, call: Call, reply: HttpReply, *, verified: bool) -> Answer:
        return super().read(call, reply, verified=True)


class HidesAmount(WeChatPay):
    def notification(self, body: bytes) -> Notice | RefundNotice:
        return replace(super().notification(body), amount_minor=1)


class Optimist(WeChatPay):
    def read(self, call: Call, reply: HttpReply, *, verified: bool) -> Answer:
        answer = super().read(call, reply, verified=verified)
        if isinstance(answer, Paying):
            return Paying()
        if isinstance(answer, Told):
            return Told(replace(answer.notice, trade=Trade.PAID))
        return answer


class SignsOther(WeChatPay):
    def dress(self, call: Call, stamp: Stamp, signature: str, serial: str) -> HttpRequest:
        request = super().dress(call, stamp, signature, serial)
        return replace(request, body=request.body.replace(b",", b", "))


def wrong_rig(kind: type[WeChatPay], *, gullible: bool = False) -> Rig:
    bench = Bench()
    connector = kind(profile(), Merchant(MCHID, APPID, APIV3_KEY.encode()))
    keys = {key_id: ProviderKey(Gullible()) for key_id in platform_keys()} if gullible else platform_keys()
    channel = Channel(
        connector,
        signer=RsaSigner(merchant_key(), "D7CE59D1F522D701", threaded=False),
        http=bench.http,
        clock=bench.clock,
        entropy=CountingEntropy(),
        keys=keys,
    )
    return replace(bench.rig(), channel=channel)


@pytest.mark.parametrize(
    ("kind", "gullible", "finds"),
    [
        (WeChatPay, True, "B5 a success without"),
        (ForgetsTime, False, "S11 an old or future"),
        (AnyOrder, False, "B10"),
        (TrustsUnsigned, False, "B5 a success without"),
        (HidesAmount, False, "a genuine notification"),
        (Optimist, False, "every state"),
        (SignsOther, False, "S10"),
    ],
)
async def test_the_kit_finds_a_wrong_connector(kind: type[WeChatPay], gullible: bool, finds: str) -> None:
    cases = [one for one in ALL_CASES if one.name.startswith((finds, "3.1 not found"))]
    failed = [bool(one.failure) for one in await run_all(cases, lambda: wrong_rig(kind, gullible=gullible))]
    assert failed == [not one.name.startswith("3.1") for one in cases]
