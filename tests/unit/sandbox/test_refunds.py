import pytest

from terminal.sandbox.engine import Rules
from tests.unit.sandbox.till import Till, refused


def paid_till(rules: Rules | None = None) -> Till:
    till = Till(rules=rules)
    till.code_url()
    till.bank.customer_pays("ORDER-0001", till.now_ms)
    for delivery in till.deliveries():
        till.bank.delivered(delivery.id, True, till.now_ms)
    return till


def test_a_refund_is_processing_then_done_and_notified() -> None:
    till = paid_till()
    told = till.said(till.refund("R-1", 850))
    assert (told["status"], told["amount"]["refund"]) == ("PROCESSING", 850)
    assert "success_time" not in told
    assert till.state() == "REFUND"
    assert till.deliveries() == []
    till.wait(3)
    [delivery] = till.deliveries()
    plain = till.opened(delivery)
    assert (delivery.event_type, plain["refund_status"]) == ("REFUND.SUCCESS", "SUCCESS")
    assert (plain["out_refund_no"], plain["amount"]["refund"]) == ("R-1", 850)
    assert till.refund_status("R-1") == "SUCCESS"
    assert till.bank.returned() == {"ORDER-0001": 850}
    assert till.bank.ledger.balance() == Rules().opening_balance - 2000


def test_i8_refunds_never_exceed_what_was_paid() -> None:
    till = paid_till()
    assert till.refund("R-1", 2000).status == 200
    refused(till.refund("R-2", 851), 400, "INVALID_REQUEST")
    assert till.refund("R-3", 850).status == 200
    refused(till.refund("R-4", 1), 400, "INVALID_REQUEST")
    till.wait(10)
    till.bank.advance(till.now_ms)
    assert till.bank.returned() == {"ORDER-0001": 2850}


def test_i8_the_same_number_is_the_same_refund_and_another_amount_is_an_error() -> None:
    till = paid_till()
    first = till.said(till.refund("R-1", 500))
    assert till.said(till.refund("R-1", 500)) == first
    told = till.refund("R-1", 501)
    refused(told, 400, "INVALID_REQUEST")
    assert told.headers["Request-ID"].endswith("-268498688")
    till.wait(10)
    assert till.said(till.refund("R-1", 500))["status"] == "SUCCESS"
    assert till.bank.returned() == {"ORDER-0001": 500}


def test_what_cannot_be_refunded_is_refused() -> None:
    till = paid_till()
    till.code_url("ORDER-0002")
    refused(till.refund("R-1", 1, number="ORDER-0002"), 400, "INVALID_REQUEST")
    refused(till.refund("R-2", 1, number="ORDER-0003"), 404, "RESOURCE_NOT_EXISTS")
    refused(till.refund("R-3", 1, total=2851), 400, "INVALID_REQUEST")
    refused(till.refund("R-4", 1, transaction_id="42000"), 400, "PARAM_ERROR")
    refused(till.send("GET", "/v3/refund/domestic/refunds/R-9"), 404, "RESOURCE_NOT_EXISTS")
    till.wait(366 * 86_400)
    refused(till.refund("R-5", 1), 400, "INVALID_REQUEST")


def test_a_refund_by_the_providers_number_works_as_well() -> None:
    till = paid_till()
    transaction_id = till.said(till.query())["transaction_id"]
    form = {
        "transaction_id": transaction_id,
        "out_refund_no": "R-1",
        "amount": {"refund": 1, "total": 2850, "currency": "CNY"},
    }
    told = till.said(till.send("POST", "/v3/refund/domestic/refunds", form))
    assert (told["out_trade_no"], told["transaction_id"]) == ("ORDER-0001", transaction_id)


def test_at_most_fifty_partial_refunds() -> None:
    till = paid_till()
    for number in range(50):
        assert till.refund(f"R-{number}", 1).status == 200
    refused(till.refund("R-50", 1), 400, "INVALID_REQUEST")


@pytest.mark.parametrize(("slug", "status"), [("refund-abnormal", "ABNORMAL"), ("refund-closed", "CLOSED")])
def test_a_refund_can_end_otherwise(slug: str, status: str) -> None:
    till = paid_till()
    till.bank.set_fault(slug, till.now_ms)
    till.refund("R-1", 2850)
    till.wait(3)
    [delivery] = till.deliveries()
    assert delivery.event_type == f"REFUND.{status}"
    assert till.refund_status("R-1") == status
    assert till.bank.returned() == {}
    again = till.refund("R-2", 2850)
    assert again.status == (200 if status == "CLOSED" else 400)  # ABNORMAL may still be paid out by hand


def test_a_reversed_or_refunded_order_does_not_go_back_twice() -> None:
    till = Till()
    till.codepay(till.new_code())
    till.refund("R-1", 100)
    refused(till.reverse(), 400, "INVALID_REQUEST")
    till.codepay(till.new_code(), "ORDER-0002")
    till.reverse("ORDER-0002")
    refused(till.refund("R-2", 1, number="ORDER-0002"), 400, "INVALID_REQUEST")
