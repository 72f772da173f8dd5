"""The settings of one account at a provider: one table for each connector (docs/connect)."""

from datetime import date
from typing import Annotated, Final, Literal

import msgspec

from terminal.payments.payout import PayoutDays


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the settings file; an unknown key is refused."""


Clock = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class AnyChannel(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every provider account has. Files are relative to the settings file."""

    connector: str
    gateway: str
    ca_file: str = ""
    notify_url: str = ""
    store_id: str = ""
    day_limit_minor: Annotated[int, msgspec.Meta(ge=0)] = 0  # what it may take in one settlement day; 0: no limit
    fee_ppm: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None  # 0.60 % is 6000; unset: not known
    fee_min_minor: Annotated[int, msgspec.Meta(ge=0)] = 0  # the least fee of one payment
    fee_free_up_to_minor: Annotated[int, msgspec.Meta(ge=0)] = 0  # payments up to this cost nothing
    fee_free_until: date | None = None  # the last day of a fee holiday
    payout: PayoutDays | None = None  # when its money comes by contract; unset: the profile's
    refund_hours: tuple[Clock, Clock] | None = None  # from, until, of refund_zone; unset: the profile's
    refund_zone: str = ""  # unset: the profile's
    undo: bool = True  # where the channel's rule allows it, a payment is undone instead of refunded
    poster: Annotated[str, msgspec.Meta(max_length=512)] = ""  # text of the shop's own static code
    refund_retry: bool = False  # too little on the shop's account at the provider: wait and send it again
    sandbox: bool = False


class WeChatPayTable(AnyChannel, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An account at WeChat Pay; ``apiv3_key`` stands in the secrets file."""

    connector: Literal["wechatpay"] = "wechatpay"
    mchid: str
    appid: str
    merchant_serial: str = ""  # may be left to the certificate
    merchant_key_file: str
    merchant_certificate_file: str = ""
    next_merchant_serial: str = ""
    next_merchant_key_file: str = ""
    next_merchant_certificate_file: str = ""
    next_merchant_from: str = ""  # 2026-05-01T03:00:00+08:00: from then on the next key signs
    platform_key_id: str = ""
    platform_key_file: str = ""
    next_platform_key_id: str = ""  # accepted beside the present one
    next_platform_key_file: str = ""
    certificates: bool = True
    gateway: str = "https://api.mch.weixin.qq.com"


class AlipayTable(AnyChannel, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An app at Alipay's Open Platform; its only secret is the file of its private key."""

    connector: Literal["alipay"] = "alipay"
    app_id: str
    seller_id: str  # 16 digits that begin with 2088
    app_key_file: str  # the app's own private key
    alipay_key_file: str = ""  # Alipay's public key for this app; or the certificates:
    app_certificate_file: str = ""
    alipay_certificate_file: str = ""
    root_certificate_file: str = ""
    next_app_key_file: str = ""
    next_app_from: str = ""
    next_app_certificate_file: str = ""
    next_alipay_key_file: str = ""  # accepted beside the present one
    next_alipay_certificate_file: str = ""
    gateway: str = "https://openapi.alipay.com/gateway.do"


class PixTable(AnyChannel, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An account at a bank with the Pix API; ``client_secret`` stands in the secrets file."""

    connector: Literal["pix"] = "pix"
    gateway: str  # the API's base address with its path, such as https://pix.bank.example/api/v2
    client_id: str
    key: str  # the Pix key that is paid
    oauth_url: str = "/oauth/token"  # a path at the gateway's host, or a whole address
    oauth_way: Literal["basic", "body"] = "basic"  # how the secret is sent there
    scope: str = "cob.write cob.read pix.write pix.read webhook.write webhook.read"
    certificate_file: str = (
        ""  # of the client, with its chain; together with its key, where the bank wants TLS both ways
    )
    key_file: str = ""
    payer_may_change: bool = False  # the amount: what is missing is asked for anew
    name: str = ""  # of shop and city, only for a bank whose answers hold no code
    city: str = ""


class AnyBankTable(AnyChannel, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An account at any bank, confirmed by its statements (docs/connect/any-bank.md)."""

    connector: Literal["any_bank"] = "any_bank"
    gateway: str = ""  # there is none
    region: str  # the pack the scheme stands in: eu, ch, in, th, br, vn, sg, …
    scheme: str  # epc, swiss_qr_bill, upi, promptpay_bill, pix_static, vietqr, paynow, …
    account: dict[str, str]  # who gets the money, by the scheme's names
    details: dict[str, str] = msgspec.field(default_factory=dict)  # what stands around it: name, city, …
    reference: Literal["", "creditor", "swiss", "plain"] = ""  # empty: the scheme's usual one
    reference_in: Literal["reference", "message"] = "reference"  # of EPC and the QR-bill
    statement_account: str  # as the bank's statements write it: the IBAN, or the account's number
    statement_folder: str  # where the bank's files are dropped
    statement_look_s: Annotated[float, msgspec.Meta(ge=0.05, le=3600)] = 5.0  # a file must stand still so long
    statement_mapping: str = ""  # of CSV statements; empty: camt and MT940 alone are read
    intraday: Literal["confirms", "waits"] = "confirms"  # what a camt.054's booked credit is worth


class OwnTable(AnyChannel, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A connector of somebody else's, installed beside us (docs/connect/your-own-bank.md)."""

    own: dict[str, str] = msgspec.field(default_factory=dict)  # what its page asks for; no secrets


OWN_GROUP: Final = "countertop.connectors"  # of entry points


def installed(connector: str) -> bool:
    """Whether a package offers this connector; nothing of it is imported."""
    from importlib.metadata import entry_points  # 20 ms, and most shops have no such package

    return bool(entry_points(group=OWN_GROUP, name=connector))


_PAYEE: Final = ("mchid", "seller_id", "key", "account", "statement_account", "own")


def payee(table: AnyChannel) -> str:
    """Who gets a channel's money, as its table names them: whatever is changed here pays somebody else."""
    named = ((name, getattr(table, name, "")) for name in _PAYEE)
    return msgspec.json.encode({name: value for name, value in named if value}, order="sorted").decode()


CHANNELS: Final[dict[str, type[AnyChannel]]] = {
    "wechatpay": WeChatPayTable,
    "alipay": AlipayTable,
    "pix": PixTable,
    "any_bank": AnyBankTable,
}
