"""Examples of the bodies and answers of care."""

from typing import Final

import msgspec

from terminal.web.shapes import care as shapes

_AT: Final = 1_763_640_000_000
_SALE: Final = "01KAK3V5M2Q8ZP6T4W9XN7B0AB"
_ID: Final = "01KAK3V5M2Q8ZP6T4W9XN7CASE"
_said = shapes.FeedbackRow("01KAK3V5M2Q8ZP6T4W9XN7SA1D", 4711, "slow", _SALE, "1", _AT)
_case = shapes.CaseView(
    _ID,
    4712,
    7,
    _SALE,
    "1",
    "double",
    "open",
    _AT,
    _AT + 48 * 3_600_000,
    False,
    ["waiting_for_bank", "answered", "closed"],
    [shapes.CaseStep("open", _AT, "person:01KAK3V5M2Q8ZP6T4W9XN7B1CD", "")],
)
EXAMPLES: Final[tuple[msgspec.Struct, ...]] = (
    shapes.NewFeedback(what="slow"),
    shapes.NewRating(good=True),
    shapes.NewCase(reason="double"),
    shapes.CaseMove(to="waiting_for_bank"),
    shapes.PrintAt(counter="1"),
    _said,
    shapes.FeedbackList([_said], None),
    shapes.FeedbackReport(_AT, [shapes.FeedbackGroup("slow", 3, {"1": 3}, _AT, [_SALE])], 12, 1, 0),
    _case,
    shapes.CaseList([_case], None),
    shapes.HelpCall("4K7P-9M2X", "bundles/help-4K7P9M2X.zip", ["versions.json", "settings.json"]),
)
