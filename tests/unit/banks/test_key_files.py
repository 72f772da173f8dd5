"""Keys and certificates that change while the shop is open: old and new together, no restart (row 36)."""

import asyncio
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from terminal.banks.channel import Channel
from terminal.banks.key_files import LOOK_S
from terminal.banks.open_alipay import AlipaySettings, open_alipay
from terminal.banks.open_wechatpay import open_wechatpay
from terminal.conformance.kit import ScriptedHttp
from terminal.counter.ports import Expiring, Expiry
from terminal.errors import BadSettings
from terminal.payments.notice import Told, Unclear
from terminal.virtual_time import run
from tests.unit.banks.alipay_peer import APP_ID, SELLER_ID, AlipayPeer
from tests.unit.banks.rigs import ORDER_NO, Bench, CountingEntropy, FakeClock, order, settings
from tests.unit.banks.test_signing import private_pem, public_pem
from tests.unit.banks.wechat_peer import KEY_ID, NOW_S, WeChatPeer, certificate, made_key, merchant_key

NEXT_ID = "PUB_KEY_ID_0119000001092025010200000000000001"
WRITES = iter(range(1, 1000))


def write(file: Path, data: bytes) -> Path:
    """As a person replaces a file: another time, whatever the clock's grain."""
    file.write_bytes(data)
    at_ns = NOW_S * 10**9 + next(WRITES)
    os.utime(file, ns=(at_ns, at_ns))
    return file


class Files:
    """A merchant's folder of keys, and the channel that reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.http, self.peer, self.clock = folder, ScriptedHttp(), WeChatPeer(), FakeClock()
        self.own("mine", certified=True)
        self.public("platform.pem", "platform")

    def own(self, key: str, *, certified: bool, until_s: int = NOW_S + 86_400) -> None:
        write(self.folder / "own.pem", private_pem(made_key(key)))
        if certified:
            write(self.folder / "own.crt", certificate(key, until_s=until_s).public_bytes(Encoding.PEM))

    def public(self, name: str, key: str) -> Path:
        return write(self.folder / name, public_pem(made_key(key)))

    def channel(self, **changes: object) -> Channel:
        given: dict[str, object] = {
            "merchant_serial": "",
            "merchant_key_file": self.folder / "own.pem",
            "merchant_certificate_file": self.folder / "own.crt",
            "platform_key_file": self.folder / "platform.pem",
            **changes,
        }
        return open_wechatpay(
            settings(**given), clock=self.clock, entropy=CountingEntropy(), test=True, http=self.http
        )

    async def asked(self, channel: Channel, peer: WeChatPeer | None = None) -> tuple[object, str]:
        """The answer to one query, and the serial it was signed with."""
        self.http.steps.append((peer or self.peer).says("paid", order()))
        answer = await channel.query(ORDER_NO)
        return answer, dict(self.http.requests[-1].headers)["Authorization"].partition('serial_no="')[2].partition(
            '"'
        )[0]


def serial(key: str) -> str:
    return f"{certificate(key).serial_number:X}"


@pytest.mark.row(36)
async def test_b8_a_merchant_s_key_and_certificate_are_changed_while_the_shop_is_open(tmp_path: Path) -> None:
    files = Files(tmp_path)
    channel = files.channel()
    assert (await files.asked(channel))[1] == serial("mine"), "the certificate names the serial"
    assert not channel.look_at_files(), "nothing changed"
    files.own("next", certified=False)
    assert not channel.look_at_files(), "the key is there, its certificate not yet: the pair before goes on"
    assert (await files.asked(channel))[1] == serial("mine")
    files.own("next", certified=True)
    assert channel.look_at_files()
    answer, signed_with = await files.asked(channel)
    assert isinstance(answer, Told)
    assert signed_with == serial("next")
    assert not channel.look_at_files(), "once"


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.row(36)
@pytest.mark.parametrize("broken", [b"", b"-----BEGIN PRIVATE KEY-----\nMIIE"])
async def test_half_a_file_changes_nothing_and_the_whole_one_is_taken_up(tmp_path: Path, broken: bytes) -> None:
    files = Files(tmp_path)
    channel = files.channel()
    write(tmp_path / "platform.pem", broken)
    assert not channel.look_at_files()
    assert isinstance((await files.asked(channel))[0], Told)
    (tmp_path / "platform.pem").unlink()
    assert not channel.look_at_files(), "gone is no key either"
    assert isinstance((await files.asked(channel))[0], Told)
    files.public("platform.pem", "later")
    assert channel.look_at_files()
    assert (await files.asked(channel))[0] == Unclear("signature_wrong"), "what was replaced proves nothing more"
    assert isinstance((await files.asked(channel, WeChatPeer(key="later")))[0], Told)


@pytest.mark.row(36)
async def test_b8_the_platform_s_old_and_next_key_are_accepted_together(tmp_path: Path) -> None:
    files = Files(tmp_path)
    following = files.public("next.pem", "next platform")
    channel = files.channel(next_platform_key_id=NEXT_ID, next_platform_key_file=following)
    later = WeChatPeer(key="next platform", key_id=NEXT_ID)
    for peer in (files.peer, later, files.peer):
        assert isinstance((await files.asked(channel, peer))[0], Told)
    crossed = WeChatPeer(key="next platform", key_id=KEY_ID)
    assert (await files.asked(channel, crossed))[0] == Unclear("signature_wrong"), "each by its own id"


@pytest.mark.row(36)
async def test_the_next_merchant_key_signs_from_its_moment_by_the_provider_s_time(tmp_path: Path) -> None:
    files = Files(tmp_path)
    channel = files.channel(
        next_merchant_key_file=write(tmp_path / "next.pem", private_pem(made_key("next"))),
        next_merchant_serial="AB12",
        next_merchant_from="2030-01-01T00:00:00+08:00",
    )
    assert (await files.asked(channel))[1] == serial("mine")
    files.clock.mono_s += 1_893_427_200 - NOW_S - 60  # 2030-01-01T00:00+08:00, less a minute
    files.clock.now_s -= 86_400.0  # whatever our own clock says
    files.peer = replaced(files.peer, 1_893_427_200 - 60)
    assert (await files.asked(channel))[1] == serial("mine")
    files.clock.mono_s += 61
    files.peer = replaced(files.peer, 1_893_427_200 + 1)
    assert (await files.asked(channel))[1] == "AB12"


def replaced(peer: WeChatPeer, now_s: int) -> WeChatPeer:
    return WeChatPeer(key=peer.key, key_id=peer.key_id, now_s=now_s)


@pytest.mark.row(36)
async def test_alipay_s_old_and_next_key_are_accepted_though_no_message_names_them(tmp_path: Path) -> None:
    app = write(tmp_path / "app.pem", private_pem(merchant_key()))
    present = write(tmp_path / "alipay.pem", public_pem(made_key("platform")))
    following = write(tmp_path / "next.pem", public_pem(made_key("next platform")))
    http = ScriptedHttp()
    channel = open_alipay(
        AlipaySettings(
            APP_ID, SELLER_ID, app_key_file=app, alipay_key_file=present, next_alipay_key_file=following
        ),
        clock=FakeClock(),
        entropy=CountingEntropy(),
        test=True,
        http=http,
    )
    for key in ("platform", "next platform"):
        http.steps.append(AlipayPeer(key=key).says("paid", order()) or pytest.fail("no word"))
        assert isinstance(await channel.query(ORDER_NO), Told)
    http.steps.append(AlipayPeer(key="stranger").says("paid", order()) or pytest.fail("no word"))
    assert await channel.query(ORDER_NO) == Unclear("signature_wrong")


@pytest.mark.row(36)
def test_the_service_looks_at_its_files_by_itself_and_never_faster_than_its_pace(tmp_path: Path) -> None:
    files = Files(tmp_path)
    channel = files.channel(certificates=False)

    async def story() -> list[int]:
        keeping = asyncio.create_task(channel.keep_keys())
        await asyncio.sleep(LOOK_S * 1.5)
        files.own("next", certified=True, until_s=NOW_S + 900)
        await asyncio.sleep(LOOK_S * 0.4)
        ends = [channel.expiries()[0].until_ms]
        await asyncio.sleep(LOOK_S * 0.2)
        ends.append(channel.expiries()[0].until_ms)
        keeping.cancel()
        return ends

    assert run(story(), seed=1) == [(NOW_S + 86_400) * 1000, (NOW_S + 900) * 1000]


@pytest.mark.row(36)
async def test_what_ends_by_itself_is_known_with_its_day(tmp_path: Path) -> None:
    files = Files(tmp_path)
    crt = write(tmp_path / "own.crt", certificate("mine", until_s=NOW_S + 20 * 86_400).public_bytes(Encoding.PEM))
    pair = certificate("mine", until_s=NOW_S + 900), certificate("next")
    both = b"".join(each.public_bytes(Encoding.PEM) for each in pair)
    channel = files.channel(ca_file=write(tmp_path / "ca.pem", both), certificates=True)
    assert isinstance(channel, Expiring)
    assert channel.expiries() == (
        Expiry("merchant_certificate", crt.name, (NOW_S + 20 * 86_400) * 1000),
        Expiry("authority", "ca.pem", (NOW_S + 900) * 1000),
    )


@pytest.mark.row(36)
async def test_of_the_provider_s_certificates_the_newest_counts(tmp_path: Path) -> None:
    bench = Bench(peer=WeChatPeer(key_id=serial("platform")))
    channel = bench.channel(keys={}, platform_key_id="")
    assert channel.expiries() == ()
    lists = certificate("platform", until_s=NOW_S + 60), certificate("next", until_s=NOW_S + 90)
    bench.http.steps += [bench.peer.says("paid", order()), bench.peer.certificates(*lists)]
    assert isinstance(await channel.query(ORDER_NO), Told)
    told = [(each.kind, each.until_ms) for each in channel.expiries()]
    assert told == [("provider_certificate", (NOW_S + 90) * 1000)], "the provider changes them by itself"


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"merchant_certificate_file": Path("/nowhere/x.crt")}, "key_file_unreadable"),
        ({"merchant_certificate_file": None}, "setting_unusable"),
        ({"next_merchant_from": "tomorrow"}, "setting_unusable"),
        ({"next_merchant_from": "2030-01-01T00:00:00"}, "setting_unusable"),
        ({"next_merchant_from": "2030-01-01T00:00:00Z"}, "setting_unusable"),
        ({"next_platform_key_id": NEXT_ID}, "setting_unusable"),
        ({"next_merchant_key_file": Path("/nowhere/next.pem")}, "setting_unusable"),  # it would never sign
    ],
)
def test_one_clear_reason_for_what_is_wrong(tmp_path: Path, changes: dict[str, object], slug: str) -> None:
    with pytest.raises(BadSettings) as caught:
        Files(tmp_path).channel(**changes)
    assert caught.value.slug == slug


def test_another_certificate_s_key_and_what_is_no_certificate_are_refused_at_the_start(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.own("next", certified=False)
    with pytest.raises(BadSettings, match="key_not_of_certificate"):
        files.channel()
    write(tmp_path / "own.crt", b"no certificate")
    with pytest.raises(BadSettings, match="certificate_unreadable"):
        files.channel()
