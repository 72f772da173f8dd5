"""``countertop devices test`` where no service runs: the lab's own devices prove one another."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from drivers.device_protocol import ROLES
from terminal.cli.devices.proof import meant, prove
from terminal.cli.words import SETTINGS, UNAVAILABLE
from terminal.errors import NotFound
from terminal.people.key_file import write_key
from tests.flows.api_rig import open_shop
from tests.flows.cli_rig import countertop
from tests.flows.ports import claim

APP = typer.Typer()
APP.command()(prove)


@pytest.fixture(autouse=True)
def no_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COUNTERTOP_URL", f"http://127.0.0.1:{claim()}")


@pytest.mark.row(97)
def test_all_of_the_lab_s_devices_pass_and_the_measurements_are_told() -> None:
    done = CliRunner().invoke(APP, ["--all", "--json"])
    told = msgspec.json.decode(done.stdout)
    assert (done.exit_code, told["where"], told["passed"]) == (0, "lab", True)
    assert [each["role"] for each in told["proofs"]] == ["display", "scanner", "printer", "speaker"]
    assert all(each["measured"]["model"] for each in told["proofs"])
    again = msgspec.json.decode(CliRunner().invoke(APP, ["display", "--json"]).stdout)
    assert len(again["proofs"]) == 1
    assert again["proofs"][0]["measured"]["read"] != told["proofs"][0]["measured"]["read"]


def test_people_are_told_that_it_was_the_lab() -> None:
    done = CliRunner().invoke(APP, ["scanner"])
    assert done.exit_code == 0
    assert "simulated" in done.stdout
    assert "passed" in done.stdout


def places(**fitted: str) -> dict[str, Any]:
    """What a service tells of its counters: the first letters of the roles that each has."""
    return {
        "counters": [
            {
                "counter": name,
                "places": [{"role": role, "health": {} if role[:2] in roles.split() else None} for role in ROLES],
            }
            for name, roles in fitted.items()
        ]
    }


@pytest.mark.row(97)
def test_a_running_service_is_asked_for_what_it_has_and_a_shop_without_devices_for_none() -> None:
    shop = places(left="di sc", right="di")
    assert meant(shop, "", ()) == [("left", "display"), ("left", "scanner"), ("right", "display")]
    assert meant(shop, "right", ()) == [("right", "display")]
    assert meant(shop, "", ("scanner",)) == [("left", "scanner")]
    assert meant(places(left=""), "", ()) == []


@pytest.mark.row(97)
@pytest.mark.parametrize(
    ("counter", "roles", "slug"),
    [
        ("upstairs", (), "counter_unknown"),
        ("", ("speaker",), "device_not_fitted"),
        ("", ("display", "speaker"), "device_not_fitted"),
        ("right", ("scanner",), "device_not_fitted"),
        ("empty", (), "device_not_fitted"),
    ],
)
def test_bad_input_a_device_that_the_service_does_not_have_never_passes_in_the_lab(
    counter: str, roles: tuple[str, ...], slug: str
) -> None:
    with pytest.raises(NotFound, match=slug):
        meant(places(left="di sc", right="di", empty=""), counter, roles)


@pytest.mark.row(97)
@pytest.mark.parametrize(("roles", "key"), [(("scanner",), False), ((), True)])
def test_bad_input_of_a_shop_without_any_device_nothing_that_is_named_passes_in_the_lab(
    roles: tuple[str, ...], key: bool
) -> None:
    """Who sets up a scanner and asks for it by name had been told that it passed."""
    with pytest.raises(NotFound, match="device_not_fitted"):
        meant(places(left=""), "", roles, key=key)


@pytest.mark.row(97)
@pytest.mark.parametrize("named", [("--counter", "1"), ("--key-file", "key")])
def test_bad_input_who_names_a_counter_or_a_key_means_the_service_and_not_the_lab(
    named: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / ".demo" / "state").mkdir(parents=True)
    for key in (tmp_path / "key", tmp_path / ".demo" / "state" / "api-key"):
        write_key(key, "k" * 40)
    done = CliRunner().invoke(APP, ["--all", *named])
    assert done.exit_code == UNAVAILABLE
    assert "N-02" in done.output
    assert CliRunner().invoke(APP, ["scanner"]).exit_code == 0


@pytest.mark.row(97)
async def test_bad_input_no_lab_is_proved_in_place_of_a_service_whose_key_is_missing(tmp_path: Path) -> None:
    """In another folder than the demo's "no service answers" had been told, and that all passed."""
    async with open_shop(tmp_path / "shop") as shop:
        done = await countertop("devices", "test", "--all", "--url", shop.url, cwd=tmp_path)
    assert (done.code, done.codes, done.out) == (SETTINGS, ["C-29"], "")


def test_bad_input_an_unknown_kind_of_device_is_named() -> None:
    done = CliRunner().invoke(APP, ["toaster"])
    assert done.exit_code == 2
    assert "toaster" in done.output
