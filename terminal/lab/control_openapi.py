"""The OpenAPI 3.1 document of the lab's control API, made from the table of its verbs and their types."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import msgspec
from aiohttp import web

from terminal.lab.control_shapes import Ask, Empty, Refused

REF: Final = "#/components/schemas/{name}"
ANY: Final = (400, 413, 415, 422)
MEANS: Final = {
    400: "the body is no strict JSON",
    403: "no token, or a wrong one",
    404: "there is no such fault; near names come along",
    409: "not possible now, the sentence says why",
    415: "the body is not application/json",
    413: "the body is too long",
    422: "a field is wrong, the sentence names it",
    503: "the sandbox bank does not answer",
}
QUERIES: Final = {
    "timeline": ("after", {"type": "integer", "minimum": 0}),
    "fault_end": ("name", {"type": "string"}),
}


@dataclass(frozen=True, slots=True)
class Verb:
    """One call, played by ``act``.

    ``refuses``: what it may be refused with, beside what any call may (``Refused.error`` by status).
    """

    method: str
    path: str
    name: str
    says: str
    form: type[Ask]
    answer: type[msgspec.Struct]
    act: Callable[[Any, Any, web.Request], Awaitable[msgspec.Struct]]
    refuses: tuple[int, ...] = ()


@cache
def document(verbs: tuple[Verb, ...], prefix: str) -> dict[str, Any]:
    """Plain data, ready for JSON."""
    kinds = {Refused, *(each.answer for each in verbs), *(each.form for each in verbs if each.form is not Empty)}
    _, schemas = msgspec.json.schema_components(sorted(kinds, key=lambda each: each.__name__), ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    for verb in verbs:
        paths.setdefault(prefix + verb.path, {})[verb.method.lower()] = _operation(verb)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Countertop lab", "version": "1", "summary": "A simulated counter under remote control"},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _operation(verb: Verb) -> dict[str, Any]:
    told: dict[str, Any] = {"operationId": verb.name, "summary": verb.says}
    if verb.name in QUERIES:
        name, schema = QUERIES[verb.name]
        told["parameters"] = [{"name": name, "in": "query", "required": False, "schema": schema}]
    refuses = {403, *verb.refuses}
    if verb.form is not Empty:
        told["requestBody"] = {
            "required": any(field.required for field in msgspec.structs.fields(verb.form)),
            "content": {"application/json": {"schema": _ref(verb.form)}},
        }
        refuses |= set(ANY)
    told["responses"] = {
        "200": {"description": verb.says, "content": {"application/json": {"schema": _ref(verb.answer)}}},
        **{
            str(status): {
                "description": MEANS[status],
                "content": {"application/json": {"schema": _ref(Refused)}},
            }
            for status in sorted(refuses)
        },
    }
    return told


def _ref(kind: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": REF.format(name=kind.__name__)}
