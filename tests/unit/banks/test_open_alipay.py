"""From settings to a channel at Alipay, and one clear reason for what is wrong."""

from pathlib import Path

import pytest

from terminal.banks.channel import Channel
from terminal.banks.open_alipay import AlipaySettings, open_alipay
from terminal.conformance.kit import ScriptedHttp
from terminal.errors import BadSettings
from terminal.payments.evidence import Account
from terminal.payments.notice import Told
from tests.unit.banks.alipay_peer import APP_ID, SELLER_ID, AlipayPeer
from tests.unit.banks.rigs import ORDER_NO, CountingEntropy, FakeClock, order
from tests.unit.banks.test_signing import private_pem, public_pem
from tests.unit.banks.wechat_peer import made_key, merchant_key


@pytest.fixture
def files(tmp_path: Path) -> dict[str, object]:
    private, public = tmp_path / "app.pem", tmp_path / "alipay.pem"
    private.write_bytes(private_pem(merchant_key(), old=True))
    public.write_bytes(public_pem(made_key("platform")))
    return {"app_key_file": private, "alipay_key_file": public}


def opened(http: ScriptedHttp | None = None, /, **changes: object) -> Channel:
    given: dict[str, object] = {"app_id": APP_ID, "seller_id": SELLER_ID, **changes}
    settings = AlipaySettings(**given)  # type: ignore[arg-type]  # the tests change fields by name
    return open_alipay(settings, clock=FakeClock(), entropy=CountingEntropy(), test=True, http=http)


async def test_key_files_make_a_working_channel_at_any_gateway(files: dict[str, object]) -> None:
    http, peer = ScriptedHttp(), AlipayPeer()
    channel = opened(http, gateway="https://openapi-sandbox.dl.alipaydev.com/gateway.do", **files)
    http.steps.append(peer.says("paid", order()) or pytest.fail("no word"))
    assert isinstance(await channel.query(ORDER_NO), Told)
    assert peer.accepts(http.requests[0])
    assert channel.account == Account("alipay", SELLER_ID, APP_ID)
    await channel.aclose()


async def test_a_channel_with_its_own_link_closes_it(files: dict[str, object]) -> None:
    channel = opened(gateway="http://127.0.0.1:9/gateway.do", **files)
    await channel.query(ORDER_NO)
    await channel.aclose()


@pytest.mark.parametrize(
    ("changes", "slug", "word"),
    [
        ({"app_key_file": None}, "setting_unusable", "app_key_file"),
        ({"alipay_key_file": None}, "setting_unusable", "alipay_key_file"),
        ({"alipay_key_file": Path("/nowhere/k.pem")}, "key_file_unreadable", "/nowhere/k.pem"),
        ({"app_id": "wx12"}, "setting_unusable", "app_id"),
        ({"gateway": "http://openapi.alipay.com/gateway.do"}, "gateway_not_https", "openapi.alipay.com"),
        ({"gateway": "https://openapi.alipay.com/gateway.do?x=1"}, "gateway_unusable", "openapi.alipay.com"),
        ({"gateway": "https://["}, "gateway_unusable", "https://["),
    ],
)
def test_settings_that_cannot_work(
    files: dict[str, object], changes: dict[str, object], slug: str, word: str
) -> None:
    with pytest.raises(BadSettings) as caught:
        opened(**{**files, **changes})
    assert caught.value.slug == slug
    assert word in str(caught.value)
