"""What the line does: nothing that is not a whole, proven answer decides."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from terminal.banks.connector import Act
from terminal.conformance.kit import Group, Rig, expect
from terminal.counter.ports import HttpReply, NoAnswer, NothingSent
from terminal.payments.notice import NotSent, Unclear

GROUP: Final = Group("links", "The line")
case = GROUP.case
_PAGE: Final = b"<html>busy</html>"
_PACED: Final[tuple[Act, ...]] = ("order", "pay", "close", "reverse", "refund")


async def _unclear(rig: Rig, make: Callable[[Act, HttpReply], HttpReply | None]) -> None:
    for act in rig.acts:
        reply = make(act, rig.success(act))
        if reply is not None:
            answer = await rig.asked(act, reply)
            expect(isinstance(answer, Unclear), f"{act}: {answer}")


@case(
    "link-nothing-sent",
    "When no byte left, the answer is NotSent.",
    faults="B1 B9",
    why="Then, and only then, it may be sent again at once.",
)
async def _nothing(rig: Rig) -> None:
    for act in rig.acts:
        answer = await rig.asked(act, NothingSent("refused"))
        expect(isinstance(answer, NotSent), f"{act}: {answer}")


@case(
    "link-no-answer",
    "When the answer is lost, it is Unclear.",
    faults="B1",
    why="It may have happened: charging again is charging twice.",
)
async def _lost(rig: Rig) -> None:
    for act in rig.acts:
        answer = await rig.asked(act, NoAnswer("reset"))
        expect(isinstance(answer, Unclear), f"{act}: {answer}")


@case(
    "link-server-errors",
    "500, 502, 503 and 504 are Unclear, with or without words.",
    faults="B2",
    why="Behind a broken gateway the charge may have gone through.",
)
async def _errors(rig: Rig) -> None:
    for status in (500, 502, 503, 504):
        await _unclear(rig, lambda _, __, status=status: HttpReply(status, {}, _PAGE))  # type: ignore[misc]  # a default binds it
        await _unclear(rig, lambda _, __, status=status: HttpReply(status, {}, b""))  # type: ignore[misc]  # as above


@case(
    "link-yes-with-an-error-status",
    "A genuine yes under status 500 is Unclear.",
    faults="B2",
    why="Two statements that contradict each other prove neither.",
)
async def _contradiction(rig: Rig) -> None:
    await _unclear(rig, lambda _, reply: replace(reply, status=500))


@case(
    "link-system-error",
    "The provider's own “system error” is Unclear.",
    faults="B2 3.1",
    why="It means: ask me later. The customer may have paid.",
)
async def _system(rig: Rig) -> None:
    await _unclear(rig, lambda act, _: rig.genuine("system_error", act))


@case(
    "link-odd-error",
    "A verified error code that no document lists is Unclear.",
    faults="B2 B6",
    why="New codes come without notice; a guess is a double charge or a lost one.",
)
async def _odd(rig: Rig) -> None:
    await _unclear(rig, lambda act, _: rig.genuine("odd_error", act))


@case(
    "link-redirect",
    "A redirect is not followed and is Unclear.",
    faults="B2 S16",
    why="Our signed request would be shown to a stranger.",
)
async def _redirect(rig: Rig) -> None:
    await _unclear(rig, lambda _, __: HttpReply(302, {"location": "https://elsewhere.invalid/"}, b""))
    expect(len(rig.http.requests) == len(rig.acts), "it was followed")


@case(
    "link-page-instead-of-an-answer",
    "A web page with status 200 is Unclear.",
    faults="B2",
    why="Hotels, firewalls and captive portals answer everything with 200.",
)
async def _page(rig: Rig) -> None:
    await _unclear(rig, lambda _, __: HttpReply(200, {"content-type": "text/html"}, _PAGE))


@case("link-empty-answer", "An empty answer without proof is Unclear.", faults="B2 B5", why="Nothing was said.")
async def _empty(rig: Rig) -> None:
    await _unclear(rig, lambda _, __: HttpReply(200, {}, b""))


@case(
    "link-half-an-answer",
    "An answer that ends early is Unclear.",
    faults="B2",
    why="The half that is missing may be the amount.",
)
async def _half(rig: Rig) -> None:
    await _unclear(rig, lambda _, reply: replace(reply, body=reply.body[:-1] or b" "))
    await _unclear(rig, lambda _, reply: replace(reply, body=reply.body[: len(reply.body) // 2] or b" "))


@case(
    "link-too-many-requests",
    "429 is Unclear and says how long to wait.",
    faults="B2 3.4",
    why="Asked on at the same pace, the provider locks the shop out.",
)
async def _slow(rig: Rig) -> None:
    acts = [act for act in _PACED if act in rig.acts]
    limited = rig.genuine("rate_limited", acts[0])
    for act in acts:
        answer = await rig.asked(act, replace(limited, headers={**limited.headers, "retry-after": "7"}))
        expect(isinstance(answer, Unclear) and answer.retry_after_s == 7.0, f"{act}: {answer}")


@case(
    "link-odd-retry-after",
    "A Retry-After that is no number of seconds breaks nothing.",
    faults="B2 B4",
    why="One header from outside must not stop a till.",
)
async def _odd_wait(rig: Rig) -> None:
    act = next(act for act in _PACED if act in rig.acts)
    limited = rig.genuine("rate_limited", act)
    for value in ("", "-5", "soon", "1e9", "９", "9" * 400, "Wed, 21 Oct 2026 07:28:00 GMT"):
        answer = await rig.asked(act, replace(limited, headers={**limited.headers, "retry-after": value}))
        expect(isinstance(answer, Unclear), f"{value[:20]!r}: {answer}")
        assert isinstance(answer, Unclear)
        expect(answer.retry_after_s is None or 0 <= answer.retry_after_s <= 1e6, f"{answer.retry_after_s}")


@case(
    "link-waits-are-the-profile-s",
    "Connecting and answering are bounded by the profile's seconds, at most 60.",
    faults="B3 I21",
    why="A wait without an end is a till without a cashier.",
)
async def _waits(rig: Rig) -> None:
    timings = rig.channel.profile.timings
    for act in rig.acts:
        await rig.asked(act, rig.success(act))
    for connect_s, answer_s in rig.http.limits:
        expect(0 < connect_s <= timings.connect_s and 0 < answer_s <= timings.answer_s + 0.001, f"{answer_s} s")
    expect(0 < timings.connect_s <= timings.answer_s <= 60, "the profile waits too long")
