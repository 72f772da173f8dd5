"""The nexo door over HTTPS: POST /nexo/, one message a request, sealed when the shop chose a passphrase."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from aiohttp import web

from terminal.counter.ports import Clock, Entropy
from terminal.errors import InvalidRequest
from terminal.pos import nexo_messages as messages
from terminal.pos.nexo import Nexo
from terminal.pos.nexo_answers import said
from terminal.pos.nexo_crypto import NONCE_BYTES, Unsealed, Vault
from terminal.pos.nexo_messages import Answer
from terminal.pos.peers import Peers

log = logging.getLogger(__name__)
BODY_S: Final = 10.0
WORKING_MAX: Final = 32  # messages that arrive or are answered at once


@dataclass(slots=True)
class NexoDoor:
    nexo: Nexo
    clock: Clock
    entropy: Entropy
    peers: Peers
    vault: Vault | None = None
    body_s: float = BODY_S
    working: int = field(default=0, init=False)

    async def handle(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        if self.working >= WORKING_MAX:
            return _refuse(503, "too many messages at once")
        self.working += 1
        try:
            try:
                async with asyncio.timeout(self.body_s):
                    data = await request.read()
            except TimeoutError:
                return _refuse(408, "the message did not arrive in time")
            taken = await self.take(data)
            response = _response(taken.answer)
            with contextlib.suppress(ConnectionError):  # the till is gone: it will ask
                await response.prepare(request)
                await response.write_eof()
                if request.transport is not None and not request.transport.is_closing():
                    await self.heard(taken)
        finally:
            self.working -= 1
        return response

    def _refusal(self, request: web.Request) -> web.Response | None:
        """A page in a browser is no till: it names its origin, or cannot say that it sends JSON."""
        if not self.peers.admits(request.remote):
            log.warning("a message from %s, which is none of the peers", request.remote)
            return _refuse(403, "not one of this door's peers")
        if "Origin" in request.headers:
            return _refuse(403, "pages may not use this door")
        if request.content_type != "application/json":
            return _refuse(415, "the message is application/json")
        if request.content_length is not None and request.content_length > messages.BYTES_MAX:
            return _refuse(413, f"at most {messages.BYTES_MAX} bytes")
        return None

    async def heard(self, taken: "Taken") -> None:
        if taken.request is not None and taken.told is not None:
            await self.nexo.heard(taken.request, taken.told)

    async def take(self, data: bytes) -> "Taken":
        """One message and the whole answer."""
        envelope: dict[str, Any] = {}
        header = None
        try:
            envelope = messages.envelope_of(data)
            header = messages.header_of(envelope)
            nonce = ""
            if self.vault is not None:
                opened = self.vault.open(envelope)
                plain, nonce = messages.envelope_of(opened.plain), opened.nonce.hex()
                if messages.header_of(plain) != header:
                    raise Unsealed
                envelope = plain
            request = messages.read(envelope)
            if "NexoBlob" in envelope:
                return Taken(self._rejected(header, "This door has no passphrase"))
            told = await self.nexo.answer(request, nonce)
        except InvalidRequest as error:
            return Taken(self._rejected(header, said(error)))
        except Unsealed:
            log.warning("a message that nobody with the passphrase sealed, or one seen before")
            why = "The message is not sealed with this door's passphrase, or is a repeat"
            return Taken(self._rejected(header, why))
        if told is None:
            return Taken(None)
        return Taken({"SaleToPOIResponse": self._sealed("SaleToPOIResponse", told)}, request, told)

    def _sealed(self, name: str, told: Answer) -> Answer:
        if self.vault is None:
            return told
        plain = messages.encode({name: told})
        return self.vault.close(told["MessageHeader"], plain, self.entropy.bytes(NONCE_BYTES))

    def _rejected(self, header: messages.Header | None, why: str) -> Answer:
        at = messages.stamp(self.clock.wall_ms())
        told = messages.rejected(header, why, at)
        return {"SaleToPOIRequest": self._sealed("SaleToPOIRequest", told)}


class Taken(NamedTuple):
    """``answer``: the whole of it, None where the protocol has an empty one; ``told`` is its clear inside."""

    answer: Answer | None
    request: messages.Request | None = None
    told: Answer | None = None


def _response(answer: Answer | None) -> web.Response:
    if answer is None:
        return web.Response()  # clients that read "ok" as a message fail on it
    return web.Response(body=messages.encode(answer), content_type="application/json", charset="utf-8")


def _refuse(status: int, why: str) -> web.Response:
    return web.Response(status=status, text=why)


def make_app(door: NexoDoor) -> web.Application:
    app = web.Application(client_max_size=messages.BYTES_MAX)
    app.router.add_post("/nexo/", door.handle)
    app.router.add_post("/nexo", door.handle)
    return app
