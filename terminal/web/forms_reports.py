"""Bodies and queries of the API, the part about reports."""

from typing import Annotated, Literal

import msgspec

from terminal.web.forms import Approver, Form, Name, Number

Day = Annotated[str, msgspec.Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$", description="A business day.")]
Counter = Annotated[str, msgspec.Meta(max_length=64, description="Only this one; empty is all of them.")]


class ReportQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    counter: Counter = ""


class NewZ(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``day`` empty: today's. ``empty``: also when nothing happened. ``print_at``: a counter with a printer.

    ``approver``: somebody who may close the day, where the caller may not.
    """

    day: Day = ""
    empty: bool = False
    print_at: Counter = ""
    approver: Approver | None = None


class NewReportPrint(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The counter whose printer it is."""

    counter: Name


class ZQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``before`` is the cursor of the last row seen."""

    before: Number | None = None


class DaysQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``first`` and ``last`` are business days, both included; without ``last`` one day, without both today."""

    first: Day = ""
    last: Day = ""


class DayBookQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Days as in the fee report, or ``z``: the rows of one Z. ``bom``: a mark before the CSV for spreadsheets."""

    first: Day = ""
    last: Day = ""
    z: Number = 0
    counter: Counter = ""
    format: Literal["json", "csv"] = "json"
    bom: Literal["no", "yes"] = "no"
