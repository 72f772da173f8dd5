"""What a channel may charge is kept with the sale, so that a bill is judged by the price of its day (row 116)."""

from datetime import date
from pathlib import Path

import msgspec
import pytest

from terminal.banks.channel import Channel
from terminal.counter.ports import Provider
from terminal.payments.fees import FeeRule
from terminal.payments.profile import Profile
from terminal.settings import load
from terminal.system import SystemClock, SystemEntropy
from terminal.web.shapes.sales import sale_view
from terminal.wiring.channels import open_channel
from tests.flows.shop import Shop, story
from tests.unit.banks.test_signing import private_pem, public_pem
from tests.unit.banks.wechat_peer import made_key, merchant_key

PRICE: dict[str, FeeRule | None] = {"wechatpay": None}


class Priced:
    """The real channel at the story's price."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    @property
    def profile(self) -> Profile:
        return msgspec.structs.replace(self._channel.profile, fee=PRICE["wechatpay"])

    def __getattr__(self, name: str) -> object:
        return getattr(self._channel, name)


def priced(channel: Channel) -> Provider:
    return Priced(channel)  # type: ignore[return-value]  # everything else is the channel's by __getattr__


@pytest.mark.row(116)
@story(provider=priced)
async def test_every_attempt_keeps_the_price_that_held_when_it_began(shop: Shop) -> None:
    PRICE["wechatpay"] = None
    plain = await shop.paid()
    old = PRICE["wechatpay"] = FeeRule("old", 6000)
    first = await shop.paid()
    new = PRICE["wechatpay"] = FeeRule("new", 3800, min_minor=1, free_until=date(2026, 12, 31))
    second = await shop.open(push=False)
    second = await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(second).state == "paid", 5)
    started = [each.body.get("fee_rule") for each in shop.events("attempt_started")]
    assert started == [None, old.fields(), new.fields()], "nothing is said where nothing is known"
    await shop.restart()
    for sale, rule in ((plain, ""), (first, "old"), (second, "new")):
        [view] = sale_view(shop.sale(sale), test=True).attempts
        assert view.fee_rule == rule
    kept = shop.attempt(second).fee
    assert kept is not None
    assert kept.expected_fee(10_000) == 38_000


SETTINGS = """
mode = "live"
counters = [{ id = "1" }]
[shop]
merchant = "m"
store = "s"
title = "Tea"
[state]
folder = "state"
[channels.wechatpay]
connector = "alipay"
app_id = "2021000000000000"
seller_id = "2088000000000000"
app_key_file = "app.pem"
alipay_key_file = "alipay.pem"
"""


@pytest.mark.row(116)
@pytest.mark.parametrize(
    ("keys", "rule"),
    [
        ("", None),
        ("fee_ppm = 6000", FeeRule("alipay-6000ppm", 6000)),
        ("fee_ppm = 0\nfee_min_minor = 3", FeeRule("alipay-0ppm-min3", 0, 3)),
        (
            "fee_ppm = 3800\nfee_free_up_to_minor = 1000\nfee_free_until = 2026-12-31",
            FeeRule("alipay-3800ppm-free1000-until20261231", 3800, 0, 1000, date(2026, 12, 31)),
        ),
    ],
)
def test_the_price_stands_in_the_channel_s_table_and_its_name_says_all_of_it(
    tmp_path: Path, keys: str, rule: FeeRule | None
) -> None:
    (tmp_path / "app.pem").write_bytes(private_pem(merchant_key()))
    (tmp_path / "alipay.pem").write_bytes(public_pem(made_key("platform")))
    (tmp_path / "secrets.toml").write_text("")
    (tmp_path / "secrets.toml").chmod(0o600)
    (tmp_path / "countertop.toml").write_text(SETTINGS + keys)
    channel = open_channel(
        load(tmp_path / "countertop.toml"), "wechatpay", SystemClock(), SystemEntropy(), "https://x.invalid/n"
    )
    assert channel.profile.fee == rule
