"""The API's table: what waits for a person and belongs to no counter."""

from typing import Final

from terminal.web import inbox
from terminal.web.answers import Done
from terminal.web.calls import Operation as Op
from terminal.web.inbox_shapes import Inbox, SeenForm

INBOX: Final = (
    Op("GET", "/inbox", "read_inbox", inbox.read_inbox, "What waits for a person beside the sales.", Inbox),
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
