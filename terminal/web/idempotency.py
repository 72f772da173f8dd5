"""One key, one meaning, one answer, also over restarts: claims in the journal hold it.

Source: draft-ietf-httpapi-idempotency-key-header-07.
"""

import contextlib
import hashlib
import hmac
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from aiohttp import web

from terminal.counter.claims import Key, answered
from terminal.errors import Conflict, InvalidRequest, NotAllowed, TerminalError
from terminal.payments.event import Actor, NewEvent
from terminal.web.edge import Edge
from terminal.web.problems import status_of
from terminal.web.shapes.form import Form

HEADER: Final = "Idempotency-Key"
_FORM: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_REFUSED: Final = "!"  # starts an answer that was no
_STORED: Final = frozenset({404, 409, 422})  # decided after validation; 401, 403, 429 and 5xx may change


class SaidNo(TerminalError):
    """What this key was refused with before, word for word."""


def key_of(request: web.Request) -> str:
    """Raises InvalidRequest("idempotency_key_missing" | "idempotency_key_bad")."""
    found = request.headers.getall(HEADER, [])
    if not found:
        raise InvalidRequest("idempotency_key_missing")
    if len(found) != 1 or not _FORM.fullmatch(found[0]):
        raise InvalidRequest("idempotency_key_bad")
    return found[0]


def meaning(secret: bytes, subject: str, form: Form) -> str:
    """A keyed digest of what the request means, not of its bytes: spaces, order and defaults change nothing.

    Keyed, because a scanned payment code is part of it. A PIN is not, be it an approver's or a new one.
    """
    fields: dict[str, Any] = msgspec.to_builtins(form)
    fields.pop("pin", None)
    if not fields.get("lines", True):
        del fields["lines"]  # a till that never heard of them repeats what it sent before there were any
    if isinstance(fields.get("approver"), dict):
        fields["approver"] = {"person": fields["approver"]["person"]}
    told = msgspec.json.encode([subject, fields], order="sorted")
    return hmac.digest(secret, told, hashlib.sha256).hex()[:32]


@contextlib.contextmanager
def alone(edge: Edge, key: Key) -> Iterator[bool]:
    """Hold a key while its request is worked on; yields whether the answer is known already.

    Raises:
        Conflict("idempotency_running"), InvalidRequest("idempotency_other_meaning"), SaidNo.
    """
    running = edge.running.get(key.name)
    if running is not None:
        raise (
            InvalidRequest("idempotency_other_meaning")
            if running != key.meaning
            else Conflict("idempotency_running")
        )
    known = answered(edge.service.feed, key)
    if known is not None and known.startswith(_REFUSED):
        told = msgspec.json.decode(known[len(_REFUSED) :])
        raise SaidNo(told.pop("slug"), **told)
    edge.running[key.name] = key.meaning
    try:
        yield known is not None
    finally:
        del edge.running[key.name]


async def remember_refusal(edge: Edge, key: Key, error: TerminalError, actor: Actor) -> None:
    """A no that was decided stays a no: a late repeat of the same request must not open a sale after all."""
    if isinstance(error, SaidNo | NotAllowed) or status_of(error) not in _STORED:
        return
    answer = _REFUSED + msgspec.json.encode({"slug": error.slug, **error.facts}).decode()
    body = {
        "operation": key.operation,
        "slug": error.slug,
        "index": {"claims": [["idem", key.name, f"{key.meaning}:{answer}"]]},
    }
    stream = f"store:{edge.service.house.store}"
    with contextlib.suppress(Conflict):  # the same key was answered meanwhile: that answer stands
        await edge.service.feed.append([NewEvent(stream, "request_refused", key.operation, actor, body)])
