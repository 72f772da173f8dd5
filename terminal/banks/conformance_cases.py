"""The cases of the conformance kit. Import ``ALL_CASES``; each is small and says one thing."""

from dataclasses import replace
from typing import Final

from terminal.banks.conformance import ACTS, CASES, Case, Rig, Says, case, expect
from terminal.banks.connector import Act
from terminal.counter.ports import HttpReply, NoAnswer, NothingSent
from terminal.payments.notice import (
    Accepted,
    CodeReady,
    Notice,
    NotSent,
    NotThere,
    Paying,
    RefundTold,
    RefundTrade,
    Refusal,
    Refused,
    Told,
    Trade,
    Unclear,
)

_TELLS_PAID: Final[tuple[Act, ...]] = ("pay", "query")
_TELLS_REFUND: Final[tuple[Act, ...]] = ("refund", "query_refund")
_UNDOES: Final[tuple[Act, ...]] = ("close", "reverse")
_CODE_SPENT: Final = {Refusal.CODE_EXPIRED, Refusal.CODE_INVALID}
_FALSE: Final = ("signature_wrong", "signature_unreadable", "signature_missing")
_NONSENSE: Final = ("notification_unreadable", "notification_unknown_kind", "signature_unreadable")
HOSTILE: Final = (
    b"",
    b"<html>busy</html>",
    b"[]",
    b"null",
    b'"paid"',
    b"{",
    b'{"a":1,"a":2}',
    b'{"a":NaN}',
    b'{"a":1e400}',
    b'{"a":' + b"9" * 5000 + b"}",
    b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'\xef\xbb\xbf{"a":1}',
    b'{"a":"\\ud800"}',
    b"\xff\xfe{}",
)


@case("S10 every request is signed over the very bytes that leave")
async def _signed(rig: Rig) -> None:
    for act in ACTS:
        await rig.asked(act, rig.success(act))
    expect(len(rig.http.requests) == len(ACTS), "one request for each call")
    for act, request in zip(ACTS, rig.http.requests, strict=True):
        expect(rig.peer.accepts(request), f"{act}: the provider refuses the signature")
        changed = replace(request, body=request.body + b" ", target=request.target + "x")
        expect(not rig.peer.accepts(changed), "the peer does not check signatures at all")


@case("push: an order gives a code, the same for the same order")
async def _order(rig: Rig) -> None:
    first = await rig.asked("order", rig.success("order"))
    expect(isinstance(first, CodeReady), f"{first}")
    await rig.asked("order", rig.success("order"))
    bodies = {request.body for request in rig.http.requests}
    expect(len(bodies) == 1, "a repeated order must repeat identical parameters")


@case("S62 a code that leads elsewhere is never shown")
async def _foreign(rig: Rig) -> None:
    answer = await rig.asked("order", rig.genuine("made_foreign", "order"))
    expect(isinstance(answer, Unclear), f"{answer}")


@case("I2 a payment is told with all fields, in our words and the provider's figures")
async def _paid(rig: Rig) -> None:
    for act in _TELLS_PAID:
        answer = await rig.asked(act, rig.success(act))
        expect(isinstance(answer, Told), f"{answer}")
        assert isinstance(answer, Told)
        _check_paid(rig, answer.notice)


def _check_paid(rig: Rig, notice: Notice) -> None:
    expect(notice.trade is Trade.PAID, f"{notice.trade}")
    expect(notice.provider == rig.channel.profile.name, notice.provider)
    expect(notice.order_no == rig.order.order_no, notice.order_no)
    expect(notice.amount_minor == rig.order.amount.minor, f"{notice.amount_minor}")
    expect(notice.currency == rig.order.amount.currency, f"{notice.currency}")
    expect(notice.merchant_id and notice.evidence_id and notice.provider_txn and notice.paid_at, f"{notice}")


@case("every state of an order has its word")
async def _states(rig: Rig) -> None:
    words: dict[Says, Trade] = {
        "unpaid": Trade.UNPAID,
        "paying": Trade.PAYING,
        "paid": Trade.PAID,
        "closed": Trade.CLOSED,
        "reversed": Trade.REVERSED,
        "failed": Trade.FAILED,
        "returned": Trade.RETURNED,
    }
    for word, trade in words.items():
        reply = rig.peer.says(word, rig.order, act="query")
        if reply is None:
            expect(word in {"unpaid", "reversed", "failed"}, f"a provider must be able to say {word}")
            continue  # it has one word for two of ours
        answer = await rig.asked("query", reply)
        expect(isinstance(answer, Told) and answer.notice.trade is trade, f"{word}: {answer}")


@case("B6 a wrong amount is told as said: the core must see it")
async def _amount(rig: Rig) -> None:
    wrong = replace(rig.order, amount=replace(rig.order.amount, minor=rig.order.amount.minor + 1))
    answer = await rig.asked("query", rig.genuine("paid", "query", wrong))
    expect(isinstance(answer, Told) and answer.notice.amount_minor == wrong.amount.minor, f"{answer}")


@case("3.1 the customer is confirming")
async def _paying(rig: Rig) -> None:
    answer = await rig.asked("pay", rig.genuine("asks_to_wait", "pay"))
    expect(isinstance(answer, Paying), f"pay: {answer}")
    if reply := rig.peer.says("asks_to_wait", rig.order, act="reverse"):
        answer = await rig.asked("reverse", reply)
        expect(isinstance(answer, Paying), f"reverse: {answer}")


@case("3.1 a definite refusal needs a proof of origin")
async def _refused(rig: Rig) -> None:
    genuine = rig.genuine("code_expired", "pay")
    answer = await rig.asked("pay", genuine)
    expect(isinstance(answer, Refused) and answer.why in _CODE_SPENT, f"{answer}")
    for doubtful in (rig.peer.unsigned(genuine), rig.peer.forged(genuine)):
        answer = await rig.asked("pay", doubtful)
        expect(isinstance(answer, Unclear), f"{answer}")


@case("3.1 not found is not refused")
async def _not_there(rig: Rig) -> None:
    acts: tuple[Act, ...] = ("query", "query_refund", "close")
    for act in acts:
        answer = await rig.asked(act, rig.genuine("not_there", act))
        expect(isinstance(answer, NotThere), f"{act}: {answer}")


@case("close and reverse: yes, and no because paid")
async def _close(rig: Rig) -> None:
    for act in _UNDOES:
        expect(isinstance(await rig.asked(act, rig.success(act)), Accepted), act)
    answer = await rig.asked("close", rig.genuine("order_paid", "close"))
    expect(isinstance(answer, Refused) and answer.why is Refusal.ORDER_PAID, f"{answer}")


@case("3.3 refunds: running and done, with their own amount")
async def _refund(rig: Rig) -> None:
    words: dict[Says, RefundTrade] = {
        "refund_running": RefundTrade.PROCESSING,
        "refund_done": RefundTrade.REFUNDED,
    }
    for act in _TELLS_REFUND:
        for word, trade in words.items():
            answer = await rig.asked(act, rig.genuine(word, act, rig.order, rig.refund))
            expect(isinstance(answer, RefundTold), f"{answer}")
            assert isinstance(answer, RefundTold)
            notice = answer.notice
            expect(notice.refund_no == rig.refund.refund_no, f"{notice}")
            taken = act == "refund" and notice.trade is RefundTrade.PROCESSING  # proven by the query alone
            expect(notice.trade is trade or taken, f"{notice}")
            expect(notice.amount_minor == rig.refund.amount.minor, f"{notice}")


@case("B1 nothing sent and no answer are different things")
async def _link(rig: Rig) -> None:
    for act in ACTS:
        expect(isinstance(await rig.asked(act, NothingSent("refused")), NotSent), act)
        expect(isinstance(await rig.asked(act, NoAnswer("reset")), Unclear), act)


@case("B2 errors, redirects, pages and half answers are unclear, for every call")
async def _errors(rig: Rig) -> None:
    page = b"<html>busy</html>"
    for act in ACTS:
        genuine = rig.success(act)
        for reply in (
            rig.genuine("system_error", act),
            HttpReply(502, {}, page),
            HttpReply(503, {}, b""),
            HttpReply(302, {"location": "https://elsewhere.invalid/"}, b""),
            HttpReply(200, {}, page),
            replace(genuine, status=500),
            replace(genuine, body=genuine.body[:-1] or b" "),
        ):
            answer = await rig.asked(act, reply)
            expect(isinstance(answer, Unclear), f"{act}, {reply.status}: {answer}")


@case("B2 429 is unclear and says how long")
async def _slow(rig: Rig) -> None:
    limited = rig.genuine("rate_limited", "pay")
    headers = {**limited.headers, "retry-after": "7"}
    acts: tuple[Act, ...] = ("order", "pay", "close", "reverse", "refund")
    for act in acts:
        answer = await rig.asked(act, replace(limited, headers=headers))
        expect(isinstance(answer, Unclear) and answer.retry_after_s == 7.0, f"{answer}")


@case("B4 signed nonsense is unclear and harms nothing")
async def _hostile(rig: Rig) -> None:
    for act in ACTS:
        for status in (200, 400):
            for body in HOSTILE:
                if act in {"close", "reverse"} and not body and status == 200:
                    continue  # an empty yes is how some providers answer these two
                answer = await rig.asked(act, rig.peer.signed(status, body, act=act))
                expect(isinstance(answer, Unclear), f"{act}, {status}, {body[:20]!r}: {answer}")


@case("B5 a success without its right signature proves nothing, for every call")
async def _unproved(rig: Rig) -> None:
    for act in ACTS:
        genuine = rig.success(act)
        changed = bytes([genuine.body[0] ^ 1]) + genuine.body[1:] if genuine.body else b" "
        probe = rig.peer.probe(genuine)
        for reply in (
            rig.peer.unsigned(genuine),
            rig.peer.forged(genuine),
            replace(genuine, body=changed),
            *([probe] if probe else []),
        ):
            answer = await rig.asked(act, reply)
            expect(isinstance(answer, Unclear), f"{act}: {answer}")


@case("S11 an old or future answer proves nothing")
async def _aged(rig: Rig) -> None:
    for seconds in (301, -301, 290):
        if reply := rig.peer.aged(rig.success("query"), seconds):  # None: it signs no time into answers
            answer = await rig.asked("query", reply)
            expect(isinstance(answer, Told if seconds == 290 else Unclear), f"{seconds} s: {answer}")


@case("B10 an answer about another order is not ours")
async def _other(rig: Rig) -> None:
    acts: tuple[Act, ...] = ("pay", "query", "reverse", "refund", "query_refund")
    for act in acts:
        reply = rig.success(act, rig.other)
        if act == "reverse" and not reply.body:
            continue  # a provider that answers without words names no order
        answer = await rig.asked(act, reply)
        expect(isinstance(answer, Unclear), f"{act}: {answer}")


@case("a genuine notification is told like a query, and its repetition has the same id")
async def _notified(rig: Rig) -> None:
    message = rig.peer.notifies(rig.order)
    notice, again = await rig.took(message), await rig.took(message)
    expect(isinstance(notice, Notice), f"{notice}")
    assert isinstance(notice, Notice)
    _check_paid(rig, notice)
    expect(notice == again and notice.source == "notification", f"{notice}")
    other = await rig.took(rig.peer.notifies(rig.other))
    expect(other.evidence_id != notice.evidence_id, "two notifications with one id")


@case("a genuine refund notification is told")
async def _refund_notified(rig: Rig) -> None:
    """Whole, or, where its amount is not the refund's own, as news about the order it belongs to."""
    notice = await rig.took(rig.peer.notifies(rig.order, rig.refund))
    if isinstance(notice, Notice):
        expect(notice.trade in {Trade.PAID, Trade.RETURNED} and notice.order_no == rig.order.order_no, f"{notice}")
        return
    expect(notice.refund_no == rig.refund.refund_no and notice.order_no == rig.order.order_no, f"{notice}")
    expect(notice.trade is RefundTrade.REFUNDED, f"{notice}")
    expect(notice.amount_minor == rig.refund.amount.minor, f"{notice}")


@case("B5 a false notification is not evidence; a probe is told from a forgery")
async def _forged(rig: Rig) -> None:
    message = rig.peer.notifies(rig.order)
    await rig.refuses(rig.peer.unsigned(message), "signature_missing")
    await rig.refuses(rig.peer.forged(message), "signature_wrong")
    await rig.refuses(rig.peer.probe(message), "signature_probe")
    for place in range(0, len(message.body), 7):
        body = bytearray(message.body)
        body[place] ^= 1
        await rig.refuses(replace(message, body=bytes(body)), *_FALSE)


@case("S11 an old notification is not evidence but names its order for a query")
async def _old(rig: Rig) -> None:
    young = rig.peer.aged(rig.peer.notifies(rig.order), 299)
    assert young is not None, "a notification says when it was signed"
    await rig.took(young)
    for seconds in (301, -301, 90_000):
        await rig.refuses(rig.peer.aged(rig.peer.notifies(rig.order), seconds), "message_stale")


@case("B4 a signed notification of nonsense is not evidence")
async def _nonsense(rig: Rig) -> None:
    for body in HOSTILE:
        await rig.refuses(rig.peer.signed(200, body, act="notification"), *_NONSENSE)


ALL_CASES: Final[tuple[Case, ...]] = tuple(CASES)
