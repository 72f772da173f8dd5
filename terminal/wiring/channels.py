"""From the settings file to a channel: the one place that knows which table belongs to which connector.

What only one of them needs is loaded by the shop that has it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from terminal.banks.any_bank import AnyBank, AnyBankSettings
from terminal.banks.channel import Channel
from terminal.banks.open_wechatpay import WeChatPaySettings, open_wechatpay
from terminal.connectors import Opening, demand_proof, own_connector, profile_of
from terminal.counter.hours import is_zone
from terminal.counter.ports import Clock, Entropy
from terminal.errors import BadSettings
from terminal.payments.fees import FeeRule
from terminal.payments.notice import Refusal
from terminal.payments.profile import Profile
from terminal.payments.reference import Form
from terminal.regions import load_region
from terminal.settings import Loaded
from terminal.settings.channel_tables import (
    AlipayTable,
    AnyBankTable,
    AnyChannel,
    OwnTable,
    PixTable,
    WeChatPayTable,
)

NOWHERE: Final = "https://query-only.invalid/notify"  # orders must name one; .invalid never resolves (RFC 6761)

T = TypeVar("T", bound=AnyChannel)
Opened = Channel | AnyBank
"""A provider with its link, or a bank that nobody can ask."""


def channel_of(loaded: Loaded, name: str, clock: Clock, entropy: Entropy) -> Opened:
    return open_channel(loaded, name, clock, entropy, notify_url(loaded, name))


def notify_url(loaded: Loaded, channel: str) -> str:
    """Where this channel's bank reaches us; nowhere is query-only, a first-class mode."""
    listen_at = loaded.settings.listen
    named = loaded.settings.channels[channel].notify_url
    if named or not listen_at.notify_port:
        return named or NOWHERE
    return f"https://{listen_at.notify_host}:{listen_at.notify_port}/notify/{channel}"


def open_channel(loaded: Loaded, name: str, clock: Clock, entropy: Entropy, notify_url: str) -> Opened:
    """The channel called ``name``; nothing is sent yet.

    Raises:
        BadSettings: what of its table, its secrets or its key files cannot be used; ``connector_red`` and
            ``connector_unproved``: live money only with a connector that passes the conformance kit.
    """
    table = loaded.settings.channels[name]
    if not _test(loaded):
        demand_proof(table.connector, loaded.state, clock)
    return _OPEN.get(table.connector, _own)(loaded, name, clock, entropy, notify_url)


def _wechatpay(loaded: Loaded, name: str, clock: Clock, entropy: Entropy, notify_url: str) -> Channel:
    table = _table(loaded, name, WeChatPayTable)
    settings = WeChatPaySettings(
        mchid=table.mchid,
        appid=table.appid,
        merchant_serial=table.merchant_serial,
        apiv3_key=loaded.secrets.get(name, "apiv3_key"),
        merchant_key_file=loaded.path(table.merchant_key_file),
        merchant_certificate_file=_file(loaded, table.merchant_certificate_file),
        next_merchant_serial=table.next_merchant_serial,
        next_merchant_key_file=_file(loaded, table.next_merchant_key_file),
        next_merchant_certificate_file=_file(loaded, table.next_merchant_certificate_file),
        next_merchant_from=table.next_merchant_from,
        platform_key_id=table.platform_key_id,
        platform_key_file=_file(loaded, table.platform_key_file),
        next_platform_key_id=table.next_platform_key_id,
        next_platform_key_file=_file(loaded, table.next_platform_key_file),
        certificates=table.certificates,
        gateway=table.gateway,
        ca_file=_file(loaded, table.ca_file),
        notify_url=notify_url,
        store_id=table.store_id,
    )
    return open_wechatpay(settings, clock=clock, entropy=entropy, test=_test(loaded), profile=_profile(table))


def _alipay(loaded: Loaded, name: str, clock: Clock, entropy: Entropy, notify_url: str) -> Channel:
    from terminal.banks.open_alipay import AlipaySettings, open_alipay

    table = _table(loaded, name, AlipayTable)
    settings = AlipaySettings(
        app_id=table.app_id,
        seller_id=table.seller_id,
        app_key_file=_file(loaded, table.app_key_file),
        alipay_key_file=_file(loaded, table.alipay_key_file),
        next_app_key_file=_file(loaded, table.next_app_key_file),
        next_app_from=table.next_app_from,
        next_alipay_key_file=_file(loaded, table.next_alipay_key_file),
        app_certificate_file=_file(loaded, table.app_certificate_file),
        alipay_certificate_file=_file(loaded, table.alipay_certificate_file),
        root_certificate_file=_file(loaded, table.root_certificate_file),
        next_app_certificate_file=_file(loaded, table.next_app_certificate_file),
        next_alipay_certificate_file=_file(loaded, table.next_alipay_certificate_file),
        gateway=table.gateway,
        ca_file=_file(loaded, table.ca_file),
        notify_url=notify_url,
        store_id=table.store_id,
    )
    return open_alipay(settings, clock=clock, entropy=entropy, test=_test(loaded), profile=_profile(table))


def _pix(loaded: Loaded, name: str, clock: Clock, entropy: Entropy, notify_url: str) -> Channel:  # noqa: ARG001  # an order names none
    from terminal.banks.open_pix import PixSettings, open_pix

    table = _table(loaded, name, PixTable)
    settings = PixSettings(
        gateway=table.gateway,
        client_id=table.client_id,
        client_secret=loaded.secrets.get(name, "client_secret"),
        key=table.key,
        oauth_url=table.oauth_url,
        oauth_way=table.oauth_way,
        scope=table.scope,
        certificate_file=_file(loaded, table.certificate_file),
        key_file=_file(loaded, table.key_file),
        ca_file=_file(loaded, table.ca_file),
        name=table.name,
        city=table.city,
    )
    scheme = next(each for each in load_region("br").schemes if each.name == "pix_dynamic")
    test = _test(loaded)
    profile = msgspec.structs.replace(_profile(table), approves_part=table.payer_may_change)
    return open_pix(settings, scheme=scheme, clock=clock, entropy=entropy, test=test, profile=profile)


def _any_bank(loaded: Loaded, name: str, clock: Clock, entropy: Entropy, notify_url: str) -> AnyBank:  # noqa: ARG001  # no line, no key
    table = _table(loaded, name, AnyBankTable)
    scheme = next((each for each in load_region(table.region).schemes if each.name == table.scheme), None)
    if scheme is None:
        raise BadSettings("setting_unusable", field=f"channels.{name}.scheme", why=f"{table.region} has none such")
    settings = AnyBankSettings(
        scheme=scheme,
        account=table.account,
        statement_account=table.statement_account,
        details=table.details,
        form=Form(table.reference) if table.reference else None,
        where=table.reference_in,
        intraday=table.intraday,
    )
    return AnyBank(settings, msgspec.structs.replace(_profile(table), currencies=scheme.currencies))


def _own(loaded: Loaded, name: str, clock: Clock, entropy: Entropy, notify_url: str) -> Channel:
    table = _table(loaded, name, OwnTable)
    connector = own_connector(table.connector)
    assert connector is not None, "settings take a connector's table only while its package is there"
    return connector.open(
        Opening(
            own=table.own,
            secret=lambda key: loaded.secrets.get(name, key),
            file=loaded.path,
            profile=_profile(table),
            gateway=table.gateway,
            notify_url=notify_url,
            test=_test(loaded),
            clock=clock,
            entropy=entropy,
            ca_file=_file(loaded, table.ca_file),
        )
    )


_OPEN: Final[Mapping[str, Callable[[Loaded, str, Clock, Entropy, str], Opened]]] = {
    "wechatpay": _wechatpay,
    "alipay": _alipay,
    "pix": _pix,
    "any_bank": _any_bank,
}


def _table(loaded: Loaded, name: str, kind: type[T]) -> T:
    table = loaded.settings.channels[name]
    assert isinstance(table, kind), f"{name}: settings read it as {type(table).__name__}"
    return table


def _fee(table: AnyChannel, rate_ppm: int) -> FeeRule:
    """Its name says all of it, so that two prices never share one."""
    names = [table.connector, f"{rate_ppm}ppm"]
    names += [f"min{table.fee_min_minor}"] if table.fee_min_minor else []
    names += [f"free{table.fee_free_up_to_minor}"] if table.fee_free_up_to_minor else []
    names += [f"until{table.fee_free_until:%Y%m%d}"] if table.fee_free_until else []
    return FeeRule(
        "-".join(names), rate_ppm, table.fee_min_minor, table.fee_free_up_to_minor, table.fee_free_until
    )


def _profile(table: AnyChannel) -> Profile:
    profile = profile_of(table.connector)
    chosen: dict[str, object] = {}
    if table.day_limit_minor:
        chosen["day_limit_minor"] = table.day_limit_minor
    if table.fee_ppm is not None:
        chosen["fee"] = _fee(table, table.fee_ppm)
    if table.payout is not None:
        if not table.payout.usable:
            raise BadSettings("setting_unusable", field="payout", why="no such working days")
        chosen["payout"] = table.payout
    if table.refund_hours:
        chosen["refund_hours"] = table.refund_hours
    if table.refund_zone:
        if not is_zone(table.refund_zone):
            raise BadSettings("setting_unusable", field="refund_zone", why="no such time zone")
        chosen["refund_zone"] = table.refund_zone
    if not table.undo:
        chosen["void_by_reverse"] = False
    if table.refund_retry:
        chosen["refund_retry"] = (Refusal.NO_FUNDS.value,)
    return msgspec.structs.replace(profile, **chosen)


def _file(loaded: Loaded, text: str) -> Path | None:
    return loaded.path(text) if text else None


def _test(loaded: Loaded) -> bool:
    return loaded.settings.mode == "test"
