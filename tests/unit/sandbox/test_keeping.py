"""A restart continues where the bank stood; equal seeds give equal banks; the fen add up."""

from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.sandbox.engine import CustomerCannot, Rules
from terminal.sandbox.wechatpay import Bank
from tests.unit.sandbox.till import Till


def restarted(till: Till, rows: dict[tuple[str, str], bytes]) -> None:
    """Forget everything but the saved rows."""
    for name, key, body in till.bank.take_changes():
        if body is None:
            rows.pop((name, key), None)
        else:
            rows[name, key] = body
    bank = Bank(till.bank.keys, rules=till.bank.rules)
    bank.load((name, key, body) for (name, key), body in rows.items())
    till.bank = bank


def test_i22_a_restart_forgets_nothing_that_was_saved() -> None:
    till, rows = Till(), dict[tuple[str, str], bytes]()
    url = till.code_url()
    till.codepay(till.new_code("password", confirm_after_ms=5_000), "ORDER-0002")
    spare = till.new_code()
    restarted(till, rows)
    assert till.bank.customer_scans(url, till.now_ms).amount == 2850
    till.bank.customer_pays("ORDER-0001", till.now_ms)
    [sent] = till.deliveries()
    till.refund("R-1", 100)
    restarted(till, rows)
    [again] = till.deliveries()
    assert (again.notification_id, again.body) == (sent.notification_id, sent.body)
    till.bank.delivered(again.id, True, till.now_ms)
    till.wait(5)
    restarted(till, rows)
    assert till.state("ORDER-0002") == "SUCCESS"
    assert till.refund_status("R-1") == "SUCCESS"
    assert till.codepay(spare, "ORDER-0003").status == 200
    assert till.bank.captures() == {"ORDER-0001": [2850], "ORDER-0002": [2850], "ORDER-0003": [2850]}
    assert till.bank.returned() == {"ORDER-0001": 100}
    restarted(till, rows)
    assert till.bank.ledger.balance() == Rules().opening_balance - 3 * 2850 + 100


def story(till: Till) -> list[bytes]:
    said = [till.native().body, till.query().body, till.codepay(till.new_code(), "ORDER-0002").body]
    till.bank.customer_pays("ORDER-0001", till.now_ms)
    return said + [delivery.body for delivery in till.deliveries()] + [till.refund("R-1", 5).body]


def test_equal_seeds_give_equal_bytes() -> None:
    assert story(Till()) == story(Till())


def test_errands_and_deliveries_say_when_to_come_back() -> None:
    till = Till()
    assert till.bank.next_due_ms() is None
    till.code_url()
    till.bank.customer_pays("ORDER-0001", till.now_ms, delay_ms=700)
    due_ms = till.bank.next_due_ms()
    assert due_ms == till.now_ms + 700
    assert till.deliveries() == []
    till.now_ms = due_ms
    [delivery] = till.deliveries()
    assert till.bank.next_due_ms() is None, "on its way"
    till.bank.delivered(delivery.id, False, till.now_ms)
    assert till.bank.next_due_ms() == till.now_ms + 15_000


DEEDS = (
    *("native", "code", "password", "pay", "confirm", "refuse"),
    *("close", "reverse", "refund", "wait", "double"),
)
ACTS = st.lists(
    st.tuples(
        st.sampled_from(DEEDS),
        st.integers(1, 3),
        st.integers(1, 40),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(ACTS)
def test_i12_money_is_neither_made_nor_lost(acts: list[tuple[str, int, int]]) -> None:
    till = Till(rules=Rules(opening_balance=100))
    for step, (act, which, amount) in enumerate(acts):
        number = f"ORDER-{which:04d}"
        try:
            match act:
                case "native":
                    till.native(number, amount)
                case "code":
                    till.codepay(till.new_code(), number, amount)
                case "password":
                    till.codepay(till.new_code("password", confirm_after_ms=amount * 1000), number, amount)
                case "pay":
                    till.bank.customer_pays(number, till.now_ms, delay_ms=(amount % 3) * 1000)
                case "confirm":
                    till.bank.customer_confirms_password(number, till.now_ms)
                case "refuse":
                    till.bank.customer_refuses(number, till.now_ms)
                case "close":
                    till.close(number)
                case "reverse":
                    till.reverse(number)
                case "refund":
                    order = till.bank.ledger.find(till.me.mchid, number, till.now_ms)
                    till.refund(f"R-{step}", amount, number=number, total=order.total if order else 1)
                case "wait":
                    till.wait(amount)
                case "double":
                    till.bank.set_fault("double-capture", till.now_ms)
        except CustomerCannot:
            pass
        till.bank.advance(till.now_ms)
        taken, back = till.bank.captures(), till.bank.returned()
        assert till.bank.ledger.balance() >= 0
        assert till.bank.ledger.balance() == 100 - sum(map(sum, taken.values())) + sum(back.values())
        assert all(back[order] <= sum(taken[order]) for order in back)
