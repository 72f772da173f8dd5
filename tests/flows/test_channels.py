"""From a settings file to both wallets at a real sandbox over HTTP: tables, key files, gateways, what is wrong."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from terminal.app import running
from terminal.counter.ports import Order
from terminal.errors import BadSettings
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.money import Money
from terminal.payments.notice import CodeReady, NotThere, RefundTold, Told, Trade
from terminal.sandbox.server import Sandbox, start_sandbox
from terminal.settings import Loaded, Problems, load
from terminal.settings.channel_tables import AlipayTable, PixTable
from terminal.system import SystemClock, SystemEntropy
from terminal.tls.local_authority import ensure
from terminal.wiring.channels import open_channel
from terminal.wiring.house import house_of
from tests.flows.ports import claim
from tests.flows.sandbox_rig import running_sandbox

EXAMPLE = Path(__file__).parents[2] / "docs" / "countertop.example.toml"
TEXT = """\
mode = "test"
[shop]
merchant = "m"
store = "s"
title = "Tea"
[channels.wechatpay]
sandbox = true
gateway = "{gateway}"
mchid = "{mchid}"
appid = "{appid}"
merchant_serial = "{merchant_serial}"
merchant_key_file = "{folder}/{merchant_private_key_file}"
platform_key_id = "{platform_public_key_id}"
platform_key_file = "{folder}/{platform_public_key_file}"
[channels.alipay]
connector = "alipay"
sandbox = true
gateway = "{alipay_gateway}"
app_id = "{alipay_app_id}"
seller_id = "{alipay_seller_id}"
app_key_file = "{folder}/{merchant_private_key_file}"
alipay_key_file = "{folder}/{platform_public_key_file}"
day_limit_minor = 700
[[counters]]
id = "1"
channels = ["wechatpay", "alipay"]
"""


def written(folder: Path, credentials: Path, **changes: str) -> Loaded:
    told = json.loads((credentials / "credentials.json").read_text())
    text = TEXT.format(**told, folder=credentials)
    for old, new in changes.items():
        text = text.replace(old, new)
    (folder / "secrets.toml").write_text(
        f'[wechatpay]\napiv3_key = "{told["apiv3_key"]}"\n[people]\npepper = "{"ab" * 32}"\n'
    )
    (folder / "secrets.toml").chmod(0o600)
    (folder / "countertop.toml").write_text(text)
    return load(folder / "countertop.toml")


@pytest.mark.row(18, 20)
async def test_one_settings_file_opens_both_wallets_and_each_makes_its_own_code(tmp_path: Path) -> None:
    clock, entropy = SystemClock(), SystemEntropy()
    async with running_sandbox(tmp_path / "bank") as sandbox:
        loaded = written(tmp_path, sandbox.credentials)
        for name, start in (("wechatpay", "weixin://"), ("alipay", "https://qr.alipay.com/")):
            channel = open_channel(loaded, name, clock, entropy, "https://127.0.0.1:9/notify/x")
            number = f"01K5MZ0000ABCDEFGHJK{name[:6].upper()}"
            made = await channel.order(Order(number, Money(650, "CNY"), "茶 tea", "1", clock.wall_ms() + 90_000))
            assert isinstance(made, CodeReady), made
            assert made.payload.startswith(start)
            sandbox.bank.customer_scans(made.payload, clock.wall_ms())
            sandbox.bank.customer_pays(number, clock.wall_ms())
            told = await channel.query(number)
            assert isinstance(told, Told), told
            assert (told.notice.trade, told.notice.amount_minor) == (Trade.PAID, 650)
            assert not isinstance(await channel.query_refund("R-1", number), RefundTold)
            assert isinstance(await channel.query("01K5MZ0000ABCDEFGHJKNOBODY"), NotThere)
            assert channel.profile.day_limit_minor == (700 if name == "alipay" else 0)
            await channel.aclose()


@pytest.mark.row(70, 75)
async def test_a_channel_may_have_refund_hours_wait_for_its_balance_and_undo_nothing(tmp_path: Path) -> None:
    async with running_sandbox(tmp_path / "bank") as sandbox:
        day = "day_limit_minor = 700"
        told = f'{day}\nundo = false\nrefund_retry = true\nrefund_hours = ["09:00", "22:00"]\n'
        shop = {'title = "Tea"': 'title = "Tea"\nexcess = "refund"'}
        loaded = written(tmp_path, sandbox.credentials, **{day: told + 'refund_zone = "Asia/Shanghai"'}, **shop)
        assert house_of(loaded).excess == "refund"
        clock, entropy = SystemClock(), SystemEntropy()
        channel = open_channel(loaded, "alipay", clock, entropy, "https://127.0.0.1:9/notify/x")
        mine = channel.profile
        assert (mine.void_by_reverse, mine.refund_retry) == (False, ("no_funds",))
        assert (mine.refund_hours, mine.refund_zone) == (("09:00", "22:00"), "Asia/Shanghai")
        await channel.aclose()
        other = open_channel(loaded, "wechatpay", clock, entropy, "https://127.0.0.1:9/notify/x")
        assert (other.profile.void_by_reverse, other.profile.refund_hours) == (True, None)
        await other.aclose()
        loaded = written(tmp_path, sandbox.credentials, **{day: f'{day}\nrefund_zone = "Moon/Tycho"'})
        with pytest.raises(BadSettings, match="no such time zone"):
            open_channel(loaded, "alipay", clock, entropy, "https://127.0.0.1:9/notify/x")
        with pytest.raises(Problems):
            written(tmp_path, sandbox.credentials, **{day: f'{day}\nrefund_hours = ["9", "22:00"]'})


@pytest.mark.row(6, 28)
async def test_b7_the_whole_service_answers_alipays_notification_with_its_word(tmp_path: Path) -> None:
    """Over TLS and HTTP as in a shop: anything but ``success`` would bring it again in four minutes."""
    clock, entropy, port = SystemClock(), SystemEntropy(), claim()
    authority, _ = ensure(tmp_path / "state" / "tls", clock)
    sandbox = await start_sandbox(tmp_path / "bank", clock=clock, entropy=entropy, port=0, notify_ca=authority)
    try:
        loaded = written(tmp_path, sandbox.credentials, **_served(port))
        async with running(loaded) as shop:
            wish = OpenSale("1", Money(650, "CNY"), directions=("push",))
            sale = await shop.service.checkout.open_sale(wish, actor=Actor("person", "cashier"))
            await shop.service.until(sale.id, lambda now: bool(now.attempts[-1].payload), limit_s=30)
            number = shop.service.book.sale(sale.id).attempts[-1].id
            assert sandbox.bank.ledger.orders.newest(1)[0].trade_type == "PRECREATE"
            await _customer_pays(sandbox, number)
            await shop.service.until(sale.id, lambda now: now.ended, limit_s=30)
            for _ in range(3000):  # the bank notes it when our answer has reached it
                if sandbox.bank.post.history:
                    break
                await asyncio.sleep(0.01)
            assert [each.end for each in sandbox.bank.post.history] == ["taken"]
            assert shop.service.book.sale(sale.id).attempts[-1].wallet == "alipay"
    finally:
        await sandbox.close()


async def _customer_pays(sandbox: Sandbox, number: str) -> None:
    headers = {"Authorization": f"Bearer {sandbox.admin_token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{sandbox.url}/admin/pay", json={"order_no": number}) as answer,
    ):
        assert answer.status == 200


def _served(port: int) -> dict[str, str]:
    """With doors of its own, and Alipay first."""
    doors = f'[state]\nfolder = "state"\n[listen]\nport = 0\nnotify_port = {port}\n'
    return {
        "[channels.wechatpay]": doors + "[channels.wechatpay]",
        'channels = ["wechatpay", "alipay"]': 'channels = ["alipay", "wechatpay"]',
    }


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('connector = "alipay"', 'connector = "paypal"', "channels.alipay.connector"),
        ("seller_id =", "mchid =", "channels.alipay.mchid"),
        ('app_id = "', 'app_id = 1 # "', "channels.alipay.app_id"),
    ],
)
def test_each_connector_has_keys_of_its_own(tmp_path: Path, old: str, new: str, key: str) -> None:
    (tmp_path / "credentials.json").write_text(json.dumps(dict.fromkeys(_NAMES, "http://127.0.0.1:9/x")))
    with pytest.raises(Problems) as caught:
        written(tmp_path, tmp_path, **{old: new})
    assert key in {each.facts["key"] for each in caught.value.problems}


def test_i25_s74_a_live_gateway_never_stands_in_a_test_configuration(tmp_path: Path) -> None:
    told = dict.fromkeys(_NAMES, "http://127.0.0.1:9") | {
        "alipay_gateway": "https://openapi.alipay.com/gateway.do"
    }
    (tmp_path / "credentials.json").write_text(json.dumps(told))
    with pytest.raises(Problems) as caught:
        written(tmp_path, tmp_path)
    assert [each.facts["key"] for each in caught.value.problems] == ["channels.alipay.gateway"]


def test_a_key_file_that_is_not_there_is_told_by_name(tmp_path: Path) -> None:
    told = dict.fromkeys(_NAMES, "http://127.0.0.1:9") | {
        "alipay_app_id": "2" * 16,
        "alipay_seller_id": "2088" * 4,
    }
    (tmp_path / "credentials.json").write_text(json.dumps(told | {"merchant_private_key_file": "none.pem"}))
    loaded = written(tmp_path, tmp_path)
    with pytest.raises(BadSettings, match=r"none\.pem"):
        open_channel(loaded, "alipay", SystemClock(), SystemEntropy(), "")


@pytest.mark.parametrize("name", ["alipay", "pix"])
def test_the_example_file_shows_a_table_that_works_once_its_marks_are_taken_away(
    tmp_path: Path, name: str
) -> None:
    text = EXAMPLE.read_text("utf-8")
    begin = text.index(f"# [channels.{name}]")
    end = text.index("\n\n", begin)
    shown = text[begin:end].replace("# ", "", 1).replace("\n# ", "\n")
    (tmp_path / "c.toml").write_text(text[:begin] + shown + text[end:])
    (tmp_path / "secrets.toml").write_text("")
    (tmp_path / "secrets.toml").chmod(0o600)
    table = load(tmp_path / "c.toml").settings.channels[name]
    assert isinstance(table, (AlipayTable, PixTable))
    assert table.gateway in ("https://openapi.alipay.com/gateway.do", "https://pix.bank.example/api/v2")


@pytest.mark.row(33)
@pytest.mark.parametrize("chosen", [False, True])
async def test_a_shop_chooses_whether_pix_payers_may_change_the_amount(tmp_path: Path, chosen: bool) -> None:
    text = EXAMPLE.read_text("utf-8")
    begin = text.index("# [channels.pix]")
    end = text.index("\n\n", begin)
    shown = text[begin:end].replace("# ", "", 1).replace("\n# ", "\n")
    kept = [line for line in shown.splitlines() if not line.startswith(("certificate_file", "key_file"))]
    shown = "\n".join(kept).replace("payer_may_change = false", f"payer_may_change = {str(chosen).lower()}")
    (tmp_path / "c.toml").write_text(text[:begin] + shown + text[end:])
    (tmp_path / "secrets.toml").write_text('[pix]\nclient_secret = "secret"\n')
    (tmp_path / "secrets.toml").chmod(0o600)
    pix = open_channel(load(tmp_path / "c.toml"), "pix", SystemClock(), SystemEntropy(), "")
    assert pix.account.approves_part is chosen
    await pix.aclose()


_NAMES = (
    *("gateway", "mchid", "appid", "merchant_serial", "merchant_private_key_file", "platform_public_key_id"),
    *("platform_public_key_file", "alipay_gateway", "alipay_app_id", "alipay_seller_id", "apiv3_key"),
)
