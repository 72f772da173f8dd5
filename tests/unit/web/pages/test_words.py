"""Words whose keys pages put together from values: every value that can come has its words, in each language."""

from typing import Final, get_args

import pytest

from terminal.counter.ports import HealthState, Role
from terminal.help.catalogue import Catalogue
from terminal.help.languages import LANGUAGES
from terminal.hooks.delivery import Why
from terminal.payments.attempt import SCREEN_WORDS
from terminal.payments.evidence import Field
from terminal.people.roles import SCOPES, VISITORS
from terminal.people.roles import Role as Who

ROLES: Final = get_args(Role)
MADE_UP: Final = (
    *(f"access.scope_{scope.replace(':', '_')}" for scope in SCOPES),
    *(f"hooks.why_{why}" for why in get_args(Why) if why),
    *(f"people.role_{role}" for role in (Who.OWNER, Who.CASHIER, *VISITORS)),
    *(f"state.{word}" for word in {*SCREEN_WORDS.values()}),
    *(f"bar.{each}" for each in (*ROLES, *HealthState, "bank", "clock")),
    *(f"timeline.field_{each}" for each in get_args(Field)),
    *(f"till.slip_{why}" for why in ("old", "may_have_printed", "broke_off", "too_many")),
    *(f"setup.asks_scan_{role}" for role in ROLES if role != "speaker"),
    *(f"setup.asks_digits_{role}" for role in ROLES if role != "scanner"),
    *(f"setup.{how}" for how in ("passed", "failed", "cannot_tell", "asked_asking", "asked_silent")),
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_pages_put_together_is_in_every_catalogue(language: str) -> None:
    known = Catalogue.load(language).names()
    assert [each for each in MADE_UP if each not in known] == []
