"""Certificate mode: names of certificates, whom a chain makes believable, a rotation in the middle of a day."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from terminal.banks.alipay_certificates import Trust, ask, root_serial, rsa_roots, serial_of
from terminal.banks.channel import Channel
from terminal.banks.fields import Unreadable
from terminal.banks.open_alipay import AlipaySettings, open_alipay
from terminal.conformance.benches import alipay_certified_bench
from terminal.conformance.kit import ScriptedHttp
from terminal.conformance.peers.alipay_certified import (
    APP,
    OWNER,
    CertifiedAlipayPeer,
    app_certificate,
    issued,
    root,
)
from terminal.conformance.peers.rsa_keys import rsa_key
from terminal.conformance.run import run_kit
from terminal.errors import BadSettings, NotEvidence
from terminal.payments.notice import Notice, Told, Unclear
from tests.unit.banks.alipay_peer import APP_ID, SELLER_ID
from tests.unit.banks.rigs import ORDER_NO, CountingEntropy, FakeClock, order
from tests.unit.banks.test_signing import private_pem
from tests.unit.banks.wechat_peer import made_key

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "golden" / "alipay_certificates.json").read_text("utf-8")
)


def pems(*names: str) -> list[x509.Certificate]:
    return [each for name in names for each in x509.load_pem_x509_certificates(VECTORS[name]["pem"].encode())]


def roots() -> list[x509.Certificate]:
    return rsa_roots(VECTORS["root"]["pem"].encode())


class Shop:
    """A channel from certificate files, and Alipay's end of its line."""

    def __init__(self, folder: Path, **changes: object) -> None:
        self.peer, self.http, self.folder = CertifiedAlipayPeer(), ScriptedHttp(), folder
        self.written("app.pem", private_pem(rsa_key("merchant")))
        self.written("app.crt", pem(app_certificate()))
        self.written("alipay.crt", pem(self.peer.certificate))
        self.written("root.crt", pem(root()))
        files: dict[str, object] = {
            "app_key_file": folder / "app.pem",
            "app_certificate_file": folder / "app.crt",
            "alipay_certificate_file": folder / "alipay.crt",
            "root_certificate_file": folder / "root.crt",
        }
        settings = AlipaySettings(APP_ID, SELLER_ID, **{**files, **changes})  # type: ignore[arg-type]  # changed by name
        self.channel: Channel = open_alipay(
            settings, clock=FakeClock(), entropy=CountingEntropy(), test=True, http=self.http
        )

    def written(self, name: str, data: bytes) -> Path:
        (self.folder / name).write_bytes(data)
        return self.folder / name

    async def asks(self, peer: CertifiedAlipayPeer | None = None, *more: Any) -> object:
        self.http.steps.extend([(peer or self.peer).says("paid", order()) or pytest.fail("no word"), *more])
        return await self.channel.query(ORDER_NO)


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


def renewed(**changes: Any) -> CertifiedAlipayPeer:
    """Alipay after its certificate changed, key and all."""
    peer = CertifiedAlipayPeer(key=made_key("renewed"), number=8)
    peer.certificate = issued(OWNER, made_key("renewed"), 8, **changes) if changes else peer.certificate
    return peer


def test_serials_are_those_that_alipay_publishes() -> None:
    for name in ("alipay", "app"):
        assert serial_of(pems(name)[0]) == VECTORS[name]["sn"]
    assert root_serial(roots()) == VECTORS["root"]["sn"], "two of the four in Alipay's file count"


def test_alipays_own_chain_leads_to_alipays_own_root_and_another_apps_does_not_pass_for_it() -> None:
    leaf = pems("alipay")[0]
    trust = Trust(tuple(roots()), leaf.subject)
    [(sn, key)] = trust.keys(pems("alipay", "issuer_of_alipay")).items()
    assert (sn, key.good_at(1_600_000_000), key.good_at(1_700_000_000)) == (VECTORS["alipay"]["sn"], True, False)
    with pytest.raises(Unreadable, match="chain"):
        trust.keys(pems("alipay"))
    with pytest.raises(Unreadable, match="subject"):
        trust.keys(pems("app", "issuer_of_alipay"))


async def test_certificate_files_make_a_channel_that_names_them_and_says_when_they_end(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    assert isinstance(await shop.asks(), Told)
    assert shop.peer.accepts(shop.http.requests[0])
    assert [(each.kind, each.name) for each in shop.channel.expiries()] == [
        ("merchant_certificate", "app.crt"),
        ("provider_certificate", "alipay.crt"),
        ("authority", "root.crt"),
    ]


@pytest.mark.row(36)
async def test_b8_an_unknown_certificate_is_fetched_chained_to_the_root_and_the_message_tried_once_more(
    tmp_path: Path,
) -> None:
    shop, after = Shop(tmp_path), renewed()
    assert isinstance(await shop.asks(after, after.downloaded()), Told)
    assert (
        shop.http.requests[1].target.partition("&")[0] == "/gateway.do?method=alipay.open.app.alipaycert.download"
    )
    assert after.sn in shop.http.requests[1].body.decode()
    assert isinstance(await shop.asks(), Told), "the old one is good until its end"
    assert isinstance(await shop.asks(after), Told), "and the new one is known"
    assert ("provider_certificate", after.sn) in [(each.kind, each.name) for each in shop.channel.expiries()]


@pytest.mark.row(36)
@pytest.mark.parametrize(
    "chain",
    [
        [issued(OWNER, rsa_key("platform"), 8, by=rsa_key("platform"))],  # the root's name, not its key
        [issued(APP, rsa_key("platform"), 8)],  # the root vouches for it, as another shop's
        [issued(OWNER, rsa_key("platform"), 8, by=rsa_key("merchant"), issuer=APP), app_certificate()],  # by no CA
        [issued(OWNER, rsa_key("platform"), 8, days=0)],  # over
        [],
    ],
    ids=["forged", "another-app", "issued-by-an-app", "over", "not-there"],
)
async def test_b8_a_certificate_that_a_message_names_is_not_believed_for_being_named(
    tmp_path: Path, chain: list[x509.Certificate]
) -> None:
    shop, liar = Shop(tmp_path), CertifiedAlipayPeer()
    liar.certificate = chain[0] if chain else issued(OWNER, liar.private, 8)
    answer = liar.downloaded(*chain) if chain else liar.says("not_there", order())
    assert await shop.asks(liar, answer) == Unclear("key_unknown")
    assert isinstance(await shop.asks(), Told), "what is Alipay's goes on"


async def test_b8_an_intermediate_that_may_issue_leads_to_the_root(tmp_path: Path) -> None:
    between = ("CN", "TEST Financial", "Certification Authority", "TEST Class 2 R1")
    issuer = issued(between, rsa_key("merchant"), 30, ca=True)
    after = renewed(by=rsa_key("merchant"), issuer=between)
    shop = Shop(tmp_path)
    assert isinstance(await shop.asks(after, after.downloaded(after.certificate, issuer)), Told)


async def test_a_notification_names_no_certificate_or_one_of_ours(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    reply = shop.peer.notifies(order())
    assert isinstance(await shop.channel.take_notification(reply.headers, reply.body), Notice)
    after = renewed().notifies(order())
    with pytest.raises(NotEvidence, match="signature_wrong"):
        await shop.channel.take_notification(after.headers, after.body)


async def test_the_next_app_key_signs_under_the_name_of_the_next_certificate(tmp_path: Path) -> None:
    following = issued(APP, made_key("renewed"), 9)
    (tmp_path / "next.pem").write_bytes(private_pem(made_key("renewed")))
    (tmp_path / "next.crt").write_bytes(pem(following))
    shop = Shop(
        tmp_path,
        next_app_key_file=tmp_path / "next.pem",
        next_app_certificate_file=tmp_path / "next.crt",
        next_app_from="2020-01-01T00:00:00+08:00",
    )
    await shop.asks()
    assert f"app_cert_sn={serial_of(following)}" in shop.http.requests[0].target


@pytest.mark.parametrize(
    ("changes", "slug", "word"),
    [
        ({"root_certificate_file": None}, "setting_unusable", "root_certificate_file"),
        ({"app_certificate_file": None}, "setting_unusable", "app_certificate_file"),
        ({"alipay_key_file": Path("k.pem")}, "setting_unusable", "alipay_key_file"),
        ({"app_certificate_file": "alipay.crt"}, "key_not_of_certificate", "alipay.crt"),
        ({"root_certificate_file": "app.crt"}, "setting_unusable", "does not vouch"),
        ({"root_certificate_file": "app.pem"}, "certificate_unreadable", "app.pem"),
    ],
)
def test_settings_that_cannot_work(tmp_path: Path, changes: dict[str, Any], slug: str, word: str) -> None:
    placed = {name: tmp_path / value if isinstance(value, str) else value for name, value in changes.items()}
    with pytest.raises(BadSettings) as caught:
        Shop(tmp_path, **placed)
    assert caught.value.slug == slug
    assert word in str(caught.value)


def test_only_what_looks_like_a_serial_is_asked_for() -> None:
    assert ask("") is None
    assert ask('"},"x') is None
    assert ask(base64.b16encode(b"x" * 16).decode()) is not None


@pytest.mark.row(40)
@pytest.mark.no_cover
def test_the_connector_passes_every_case_in_certificate_mode_too() -> None:
    report = run_kit(alipay_certified_bench())
    assert [f"{each.case.name}: {each.why}" for each in report.of("red")] == []
    assert len(report.of("green")) > 60
