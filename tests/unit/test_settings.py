"""Settings: the shipped example loads, and everything that is wrong is named at once (F1)."""

import re
from pathlib import Path

import pytest

from terminal.counter.settings import Favourite
from terminal.errors import BadSettings
from terminal.settings import Loaded, Problems, load
from terminal.wiring.house import house_of

EXAMPLE = Path(__file__).parents[2] / "docs" / "countertop.example.toml"
SECRETS = '[wechatpay]\napiv3_key = "0123456789abcdef0123456789abcdef"\n[people]\npepper = "00"\n'


def place(folder: Path, text: str, *, mode: int = 0o600) -> Path:
    secrets = folder / "secrets.toml"
    secrets.write_text(SECRETS)
    secrets.chmod(mode)
    path = folder / "countertop.toml"
    path.write_text(text)
    return path


def slugs(path: Path) -> list[tuple[str, str]]:
    with pytest.raises(Problems) as raised:
        load(path)
    return [(each.slug, str(each.facts.get("key", each.facts.get("path", "")))) for each in raised.value.problems]


def example() -> str:
    """With a state folder of the test's own: this machine may have a real one."""
    return EXAMPLE.read_text(encoding="utf-8").replace('"/var/lib/countertop"', '"state"')


def test_the_shipped_example_is_a_sound_configuration(tmp_path: Path) -> None:
    loaded = load(place(tmp_path, example()))
    assert isinstance(loaded, Loaded)
    assert [counter.id for counter in loaded.settings.counters] == ["1", "2"]
    assert loaded.path("keys/x.pem") == tmp_path / "keys" / "x.pem"
    assert loaded.secrets.get("people", "pepper") == "00"


def test_f1_several_mistakes_are_all_told_at_once(tmp_path: Path) -> None:
    text = (
        example()
        .replace("limit_minor", "limit_miner")
        .replace('id = "2"', 'idd = "2"')
        .replace("port = 7600", 'port = "7600"')
    )
    found = slugs(place(tmp_path, text))
    assert ("config_unknown_key", "shop.limit_miner") in found
    assert ("config_unknown_key", "counters[1].idd") in found
    assert ("config_value_wrong", "listen.port") in found


@pytest.mark.parametrize("name", ["", "吧台 1", "1/../2", "1\\n", "x" * 65])
def test_f1_names_that_no_journal_or_address_can_hold_are_told_before_the_first_sale(
    tmp_path: Path, name: str
) -> None:
    text = example().replace('id = "2"', f'id = "{name}"').replace("store = ", f'store = "{name}" #')
    found = slugs(place(tmp_path, text))
    assert found == [("config_value_wrong", "shop.store"), ("config_value_wrong", "counters[1].id")]


@pytest.mark.parametrize("text", ["counters = 1", '[counters]\n"1" = 2', '[counters."1"]\nprinter = 3'])
def test_f1_chosen_devices_that_somebody_spoilt_are_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "devices.toml").write_text(text)
    [(slug, key)] = slugs(place(tmp_path, example()))
    assert slug in {"config_value_wrong", "config_unreadable"}
    assert "devices.toml" in key


@pytest.mark.parametrize(
    ("old", "new", "slug", "key"),
    [
        ('mode = "live"', 'mode = "live"\nspeed = 9', "config_unknown_key", "speed"),
        ("[shop]", "[shop_]", "config_key_missing", "shop"),
        ('currency = "CNY"', 'currency = "XXX"', "currency_unknown", ""),
        ('mode = "live"', 'mode = "test"', "config_mixed_modes", "channels.wechatpay.sandbox"),
        ('mode = "live"', 'mode = "live"\ntaps = true', "config_mixed_modes", "taps"),
        ('id = "2"', 'id = "1"', "config_value_wrong", "counters.id"),
        ('host = "127.0.0.1"', 'host = "0.0.0.0"', "config_bind_needs_tls", "listen.host"),
        ('channels = ["wechatpay"]', 'channels = ["nobank"]', "config_value_wrong", "counters.1.channels"),
    ],
)
def test_f1_each_mistake_has_its_sentence(tmp_path: Path, old: str, new: str, slug: str, key: str) -> None:
    assert (slug, key) in slugs(place(tmp_path, example().replace(old, new, 1)))


@pytest.mark.row(66)
@pytest.mark.parametrize(
    ("more", "changed", "keys"),
    [
        ("[receipts]\ndisplay = true", ("", ""), ["receipts.display"]),
        ("[receipts]\ndisplay = true", ("lan = false", "lan = true"), []),
        ('[receipts]\ndisplay = true\naddress = "https://tea.example"', ("", ""), []),
        ('[receipts]\naddress = "http://tea.example"', ("", ""), ["receipts.address"]),
        ('[receipts]\naddress = "https://tea.example/shop"', ("", ""), ["receipts.address"]),
        (
            '[receipts]\naddress = "https://tea.example"',
            ("notify_port = 7601", "notify_port = 0"),
            ["receipts.address"],
        ),
        ('[receipts]\npaper = "asked"', ("", ""), ["receipts.paper"]),
        ('[care]\non_receipt = "rating"', ("", ""), ["care.on_receipt"]),
        ('[care]\non_receipt = "survey"', ("", ""), ["care.survey"]),
        ('[care]\non_receipt = "survey"\nsurvey = "https://bank.example/s"', ("", ""), []),
    ],
)
def test_f1_receipts_that_no_phone_could_open_are_told_before_the_first_sale(
    tmp_path: Path, more: str, changed: tuple[str, str], keys: list[str]
) -> None:
    path = place(tmp_path, f"{example().replace(*changed)}\n{more}\n")
    if keys:
        assert [key for _, key in slugs(path)] == keys
    else:
        load(path)


def test_f1_a_door_for_phones_has_a_port_that_they_can_come_back_to(tmp_path: Path) -> None:
    text = example().replace("lan_port = 7643", "lan_port = 0")
    assert slugs(place(tmp_path, text.replace("lan = false", "lan = true"))) == [
        ("config_value_wrong", "listen.lan_port")
    ]
    load(place(tmp_path, text))


def test_f1_a_missing_file_and_broken_toml_say_so(tmp_path: Path) -> None:
    assert slugs(tmp_path / "none.toml")[0][0] == "config_missing"
    assert slugs(place(tmp_path, "mode = "))[0][0] == "config_unreadable"


DEEP = "x = " + "[" * 20_000
WRONG: dict[str, tuple[bytes, str]] = {
    "a slip": (b"\n\nmode = @\n", "at line 3"),
    "without end": (DEEP.encode(), "too deep"),
    "digits": (b'mode = "test"\nnumber = ' + b"7" * 5000, "digits at line 2"),
    "not UTF-8": ('mode = "test"\n\ntitle = "茶"'.encode("gb18030"), "not UTF-8 at line 3"),
    "a film": (b"# \n" * 400_000, "longer than 1024 KiB"),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", ["countertop.toml", "secrets.toml", "state/devices.toml"])
def test_f1_a_file_that_is_no_toml_is_told_with_its_name_and_line(tmp_path: Path, name: str, wrong: str) -> None:
    data, why = WRONG[wrong]
    path = place(tmp_path, example())
    (tmp_path / "state").mkdir()
    (tmp_path / name).write_bytes(data)
    (tmp_path / name).chmod(0o600)
    with pytest.raises(Problems) as raised:
        load(path)
    [told] = raised.value.problems
    assert (told.slug, told.facts["path"]) == ("config_unreadable", str(tmp_path / name))
    assert why in str(told.facts["why"])


def test_s44_of_a_secret_that_is_no_toml_the_place_is_told_and_nothing_else(tmp_path: Path) -> None:
    path = place(tmp_path, example())
    (tmp_path / "secrets.toml").write_text('[people]\npepper = "hush"\n[people]\npepper = "hush"')
    with pytest.raises(Problems) as raised:
        load(path)
    assert re.fullmatch(r"at line 3, column \d+", str(raised.value.facts["why"]))


def test_s40_secrets_that_others_can_read_are_refused(tmp_path: Path) -> None:
    path = place(tmp_path, example(), mode=0o644)
    assert slugs(path) == [("config_secret_readable", str(tmp_path / "secrets.toml"))]


def test_a_missing_secrets_file_is_named(tmp_path: Path) -> None:
    path = place(tmp_path, example())
    (tmp_path / "secrets.toml").unlink()
    assert slugs(path) == [("config_missing", str(tmp_path / "secrets.toml"))]


def test_s44_no_secret_in_a_representation(tmp_path: Path) -> None:
    loaded = load(place(tmp_path, example()))
    assert "0123456789abcdef" not in repr(loaded)


def test_i25_a_test_shop_never_talks_to_a_real_bank(tmp_path: Path) -> None:
    text = (
        example()
        .replace('mode = "live"', 'mode = "test"')
        .replace('connector = "wechatpay"', 'connector = "wechatpay"\nsandbox = true')
    )
    assert slugs(place(tmp_path, text)) == [("config_mixed_modes", "channels.wechatpay.gateway")]
    named = text.replace("sandbox = true", 'sandbox = true\ngateway = "http://127.0.0.1:7610"')
    assert load(place(tmp_path, named)).settings.mode == "test"
    broken = text.replace("sandbox = true", 'sandbox = true\ngateway = "http://[1"')
    assert slugs(place(tmp_path, broken)) == [("config_mixed_modes", "channels.wechatpay.gateway")]


@pytest.mark.row(44)
def test_devices_chosen_on_the_page_stand_above_the_file_and_are_checked_like_it(tmp_path: Path) -> None:
    path = place(tmp_path, example())
    state = tmp_path / "state"
    state.mkdir()
    (state / "devices.toml").write_text(
        '[counters."1".printer]\nport = "usb-serial:NEW"\nprofile = "generic-58"\n'
    )
    printer = load(path).settings.counters[0].printer
    assert printer is not None
    assert (printer.port, printer.profile) == ("usb-serial:NEW", "generic-58")
    (state / "devices.toml").write_text('[counters."1".printer]\nport = 7\n')
    assert slugs(path) == [("config_value_wrong", "devices.toml: counters.1.printer.port")]


def test_s40_secrets_may_come_from_systemd_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """systemd.exec(5), Credentials: a folder of the service's own, readable by an ACL that shows as 0440."""
    text = 'secrets_file = "credential:countertop-secrets"'
    config = place(tmp_path, example().replace('secrets_file = "secrets.toml"', text))
    (tmp_path / "secrets.toml").unlink()
    assert slugs(config) == [("config_missing", "$CREDENTIALS_DIRECTORY/countertop-secrets")]
    given = tmp_path / "credentials"
    given.mkdir()
    (given / "countertop-secrets").write_text(SECRETS)
    (given / "countertop-secrets").chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(given))
    loaded = load(config)
    assert loaded.secrets.get("people", "pepper") == "00"
    assert loaded.secrets_path == given / "countertop-secrets"
    (given / "countertop-secrets").chmod(0o444)
    assert slugs(config) == [("config_secret_readable", str(given / "countertop-secrets"))]


def test_s40_a_credential_s_name_leads_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    config = place(tmp_path, example().replace('"secrets.toml"', '"credential:../secrets.toml"'))
    assert slugs(config) == [("config_missing", str(tmp_path / "credentials" / "secrets.toml"))]


def test_who_only_looks_reads_on_past_what_a_start_refuses(tmp_path: Path) -> None:
    config = place(tmp_path, example().replace('host = "127.0.0.1"', 'host = "0.0.0.0"', 1), mode=0o644)
    assert {slug for slug, _ in slugs(config)} == {"config_bind_needs_tls", "config_secret_readable"}
    loaded = load(config, despite={"config_bind_needs_tls", "config_secret_readable"})
    assert loaded.settings.listen.host == "0.0.0.0"
    assert loaded.secrets.get("people", "pepper") == "00"


@pytest.mark.row(2)
@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[{ name = "Tea", price_minor = 0 }]', "shop.favourites[0].price_minor"),
        ('[{ name = "", price_minor = 5 }]', "shop.favourites[0].name"),
        ('[{ name = "Tea" }]', "shop.favourites[0]"),
        ('[{ name = "Tea", price_minor = 5, tax = "A" }]', "shop.favourites[0]"),
        ("[" + '{ name = "Tea", price_minor = 5 },' * 7 + "]", "shop.favourites"),
    ],
)
def test_f1_favourites_are_few_and_each_has_a_name_and_a_price(tmp_path: Path, text: str, key: str) -> None:
    found = slugs(place(tmp_path, example().replace("[shop]", f"[shop]\nfavourites = {text}")))
    assert found == [("config_value_wrong", key)]


@pytest.mark.row(2)
@pytest.mark.parametrize(
    ("name", "price", "wrong"),
    [("Tea\\u001b", 5, "name"), (" ", 5, "name"), ("Tea", 500_001, "price_minor"), (" 茶 ", 500_000, "")],
)
def test_s61_a_favourite_that_no_sale_could_ever_have_is_told_before_the_first(
    tmp_path: Path, name: str, price: int, wrong: str
) -> None:
    listed = f'[shop]\nfavourites = [{{ name = "{name}", price_minor = {price} }}]'
    loaded = load(place(tmp_path, example().replace("[shop]", listed)))
    if not wrong:
        assert house_of(loaded).favourites == (Favourite("茶", 500_000),)
        return
    with pytest.raises(BadSettings) as refused:
        house_of(loaded)
    assert refused.value.facts["key"] == f"shop.favourites[0].{wrong}"
