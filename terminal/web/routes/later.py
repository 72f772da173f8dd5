"""The calls that are loaded when one of them is first made: about practising, and about setting a shop up."""

from collections.abc import Iterable, Iterator
from functools import partial

from aiohttp import web

from terminal.web.calls import PREFIX, route
from terminal.web.edge import Edge
from terminal.web.late import Late


def later_calls(edge: Edge) -> Iterator[Late]:
    yield Late(PREFIX, rf"{PREFIX}/counters/[^/]+/(training|lesson|exam)(/.*)?", _training)
    yield Late(PREFIX, rf"{PREFIX}/visits?(/.*)?", partial(_visit, edge))


def _training() -> Iterable[web.RouteDef]:
    from terminal.web.routes.training import TRAINING

    return map(route, TRAINING)


def _visit(edge: Edge) -> Iterable[web.RouteDef]:
    edge.load_visits()
    from terminal.web.routes.visit import VISIT

    return map(route, VISIT)
