"""A channel at Alipay for tests: the real connector with real keys, a scripted link, a clock that stands still."""

from dataclasses import dataclass, field

import msgspec

from terminal.banks.alipay import Alipay, Merchant
from terminal.banks.channel import Channel
from terminal.banks.connector import Keys, ProviderKey
from terminal.banks.open_alipay import AlipaySettings, open_alipay
from terminal.banks.profile_file import load_profile
from terminal.banks.signing import RsaSigner, RsaVerifier
from terminal.conformance.kit import Rig, ScriptedHttp
from terminal.payments.profile import Profile
from tests.unit.banks.alipay_peer import APP_ID, SELLER_ID, AlipayPeer
from tests.unit.banks.rigs import CountingEntropy, FakeClock, order, refund
from tests.unit.banks.wechat_peer import made_key, merchant_key

CODE = "286061098828009406"
MERCHANT = Merchant(APP_ID, SELLER_ID)
OTHER_NO = "01K5MZ0000ABCDEFGHJKMNPQRT"


def profile(**settings: str) -> Profile:
    """The shipped profile, its queries unpaced: the pace has tests of its own."""
    shipped = load_profile("alipay")
    return msgspec.structs.replace(shipped, queries_per_s=1e9, settings={**shipped.settings, **settings})


def connector(**settings: str) -> Alipay:
    return Alipay(profile(**settings), MERCHANT)


def alipay_keys() -> Keys:
    return {"alipay": ProviderKey(RsaVerifier(made_key("platform").public_key()))}


@dataclass(slots=True)
class AlipayBench:
    peer: AlipayPeer = field(default_factory=AlipayPeer)
    http: ScriptedHttp = field(default_factory=ScriptedHttp)
    clock: FakeClock = field(default_factory=FakeClock)

    def channel(self, **settings: str) -> Channel:
        return open_alipay(
            AlipaySettings(APP_ID, SELLER_ID),
            clock=self.clock,
            entropy=CountingEntropy(),
            test=True,
            profile=profile(**settings),
            http=self.http,
            signer=RsaSigner(merchant_key(), APP_ID, threaded=False),
            keys=alipay_keys(),
        )

    def rig(self, **settings: str) -> Rig:
        channel = self.channel(**settings)
        return Rig(channel, self.http, self.peer, order(), order(OTHER_NO), refund(), CODE)
