"""The provider's JSON objects and times, made from records.

Source: WeChat Pay merchant documentation, API v3, "查询订单", "申请退款", "支付成功回调通知", "退款结果通知".
"""

import datetime
import json
from typing import Any, Final

from terminal.sandbox.records import STATE_WORDS, Order, Refund

Form = dict[str, Any]
_BEIJING: Final = datetime.timezone(datetime.timedelta(hours=8))
_PAID: Final = {"SUCCESS", "REFUND"}


def rfc3339(at_ms: int) -> str:
    """Beijing time to the second: 2018-06-08T10:34:56+08:00."""
    return datetime.datetime.fromtimestamp(at_ms // 1000, _BEIJING).isoformat()


def read_rfc3339(text: str) -> int | None:
    """UTC milliseconds, or None when it is no RFC 3339 time with an offset."""
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None or len(text) < 20:
        return None
    return int(moment.timestamp()) * 1000


def beijing_date(at_ms: int) -> str:
    return datetime.datetime.fromtimestamp(at_ms // 1000, _BEIJING).strftime("%Y%m%d")


def compact(form: object) -> bytes:
    return json.dumps(form, ensure_ascii=False, separators=(",", ":")).encode()


def transaction(order: Order) -> Form:
    """The transaction object. An order that was never paid has no transaction_id and no success_time."""
    form: Form = {
        "appid": order.appid,
        "mchid": order.mchid,
        "out_trade_no": order.out_trade_no,
        "trade_type": order.trade_type,
        "trade_state": order.state,
        "trade_state_desc": STATE_WORDS[order.state],
        "attach": order.attach,
        "amount": {"total": order.total, "currency": order.currency, "payer_currency": order.currency},
        "promotion_detail": [],
        "scene_info": {"device_id": order.device_id},
    }
    if order.captures:
        first = order.captures[0]
        form["transaction_id"] = first.transaction_id
        form["payer"] = {"openid": first.openid}
        if order.state in _PAID:
            form["bank_type"] = "OTHERS"
            form["success_time"] = rfc3339(first.at_ms)
            form["amount"]["payer_total"] = first.amount
    return form


def refund(record: Refund) -> Form:
    form: Form = {
        "refund_id": record.refund_id,
        "out_refund_no": record.out_refund_no,
        "transaction_id": record.transaction_id,
        "out_trade_no": record.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "create_time": rfc3339(record.created_ms),
        "status": record.status,
        "funds_account": "AVAILABLE",
        "amount": {
            "total": record.total,
            "refund": record.amount,
            "from": [],
            "payer_total": record.total,
            "payer_refund": record.amount,
            "settlement_refund": record.amount,
            "settlement_total": record.total,
            "discount_refund": 0,
            "currency": record.currency,
        },
        "promotion_detail": [],
    }
    if record.status == "SUCCESS":
        form["success_time"] = rfc3339(record.success_ms)
    return form


def refund_told(record: Refund) -> Form:
    """The plaintext of a refund notification."""
    form: Form = {
        "mchid": record.mchid,
        "transaction_id": record.transaction_id,
        "out_trade_no": record.out_trade_no,
        "refund_id": record.refund_id,
        "out_refund_no": record.out_refund_no,
        "refund_status": record.status,
        "user_received_account": "支付用户零钱",
        "amount": {
            "total": record.total,
            "refund": record.amount,
            "payer_total": record.total,
            "payer_refund": record.amount,
        },
    }
    if record.status == "SUCCESS":
        form["success_time"] = rfc3339(record.success_ms)
    return form


def notification(
    *,
    notification_id: str,
    at_ms: int,
    event_type: str,
    summary: str,
    original_type: str,
    ciphertext: str,
    nonce: str,
) -> bytes:
    """The envelope that is posted; its resource was sealed with the original type as associated data."""
    return compact(
        {
            "id": notification_id,
            "create_time": rfc3339(at_ms),
            "resource_type": "encrypt-resource",
            "event_type": event_type,
            "summary": summary,
            "resource": {
                "original_type": original_type,
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": ciphertext,
                "associated_data": original_type,
                "nonce": nonce,
            },
        }
    )
