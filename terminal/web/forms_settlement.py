"""Bodies and queries of the API, the part about bills and their differences."""

from typing import Annotated, Literal

import msgspec

from terminal.web.forms import Approver, Form, Number

Day = Annotated[
    str,
    msgspec.Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$", description="A bill's day, in the bank's own days."),
]
Channel = Annotated[str, msgspec.Meta(max_length=64, description="As the settings name it.")]
Choice = Literal["query", "refund", "attach", "accept", "carry", "ask_bank"]
Kinds = Literal[
    "",
    "missing_here",
    "missing_there",
    "status",
    "short",
    "over",
    "fee",
    "duplicate",
    "late",
    "wrong_account",
    "wrong_currency",
    "payout",
]


class DifferencesQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``before`` is the cursor of the last row seen. Without ``state`` open and ended ones."""

    state: Literal["", "open", "ended"] = "open"
    channel: Channel = ""
    day: Day = ""
    kind: Kinds = ""
    before: Number | None = None


class NewFix(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``reason`` is needed to accept. ``print_at``: a counter whose printer prints the text for the bank.

    ``approver``: somebody who may end differences, where the caller may not.
    """

    choice: Choice
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""
    print_at: Annotated[str, msgspec.Meta(max_length=64)] = ""
    approver: Approver | None = None


class SettlementsQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``after`` is the ``next`` of the page before."""

    day: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="A bill's day.")]
    channel: Channel = ""
    after: Annotated[str, msgspec.Meta(max_length=64)] = ""


class BillImport(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whose bill it is; ``format`` empty: by the file's first bytes. The file itself is the body."""

    channel: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    format: Annotated[str, msgspec.Meta(max_length=32)] = ""
    name: Annotated[str, msgspec.Meta(max_length=80, description="The file's name, for sentences.")] = "bill"


class BillFetch(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Ask the bank for a day's bills now."""

    channel: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    day: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="A bill's day.")]
