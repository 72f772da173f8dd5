"""When ``countertop update`` may begin: not while the shop sells."""

import pytest

from terminal.cli.update import check_quiet
from terminal.errors import BadSettings


@pytest.mark.row(128)
@pytest.mark.parametrize(
    ("quiet", "utc", "allowed"),
    [
        ("01:00-05:00", 17, True),  # 01:00 in Shanghai
        ("01:00-05:00", 21, False),  # 05:00
        ("01:00-05:00", 4, False),  # noon
        ("22:00-06:00", 15, True),  # 23:00
        ("22:00-06:00", 21, True),  # 05:00
        ("22:00-06:00", 23, False),  # 07:00
    ],
)
def test_while_the_shop_may_be_selling_nothing_is_updated(quiet: str, utc: int, allowed: bool) -> None:
    at_ms = (20_000 * 24 + utc) * 3_600_000
    if allowed:
        check_quiet(quiet, "Asia/Shanghai", at_ms)
    else:
        with pytest.raises(BadSettings, match="update_not_now"):
            check_quiet(quiet, "Asia/Shanghai", at_ms)


def test_hours_that_are_none() -> None:
    with pytest.raises(BadSettings, match="config_value_wrong"):
        check_quiet("at night", "UTC", 0)
