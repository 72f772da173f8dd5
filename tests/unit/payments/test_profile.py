"""A channel's profile is data with a schema: a misspelt key is an error, not a default."""

import msgspec
import pytest

from terminal.payments.profile import Profile

GIVEN = """
name = "wallet"
connector = "wallet"
currencies = ["CNY"]
push = true
pull = false
[titles]
en = "Wallet"
[timings]
code_life_s = 30
"""


def test_a_profile_states_what_differs_and_inherits_the_rest() -> None:
    profile = msgspec.toml.decode(GIVEN, type=Profile)
    assert profile.timings.code_life_s == 30
    assert profile.timings.reverse_not_before_s == 15
    assert profile.min_minor == 1


@pytest.mark.parametrize("wrong", ["nmae = 'x'\n", ""])
def test_an_unknown_or_missing_key_is_refused(wrong: str) -> None:
    text = wrong + GIVEN.replace('name = "wallet"\n', "" if not wrong else 'name = "wallet"\n')
    with pytest.raises(msgspec.ValidationError):
        msgspec.toml.decode(text, type=Profile)
