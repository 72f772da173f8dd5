"""From settings to a channel: what it needs, and one clear reason for what is wrong with it."""

import base64
import hmac
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from terminal.banks.channel import Channel
from terminal.banks.connector import ProviderKey
from terminal.banks.open_wechatpay import open_wechatpay
from terminal.banks.signing import MacSigner, MacVerifier
from terminal.conformance.kit import ScriptedHttp
from terminal.errors import BadSettings
from terminal.payments.evidence import Account
from terminal.payments.notice import Told, Unclear
from tests.unit.banks.rigs import ORDER_NO, CountingEntropy, FakeClock, order, settings
from tests.unit.banks.wechat_peer import APIV3_KEY, APPID, KEY_ID, MCHID, WeChatPeer, made_key, merchant_key


@pytest.fixture
def key_files(tmp_path: Path) -> dict[str, object]:
    private, public = tmp_path / "merchant.pem", tmp_path / "platform.pem"
    private.write_bytes(
        merchant_key().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    public.write_bytes(
        made_key("platform")
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return {"merchant_key_file": private, "platform_key_file": public}


def opened(http: ScriptedHttp | None = None, /, **changes: object) -> Channel:
    return open_wechatpay(settings(**changes), clock=FakeClock(), entropy=CountingEntropy(), test=True, http=http)


async def test_key_files_make_a_working_channel(key_files: dict[str, object]) -> None:
    http, peer = ScriptedHttp(), WeChatPeer()
    channel = opened(http, **key_files)
    http.steps.append(peer.says("paid", order()))
    assert isinstance(await channel.query(ORDER_NO), Told)
    assert peer.accepts(http.requests[0])
    assert dict(http.requests[0].headers)["Wechatpay-Serial"] == KEY_ID
    assert channel.account == Account("wechatpay", MCHID, APPID)
    await channel.aclose()


async def test_certificate_mode_needs_no_public_key(key_files: dict[str, object]) -> None:
    http = ScriptedHttp()
    channel = opened(http, **{**key_files, "platform_key_id": "", "platform_key_file": None})
    http.steps.append(WeChatPeer(key_id="ABCD").says("paid", order()))
    assert await channel.query(ORDER_NO) == Unclear("key_unknown")
    assert http.requests[1].target == "/v3/certificates"


async def test_a_channel_with_its_own_link_closes_it(key_files: dict[str, object]) -> None:
    channel = opened(gateway="http://127.0.0.1:9", **key_files)
    await channel.query(ORDER_NO)
    await channel.aclose()


async def test_simulated_worlds_sign_with_a_keyed_mac() -> None:
    http, secret = ScriptedHttp(), b"k" * 32
    channel = open_wechatpay(
        settings(),
        clock=FakeClock(),
        entropy=CountingEntropy(),
        test=True,
        http=http,
        signer=MacSigner(secret, "1A"),
        keys={KEY_ID: ProviderKey(MacVerifier(secret))},
    )
    genuine = WeChatPeer().says("paid", order())
    head = f"{genuine.headers['wechatpay-timestamp']}\n{genuine.headers['wechatpay-nonce']}\n".encode()
    mac = base64.b64encode(hmac.digest(secret, head + genuine.body + b"\n", "sha256")).decode()
    http.steps.append(replace(genuine, headers={**genuine.headers, "wechatpay-signature": mac}))
    assert isinstance(await channel.query(ORDER_NO), Told)


@pytest.mark.parametrize(
    ("changes", "slug", "word"),
    [
        ({"apiv3_key": APIV3_KEY[:-1]}, "apiv3_key_wrong_length", "31"),
        ({"apiv3_key": ""}, "apiv3_key_wrong_length", "0"),
        ({"apiv3_key": "值" * 10 + "ab"}, "setting_unusable", "apiv3_key"),
        ({"mchid": "12 34"}, "setting_unusable", "mchid"),
        ({"appid": ""}, "setting_unusable", "appid"),
        ({"merchant_serial": 'A"B'}, "setting_unusable", "merchant_serial"),
        ({"merchant_serial": ""}, "setting_unusable", "merchant_serial"),
        ({"merchant_key_file": None}, "setting_unusable", "merchant_key_file"),
        ({"merchant_key_file": Path("/nowhere/key.pem")}, "key_file_unreadable", "/nowhere/key.pem"),
        ({"platform_key_file": None}, "setting_unusable", "platform_key_file"),
        ({"platform_key_id": ""}, "setting_unusable", "platform_key_file"),
        ({"platform_key_id": "", "certificates": False}, "setting_unusable", "platform_key_id"),
        ({"gateway": "http://bank.test"}, "gateway_not_https", "bank.test"),
        ({"ca_file": Path("/nowhere/ca.pem")}, "ca_file_unreadable", "/nowhere/ca.pem"),
    ],
)
def test_settings_that_cannot_work(
    key_files: dict[str, object], changes: dict[str, object], slug: str, word: str
) -> None:
    with pytest.raises(BadSettings) as caught:
        opened(**{**key_files, **changes})
    assert caught.value.slug == slug
    assert word in str(caught.value)
    assert APIV3_KEY[:-1] not in str(caught.value)


def test_i19_the_secret_is_not_in_the_repr_of_settings() -> None:
    assert APIV3_KEY not in repr(settings())
