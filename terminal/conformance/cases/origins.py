"""Who says so: every signature over the very bytes, ours and theirs."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from terminal.conformance.kit import Group, Rig, expect
from terminal.counter.ports import HttpReply
from terminal.payments.notice import Unclear

GROUP: Final = Group("origins", "Authenticity")
case = GROUP.case
_FALSE: Final = ("signature_wrong", "signature_unreadable", "signature_missing", "key_unknown")


@case(
    "request-signed-over-its-bytes",
    "Every request is signed over the very bytes that leave.",
    faults="S10",
    needs="signed_requests",
    why="A provider that checks refuses all else, in the middle of a sale.",
)
async def _signed(rig: Rig) -> None:
    for act in rig.acts:
        await rig.asked(act, rig.success(act))
    expect(len(rig.http.requests) == len(rig.acts), "not one request for each call")
    for act, request in zip(rig.acts, rig.http.requests, strict=True):
        expect(rig.peer.accepts(request), f"{act}: the provider refuses the signature")


@case(
    "request-change-breaks-the-signature",
    "A request that is changed on its way is refused by the provider.",
    faults="S10",
    needs="signed_requests",
    why="The signature covers address and body alike.",
)
async def _changed(rig: Rig) -> None:
    for act in rig.acts:
        await rig.asked(act, rig.success(act))
        request = rig.http.requests[-1]
        changed = replace(request, body=request.body + b" ", target=request.target + "x")
        expect(not rig.peer.accepts(changed), f"{act}: the peer does not check signatures at all")


async def _proves_nothing(rig: Rig, change: Callable[[HttpReply], HttpReply | None]) -> None:
    for act in rig.acts:
        reply = change(rig.success(act))
        if reply is not None:
            answer = await rig.asked(act, reply)
            expect(isinstance(answer, Unclear), f"{act}: {answer}")


@case(
    "answer-unsigned-proves-nothing",
    "A yes without a signature is Unclear, for every call.",
    faults="B5 S13",
    needs="signed_answers",
    why="Whoever stands between could say paid.",
)
async def _unsigned(rig: Rig) -> None:
    await _proves_nothing(rig, rig.peer.unsigned)


@case(
    "answer-forged-proves-nothing",
    "A yes signed by a stranger is Unclear, for every call.",
    faults="B5 B8",
    needs="signed_answers",
    why="The key a message names is not the key that signed it.",
)
async def _forged(rig: Rig) -> None:
    await _proves_nothing(rig, rig.peer.forged)


@case(
    "answer-changed-proves-nothing",
    "A yes with one changed byte is Unclear, for every call.",
    faults="B5 S10",
    needs="signed_answers",
    why="One digit is enough.",
)
async def _altered(rig: Rig) -> None:
    def middle(reply: HttpReply) -> HttpReply:
        body = bytearray(reply.body or b" ")
        body[len(body) // 2] ^= 1
        return replace(reply, body=bytes(body))

    def digit(reply: HttpReply) -> HttpReply | None:
        content = rig.peer.content(reply)
        first = re.search(rb"[0-8]", content)
        if first is None:
            return None
        changed = content[: first.start()] + b"9" + content[first.end() :]
        return replace(reply, body=reply.body.replace(content, changed, 1))

    await _proves_nothing(rig, middle)
    await _proves_nothing(rig, digit)


@case(
    "answer-probe-proves-nothing",
    "A deliberately false signature is Unclear, for every call.",
    faults="B5",
    needs="signed_answers probes",
    why="The provider tests whether we look at all, and closes shops that do not.",
)
async def _probed(rig: Rig) -> None:
    await _proves_nothing(rig, rig.peer.probe)


@case(
    "answer-checked-over-raw-bytes",
    "An answer written with odd spaces is verified as it came.",
    faults="S10",
    needs="signed_answers",
    why="A body parsed and written again is another one: genuine payments would be refused.",
)
async def _raw(rig: Rig) -> None:
    genuine = rig.success("query")
    first = await rig.asked("query", genuine)
    spaced = rig.peer.content(genuine).replace(b",", b" ,\n  ").replace(b"{", b"{ ", 1)
    answer = await rig.asked("query", rig.peer.signed(200, spaced, act="query"))
    expect(type(answer) is type(first) and not isinstance(answer, Unclear), f"{answer}")


@case(
    "notification-unsigned",
    "A notification without a signature is not evidence.",
    faults="B5 S12",
    needs="signed_notifications",
    why="CVE-2025-14078: callbacks that nobody authenticated.",
)
async def _notification_unsigned(rig: Rig) -> None:
    await rig.refuses(rig.peer.unsigned(rig.notified()), "signature_missing")


@case(
    "notification-forged",
    "A notification signed by a stranger is not evidence.",
    faults="B5 B8",
    needs="signed_notifications",
    why="The address is public; the key is not.",
)
async def _notification_forged(rig: Rig) -> None:
    await rig.refuses(rig.peer.forged(rig.notified()), "signature_wrong", "key_unknown")


@case(
    "notification-changed",
    "A notification with any changed byte is not evidence.",
    faults="B5 S10",
    needs="signed_notifications",
    why="Amount, order and shop are among those bytes.",
)
async def _notification_changed(rig: Rig) -> None:
    message = rig.notified()
    for place in range(0, len(message.body), 7):
        body = bytearray(message.body)
        body[place] ^= 1
        await rig.refuses(replace(message, body=bytes(body)), *_FALSE)


@case(
    "notification-probe",
    "A deliberately false signature is refused as a probe, not as a forgery.",
    faults="B5",
    needs="notifications probes",
    why="A forgery alarm every day is soon no alarm.",
)
async def _notification_probe(rig: Rig) -> None:
    await rig.refuses(rig.peer.probe(rig.notified()), "signature_probe")
