"""``countertop conformance``: words, exit codes, JSON, and what is kept."""

from pathlib import Path

import msgspec
import pytest

from terminal.conformance import proof
from tests.flows.cli_rig import Place, command
from tests.unit.conformance.own_package import installed, make


@pytest.mark.row(40)
def test_a_green_connector_ends_with_0_and_its_result_is_kept_in_the_state_folder(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.example()
    ended = command("conformance", "run", "pix", "--config", place.config)
    assert ended.code == 0
    assert ended.out.startswith("pix: may see live money; ")
    assert not place.state.exists(), "only the service makes it"
    place.state.mkdir(mode=0o700)
    told = msgspec.json.decode(command("conformance", "run", "pix", "--json", "--config", place.config).out)
    kept = proof.read(place.state / "conformance" / "pix.json")
    assert kept is not None
    assert kept.green
    assert kept.code == proof.code_of()
    assert told["green"]
    assert told["kept"] == str(place.state / "conformance" / "pix.json")
    assert {each["outcome"] for each in told["cases"]} == {"green", "not applicable"}


@pytest.mark.row(40)
def test_a_red_one_ends_with_1_and_names_rule_and_page_for_each(tmp_path: Path) -> None:
    with installed(
        make(tmp_path, "acme", 1, 2, 3, 4, 5, 6, 7, 9, 10, 11)
    ):  # step 8, close and reverse, is missing
        ended = command("conformance", "run", "acme")
        told = msgspec.json.decode(command("conformance", "run", "acme", "--json").out)
    assert ended.code == 1
    assert "acme: sees no live money; " in ended.out
    words = " ".join(ended.out.split())
    red = [each for each in told["cases"] if each["outcome"] == "red"]
    assert [each["case"] for each in red] == ["close-yes", "reverse-yes"]
    for each in red:
        assert each["page"] == f"docs/conformance.md#{each['case']}"
        for piece in (
            each["case"],
            each["rule"],
            each["for_money"],
            each["page"],
            "It did: Unclear(why='not written",
        ):
            assert piece in words
    assert "order-gives-a-code" not in words


def test_all_shows_what_does_not_apply_and_why() -> None:
    ended = command("conformance", "run", "pix", "--all")
    words = " ".join(ended.out.split())
    assert "A customer who is confirming is PAYING. (no word for paying)" in words


def test_a_bank_that_is_asked_nothing_is_told_apart() -> None:
    ended = command("conformance", "run", "any_bank")
    assert ended.code == 0
    assert "any_bank asks nobody" in ended.out


def test_a_name_nobody_offers_is_told_with_those_that_are() -> None:
    ended = command("conformance", "run", "nobody")
    assert (ended.code, ended.codes) == (1, ["C-73"])
    assert "wechatpay, alipay, pix" in ended.err


@pytest.mark.row(40)
def test_new_says_where_it_is_and_what_to_do(tmp_path: Path) -> None:
    ended = command("conformance", "new", "acme", "--folder", tmp_path / "acme")
    assert ended.code == 0
    assert "countertop conformance run acme" in ended.out
    assert (tmp_path / "acme" / "README.md").is_file()
    again = command("conformance", "new", "acme", "--folder", tmp_path / "acme")
    assert again.code == 2
    assert "there already" in again.err
