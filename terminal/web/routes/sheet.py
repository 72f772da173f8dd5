"""The API's table, the part about the terminal's sheet, the visit code and the cards."""

from typing import Final

from terminal.web import sheet
from terminal.web.calls import Operation as Op
from terminal.web.shapes.form import Done
from terminal.web.shapes.people import Me
from terminal.web.shapes.sheet import NewVisitCode, SheetPrint, SheetQuery, SheetView, VisitCode, VisitSignIn

SHEET: Final = (
    Op(
        "GET",
        "/sheet",
        "read_sheet",
        sheet.read_sheet,
        "Which leg is dead: printer, network, internet, bank, clock. Banks are asked about an order nobody made.",
        SheetView,
        SheetQuery,
        problems=("counter_unknown",),
        whole="one a leg, one a channel of the settings",
    ),
    Op(
        "POST",
        "/sheet/print",
        "print_sheet",
        sheet.print_sheet,
        "The same on this counter's receipt printer, at once; or its legs by the counter's voice.",
        Done,
        SheetPrint,
        problems=("counter_unknown", "sheet_no_printer", "sheet_not_said"),
    ),
    Op(
        "POST",
        "/visit-codes",
        "new_visit_code",
        sheet.new_visit_code,
        "Six digits for who comes to set the shop up, good once within 15 minutes; the one before is void.",
        VisitCode,
        NewVisitCode,
        status=201,
        problems=("pin_again", "counter_unknown"),
    ),
    Op(
        "POST",
        "/visit-codes/void",
        "void_visit_codes",
        sheet.void_visit_codes,
        "No visit code is good any more.",
        Done,
        problems=("pin_again",),
    ),
    Op(
        "POST",
        "/visit-sign-in",
        "visit_sign_in",
        sheet.visit_sign_in,
        "The visitor's own login with the code, a name and a PIN; it ends by itself.",
        Me,
        VisitSignIn,
        open_to="anyone",
        problems=("pairing_wrong", "pairing_locked", "pin_weak", "people_full"),
    ),
    Op(
        "POST",
        "/counters/{counter}/cards/{card}/print",
        "print_card",
        sheet.print_card,
        "A card or poster on this counter's receipt printer, as soon as it can.",
        Done,
        problems=("counter_unknown", "card_unknown", "report_no_printer", "report_prints_wait"),
    ),
)
