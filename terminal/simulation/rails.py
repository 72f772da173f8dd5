"""The table of worlds: what a shop on virtual time needs to speak one provider's language, and who pays there.

Keys are MACs in most worlds and real RSA in some (``rings.py``); Pix signs nothing, a bank without an API neither.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from msgspec import structs

from terminal.banks.alipay_messages import KEY_ID as ALIPAY_KEY
from terminal.banks.any_bank import AnyBank, AnyBankSettings
from terminal.banks.channel import Channel
from terminal.banks.connector import Keys
from terminal.banks.open_alipay import AlipaySettings, open_alipay
from terminal.banks.open_pix import PixSettings, open_pix
from terminal.banks.open_wechatpay import WeChatPaySettings, open_wechatpay
from terminal.banks.profile_file import load_profile
from terminal.counter.ports import Clock, Entropy
from terminal.payments.profile import Profile
from terminal.regions import load_region
from terminal.sandbox.any_bank import ACCOUNT
from terminal.sandbox.keyring import alipay_names
from terminal.sandbox.pix_forms import API, ROOT, pix_names
from terminal.sandbox.records import Webhook
from terminal.sandbox.wechatpay import Bank
from terminal.simulation.line import BankLine
from terminal.simulation.rings import Ring

BANK: Final = "https://bank.example"
WEBHOOK: Final = "https://shop.example/notify/pix"
IN_PART: Final = "pix_in_part"  # a shop whose payers may change the amount
WINDOW_S: Final = (
    2 * 86_400.0
)  # how long a transfer nobody proves is waited for: shorter than shipped, by its profile


@dataclass(frozen=True, slots=True)
class Access:
    """A simulated shop's own of its providers: what a connector is opened with.

    Args:
        profile: of WeChat Pay, which some worlds change; the others have the shipped ones.
        wechatpay, alipay, pix: the lines to them.
    """

    ring: Ring
    clock: Clock
    entropy: Entropy
    profile: Profile
    bank: Bank
    wechatpay: BankLine
    alipay: BankLine
    pix: BankLine


@dataclass(frozen=True, slots=True)
class Rail:
    """One connector in a simulated world.

    Args:
        wallet: whose payment codes customers show here; empty: the connector takes none.
        phrase: what the voice says of 28.50, in English.
        of: the connector of which it is another shop's choice; empty: it is the shipped one.
    """

    name: str
    currency: str
    wallet: str
    phrase: str
    open: Callable[[Access], Channel | AnyBank]
    of: str = ""


def open_wechat(shop: Access) -> Channel:
    mine = shop.ring.shop
    settings = WeChatPaySettings(
        mine.mchid, mine.appid, mine.serial, mine.apiv3_key, platform_key_id=mine.platform_serial, gateway=BANK
    )
    return open_wechatpay(
        settings,
        clock=shop.clock,
        entropy=shop.entropy,
        test=True,
        profile=shop.profile,
        http=shop.wechatpay,
        downloads=lambda _origin: shop.wechatpay,
        signer=shop.ring.signer,
        keys=shop.ring.verifiers,
    )


def open_ali(shop: Access) -> Channel:
    mine = shop.ring.shop
    names = alipay_names(mine.mchid)
    keys: Keys = {ALIPAY_KEY: shop.ring.verifiers[mine.platform_serial]}
    return open_alipay(
        AlipaySettings(names["alipay_app_id"], names["alipay_seller_id"], gateway=f"{BANK}/gateway.do"),
        clock=shop.clock,
        entropy=shop.entropy,
        test=True,
        http=shop.alipay,
        downloads=lambda _origin: shop.alipay,
        signer=shop.ring.signer,
        keys=keys,
    )


def open_cob(shop: Access, *, in_part: bool = False) -> Channel:
    """``in_part``: the payer may change the amount, and what is missing is asked for anew (row 33)."""
    names = pix_names(shop.ring.shop.mchid, shop.ring.shop.apiv3_key)
    shop.bank.ledger.webhooks.put(Webhook(names["pix_key"], WEBHOOK, 0))
    settings = PixSettings(
        gateway=f"https://pix.example{API}",
        client_id=names["pix_client_id"],
        client_secret=names["pix_client_secret"],
        key=names["pix_key"],
        oauth_url=f"{ROOT}/oauth/token",
    )
    scheme = next(each for each in load_region("br").schemes if each.name == "pix_dynamic")
    clock, entropy = shop.clock, shop.entropy
    profile = structs.replace(load_profile("pix"), approves_part=in_part)
    return open_pix(
        settings,
        scheme=scheme,
        clock=clock,
        entropy=entropy,
        test=True,
        profile=profile,
        http=shop.pix,
    )


def open_cob_in_part(shop: Access) -> Channel:
    return open_cob(shop, in_part=True)


def open_account(_shop: Access) -> AnyBank:
    """Euro transfers by the EPC's code."""
    epc = next(each for each in load_region("eu").schemes if each.name == "epc")
    profile = load_profile("any_bank")
    timings = structs.replace(profile.timings, reverse_window_s=WINDOW_S)
    settings = AnyBankSettings(epc, {"name": "Countertop Test Shop", "iban": ACCOUNT}, ACCOUNT)
    return AnyBank(settings, structs.replace(profile, currencies=epc.currencies, timings=timings))


RAILS: Final[Mapping[str, Rail]] = {
    each.name: each
    for each in (
        Rail("wechatpay", "CNY", "wechatpay", "twenty-eight yuan and fifty fen", open_wechat),
        Rail("alipay", "CNY", "alipay", "twenty-eight yuan and fifty fen", open_ali),
        Rail("pix", "BRL", "", "twenty-eight reais and fifty centavos", open_cob),
        Rail(IN_PART, "BRL", "", "twenty-eight reais and fifty centavos", open_cob_in_part, of="pix"),
        Rail("any_bank", "EUR", "", "twenty-eight euros and fifty cents", open_account),
    )
}


SHIPPED: Final = tuple(name for name, each in RAILS.items() if not each.of)
"""The connectors as they are brought along: what tables of every connector have."""


def currency_of(channels: tuple[str, ...]) -> str:
    """One counter sells in one currency."""
    currencies = {RAILS[each].currency for each in channels}
    assert len(currencies) == 1, channels
    return currencies.pop()
