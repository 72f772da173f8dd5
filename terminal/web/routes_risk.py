"""The API's table, the part about risk."""

from typing import Final

from terminal.web import risk
from terminal.web.answers import Done
from terminal.web.calls import Operation as Op
from terminal.web.forms_risk import (
    AlertSeen,
    CodeQuery,
    HoldEnding,
    NewHold,
    NewLetter,
    NewSticker,
    ProofForm,
    StickerQuery,
    StickerScan,
)
from terminal.web.views_risk import (
    CodeAnswer,
    HoldList,
    LetterAnswer,
    ProofAnswer,
    RiskView,
    StickerAnswer,
    StickerList,
    StickerRow,
)

_PIN: Final = ("pin_again", "pin_wrong")

RISK_CALLS: Final = (
    Op(
        "GET",
        "/codes",
        "find_code",
        risk.find_code,
        "Whose payment a receipt's code is, at any till of the shop; empty: none of ours.",
        CodeAnswer,
        CodeQuery,
        problems=("lookup_code_wrong", "receipt_unknown"),
    ),
    Op(
        "POST",
        "/counters/{counter}/proof",
        "check_proof",
        risk.check_proof,
        "A customer shows a screen: the bank is asked and says yes or no within three seconds.",
        ProofAnswer,
        ProofForm,
        problems=("proof_unreadable", "counter_unknown"),
    ),
    Op(
        "GET",
        "/stickers",
        "list_stickers",
        risk.list_stickers,
        "The shop's own static codes and which are still to be scanned today.",
        StickerList,
        StickerQuery,
    ),
    Op(
        "POST",
        "/stickers",
        "new_sticker",
        risk.new_sticker,
        "An owner says that this static code is the shop's own.",
        StickerRow,
        NewSticker,
        status=201,
        problems=("sticker_known", "stickers_too_many", "sticker_not_payment", "sticker_unreadable", "pin_again"),
    ),
    Op(
        "POST",
        "/stickers/{sticker}/remove",
        "remove_sticker",
        risk.remove_sticker,
        "It hangs nowhere any more.",
        Done,
        problems=("sticker_unknown", "pin_again"),
    ),
    Op(
        "POST",
        "/counters/{counter}/sticker",
        "check_sticker",
        risk.check_sticker,
        "Compare a scanned sticker byte for byte with our own, and say who gets its money.",
        StickerAnswer,
        StickerScan,
        problems=("counter_unknown",),
    ),
    Op(
        "GET",
        "/risk",
        "read_risk",
        risk.read_risk,
        "Open alerts with their reasons, what is held back, and the rules with their limits.",
        RiskView,
    ),
    Op(
        "POST",
        "/risk/alerts/{alert}",
        "close_risk_alert",
        risk.close_risk_alert,
        "A person has seen an alert.",
        Done,
        AlertSeen,
        problems=("risk_alert_unknown", *_PIN),
    ),
    Op(
        "POST",
        "/risk/alerts/{alert}/letter",
        "make_letter",
        risk.make_letter,
        "The facts as a text for the bank: kept in the shop's folder, printed where asked for, sent nowhere.",
        LetterAnswer,
        NewLetter,
        problems=(
            *("risk_alert_unknown", "report_no_printer", "report_prints_wait", "counter_unknown"),
            *("letter_not_kept", *_PIN),
        ),
    ),
    Op(
        "POST",
        "/risk/holds",
        "begin_hold",
        risk.begin_hold,
        "Lock refunds, ask a PIN for each, or pause a channel for new sales. What is under way goes on.",
        HoldList,
        NewHold,
        problems=("risk_alert_unknown", "channel_unknown", *_PIN),
    ),
    Op(
        "POST",
        "/risk/holds/{hold}/end",
        "end_hold",
        risk.end_hold,
        "An owner ends what was held back.",
        HoldList,
        HoldEnding,
        problems=("hold_unknown", *_PIN),
    ),
)
