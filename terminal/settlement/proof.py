"""A bill's line as evidence: the engine hears it as it hears a notification, and judges it the same way."""

from terminal.payments.bill import BillLine, LineKind, LineState
from terminal.payments.notice import Notice, RefundNotice, RefundTrade, Trade
from terminal.settlement.line_owner import Known
from terminal.settlement.ports import BillChannel


def notice_of(line: BillLine, known: Known, channel: BillChannel, sha256: str) -> Notice | RefundNotice:
    """``known`` has a local payment or refund: nothing is proven about what this journal does not have."""
    account, local = channel.account, known.local
    assert local is not None, "a line of ours"
    evidence_id = f"bill:{sha256[:32]}:{line.line}"
    if known.kind is LineKind.REFUND:
        return RefundNotice(
            provider=account.provider,
            source="bill",
            evidence_id=evidence_id,
            merchant_id=account.merchant_id,
            order_no=line.order_no,
            refund_no=local.id,
            trade=RefundTrade.REFUNDED,
            amount_minor=line.gross_minor,
            currency=line.currency,
            provider_refund=line.provider_refund,
            refunded_at=line.at,
        )
    revoked = line.state is LineState.REVOKED
    return Notice(
        provider=account.provider,
        source="bill",
        evidence_id=evidence_id,
        merchant_id=account.merchant_id,
        app_id=account.app_id,
        order_no=local.id,
        trade=Trade.REVERSED if revoked else Trade.PAID,
        amount_minor=line.gross_minor,
        currency=line.currency,
        provider_txn=line.provider_txn,
        paid_at="" if revoked else line.at,
        wallet=channel.wallet,
    )
