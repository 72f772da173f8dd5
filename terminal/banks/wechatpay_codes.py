"""WeChat Pay's refusals in our words, as data. What is not listed is unknown, and unknown means ask.

Sources: WeChat Pay merchant documentation (APIv3), error code tables of Native order, code payment, query,
close, reverse and refund; wechatpay-apiv3/wechatpay-skills, trouble-shooting manual, table of the numbers at
the end of Request-ID; ``REVERSE_EXPIRE`` from the V2 reverse page, as V3's page does not say.
"""

import re
from collections.abc import Mapping
from typing import Final

from terminal.banks.connector import Act
from terminal.banks.meanings import Meaning, Other, answer_to
from terminal.payments.notice import Answer, Refusal, Trade
from terminal.payments.notice import RefundTrade as Refunded

BY_CODE: Final[Mapping[str, Meaning]] = {
    "PARAM_ERROR": Refusal.BAD_REQUEST,
    "INVALID_REQUEST": Refusal.BAD_REQUEST,
    "APPID_MCHID_NOT_MATCH": Refusal.BAD_REQUEST,
    "MCH_NOT_EXISTS": Refusal.BAD_REQUEST,
    "ORDER_CLOSED": Refusal.ORDER_CLOSED,
    "ORDER_REVERSED": Refusal.ORDER_REVERSED,
    "ORDER_PAID": Refusal.ORDER_PAID,
    "AUTH_CODE_EXPIRE": Refusal.CODE_EXPIRED,
    "AUTH_CODE_INVALID": Refusal.CODE_INVALID,
    "AUTH_CODE_ERROR": Refusal.CODE_INVALID,
    "SIGN_ERROR": Refusal.CLOCK_OR_KEY,
    "NO_AUTH": Refusal.NOT_ENTITLED,
    "RULE_LIMIT": Refusal.LIMIT,
    "ACCOUNT_ERROR": Refusal.LIMIT,  # the payer's account may not pay or receive
    "NOT_ENOUGH": Refusal.NO_FUNDS,
    "OUT_TRADE_NO_USED": Refusal.ORDER_NO_USED,
    "BIZERR_NEED_RETRY": Other.ASK,
    "ORDER_NOT_EXIST": Other.NOT_THERE,
    "RESOURCE_NOT_EXISTS": Other.NOT_THERE,
    "FREQUENCY_LIMITED": Other.SLOWER,
    "RATELIMIT_EXCEEDED": Other.SLOWER,
    "USERPAYING": Other.PAYING,
    "SYSTEM_ERROR": Other.ASK,
    "BANK_ERROR": Other.ASK,
}

BY_REQUEST_ID: Final[Mapping[str, Meaning]] = {  # narrower than INVALID_REQUEST, which covers many causes
    "268512771": Other.NOT_THERE,
    "268447840": Other.SLOWER,
    "268435461": Refusal.BAD_REQUEST,
    "268435464": Refusal.BAD_REQUEST,
    "268449538": Refusal.ORDER_PAID,
    "268498689": Refusal.ORDER_PAID,
    "268443715": Refusal.NOT_ENTITLED,
    "268448010": Refusal.NOT_ENTITLED,
    "268447843": Refusal.BAD_REQUEST,  # an order of another merchant
    "268447914": Refusal.ORDER_CLOSED,  # the order's time is over
    "268449641": Refusal.REVERSE_ONLY,
    "268443699": Refusal.CLOCK_OR_KEY,
    "268498688": Refusal.ORDER_NO_USED,  # repeated with other parameters
    "268445527": Refusal.BAD_REQUEST,
}

IN_ACT: Final[Mapping[tuple[Act, Meaning | str], Meaning]] = {
    # The number is taken or paid: perhaps by our own request that we believed lost.
    ("pay", Refusal.ORDER_NO_USED): Other.ASK,
    ("pay", Refusal.ORDER_PAID): Other.ASK,
    ("order", Refusal.ORDER_PAID): Other.ASK,
    ("close", Refusal.ORDER_CLOSED): Other.DONE_BEFORE,
    ("close", Refusal.ORDER_REVERSED): Other.DONE_BEFORE,
    ("reverse", Refusal.ORDER_CLOSED): Other.DONE_BEFORE,
    ("reverse", Refusal.ORDER_REVERSED): Other.DONE_BEFORE,
    ("reverse", Refusal.ORDER_PAID): Refusal.NOT_REVERSIBLE,
    ("reverse", "REVERSE_EXPIRE"): Refusal.NOT_REVERSIBLE,
    ("refund", Refusal.ORDER_CLOSED): Refusal.REFUND_WINDOW_OVER,
}

TRADES: Final[Mapping[str, Trade]] = {
    "NOTPAY": Trade.UNPAID,
    "USERPAYING": Trade.PAYING,
    "SUCCESS": Trade.PAID,
    "REFUND": Trade.RETURNED,
    "CLOSED": Trade.CLOSED,
    "REVOKED": Trade.REVERSED,
    "PAYERROR": Trade.FAILED,
}

REFUNDS: Final[Mapping[str, Refunded]] = {
    "PROCESSING": Refunded.PROCESSING,
    "SUCCESS": Refunded.REFUNDED,
    "CLOSED": Refunded.FAILED,
    "ABNORMAL": Refunded.ABNORMAL,
}

_TAIL: Final = re.compile(r".*-([0-9]{1,12})", re.DOTALL)


def meaning(act: Act, code: str, request_id: str) -> Meaning | None:
    """What an error code says to this act; None for words nobody listed.

    The number in Request-ID is not covered by the signature, so it may only narrow INVALID_REQUEST and
    PARAM_ERROR, never replace what a signed code says.
    """
    found = BY_CODE.get(code)
    tail = _TAIL.fullmatch(request_id)
    if found is Refusal.BAD_REQUEST and tail is not None:
        found = BY_REQUEST_ID.get(tail[1], found)
    return IN_ACT.get((act, found if found is not None else code), found)


def answer(act: Act, code: str, request_id: str, text: str, retry_after_s: float | None) -> Answer:
    """The Answer to a verified error body."""
    return answer_to(meaning(act, code, request_id), code, text, retry_after_s)
