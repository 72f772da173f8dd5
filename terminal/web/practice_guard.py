"""Pages that practise have the shop's own people: what changes who works here or what stands here is refused."""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from terminal.errors import Conflict
from terminal.people.roles import Action
from terminal.web.calls import PREFIX
from terminal.web.rights import OWNERS, RIGHTS
from terminal.web.routes.table import OPERATIONS

_REAL: Final = frozenset(
    {
        *(Action.MANAGE_PEOPLE, Action.MANAGE_DEVICES, Action.MANAGE_API_KEYS, Action.MANAGE_HOOKS),
        *(Action.FIT_DEVICES, Action.CHANGE_SETTINGS, Action.OWN_SECOND_STEP, Action.SIGN_VISIT),
    }
)
_ANYBODYS: Final = frozenset({"set_up", "pair_device", "visit_sign_in"})  # a stranger becomes somebody
REAL_ACTS: Final = frozenset(
    f"{PREFIX}{each.path}"
    for each in OPERATIONS
    if each.method == "POST"
    and (each.name in _ANYBODYS or (each.open_to == "known" and _REAL.issuperset(RIGHTS.get(each.name, OWNERS))))
)
"""Addresses, as the route table has them."""


def only_practice(app: web.Application) -> None:
    app.middlewares.append(_refuse)


@web.middleware
async def _refuse(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Raises Conflict("training_real")."""
    resource = request.match_info.route.resource
    if request.method == "POST" and resource is not None and resource.canonical in REAL_ACTS:
        raise Conflict("training_real")
    return await handler(request)
