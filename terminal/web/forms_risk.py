"""Bodies and queries of the API, the part about risk: look-ups, proofs, stickers, alerts and holds."""

from typing import Annotated, Literal

import msgspec

from terminal.web.forms import Approver, Form

Reason = Annotated[str, msgspec.Meta(max_length=200)]
Scanned = Annotated[str, msgspec.Meta(min_length=1, max_length=4296, description="As it was typed or scanned.")]


class CodeQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``code``: the four characters of a receipt, or its scanned code."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class ProofForm(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``proof``: the last four characters of the customer's order or transaction number, or all of it."""

    proof: Scanned


class StickerScan(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    code: Scanned


class StickerQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``counter``: whose scanner's last scan is told."""

    counter: Annotated[str, msgspec.Meta(max_length=64)] = ""


class NewSticker(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An owner says that this code is the shop's own. ``name``: where it hangs."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    code: Scanned


class NewHold(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``channel``: of ``channel_paused``. ``alert``: what it follows from, may be left out.

    ``approver``: somebody who may, where the caller may not.
    """

    what: Literal["refunds_locked", "refunds_pin", "channel_paused"]
    channel: Annotated[str, msgspec.Meta(max_length=64)] = ""
    alert: Annotated[str, msgspec.Meta(max_length=64)] = ""
    reason: Reason = ""
    approver: Approver | None = None


class HoldEnding(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    reason: Reason = ""
    approver: Approver | None = None


class AlertSeen(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person has taken note."""

    how: Literal["seen"]
    approver: Approver | None = None


class NewLetter(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``print_at``: a counter whose printer prints it too. Nothing is sent anywhere."""

    print_at: Annotated[str, msgspec.Meta(max_length=64)] = ""
    approver: Approver | None = None
