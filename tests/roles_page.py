"""docs/security.md: who may do what, written from the tables that the doors ask."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from terminal.people.roles import AWAY_FROM_MONEY, SCOPES, STEP_UP, TABLE, WHERE_SIMULATED, Action, Role
from terminal.web.calls import PREFIX
from terminal.web.rights import opens
from terminal.web.routes.table import OPERATIONS

PAGE: Final = Path(__file__).parents[1] / "docs" / "security.md"
BEGIN: Final = "<!-- made by `make roles`; do not edit below -->\n"
ROLES: Final = (
    Role.OWNER,
    Role.CASHIER,
    Role.ONBOARDING,
    Role.INTEGRATOR,
    Role.SUPPORT,
    Role.TILL,
    Role.DISPLAY,
    Role.POS,
)
ACTIONS: Final[dict[Action, str]] = {
    Action.SEE_SELF: "see who they are; type the PIN once more",
    Action.OWN_SECOND_STEP: "set up their own second step",
    Action.TAKE_MONEY: "take money, scan, park, show another code",
    Action.CANCEL_SALE: "cancel a sale",
    Action.REPRINT: "print a receipt again",
    Action.SEE_SALES: "see sales, receipts, events",
    Action.SEE_DISPLAY: "see the customer's screen of a counter",
    Action.TEST_SALE: "take the smallest amount there is, and see that sale alone",
    Action.TRAIN: "practise at a counter",
    Action.ASK_REFUND: "ask for a refund",
    Action.APPROVE_REFUND: "give money back, approve a refund",
    Action.SETTLE_EXCEPTION: "end what a person must see, fix a difference",
    Action.OVERRIDE: "decide against a missing proof",
    Action.CLOSE_DAY: "close the day",
    Action.IMPORT_BILLS: "bring a bill or statement",
    Action.SEE_REPORTS: "see sums, fees, differences",
    Action.SEE_HEALTH: "see the health of devices",
    Action.SEE_BUNDLE: "read the redacted support bundle",
    Action.TEST_DEVICES: "test a device",
    Action.FIT_DEVICES: "choose which device stands where",
    Action.SIGN_VISIT: "sign that a counter was set up and tested",
    Action.CHANGE_SETTINGS: "change settings, and whatever has no row here",
    Action.MANAGE_PEOPLE: "add and remove people, PINs, sessions",
    Action.MANAGE_DEVICES: "pair and remove tills and displays",
    Action.MANAGE_API_KEYS: "make, replace and revoke API keys",
    Action.MANAGE_HOOKS: "say where events are sent, and what becomes of undelivered ones",
}


def _cell(role: Role, action: Action) -> str:
    if action not in TABLE[role]:
        return "test" if action in WHERE_SIMULATED.get(role, ()) else ""
    if role is Role.POS and action is not Action.SEE_SELF:
        return ", ".join(f"`{scope}`" for scope, may in SCOPES.items() if action in may)
    return "yes"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [f"| {' | '.join(each)} |" for each in ([*heads], ["---"] * len([*heads]), *rows)]
    return "\n".join(lines) + "\n"


def made() -> str:
    """The part of the page that follows the code."""
    asks = {True: "PIN", False: ""}
    acts = (
        (
            ACTIONS[each],
            asks[each in STEP_UP],
            asks[each in AWAY_FROM_MONEY],
            *(_cell(role, each) for role in ROLES),
        )
        for each in Action
    )
    heads = ("act", "fresh PIN", "code at a till too", *(role.value for role in ROLES))
    calls = (
        (f"`{each.method} {PREFIX}{each.path}`", " or ".join(f"`{action.value}`" for action in opens(each.name)))
        for each in OPERATIONS
        if each.open_to == "known"
    )
    free = ", ".join(f"`{each.method} {PREFIX}{each.path}`" for each in OPERATIONS if each.open_to == "anyone")
    return "".join(
        (
            "\n## Who may do what\n\n",
            "`test`: only where money is simulated. A word in the last column is the scope of the key.\n\n",
            _table(heads, acts),
            "\n## What opens each call\n\n",
            f"For everybody, each with its own guard: {free}.\n\n",
            _table(("call", "opened by"), calls),
        )
    )


def page() -> str:
    head, mark, _ = PAGE.read_text("utf-8").partition(BEGIN)
    assert mark, "the page has lost its mark"
    return head + mark + made()


if __name__ == "__main__":
    text = page()
    PAGE.write_text(text, "utf-8")
    sys.stdout.write(f"{PAGE.name}: {len(text.splitlines())} lines\n")
