"""A pack carries how a shop is run, and nothing of whose it is; another money or region is refused by name."""

import datetime
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.errors import Conflict, InvalidRequest
from terminal.settings.tables import Shop
from terminal.visit.pack import SHOP_KEYS, Pack, applied, pack_of, read_pack, toml

EXAMPLE = tomllib.loads((Path(__file__).parents[3] / "docs" / "countertop.example.toml").read_text("utf-8"))
pytestmark = pytest.mark.row(100)


def settings(**shop: Any) -> dict[str, Any]:
    """Whole settings as plain data."""
    whole = Shop(merchant="m-1001", store="s-01", title="Corner Noodles", currency="CNY", zone="Asia/Shanghai")
    speaker = {"port": "usb-serial:SECRETPORT", "profile": "syn6288", "quiet": ["22:00", "07:00"], "serial": "X9"}
    return {
        "shop": {**msgspec.to_builtins(whole), **shop},
        "counters": [
            {"id": "1", "title": "Window", "languages": {"voice": "zh-CN"}, "kiosk": True, "speaker": speaker}
        ],
        "channels": {"wechatpay": {"connector": "wechatpay", "mchid": "1900000109", "merchant_key_file": "k.pem"}},
    }


def pack(**shop: Any) -> Pack:
    return read_pack(pack_of(settings(**shop), made_ms=1, software="1"))


def test_no_secret_account_port_name_or_serial_is_in_it() -> None:
    text = msgspec.json.encode(pack_of(settings(), made_ms=1, software="1")).decode()
    for secret in ("1900000109", "k.pem", "SECRETPORT", "m-1001", "s-01", "Noodles", "X9", "Window"):
        assert secret not in text, secret
    assert '"connectors":["wechatpay"]' in text


def test_what_a_stranger_sealed_is_refused_in_a_short_sentence() -> None:
    with pytest.raises(InvalidRequest, match="pack_unusable") as told:
        read_pack(pack_of(settings(), made_ms=1, software="1") | {"shop": {"x" * 9000: 1}})
    assert told.value.facts["why"] == "x" * 200


def test_every_key_it_carries_is_one_of_the_settings_and_who_a_shop_is_stays_at_home() -> None:
    known = {each.name for each in msgspec.structs.fields(Shop)}
    own = {"merchant", "store", "title", "lines", "currency", "zone", "products", "favourites"}
    assert set(SHOP_KEYS) == known - own, "a new key: does it belong into packs?"


def test_it_changes_how_the_next_shop_is_run_and_leaves_who_it_is() -> None:
    made = applied(pack(cashier_refund_minor=2000, excess="refund"), EXAMPLE)
    assert (made["shop"]["cashier_refund_minor"], made["shop"]["excess"]) == (2000, "refund")
    for key in ("merchant", "store", "title", "lines", "currency", "zone"):
        assert made["shop"][key] == EXAMPLE["shop"][key]
    assert made["channels"] == EXAMPLE["channels"]
    first, before = made["counters"][0], EXAMPLE["counters"][0]
    assert (first["id"], first["kiosk"], first["languages"]) == (before["id"], True, {"voice": "zh-CN"})
    assert first["speaker"]["port"] == before["speaker"]["port"]
    assert first["speaker"]["quiet"] == ["22:00", "07:00"]


def test_a_speaker_that_is_mute_goes_as_one_and_a_speed_nobody_set_does_not() -> None:
    whole = settings()
    whole["counters"][0]["speaker"] |= {"volume": 0, "baud": 0, "quiet_volume": 0}
    device = read_pack(pack_of(whole, made_ms=1, software="1")).counters[0].devices["speaker"]
    assert (device["volume"], device["quiet_volume"], "baud" in device) == (0, 0, False)


@pytest.mark.parametrize(
    ("shop", "slug", "theirs", "ours"),
    [
        ({"currency": "BRL"}, "pack_other_currency", "BRL", "CNY"),
        ({"zone": "America/Sao_Paulo"}, "pack_other_region", "America/Sao_Paulo", "Asia/Shanghai"),
    ],
)
def test_another_money_or_region_is_refused_by_name(
    shop: dict[str, str], slug: str, theirs: str, ours: str
) -> None:
    with pytest.raises(Conflict, match=slug) as told:
        applied(pack(**shop), EXAMPLE)
    assert (told.value.facts["theirs"], told.value.facts["ours"]) == (theirs, ours)


@pytest.mark.parametrize(
    "change",
    [
        *(
            {"format": 2},
            {"shop": {"merchant": "m-2"}},
            {"counters": [{"port": "x"}]},
            {"more": 1},
            {"zone": 5},
            {"made_ms": 10**18},
        ),
        *(
            {"counters": [{"languages": {}, "kiosk": False, "devices": devices}]}
            for devices in ({"printer": {"serial": "X9"}}, {"display": {"volume": 3}}, {"id": {"driver": "any"}})
        ),
    ],
)
def test_a_pack_that_says_something_else_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="pack_unusable"):
        read_pack({**pack_of(settings(), made_ms=1, software="1"), **change})


PLAIN = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.dates().map(lambda each: datetime.date(each.year, each.month, each.day)),
)
TABLES = st.recursive(
    st.dictionaries(st.text(min_size=1, max_size=8), st.one_of(PLAIN, st.lists(PLAIN, max_size=3)), max_size=4),
    lambda inner: st.dictionaries(
        st.text(min_size=1, max_size=8), st.one_of(inner, st.lists(inner, min_size=1, max_size=3)), max_size=3
    ),
    max_leaves=8,
)


@given(TABLES)
def test_what_is_written_as_a_settings_file_is_read_back_the_same(table: dict[str, Any]) -> None:
    assert tomllib.loads(toml(table)) == table


def test_the_example_is_read_back_the_same() -> None:
    assert tomllib.loads(toml(EXAMPLE)) == EXAMPLE
