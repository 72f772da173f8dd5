"""What a developer writes at the template's steps, for the made-up bank of the template: the worked example."""

import re
from typing import Final

STEPS: Final = {
    1: """
    "OPEN": Trade.UNPAID,
    "CONFIRMING": Trade.PAYING,
    "PAID": Trade.PAID,
    "CLOSED": Trade.CLOSED,
    "TAKEN_BACK": Trade.REVERSED,
    "FAILED": Trade.FAILED,
    "RETURNED": Trade.RETURNED,
""",
    2: """
    "RUNNING": RefundTrade.PROCESSING,
    "DONE": RefundTrade.REFUNDED,
    "FAILED": RefundTrade.FAILED,
""",
    3: """
    "NO_SUCH_ORDER": Other.NOT_THERE,
    "CUSTOMER_IS_CONFIRMING": Other.PAYING,
    "CODE_EXPIRED": Refusal.CODE_EXPIRED,
    "NOT_ENOUGH_MONEY": Refusal.NO_FUNDS,
    "ALREADY_PAID": Refusal.ORDER_PAID,
    "TOO_LATE": Refusal.NOT_REVERSIBLE,
    "MORE_THAN_PAID": Refusal.REFUND_TOO_MUCH,
""",
    4: """
    ("order", "ALREADY_PAID"): Other.ASK,
    ("pay", "ALREADY_PAID"): Other.ASK,
""",
    5: """
        message = f"answer\\n{at}\\n".encode() + body
""",
    6: """
        code = text(found, "code")
        if found.get("number") != call.order_no:
            return Unclear("other_order")
        return CodeReady(code) if is_under(code, self._profile.code_prefixes) else Unclear("code_not_ours")
""",
    7: """
        if found.get("number") != call.order_no:
            return Unclear("other_order")
        return Told(self._notice(found, "pay" if call.act == "pay" else "query", evidence_id(body)))
""",
    8: """
        if found.get("number") != call.order_no:
            return Unclear("other_order")
        return Accepted() if found.get("done") is True else Unclear("no_yes")
""",
    9: """
        if (found.get("refund"), found.get("number")) != (call.refund_no, call.order_no):
            return Unclear("other_order")
        return RefundTold(self._refund_notice(found, "query", evidence_id(body)))
""",
    10: """
        trade = STATES.get(text(found, "state", 32))
        if trade is None:
            raise Unreadable("state")
        paid = trade in {Trade.PAID, Trade.RETURNED}
        return Notice(
            provider=self._profile.name,
            source=source,
            evidence_id=evidence,
            merchant_id=text(found, "shop", 64),
            app_id="",
            order_no=text(found, "number", 64),
            trade=trade,
            amount_minor=amount(found, "amount"),
            currency=text(found, "currency", 3),
            provider_txn=text(found, "txn", 64, optional=not paid),
            paid_at=text(found, "paid_at", 64, optional=not paid),
            wallet=self._profile.name,
        )
""",
    11: """
        trade = REFUNDS.get(text(found, "state", 32))
        if trade is None:
            raise Unreadable("state")
        return RefundNotice(
            provider=self._profile.name,
            source=source,
            evidence_id=evidence,
            merchant_id=text(found, "shop", 64),
            order_no=text(found, "number", 64),
            refund_no=text(found, "refund", 64),
            trade=trade,
            amount_minor=amount(found, "amount"),
            currency=text(found, "currency", 3),
        )
""",
    12: "\n",
}
UNUSED: Final = ("    NotThere,\n", "    Paying,\n", "    Refused,\n")
"""Imported for banks that need them; this one's tables do."""


def written(template: str, *steps: int) -> str:
    """The template with these steps written: each replaces its comment and the line it comments on."""
    for step in steps or STEPS:
        lines = (
            r" *# step {0}:.*\n" if step < 5 else r" *# step {0}:.*\n.*\n"
        )  # in a table there is only the comment
        if step == 12:
            lines = r"# ruff: noqa: F401  # step {0}:.*\n"
        template, count = re.subn(lines.format(step), lambda _, step=step: STEPS[step][1:], template)  # type: ignore[misc]  # a default binds it
        assert count == 1, step
    if 12 in (steps or STEPS):
        for line in UNUSED:
            template = template.replace(line, "", 1)
    return template
