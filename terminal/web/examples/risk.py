"""True-to-life examples of the API's part about risk."""

from typing import Final

import msgspec

from terminal.web.shapes import inbox, risk

_AT: Final = 1_763_740_800_000
_ALERT: Final = "K41c0d5f0a2e9b7713c6a8e24f"
_STICKER: Final = "000201010211…6304A1B2"
_alert = risk.RiskAlertView(
    _ALERT,
    "refunds_many",
    "Many refunds by one person",
    "Mei gave money back 9 times today; 7 is unusual here.",
    9,
    7,
    _AT,
    False,
    "",
    ["refunds_pin", "refunds_locked"],
)
_hold = risk.HoldView(
    "hold:refunds_locked", "refunds_locked", "", "Refunds are locked", "until we have talked", "Owner", _AT
)
_rule = risk.RuleView(
    "refunds_many",
    "Many refunds by one person",
    "One person gives back more often in a day than is usual here.",
    7,
    6,
    40,
    True,
)
_checked = risk.StickerAnswer(
    "other",
    "NOT OURS",
    "It looks like “Counter”, but the money would go to: TEA SHOP · 00020100499 · PIX",
    "Take it down now and keep it. Call the owner.",
    "TEA SHOP · 00020100499 · PIX",
    "Counter",
    [risk.DifferenceRow("Account", "00020100111", "00020100499")],
    1,
    4,
    _AT,
)
_sticker = risk.StickerRow(
    "poster:01KAK3V5M2Q8ZP6T4W9XN7B1CD", "Counter", "TEA SHOP · 00020100111 · PIX", True, _AT
)

_proof = risk.ProofAnswer(
    "used",
    "ALREADY COUNTED",
    "¥28.50 was counted 2025-11-21 20:00:07 for sale 0017, counter 1. It pays nothing else.",
    "For a new sale ask for a new payment.",
    "01KAK3V5M2Q8ZP6T4W9XN7B1CD",
    17,
    "1",
    2850,
    "CNY",
    _AT,
)

EXAMPLES: Final[tuple[msgspec.Struct, ...]] = (
    risk.ProofForm(proof="9N4Q"),
    risk.StickerScan(code=_STICKER),
    risk.NewSticker(name="Counter", code=_STICKER),
    risk.AlertSeen(how="seen"),
    risk.NewLetter(print_at="1"),
    risk.NewHold(what="channel_paused", channel="wechatpay", alert=_ALERT, reason="forged messages"),
    risk.HoldEnding(reason="talked to Mei"),
    risk.CodeAnswer([risk.PaymentView("01KAK3V5M2Q8ZP6T4W9XN7B1CD", 17, "1", 2850, 0, "CNY", _AT, "paid", True)]),
    _proof,
    risk.LastProof(3, _proof),
    risk.StickerList([_sticker], 0, _checked),
    _sticker,
    _checked,
    risk.RiskView([_alert], [_hold], [_rule], 12),
    risk.HoldList([_hold]),
    risk.LetterAnswer(["Report of a suspicious event, Tea 茶", "Many refunds by one person"], "letters/K41.txt"),
    inbox.TillAlert(_ALERT, "A sticker that is not ours", "Take it down and keep it.", _AT),
)
