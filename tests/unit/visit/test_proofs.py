"""What a machine can prove by itself: each failure has one likeliest cause, and a dead line is no wrong key."""

from typing import Any

import pytest

from terminal.errors import InvalidRequest
from terminal.help.registry import registry
from terminal.payments.attempt import State
from terminal.payments.money import Money
from terminal.payments.notice import Answer, NotSent, NotThere, Refusal, Refused, Unclear
from terminal.payments.refund import RefundState
from terminal.payments.sale import Attempt, Refund, Sale
from terminal.visit.proofs import (
    TICKS,
    Heard,
    Proven,
    Standing,
    channel_cause,
    plain,
    prove_cent,
    prove_devices,
    prove_faults,
    prove_identity,
    prove_training,
)

SOUND = Heard("wechatpay", "…0109", NotThere())


def heard(answer: Answer | None, offset_s: int = 0) -> Heard:
    return Heard("wechatpay", "…0109", answer, offset_s)


@pytest.mark.row(96)
@pytest.mark.parametrize(
    ("answer", "offset_s", "cause"),
    [
        (NotThere(), 0, ""),
        (None, 0, ""),
        (NotSent("dns"), 0, "visit_bank_unreached"),
        (Unclear("timeout"), 0, "visit_bank_silent"),
        (Unclear("http_502"), 0, "visit_bank_silent"),
        (Unclear("signature_wrong"), 0, "visit_keys_theirs"),
        (Unclear("key_unknown"), 0, "visit_keys_theirs"),
        (Unclear("signature_missing"), 0, "visit_keys_refused"),
        (Unclear("message_stale"), 400, "visit_clock_off"),
        (Refused(Refusal.CLOCK_OR_KEY), 0, "visit_keys_refused"),
        (Refused(Refusal.CLOCK_OR_KEY), -400, "visit_clock_off"),
        (Refused(Refusal.NOT_ENTITLED, "no such product"), 0, "visit_merchant_wrong"),
        (Refused(Refusal.BAD_REQUEST), 0, "visit_merchant_wrong"),
    ],
)
def test_every_answer_of_a_bank_has_its_cause_and_its_sentence(answer: Answer, offset_s: int, cause: str) -> None:
    found, facts = channel_cause(heard(answer, offset_s))
    assert found == cause
    assert not cause or registry().errors[cause].facts <= facts.keys()


def test_a_shop_whose_banks_cannot_be_asked_passes_without_being_called_proven() -> None:
    statement = prove_identity([heard(None)])
    assert statement.passed
    assert statement.proof["channels"][0]["answer"] == "not_asked"


def test_an_account_that_waits_for_two_people_takes_no_visit_either() -> None:
    waiting = prove_identity([SOUND, Heard("alipay", "…8000", NotThere(), waits=True)])
    assert (waiting.cause, waiting.facts) == ("account_waits", {"channel": "alipay"})


def standing(role: str, state: str) -> Standing:
    return Standing("1", role, f"usb-path:{role}", "", "model", "A1", "ok", state, "", {"read_ms": "80"})


@pytest.mark.row(97)
def test_what_nobody_could_watch_is_not_proven() -> None:
    assert prove_devices([standing("display", "passed"), standing("printer", "passed")]).passed
    unseen = prove_devices([standing("display", "passed"), standing("printer", "cannot_tell")])
    assert (unseen.cause, unseen.facts["role"], unseen.facts["state"]) == (
        *("visit_device_unproven", "printer"),
        "cannot_tell",
    )
    assert prove_devices([]).cause == "visit_no_devices"
    row = prove_devices([standing("printer", "failed")]).proof["devices"][0]
    assert (row["port"], row["serial"], row["result"]) == ("usb-path:printer", "A1", "failed")


def sale(way: Any, *, minor: int = 1, paid: bool = True, back: int = 1, opened_ms: int = 2000) -> Sale:
    amount = Money(minor, "CNY")
    attempt = Attempt(
        *("A" + way, 0, "wechatpay", way, amount, State.PAID, opened_ms, opened_ms + 60_000),
        captured=paid,
        provider_txn="42" + way,
    )
    given = Refund("R", attempt.id, Money(back or 1, "CNY"), RefundState.REFUNDED, "visit", "person:x", "", "50")
    return Sale(
        *("S" + way, "1", 7, amount, (minor,), opened_ms), attempts=(attempt,), refunds=(given,) if back else ()
    )


def cent(*sales: Sale, ways: tuple[str, ...] = ("push", "pull")) -> Proven:
    older = [each.id for each in sales if each.opened_ms < 1000]
    return prove_cent(sales, older=older, ways=ways, told={"Spush": {"voice": ["done"]}})


@pytest.mark.row(98)
def test_the_smallest_sale_is_proven_each_way_paid_and_given_back() -> None:
    proven = cent(sale("push"), sale("pull"))
    assert proven.passed
    rows = proven.proof["sales"]
    assert [(x["way"], x["bank_reference"], x["refund_reference"]) for x in rows] == [
        ("push", "42push", "50"),
        ("pull", "42pull", "50"),
    ]
    assert rows[0]["voice"] == ["done"]
    assert cent(sale("push"), ways=("push",)).passed, "a shop without a scanner has one way"


@pytest.mark.row(98)
@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"paid": False}, "is not paid"),
        ({"back": 0}, "is not given back"),
        ({"minor": 100, "back": 100}, "is not the smallest amount"),
        ({"opened_ms": 999}, "is older than this visit"),
    ],
)
def test_a_sale_that_proves_nothing_says_why(wrong: dict[str, Any], why: str) -> None:
    proven = cent(sale("push", **wrong), sale("pull"))
    assert (proven.cause, proven.facts["why"]) == ("visit_cent_missing", f"sale 7 {why}")


@pytest.mark.parametrize("customers", [sale("push", minor=4200, back=0), sale("push", opened_ms=999)])
def test_s30_of_a_customers_sale_a_visitor_learns_nothing(customers: Sale) -> None:
    assert cent(customers).proof["sales"] == [{"sale": "Spush", "no": 7, "way": ""}]


@pytest.mark.row(98)
def test_where_no_way_is_open_nothing_is_proven() -> None:
    assert cent(ways=()).cause == "visit_cent_missing"
    assert cent(sale("push"), ways=()).passed


@pytest.mark.row(98)
def test_a_way_that_was_not_tried_is_named() -> None:
    assert cent(sale("push")).facts["why"] == "no sale by scanning"
    assert cent().facts["why"] == "no sale by display"


def test_the_fault_round_wants_every_tick() -> None:
    assert prove_faults(dict.fromkeys(TICKS, True)).passed
    assert prove_faults({**dict.fromkeys(TICKS, True), TICKS[3]: False}).facts["why"] == TICKS[3]
    assert prove_faults({**dict.fromkeys(TICKS, True), TICKS[0]: "yes"}).cause == "visit_ticks_missing"


EXAM = {"by": "person:mei", "passed": True, "percent": 90}


def test_training_is_practice_and_the_newest_exam_of_each_passed() -> None:
    there = [{"counter": "1"}]
    failed = {**EXAM, "passed": False, "percent": 40}
    assert prove_training([], {"lessons": [], "exams": []}).cause == "visit_training_missing"
    assert prove_training(there, {"lessons": [], "exams": []}).passed, "a lesson without an exam is one"
    assert prove_training(there, {"exams": [EXAM, failed]}).passed, "the newest counts"
    again = prove_training(there, {"exams": [failed, EXAM]})
    assert (again.cause, again.facts) == ("visit_exam_failed", {"percent": 40})
    assert not prove_training(there, {"exams": [EXAM, {**failed, "by": "person:zoe"}]}).passed, "each of them"


@pytest.mark.parametrize("told", [{"n": 1.5}, {"deep": [{"n": 0.1}]}, {"long": "x" * 8192}])
def test_what_a_seal_cannot_hold_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="visit_proof_wrong"):
        plain(told)


def test_plain_values_stay_as_they_are() -> None:
    told = {"seen": True, "n": 4711, "notes": ["中文 ¥ é"], "photo": None}
    assert plain(told) == told
