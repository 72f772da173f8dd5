"""Input made to break parsers: refused, quickly, and without harm."""

import json
from collections.abc import Iterator
from typing import Any, Final

from terminal.conformance.kit import Group, Rig, expect
from terminal.errors import NotEvidence
from terminal.payments.notice import Accepted, RefundTold, Told, Unclear

GROUP: Final = Group("hostile", "Hostile input")
case = GROUP.case
_NO_OBJECT: Final = (b"<html>busy</html>", b"[]", b"null", b'"paid"', b"{", b"0", b"true")
_NUMBERS: Final = (b'{"a":NaN}', b'{"a":1e400}', b'{"a":' + b"9" * 5000 + b"}", b'{"a":-Infinity}')
_DEEP: Final = (b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", b'{"a":' * 5000 + b"1" + b"}" * 5000)
_TEXT: Final = (b'\xef\xbb\xbf{"a":1}', b'{"a":"\\ud800"}', b"\xff\xfe{}", b'{"a":"\xc3("}', b'{"a":"\x00"}')
_TWICE: Final = (b'{"a":1,"a":2}',)
HOSTILE: Final = (b"", *_NO_OBJECT, *_NUMBERS, *_DEEP, *_TEXT, *_TWICE)
_WRONG: Final[tuple[object, ...]] = ([], {}, True)
_NONSENSE: Final = (
    "notification_unreadable",
    "notification_unknown_kind",
    "signature_unreadable",
    "signature_missing",
)


async def _unclear(rig: Rig, bodies: tuple[bytes, ...]) -> None:
    for act in rig.acts:
        for body in bodies:
            for status in (200, 400):
                answer = await rig.asked(act, rig.peer.signed(status, body, act=act))
                expect(isinstance(answer, Unclear), f"{act}, {status}, {body[:20]!r}: {answer}")


@case(
    "hostile-no-object",
    "A signed answer that is no JSON object is Unclear, for every call.",
    faults="B4",
    why="A crash in the middle of a charge is a charge nobody knows of.",
)
async def _no_object(rig: Rig) -> None:
    await _unclear(rig, _NO_OBJECT)


@case(
    "hostile-numbers",
    "NaN, infinity and endless digits are Unclear.",
    faults="B4 S2 S6",
    why="5,000 digits take the parser's time; NaN equals no amount, not even itself.",
)
async def _numbers(rig: Rig) -> None:
    await _unclear(rig, _NUMBERS)


@case(
    "hostile-depth",
    "An answer nested 5,000 deep is Unclear.",
    faults="B4 S2",
    why="Recursion ends the process with every sale in it.",
)
async def _depth(rig: Rig) -> None:
    await _unclear(rig, _DEEP)


@case(
    "hostile-text",
    "A byte order mark, lone surrogates and bytes that are no UTF-8 are Unclear.",
    faults="B4 S2",
    why="Two readers of one text see two amounts.",
)
async def _text(rig: Rig) -> None:
    await _unclear(rig, _TEXT)


@case(
    "hostile-key-twice",
    "A genuine answer in which one key stands twice is Unclear.",
    faults="B4 S2",
    why="One reader takes the first amount, another the last.",
)
async def _twice(rig: Rig) -> None:
    await _unclear(rig, _TWICE)
    for key, value in _members(json.loads(rig.peer.content(rig.success("query")))):
        twice = b'{"%s":%s,' % (key.encode(), json.dumps(value).encode())
        body = rig.peer.content(rig.success("query")).replace(b"{", twice, 1)
        answer = await rig.asked("query", rig.peer.signed(200, body))
        expect(isinstance(answer, Unclear), f"{key} twice: {answer}")


def _members(found: Any) -> Iterator[tuple[str, Any]]:
    yield from list(found.items())[:6]


@case(
    "hostile-types",
    "A genuine answer with one field gone or of another type never tells another payment.",
    faults="B4 B6 I2",
    why="A missing amount must stay missing; it must not become zero, or ours.",
)
async def _types(rig: Rig) -> None:
    genuine = rig.success("query")
    before = await rig.asked("query", genuine)
    expect(isinstance(before, Told), f"{before}")
    assert isinstance(before, Told)
    for body in _mutants(json.loads(rig.peer.content(genuine))):
        answer = await rig.asked("query", rig.peer.signed(200, json.dumps(body, ensure_ascii=False).encode()))
        if isinstance(answer, Told):
            _compare(before, answer, body)
        else:
            expect(not isinstance(answer, RefundTold | Accepted), f"{answer}")


def _mutants(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key, value in found.items():
        yield {name: kept for name, kept in found.items() if name != key}
        for wrong in _WRONG:
            yield {**found, key: wrong}
        if isinstance(value, dict):
            for inner in _mutants(value):
                yield {**found, key: inner}


def _compare(before: Told, after: Told, body: object) -> None:
    for name in ("order_no", "merchant_id", "amount_minor", "currency", "trade"):
        genuine, told = getattr(before.notice, name), getattr(after.notice, name)
        expect(told is None or told == genuine, f"{name} became {told!r} from {str(body)[:200]}")


@case(
    "hostile-notification",
    "A signed notification of nonsense is not evidence.",
    faults="B4 S15",
    needs="notifications",
    why="The address is public.",
)
async def _notification(rig: Rig) -> None:
    for body in HOSTILE:
        await rig.refuses(rig.peer.signed(200, body, act="notification"), *_NONSENSE)


@case(
    "hostile-notification-too-large",
    "A notification of 200 KiB is refused.",
    faults="S15 B3",
    needs="notifications",
    why="Memory is the shop's, not the sender's.",
)
async def _large(rig: Rig) -> None:
    for body in (b"a=" + b"x" * 200_000, b'{"a":"' + b"x" * 200_000 + b'"}'):
        await rig.refuses(rig.peer.signed(200, body, act="notification"))


@case(
    "hostile-notification-header",
    "A header of 100 KiB or of control characters is not evidence.",
    faults="B5 W3",
    needs="signed_notifications",
    why="It may break what reads the log.",
)
async def _header(rig: Rig) -> None:
    message = rig.notified()
    for name in message.headers:
        for value in ("x" * 100_000, "\x00", "；", ""):
            try:
                await rig.channel.take_notification({**message.headers, name: value}, message.body)
            except NotEvidence as error:
                expect(error.slug.startswith(("signature_", "key_", "message_")), error.slug)
