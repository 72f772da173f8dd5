"""Live money only with a green result for this very code; somebody else's connectors from settings to channel."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from terminal.banks.channel import Channel
from terminal.conformance import proof
from terminal.conformance.benches import BENCHES
from terminal.conformance.kit import CountingEntropy, StillClock
from terminal.conformance.run import Bench
from terminal.connectors import OURS, asks_nobody, bench_of, demand_proof, names, own_connector, profile_of
from terminal.errors import BadSettings
from terminal.settings import Loaded, Problems, load
from terminal.settings.channel_tables import CHANNELS
from terminal.wiring.channels import open_channel
from tests.unit.conformance.own_package import forget, installed, make

SETTINGS = """
mode = "{mode}"
[shop]
merchant = "m"
store = "s"
title = "Tea"
[state]
folder = "state"
[channels.{connector}]
connector = "{connector}"
gateway = "https://127.0.0.1:9"
sandbox = {sandbox}
[channels.{connector}.own]
shop = "shop-1"
[[counters]]
id = "1"
channels = ["{connector}"]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir(mode=0o700)
    secrets = tmp_path / "secrets.toml"
    secrets.touch(mode=0o600)
    secrets.write_text('[acme]\napi_secret = "0123456789abcdef"\n')
    return tmp_path


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Path]:
    home = make(tmp_path, "acme")
    with installed(home):
        yield home


def settings(shop: Path, *, mode: str = "live", connector: str = "acme") -> Loaded:
    sandbox = str(mode == "test").lower()
    (shop / "countertop.toml").write_text(SETTINGS.format(mode=mode, sandbox=sandbox, connector=connector))
    return load(shop / "countertop.toml")


def opened(loaded: Loaded) -> Channel:
    channel = open_channel(loaded, "acme", StillClock(), CountingEntropy(), "https://shop.example/n")
    assert isinstance(channel, Channel)
    return channel


def kept(shop: Path) -> proof.Proof | None:
    return proof.read(shop / "state" / "conformance" / "acme.json")


@pytest.mark.row(40)
def test_an_own_connector_is_found_by_its_name_and_opened_by_its_own_table(shop: Path, acme: Path) -> None:
    channel = opened(settings(shop, mode="test"))
    assert channel.profile.name == "acme"
    assert channel.account.merchant_id == "shop-1"
    assert "acme" in names()
    assert profile_of("acme").connector == "acme"
    assert kept(shop) is None, "the sandbox is free"


@pytest.mark.row(40)
def test_live_money_waits_for_a_green_result_which_is_made_once_and_kept(shop: Path, acme: Path) -> None:
    loaded = settings(shop)
    opened(loaded)
    first = kept(shop)
    assert first is not None
    assert first.green
    assert first.at == "2026-09-21T14:13:20+00:00"
    assert (first.connector, first.profile) == ("acme", "acme")
    marked = msgspec.structs.replace(first, at="the one that was kept")
    proof.keep(marked, shop / "state" / "conformance")
    opened(loaded)
    assert kept(shop) == marked, "nothing was run again"


@pytest.mark.row(40)
def test_live_money_is_refused_while_a_case_is_red_with_the_command_that_tells_more(
    shop: Path, acme: Path
) -> None:
    loaded = settings(shop)
    opened(loaded)
    module = acme / "countertop_acme" / "connector.py"
    module.write_text(
        module.read_text("utf-8").replace('"ALREADY_PAID"): Other.ASK', '"ALREADY_PAID"): Refusal.ORDER_PAID')
    )
    forget()
    with pytest.raises(BadSettings) as refused:
        opened(loaded)
    assert refused.value.slug == "connector_red"
    assert refused.value.facts == {"name": "acme", "count": 2, "first": "order-already-paid-is-unclear"}
    with pytest.raises(BadSettings, match="connector_red"):
        opened(loaded)  # the red result is kept too


def test_a_result_of_other_code_or_of_another_kit_counts_for_nothing(shop: Path, acme: Path) -> None:
    opened(settings(shop))
    green = kept(shop)
    assert green is not None
    folder = shop / "state" / "conformance"
    own = acme / "countertop_acme"
    assert proof.find("acme", proof.code_of(own), shop / "state") == green
    for wrong in (
        msgspec.structs.replace(green, code="0" * 64),
        msgspec.structs.replace(green, kit=proof.KIT + 1),
        msgspec.structs.replace(green, connector="wechatpay"),
    ):
        (folder / "acme.json").write_bytes(msgspec.json.encode(wrong))
        assert proof.find("acme", proof.code_of(own), shop / "state") is None
    for broken in (b"", b"{}", b"null", b'{"green": true}', b"\xff"):
        (folder / "acme.json").write_bytes(broken)
        assert proof.find("acme", proof.code_of(own), shop / "state") is None


def test_every_file_of_the_connector_counts(acme: Path) -> None:
    own = acme / "countertop_acme"
    before = proof.code_of(own)
    assert before == proof.code_of(own) != proof.code_of()
    (own / "notes.txt").write_text("no code")
    assert proof.code_of(own) == before
    for name in ("profile.toml", "connector.py", "peer.py"):
        (own / name).write_text((own / name).read_text("utf-8") + "# more\n", "utf-8")
        assert proof.code_of(own) != before
        before = proof.code_of(own)


def test_our_own_are_those_that_have_a_bench() -> None:
    assert set(OURS) == set(BENCHES) == set(CHANNELS) - {"any_bank"}


@pytest.mark.row(40)
def test_our_own_connectors_are_proved_by_the_release_or_on_the_spot(tmp_path: Path) -> None:
    for name in OURS:
        demand_proof(name, tmp_path / "not there yet", StillClock())
    assert list(tmp_path.iterdir()) == []


def test_a_bank_that_is_asked_nothing_needs_no_proof(tmp_path: Path) -> None:
    assert asks_nobody("any_bank")
    assert not any(asks_nobody(each) for each in (*OURS, "nobody", "acme", "../x"))
    demand_proof("any_bank", tmp_path, StillClock())


def nothing() -> None:
    return None


def test_without_a_bench_there_is_no_live_money(tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as refused:
        proof.demand("acme", nothing, tmp_path, StillClock())
    assert (refused.value.slug, refused.value.facts) == ("connector_unproved", {"name": "acme"})


def test_a_name_nobody_offers_is_told_by_the_settings(shop: Path) -> None:
    with pytest.raises(Problems, match="config_"):
        settings(shop, connector="nobody")
    assert own_connector("nobody") is None
    assert bench_of("nobody") is None


@pytest.mark.parametrize("offer", ["raise ImportError('half a package')\n", "OFFER = 7\n", "other = 1\n"])
def test_a_package_that_offers_something_else_is_told(tmp_path: Path, offer: str) -> None:
    home = make(tmp_path, "acme")
    (home / "countertop_acme" / "offer.py").write_text(offer)
    with installed(home), pytest.raises(BadSettings) as refused:
        own_connector("acme")
    assert refused.value.slug == "connector_unusable"


def test_a_missing_value_or_secret_is_told(shop: Path, acme: Path) -> None:
    loaded = settings(shop, mode="test")
    table = loaded.settings.channels["acme"]
    emptied = msgspec.structs.replace(table, own={})
    bare = msgspec.structs.replace(loaded.settings, channels={"acme": emptied})
    with pytest.raises(BadSettings, match=r"setting_unusable .field=own.shop"):
        opened(Loaded(bare, loaded.folder, loaded.secrets))
    (shop / "secrets.toml").write_text("")
    with pytest.raises(BadSettings, match="config_secret_missing"):
        opened(settings(shop, mode="test"))


def test_the_kit_runs_beside_a_running_loop(acme: Path) -> None:
    bench = bench_of("acme")
    assert bench is not None
    made: Bench = bench()
    assert proof.run_beside(made).green
