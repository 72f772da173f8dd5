"""How every JSON call of the lab's pages is read and answered: the trainer's remote control and the lab itself."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import msgspec
from aiohttp import web

from terminal.errors import InvalidRequest
from terminal.lab.bank_link import BankAway, BankRefuses
from terminal.lab.faults import FaultUnknown
from terminal.lab.qr_reader import NotReadable
from terminal.lab.service_process import NoService
from terminal.strict_json import parse

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
T = TypeVar("T")
BODY_MAX: Final = 16 * 1024  # bytes; the app that serves it has a bound of its own, here or below
_REFUSED: Final = (BankRefuses, NotReadable, FaultUnknown, NoService, InvalidRequest, msgspec.ValidationError)


def answered(tell: Callable[[web.Request], Awaitable[Any]]) -> Handler:
    """200 with what ``tell`` gives; 409 when it cannot be, 503 when the bank is away, both with a sentence."""

    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            told, status = await tell(request), 200
        except _REFUSED as error:
            told, status = {"error": str(error) or type(error).__name__}, 409
        except BankAway as error:
            told, status = {"error": f"sandbox: {error}"}, 503
        return web.Response(body=msgspec.json.encode(told), status=status, content_type="application/json")

    return handler


async def body_of(request: web.Request, kind: type[T]) -> T:
    """The body as ``kind``. Raises HTTPUnsupportedMediaType, InvalidRequest, msgspec.ValidationError."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    return msgspec.convert(parse(await request.read(), limit=BODY_MAX), kind)
