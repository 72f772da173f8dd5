"""Profiles are data with a schema."""

from importlib import resources

import pytest

from drivers.printer.profile import NAMES, load, parse

GOOD = (resources.files("drivers.printer") / "profiles" / "generic-80.toml").read_text(encoding="utf-8")


def test_every_shipped_profile_is_named_and_loads() -> None:
    folder = resources.files("drivers.printer") / "profiles"
    assert sorted(path.name for path in folder.iterdir()) == [f"{name}.toml" for name in NAMES]
    assert [load(name).name for name in NAMES] == list(NAMES)


def test_unknown_names_keys_and_values_are_refused() -> None:
    with pytest.raises(ValueError, match="no printer profile 'star'"):
        load("star")
    with pytest.raises(ValueError, match="unknown ribbon"):
        parse(GOOD + "ribbon = 1\n")
    with pytest.raises(ValueError, match="unknown cut"):
        parse(GOOD.replace("cut =", "# cut ="))
    with pytest.raises(ValueError, match="status is one of dle"):
        parse(GOOD.replace('status = "dle"', 'status = "maybe"'))
    with pytest.raises(ValueError, match="make no sense"):
        parse(GOOD.replace("width_dots = 576", "width_dots = 20"))
