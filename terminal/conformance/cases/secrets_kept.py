"""What must not be seen: the customer's code, our keys, who paid."""

import logging
from typing import Final

from terminal.conformance.kit import PAYER, Group, Rig, expect
from terminal.errors import NotEvidence

GROUP: Final = Group("secrets", "Privacy")
case = GROUP.case


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage() + str(record.exc_info or ""))


async def _everything(rig: Rig) -> str:
    """All that a log, a traceback or a support bundle could show of every call, good and bad."""
    heard, root = _Heard(), logging.getLogger()
    handlers, level, disabled = root.handlers[:], root.level, root.manager.disable
    logging.disable(logging.NOTSET)
    root.handlers[:], root.level = [heard], logging.DEBUG
    try:
        shown = [repr(each) for each in [rig.channel, *await _answers(rig), *await _messages(rig)]]
    finally:
        root.handlers[:], root.level = handlers, level
        logging.disable(disabled)
    return "\n".join([*heard.lines, *shown])


async def _answers(rig: Rig) -> list[object]:
    shown: list[object] = []
    for act in rig.acts:
        replies = [rig.success(act), rig.genuine("system_error", act)]
        if rig.channel.profile.speaks.signs_answers:
            replies.append(rig.peer.forged(rig.success(act)))
        shown += [await rig.asked(act, reply) for reply in replies]
    return shown


async def _messages(rig: Rig) -> list[object]:
    speaks = rig.channel.profile.speaks
    messages = [rig.notified()] if speaks.notifies else []
    messages += [rig.peer.forged(rig.notified())] if speaks.notifies and speaks.signs_notifications else []
    shown: list[object] = []
    for message in messages:
        try:
            shown.append(await rig.took(message))
        except NotEvidence as error:
            shown.append(error)
    return shown


@case(
    "secret-code-not-told",
    "The customer's code is in no log line, answer or repr.",
    faults="S42 I19",
    needs="pull",
    why="Within its minute it can be charged by whoever reads it.",
)
async def _code(rig: Rig) -> None:
    expect(rig.code not in await _everything(rig), "the code is shown")


@case(
    "secret-code-not-in-the-address",
    "The customer's code travels in the body, never in the address.",
    faults="S42 I19",
    needs="pull",
    why="Addresses are logged by every machine on the way.",
)
async def _address(rig: Rig) -> None:
    await rig.asked("pay", rig.success("pay"))
    request = rig.http.requests[-1]
    expect(rig.code not in request.target, "it is in the address")
    expect(all(rig.code not in value for _, value in request.headers), "it is in a header")


@case(
    "secret-keys-not-told",
    "Our keys and API secrets are in no log line, answer or repr.",
    faults="I19 S17 S44",
    why="With them anybody refunds the day's takings to himself.",
)
async def _keys(rig: Rig) -> None:
    shown = await _everything(rig)
    expect(not any(secret in shown for secret in rig.secrets), "a secret is shown")


@case(
    "secret-keys-not-sent",
    "Our keys and API secrets are in no request.",
    faults="I19 S17",
    needs="signed_requests",
    why="A secret that signs never travels.",
)
async def _sent(rig: Rig) -> None:
    for act in rig.acts:
        await rig.asked(act, rig.success(act))
    for request in rig.http.requests:
        sent = f"{request.target} {request.headers} {request.body!r}"
        expect(not any(secret in sent for secret in rig.secrets), "a secret is sent")


@case(
    "secret-payer-not-told",
    "Who paid is in no log line, answer or repr.",
    faults="I19 S54",
    word="payer",
    why="The shop needs the money's proof, not the customer's identity.",
)
async def _payer(rig: Rig) -> None:
    named = PAYER.encode() in rig.peer.content(rig.success("query"))
    expect(named, f"the peer names nobody: let it name {PAYER!r}, or declare payer in speaks.lacks")
    expect(PAYER not in await _everything(rig), "the payer is shown")
