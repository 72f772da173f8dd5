"""The benches of the connectors that come with the program: their real channel on a scripted line."""

from collections.abc import Callable, Mapping
from typing import Final

from terminal.banks.alipay_certificates import Trust, serial_of
from terminal.banks.connector import ProviderKey
from terminal.banks.open_alipay import AlipaySettings, open_alipay
from terminal.banks.open_pix import PixSettings, open_pix
from terminal.banks.open_wechatpay import WeChatPaySettings, open_wechatpay
from terminal.banks.profile_file import load_profile
from terminal.banks.signing import RsaVerifier
from terminal.banks.tokens import Token
from terminal.conformance.kit import NOW_S, CountingEntropy, Rig, ScriptedHttp, StillClock, refund_no
from terminal.conformance.peers import alipay, alipay_certified, pix, wechatpay
from terminal.conformance.peers.rsa_keys import KeptSigner, rsa_key
from terminal.conformance.run import Bench
from terminal.counter.ports import Order, RefundOrder
from terminal.payments.money import Money
from terminal.payments.profile import Profile
from terminal.regions import load_region

ORDER_NO: Final = "01K5MZ0000ABCDEFGHJKMNPQRS"
OTHER_NO: Final = "01K5MZ0000ABCDEFGHJKMNPQRT"
SERIAL: Final = "D7CE59D1F522D701"
_KEY_TEXT: Final = "-----BEGIN"


def order(currency: str, order_no: str = ORDER_NO) -> Order:
    return Order(
        order_no, Money(2850, currency), "面包 Bread", "lane-1", (NOW_S + 90) * 1000, "https://shop.test/n"
    )


def refund(currency: str) -> RefundOrder:
    total = Money(2850, currency)
    return RefundOrder(
        refund_no(ORDER_NO), ORDER_NO, Money(100, currency), total, "returned", provider_txn=pix.E2E
    )


def wechatpay_bench(profile: Profile | None = None) -> Bench:
    used = profile or load_profile("wechatpay")

    def fresh() -> Rig:
        http, clock, entropy = ScriptedHttp(), StillClock(), CountingEntropy()
        settings = WeChatPaySettings(
            wechatpay.MCHID, wechatpay.APPID, SERIAL, wechatpay.APIV3_KEY, platform_key_id=wechatpay.KEY_ID
        )
        channel = open_wechatpay(
            settings,
            clock=clock,
            entropy=entropy,
            test=True,
            profile=used,
            http=http,
            signer=KeptSigner(SERIAL),
            keys={wechatpay.KEY_ID: ProviderKey(RsaVerifier(rsa_key("platform").public_key()))},
        )
        peer = wechatpay.WeChatPeer()
        two = order("CNY"), order("CNY", OTHER_NO)
        secrets = (wechatpay.APIV3_KEY, _KEY_TEXT)
        return Rig(channel, http, peer, *two, refund("CNY"), "130061098828009406", clock, secrets)

    return Bench("wechatpay", used, fresh)


def alipay_bench(profile: Profile | None = None) -> Bench:
    used = profile or load_profile("alipay")

    def fresh() -> Rig:
        http, clock, entropy = ScriptedHttp(), StillClock(), CountingEntropy()
        channel = open_alipay(
            AlipaySettings(alipay.APP_ID, alipay.SELLER_ID),
            clock=clock,
            entropy=entropy,
            test=True,
            profile=used,
            http=http,
            signer=KeptSigner(alipay.APP_ID),
            keys={"alipay": ProviderKey(RsaVerifier(rsa_key("platform").public_key()))},
        )
        two = order("CNY"), order("CNY", OTHER_NO)
        code = "286061098828009406"
        return Rig(channel, http, alipay.AlipayPeer(), *two, refund("CNY"), code, clock, (_KEY_TEXT,))

    return Bench("alipay", used, fresh)


def alipay_certified_bench(profile: Profile | None = None) -> Bench:
    """The same connector in certificate mode; one connector has one result, that of the key mode."""
    used = profile or load_profile("alipay")
    trust = Trust((alipay_certified.root(),), alipay_certified.CertifiedAlipayPeer().certificate.subject)

    def fresh() -> Rig:
        http, clock, entropy = ScriptedHttp(), StillClock(), CountingEntropy()
        peer = alipay_certified.CertifiedAlipayPeer()
        key = ProviderKey(RsaVerifier(rsa_key("platform").public_key()))
        channel = open_alipay(
            AlipaySettings(alipay.APP_ID, alipay.SELLER_ID),
            clock=clock,
            entropy=entropy,
            test=True,
            profile=used,
            http=http,
            signer=KeptSigner(serial_of(alipay_certified.app_certificate())),
            keys={peer.sn: key, "alipay": key},
            trust=trust,
        )
        two = order("CNY"), order("CNY", OTHER_NO)
        return Rig(channel, http, peer, *two, refund("CNY"), "286061098828009406", clock, (_KEY_TEXT,))

    return Bench("alipay", used, fresh)


def pix_bench(profile: Profile | None = None) -> Bench:
    used = profile or load_profile("pix")
    scheme = next(each for each in load_region("br").schemes if each.name == "pix_dynamic")

    def fresh() -> Rig:
        http, clock, entropy = ScriptedHttp(), StillClock(), CountingEntropy()
        secret = "canary-of-the-kit"  # noqa: S105  # of the kit's world alone
        channel = open_pix(
            PixSettings("https://pix.bank.example/api/v2", "client", pix.KEY, secret),
            scheme=scheme,
            clock=clock,
            entropy=entropy,
            test=True,
            profile=used,
            http=http,
            token=Token("canary-of-a-token", until_s=1e12),
        )
        two = order("BRL"), order("BRL", OTHER_NO)
        return Rig(channel, http, pix.PixPeer(), *two, refund("BRL"), "", clock, (secret, "canary-of-a-token"))

    return Bench("pix", used, fresh)


BENCHES: Final[Mapping[str, Callable[[], Bench]]] = {
    "wechatpay": wechatpay_bench,
    "alipay": alipay_bench,
    "pix": pix_bench,
}
