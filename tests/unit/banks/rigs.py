"""Channels for tests: the real connector with real keys, a scripted link and clocks that stand still."""

from dataclasses import dataclass, field

import msgspec

from terminal.banks.channel import Channel
from terminal.banks.connector import Keys, ProviderKey
from terminal.banks.open_wechatpay import WeChatPaySettings, open_wechatpay
from terminal.banks.profile_file import load_profile
from terminal.banks.signing import RsaSigner, RsaVerifier
from terminal.banks.wechatpay import Merchant, WeChatPay
from terminal.conformance.kit import CountingEntropy, Rig, ScriptedHttp
from terminal.conformance.kit import StillClock as FakeClock
from terminal.counter.ports import Order, RefundOrder
from terminal.payments.money import Money
from terminal.payments.profile import Profile
from tests.unit.banks.wechat_peer import (
    APIV3_KEY,
    APPID,
    KEY_ID,
    MCHID,
    NOW_S,
    WeChatPeer,
    made_key,
    merchant_key,
)

__all__ = ["CountingEntropy", "FakeClock"]

ORDER_NO = "01K5MZ0000ABCDEFGHJKMNPQRS"
CODE = "130061098828009406"
MERCHANT = Merchant(MCHID, APPID, APIV3_KEY.encode())


def order(order_no: str = ORDER_NO, minor: int = 2850) -> Order:
    return Order(order_no, Money(minor, "CNY"), "面包 Bread", "lane-1", (NOW_S + 90) * 1000, "https://shop.test/n")


def refund(minor: int = 100) -> RefundOrder:
    return RefundOrder("R-" + ORDER_NO, ORDER_NO, Money(minor, "CNY"), Money(2850, "CNY"), "returned")


def settings(**changes: object) -> WeChatPaySettings:
    given: dict[str, object] = {
        "mchid": MCHID,
        "appid": APPID,
        "merchant_serial": "D7CE59D1F522D701",
        "apiv3_key": APIV3_KEY,
        "platform_key_id": KEY_ID,
        **changes,
    }
    return WeChatPaySettings(**given)  # type: ignore[arg-type]  # the tests change fields by name


def profile() -> Profile:
    """The shipped profile, its queries unpaced: the pace has tests of its own."""
    return msgspec.structs.replace(load_profile("wechatpay"), queries_per_s=1e9)


def merchant_connector(**chosen: str) -> WeChatPay:
    return WeChatPay(msgspec.structs.replace(profile(), settings=chosen), MERCHANT)


def platform_keys() -> Keys:
    return {KEY_ID: ProviderKey(RsaVerifier(made_key("platform").public_key()))}


@dataclass(slots=True)
class Bench:
    """A channel whose peer and script a test holds."""

    peer: WeChatPeer = field(default_factory=WeChatPeer)
    http: ScriptedHttp = field(default_factory=ScriptedHttp)
    clock: FakeClock = field(default_factory=FakeClock)

    def channel(
        self, *, keys: Keys | None = None, with_profile: Profile | None = None, **changes: object
    ) -> Channel:
        return open_wechatpay(
            settings(**changes),
            clock=self.clock,
            entropy=CountingEntropy(),
            test=True,
            profile=with_profile or profile(),
            http=self.http,
            signer=RsaSigner(merchant_key(), "D7CE59D1F522D701", threaded=False),
            keys=platform_keys() if keys is None else keys,
        )

    def rig(self) -> Rig:
        return Rig(
            self.channel(), self.http, self.peer, order(), order("01K5MZ0000ABCDEFGHJKMNPQRT"), refund(), CODE
        )
