"""The settings of one account at a provider: one table for each connector (docs/connect)."""

from typing import Annotated, Final, Literal

import msgspec


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
    refund_hours: tuple[Clock, Clock] | None = None  # from, until, of refund_zone; unset: the profile's
    refund_zone: str = ""  # unset: the profile's
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
    alipay_key_file: str  # Alipay's public key for this app
    next_app_key_file: str = ""
    next_app_from: str = ""
    next_alipay_key_file: str = ""  # accepted beside the present one
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
    name: str = ""  # of shop and city, only for a bank whose answers hold no code
    city: str = ""


CHANNELS: Final[dict[str, type[AnyChannel]]] = {
    "wechatpay": WeChatPayTable,
    "alipay": AlipayTable,
    "pix": PixTable,
}
