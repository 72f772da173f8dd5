"""What the server itself refuses under the control API, told as every other refusal there: a document."""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from aiohttp import web

from terminal.lab.control import BODY_MAX, PREFIX
from terminal.lab.control_shapes import Refused
from terminal.lab.door import NO_KEY, PLAIN_HEADERS

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LIST: Final = f"GET {PREFIX}/openapi.json lists every call."
WORDS: Final = {
    403: ("no_token", NO_KEY),
    404: ("no_such_call", f"There is no such call. {LIST}"),
    405: ("method_wrong", f"This call has another method. {LIST}"),
    413: ("too_long", f"A body has at most {BODY_MAX} bytes."),
    421: ("host_wrong", "Ask it as 127.0.0.1 or localhost, with its own port."),
}


@web.middleware
async def in_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The outermost one; pages keep their plain texts."""
    try:
        return await handler(request)
    except web.HTTPException as refused:
        if refused.status not in WORDS or not request.path.startswith(f"{PREFIX}/"):
            raise
        told = msgspec.json.encode(Refused(*WORDS[refused.status]))
        kept = {"Allow": refused.headers["Allow"]} if "Allow" in refused.headers else {}
        return web.Response(
            body=told, status=refused.status, content_type="application/json", headers={**PLAIN_HEADERS, **kept}
        )
