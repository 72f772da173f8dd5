"""Alipay's refusals in our words, as data. What is not listed is unknown, and unknown means ask.

Sources: Alipay Open Platform documentation, "Public error codes" and the business error tables of
alipay.trade.pay, precreate, query, cancel, close, refund and fastpay.refund.query.
"""

from collections.abc import Mapping
from typing import Final

from terminal.banks.connector import Act
from terminal.banks.meanings import Meaning, Other, answer_to
from terminal.payments.notice import Answer, Refusal, Trade

SUCCESS: Final = "10000"
PAYING: Final = "10003"
UNKNOWN: Final = "20000"
BUSINESS: Final = "40004"


BY_CODE: Final[Mapping[str, Meaning]] = {  # of the gateway itself: the call was never worked on
    "20001": Refusal.NOT_ENTITLED,
    "40001": Refusal.BAD_REQUEST,
    "40002": Refusal.BAD_REQUEST,
    "40006": Refusal.NOT_ENTITLED,
}

BY_SUB_CODE: Final[Mapping[str, Meaning]] = {
    "isv.invalid-signature": Refusal.CLOCK_OR_KEY,
    "isv.invalid-timestamp": Refusal.CLOCK_OR_KEY,
    "isv.app-call-limited": Other.SLOWER,
    "ACQ.SYSTEM_ERROR": Other.ASK,
    "ACQ.INVALID_PARAMETER": Refusal.BAD_REQUEST,
    "ACQ.EXIST_FORBIDDEN_WORD": Refusal.BAD_REQUEST,
    "ACQ.INVALID_STORE_ID": Refusal.BAD_REQUEST,
    "ACQ.ACCESS_FORBIDDEN": Refusal.NOT_ENTITLED,
    "ACQ.PARTNER_ERROR": Refusal.NOT_ENTITLED,
    "ACQ.TOTAL_FEE_EXCEED": Refusal.LIMIT,
    "ACQ.PAYMENT_AUTH_CODE_INVALID": Refusal.CODE_INVALID,
    "ACQ.SOUNDWAVE_PARSER_FAIL": Refusal.CODE_INVALID,
    "ACQ.CONTEXT_INCONSISTENT": Refusal.ORDER_NO_USED,
    "ACQ.TRADE_HAS_SUCCESS": Refusal.ORDER_PAID,
    "ACQ.TRADE_HAS_CLOSE": Refusal.ORDER_CLOSED,
    "ACQ.BUYER_BALANCE_NOT_ENOUGH": Refusal.NO_FUNDS,
    "ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH": Refusal.NO_FUNDS,
    "ACQ.ERROR_BALANCE_PAYMENT_DISABLE": Refusal.NO_FUNDS,
    "ACQ.BUYER_SELLER_EQUAL": Refusal.LIMIT,
    "ACQ.BUYER_ENABLE_STATUS_FORBID": Refusal.LIMIT,
    "ACQ.MOBILE_PAYMENT_SWITCH_OFF": Refusal.LIMIT,
    "ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR": Refusal.LIMIT,
    "ACQ.BEYOND_PAY_RESTRICTION": Refusal.LIMIT,
    "ACQ.TRADE_BUYER_NOT_MATCH": Refusal.ORDER_NO_USED,
    "ACQ.TRADE_NOT_EXIST": Other.NOT_THERE,
    "ACQ.TRADE_CANCEL_TIME_OUT": Refusal.NOT_REVERSIBLE,
    "ACQ.SELLER_BALANCE_NOT_ENOUGH": Refusal.NO_FUNDS,
    "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL": Refusal.REFUND_TOO_MUCH,
    "ACQ.REASON_TRADE_REFUND_FEE_ERR": Refusal.REFUND_TOO_MUCH,
    "ACQ.REFUND_FEE_ERROR": Refusal.REFUND_TOO_MUCH,
    "ACQ.TRADE_NOT_ALLOW_REFUND": Refusal.REFUND_WINDOW_OVER,
    "ACQ.DISCORDANT_REPEAT_REQUEST": Refusal.ORDER_NO_USED,
}

IN_ACT: Final[Mapping[tuple[Act, Meaning | str], Meaning]] = {
    # The number is taken, paid or closed: perhaps by our own request that we believed lost.
    ("pay", Refusal.ORDER_NO_USED): Other.ASK,
    ("pay", Refusal.ORDER_PAID): Other.ASK,
    ("pay", Refusal.ORDER_CLOSED): Other.ASK,
    ("order", Refusal.ORDER_PAID): Other.ASK,
    ("close", Refusal.ORDER_CLOSED): Other.DONE_BEFORE,
    ("reverse", Refusal.ORDER_CLOSED): Other.DONE_BEFORE,
    ("reverse", Refusal.ORDER_PAID): Refusal.NOT_REVERSIBLE,
    # "a wrong state" is paid or closed: the words do not say which
    ("close", "ACQ.TRADE_STATUS_ERROR"): Other.ASK,
    ("close", "ACQ.REASON_TRADE_BEEN_FREEZEN"): Other.ASK,
    ("reverse", "ACQ.TRADE_STATUS_ERROR"): Other.ASK,
    ("refund", "ACQ.TRADE_STATUS_ERROR"): Refusal.REFUND_WINDOW_OVER,
    ("refund", "ACQ.TRADE_HAS_FINISHED"): Refusal.REFUND_WINDOW_OVER,
}

TRADES: Final[Mapping[str, Trade]] = {
    "WAIT_BUYER_PAY": Trade.PAYING,  # a precreated order is a trade only once somebody scanned its code
    "TRADE_SUCCESS": Trade.PAID,
    "TRADE_FINISHED": Trade.PAID,  # paid, and too old to be refunded
    "TRADE_CLOSED": Trade.CLOSED,
}


def meaning(act: Act, code: str, sub_code: str) -> Meaning | None:
    """What an error says to this act; None for words nobody listed."""
    if code == UNKNOWN:
        return Other.ASK
    sub_code = sub_code.removeprefix("aop.")
    found = BY_SUB_CODE.get(sub_code)
    if found is None and code != BUSINESS:
        found = BY_CODE.get(code)
    return IN_ACT.get((act, found if found is not None else sub_code), found)


def answer(act: Act, code: str, sub_code: str, words: str, retry_after_s: float | None) -> Answer:
    """The Answer to a verified error."""
    return answer_to(meaning(act, code, sub_code), f"{code} {sub_code}".strip(), words, retry_after_s)
