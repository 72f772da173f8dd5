"""The API's table: what waits for a person and belongs to no counter."""

from typing import Final

from terminal.web import inbox
from terminal.web.calls import Operation as Op
from terminal.web.shapes.form import Done
from terminal.web.shapes.inbox import Inbox, MatchForm, SeenForm
from terminal.web.shapes.sales import SaleView

INBOX: Final = (
    Op("GET", "/inbox", "read_inbox", inbox.read_inbox, "What waits for a person beside the sales.", Inbox),
    Op(
        "POST",
        "/inbox/credits",
        "match_credit",
        inbox.match_credit,
        "A person says which sale a transfer without a reference pays.",
        SaleView,
        MatchForm,
        problems=("credit_unknown", "credit_taken", "credit_no_match", "pin_again"),
    ),
    Op(
        "POST",
        "/inbox/keys/{key}",
        "close_key",
        inbox.close_key,
        "A person has taken note that a key or certificate ends.",
        Done,
        SeenForm,
        problems=("exception_unknown", "pin_again"),
    ),
)
