import json

import pytest

from terminal.sandbox.engine import CustomerCannot, Rules
from tests.unit.sandbox.till import NOTIFY, START_MS, Till, refused

HOUR_S, DAY_S = 3600, 86_400


def test_a_shown_order_is_scanned_paid_queried_and_notified() -> None:
    till = Till()
    url = till.code_url()
    view = till.bank.customer_scans(url, till.now_ms)
    assert (view.shop, view.description, view.amount, view.why_not) == ("TEST Shop 1", "茶 tea", 2850, "")
    unpaid = till.said(till.query())
    assert unpaid["trade_state"] == "NOTPAY"
    assert "transaction_id" not in unpaid
    assert "success_time" not in unpaid
    assert till.bank.customer_pays("ORDER-0001", till.now_ms) == "paid"
    paid = till.said(till.query())
    assert (paid["trade_state"], paid["amount"]["payer_total"]) == ("SUCCESS", 2850)
    assert paid["success_time"].endswith("+08:00")
    by_id = till.send("GET", f"/v3/pay/transactions/id/{paid['transaction_id']}?mchid={till.me.mchid}")
    assert till.said(by_id) == paid
    [delivery] = till.deliveries()
    assert delivery.url == NOTIFY
    assert till.genuine(delivery.headers, delivery.body)
    assert till.opened(delivery) == paid
    assert till.bank.captures() == {"ORDER-0001": [2850]}
    assert till.bank.ledger.balance() == Rules().opening_balance - 2850


def test_the_same_order_again_is_the_same_order_with_another_code() -> None:
    till = Till()
    first, second = till.code_url(), till.code_url()
    assert first != second
    assert till.bank.customer_scans(first, till.now_ms) == till.bank.customer_scans(second, till.now_ms)
    told = refused(till.native(total=2851), 400, "INVALID_REQUEST")
    assert "不一致" in told["message"]
    till.bank.customer_pays("ORDER-0001", till.now_ms)
    refused(till.native(), 400, "ORDER_PAID")
    assert till.bank.captures() == {"ORDER-0001": [2850]}


def test_a_closed_order_cannot_be_paid_and_a_paid_one_cannot_be_closed() -> None:
    till = Till()
    url = till.code_url()
    reply = till.close()
    assert (reply.status, reply.body) == (204, b"")
    assert till.genuine(reply.headers, b"")
    assert till.state() == "CLOSED"
    assert till.bank.customer_scans(url, till.now_ms).why_not == "closed"
    with pytest.raises(CustomerCannot, match="closed"):
        till.bank.customer_pays("ORDER-0001", till.now_ms)
    refused(till.native(), 400, "ORDER_CLOSED")
    refused(till.close(), 400, "ORDER_CLOSED")
    till.code_url("ORDER-0002")
    till.bank.customer_pays("ORDER-0002", till.now_ms)
    reply = till.close("ORDER-0002")
    refused(reply, 400, "ORDER_PAID")
    assert reply.headers["Request-ID"].endswith("-268449538")
    refused(till.close("ORDER-0003"), 404, "ORDER_NOT_EXIST")


def test_time_expire_ends_paying_but_does_not_close() -> None:
    till = Till()
    till.code_url(time_expire="2026-09-21T22:14:20+08:00")  # 60 s after the start
    till.wait(59)
    assert till.bank.customer_pays("ORDER-0001", till.now_ms, delay_ms=500) == "later"
    till.code_url("ORDER-0002", time_expire="2026-09-21T22:14:20+08:00")
    till.wait(1)
    assert till.state("ORDER-0001") == "SUCCESS"
    with pytest.raises(CustomerCannot, match="expired"):
        till.bank.customer_pays("ORDER-0002", till.now_ms)
    assert till.state("ORDER-0002") == "NOTPAY"
    assert till.close("ORDER-0002").status == 204


def test_a_code_lives_two_hours_and_an_unpaid_order_seven_days() -> None:
    till = Till()
    url = till.code_url()
    till.wait(2 * HOUR_S)
    with pytest.raises(CustomerCannot, match="code-expired"):
        till.bank.customer_scans(url, till.now_ms)
    with pytest.raises(CustomerCannot, match="unknown-code"):
        till.bank.customer_scans("weixin://wxpay/bizpayurl?pr=other", till.now_ms)
    till.wait(7 * DAY_S)
    assert till.state() == "CLOSED"


def test_a_payment_code_charges_at_once_and_is_not_notified() -> None:
    till = Till()
    code = till.new_code()
    assert len(code) == 18
    assert code.isdigit()
    assert 10 <= int(code[:2]) <= 15
    paid = till.said(till.codepay(code))
    assert (paid["trade_type"], paid["trade_state"], paid["amount"]["total"]) == ("MICROPAY", "SUCCESS", 2850)
    assert till.deliveries() == []
    assert till.bank.captures() == {"ORDER-0001": [2850]}


def test_i3_one_number_is_charged_once_however_often_it_is_sent() -> None:
    till = Till()
    code = till.new_code()
    till.codepay(code)
    refused(till.codepay(code), 403, "OUT_TRADE_NO_USED")
    refused(till.codepay(till.new_code()), 400, "INVALID_REQUEST")
    refused(till.native(), 403, "OUT_TRADE_NO_USED")
    assert till.bank.captures() == {"ORDER-0001": [2850]}


def test_a_payment_code_is_used_once_and_lives_a_minute() -> None:
    till = Till()
    used, old = till.new_code(), till.new_code()
    till.codepay(used)
    refused(till.codepay(used, "ORDER-0002"), 400, "AUTH_CODE_ERROR")
    till.wait(60)
    refused(till.codepay(old, "ORDER-0003"), 400, "AUTH_CODE_EXPIRE")
    refused(till.codepay("6901234567892", "ORDER-0004"), 400, "AUTH_CODE_INVALID")
    assert [till.state(f"ORDER-000{n}") for n in (2, 3, 4)] == ["PAYERROR"] * 3
    refused(till.codepay(till.new_code(), "ORDER-0003"), 400, "INVALID_REQUEST")


def test_no_funds_is_a_failed_attempt() -> None:
    till = Till(rules=Rules(opening_balance=100))
    refused(till.codepay(till.new_code()), 403, "NOT_ENOUGH")
    refused(till.codepay(till.new_code("no-funds"), "ORDER-0002", 1), 403, "NOT_ENOUGH")
    assert [till.state("ORDER-0001"), till.state("ORDER-0002")] == ["PAYERROR", "PAYERROR"]
    till.code_url("ORDER-0003")
    with pytest.raises(CustomerCannot, match="no-funds"):
        till.bank.customer_pays("ORDER-0003", till.now_ms)
    assert till.state("ORDER-0003") == "NOTPAY"
    assert till.bank.captures() == {}


@pytest.mark.parametrize("status", [400, 202])
def test_a_password_makes_the_order_wait_for_the_customer(status: int) -> None:
    till = Till(rules=Rules(userpaying_status=status))
    code = till.new_code("password")
    refused(till.codepay(code), status, "USERPAYING")
    assert till.state() == "USERPAYING"
    refused(till.codepay(code), status, "USERPAYING")
    till.bank.customer_confirms_password("ORDER-0001", till.now_ms)
    assert till.state() == "SUCCESS"
    with pytest.raises(CustomerCannot, match="not-waiting"):
        till.bank.customer_confirms_password("ORDER-0001", till.now_ms)
    till.codepay(till.new_code("password"), "ORDER-0002")
    till.bank.customer_refuses("ORDER-0002", till.now_ms)
    assert till.state("ORDER-0002") == "PAYERROR"
    till.codepay(till.new_code("password", confirm_after_ms=7_000), "ORDER-0003")
    till.wait(7)
    assert till.state("ORDER-0003") == "SUCCESS"


def test_a_password_nobody_types_is_revoked_after_45_seconds() -> None:
    till = Till()
    till.codepay(till.new_code("password"))
    till.wait(44.999)
    assert till.state() == "USERPAYING"
    till.wait(0.001)
    assert till.state() == "REVOKED"
    with pytest.raises(CustomerCannot, match="not-waiting"):
        till.bank.customer_confirms_password("ORDER-0001", till.now_ms)


def test_a_code_payment_is_reversed_never_closed() -> None:
    till = Till()
    till.codepay(till.new_code())
    told = till.close()
    refused(told, 400, "INVALID_REQUEST")
    assert told.headers["Request-ID"].endswith("-268449641")
    assert till.said(till.reverse()) == {
        "appid": till.me.appid,
        "mchid": till.me.mchid,
        "out_trade_no": "ORDER-0001",
    }
    assert till.state() == "REVOKED"
    assert till.said(till.reverse())["out_trade_no"] == "ORDER-0001"
    assert till.bank.captures() == {"ORDER-0001": [2850]}
    assert till.bank.returned() == {"ORDER-0001": 2850}
    assert till.bank.ledger.balance() == Rules().opening_balance


def test_a_reverse_ends_waiting_for_a_password() -> None:
    till = Till()
    till.codepay(till.new_code("password", confirm_after_ms=9_000))
    assert till.reverse().status == 200
    till.wait(60)
    assert till.state() == "REVOKED"
    assert till.bank.captures() == {}


def test_a_reverse_has_its_limits() -> None:
    till = Till()
    till.code_url("ORDER-0002")
    refused(till.reverse("ORDER-0002"), 400, "INVALID_REQUEST")
    till.codepay(till.new_code())
    till.wait(7 * DAY_S + 1)
    refused(till.reverse(), 400, "INVALID_REQUEST")
    refused(till.reverse("NEVER-SEEN"), 404, "ORDER_NOT_EXIST")


def test_where_reversing_the_unknown_is_accepted_the_number_is_spent() -> None:
    till = Till(rules=Rules(reverse_unknown_order="accepted"))
    assert till.reverse().status == 200
    assert till.state() == "REVOKED"
    refused(till.codepay(till.new_code()), 400, "INVALID_REQUEST")
    assert till.bank.captures() == {}


@pytest.mark.parametrize(
    ("prefix", "code", "state_at_once", "state_later"),
    [
        ("10", "", "SUCCESS", "SUCCESS"),
        ("11", "USERPAYING", "USERPAYING", "SUCCESS"),
        ("12", "USERPAYING", "USERPAYING", "USERPAYING"),
        ("13", "AUTH_CODE_EXPIRE", "PAYERROR", "PAYERROR"),
        ("14", "SYSTEM_ERROR", "SUCCESS", "SUCCESS"),
    ],
)
def test_scripted_payers_go_by_their_prefix(prefix: str, code: str, state_at_once: str, state_later: str) -> None:
    till = Till(rules=Rules(scripted_payers=True))
    reply = till.codepay(prefix + "0" * 16)
    assert json.loads(reply.body).get("code", "") == code
    assert till.state() == state_at_once
    till.wait(100)
    assert till.state() == state_later


def test_the_payer_of_prefix_15_is_charged_and_the_answer_is_cut_off() -> None:
    till = Till(rules=Rules(scripted_payers=True))
    assert till.codepay("15" + "0" * 16).lost == "cut"
    assert till.bank.captures() == {"ORDER-0001": [2850]}


def test_i14_a_number_belongs_to_its_merchant() -> None:
    till = Till(mchids=("1900000001", "1900000002"))
    till.code_url(total=100)
    till.me = till.merchants[1]
    refused(till.query(), 404, "ORDER_NOT_EXIST")
    till.code_url(total=200)
    till.bank.customer_pays("ORDER-0001", till.now_ms, mchid="1900000002")
    paid = till.said(till.query())
    till.me = till.merchants[0]
    assert till.state() == "NOTPAY"
    by_id = till.send("GET", f"/v3/pay/transactions/id/{paid['transaction_id']}?mchid={till.me.mchid}")
    refused(by_id, 404, "ORDER_NOT_EXIST")
    assert till.bank.captures("1900000002") == {"ORDER-0001": [200]}
    assert till.bank.captures() == {}


@pytest.mark.parametrize(
    "change",
    [
        {"amount": {"total": "100", "currency": "CNY"}},
        {"amount": {"total": 0, "currency": "CNY"}},
        {"amount": {"total": True, "currency": "CNY"}},
        {"amount": {"total": 1.5, "currency": "CNY"}},
        {"amount": {"total": 100, "currency": "XYZ"}},
        {"amount": 100},
        {"out_trade_no": "short"},
        {"out_trade_no": "A" * 33},
        {"out_trade_no": "ORDER/0001"},
        {"description": ""},
        {"description": "x" * 128},
        {"notify_url": "http://till.test/notify"},
        {"notify_url": "https://till.test/notify?x=1"},
        {"time_expire": "2026-09-21 22:14:20"},
        {"time_expire": "2020-01-01T00:00:00+08:00"},
        {"scene_info": {}},
    ],
)
def test_a_bad_parameter_is_named(change: dict[str, object]) -> None:
    if change == {"scene_info": {}}:
        till = Till()
        reply = till.codepay(till.new_code(), **change)  # type: ignore[arg-type]  # **kwargs of Any
    else:
        till = Till()
        reply = till.native(**change)  # type: ignore[arg-type]  # **kwargs of Any
    detail = refused(reply, 400, "PARAM_ERROR")["detail"]
    assert detail["field"].startswith("/" + next(iter(change)))
    refused(till.query(), 404, "ORDER_NOT_EXIST")


def test_another_app_or_merchant_in_the_body_is_refused() -> None:
    till = Till()
    refused(till.native(appid="wxother"), 400, "APPID_MCHID_NOT_MATCH")
    refused(till.native(mchid="1900000009"), 403, "NO_AUTH")
    refused(till.send("GET", "/v3/pay/transactions/out-trade-no/ORDER-0001"), 400, "PARAM_ERROR")


def test_the_clock_of_these_tests_is_what_the_expiry_test_says() -> None:
    from terminal.sandbox.wire_forms import rfc3339

    assert rfc3339(START_MS + 60_000) == "2026-09-21T22:14:20+08:00"
