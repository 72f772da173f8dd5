"""What the oracle takes for the bank's own word that an order is over."""

import pytest

from terminal.simulation.speech import Act, Asked, ends

WECHAT = "/v3/pay/transactions/out-trade-no/N"
ALIPAY = "/gateway.do?method=alipay.trade.query"


@pytest.mark.parametrize(
    ("act", "target", "status", "body", "over"),
    [
        ("reverse", WECHAT, 200, b"{}", True),
        ("reverse", WECHAT, 500, b'{"code":"SYSTEM_ERROR"}', False),
        ("close", WECHAT, 204, b"", True),
        ("query", WECHAT, 200, b'{"out_trade_no":"N","trade_state":"REVOKED"}', True),
        ("query", WECHAT, 200, b'{"out_trade_no":"N","trade_state":"CLOSED"}', True),
        ("query", WECHAT, 200, b'{"out_trade_no":"N","trade_state":"USERPAYING"}', False),
        ("query", WECHAT, 200, b'{"out_trade_no":"N","trade_state":"SUCCESS"}', False),
        ("query", WECHAT, 404, b'{"code":"ORDER_NOT_EXIST"}', False),
        ("query", ALIPAY, 200, b'{"alipay_trade_query_response":{"trade_status":"TRADE_CLOSED"}}', True),
        ("query", ALIPAY, 200, b'{"alipay_trade_query_response":{"trade_status":"WAIT_BUYER_PAY"}}', False),
        ("reverse", ALIPAY, 200, b'{"alipay_trade_cancel_response":{"code":"10000","retry_flag":"Y"}}', False),
        ("pay", WECHAT, 200, b'{"trade_state":"CLOSED"}', False),
    ],
)
def test_i1_an_end_is_the_bank_s_word_and_also_where_only_a_query_tells_of_it(
    act: Act, target: str, status: int, body: bytes, over: bool
) -> None:
    assert ends(Asked(act, "N"), target, status, body) is over
