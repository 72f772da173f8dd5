"""docs/security.md says who may do what as the doors' tables do."""

from terminal.people.roles import Action
from tests import roles_page


def test_s30_the_page_is_what_the_tables_say() -> None:
    assert roles_page.PAGE.read_text("utf-8") == roles_page.page(), "run: make roles"


def test_every_act_is_explained() -> None:
    assert set(roles_page.ACTIONS) == set(Action)
