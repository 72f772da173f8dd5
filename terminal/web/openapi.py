"""The OpenAPI 3.1 document, made from the table and types the handlers themselves use; and a page to read it."""

import re
from functools import cache
from html import escape
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import msgspec
from aiohttp import web

from terminal.help.registry import describe, registry
from terminal.web.calls import PREFIX, Answer, Call, Operation
from terminal.web.edge import EDGE
from terminal.web.examples.table import EXAMPLES
from terminal.web.idempotency import HEADER
from terminal.web.problems import TYPE, Problem
from terminal.web.rights import opens
from terminal.web.routes.table import OPERATIONS
from terminal.web.shapes.events import LiveCounter, LiveEvent, LiveQuery, StreamQuery
from terminal.web.shapes.form import Form, Nothing

REF: Final = "#/components/schemas/{name}"
_ANYONE: Final[tuple[str, ...]] = ("rate_limited", "field_wrong", "host_not_allowed")
_KNOWN: Final[tuple[str, ...]] = ("not_signed_in", "not_allowed", *_ANYONE, "starting")
_STORED: Final = (
    "idempotency_key_missing",
    "idempotency_key_bad",
    "idempotency_running",
    "idempotency_other_meaning",
)
_WITH_BODY: Final = ("media_type", "body_too_large", "request_timeout")
_PRINTABLE: Final = r"^[^\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]*$"
_PART: Final = re.compile(r"\{([a-z]+)\}")


@cache
def document() -> dict[str, Any]:
    """Plain data, ready for JSON. Made once: nothing in it depends on the shop."""
    kinds = sorted(_types(), key=lambda kind: kind.__name__)
    _, schemas = msgspec.json.schema_components(kinds, ref_template=REF)
    forms = {kind.__name__ for kind in kinds if issubclass(kind, Form)}
    for name, schema in schemas.items():
        schema.pop("title", None)
        if name in forms:
            _printable(schema)
        if name in EXAMPLES:
            schema["examples"] = [msgspec.to_builtins(EXAMPLES[name])]
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(PREFIX + operation.path, {})[operation.method.lower()] = operation_told(operation)
    paths[f"{PREFIX}/live"] = {"get": _live()}
    paths[f"{PREFIX}/events/stream"] = {"get": _stream()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Countertop", "version": _version(), "summary": "QR payments at a shop's counter"},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-ct-session"},
                "till": {"type": "apiKey", "in": "cookie", "name": "__Host-ct-till"},
            },
        },
        "security": [{"key": []}, {"session": []}, {"till": []}],
    }


def _version() -> str:
    try:
        return version("countertop")
    except PackageNotFoundError:
        return "0"


def _types() -> set[type[msgspec.Struct]]:
    found: set[type[msgspec.Struct]] = {Problem, LiveCounter, LiveEvent}
    for operation in OPERATIONS:
        if operation.answer is not None:
            found.add(operation.answer)
        if operation.method == "POST" and not operation.upload:
            found.add(operation.form)
    return found


def operation_told(operation: Operation) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _PART.findall(operation.path)
    ]
    told: dict[str, Any] = {"operationId": operation.name, "summary": operation.says}
    if operation.open_to == "known":
        told["x-actions"] = [action.value for action in opens(operation.name)]  # /docs security: who has which
    if operation.method == "GET" or operation.upload:
        parameters += _query(operation.form)
    if operation.upload:
        binary = {"schema": {"type": "string", "format": "binary"}}
        told["requestBody"] = {"required": True, "content": {"application/octet-stream": binary}}
    elif operation.method == "POST":
        content = {"application/json": {"schema": _ref(operation.form)}}
        told["requestBody"] = {"required": True, "content": content}  # at least {}: no form can send its type
    if operation.if_match:
        parameters.append(_if_match(operation))
    if operation.stores:
        schema = {"type": "string", "pattern": "^[A-Za-z0-9_-]{8,64}$"}
        says = "Made and kept by the client before it sends; the same on every repeat."
        parameters.append(
            {"name": HEADER, "in": "header", "required": True, "schema": schema, "description": says}
        )
    if parameters:
        told["parameters"] = parameters
    told["responses"] = {str(operation.status): _success(operation), **_refusals(operation)}
    if operation.open_to == "anyone":
        told["security"] = []
    if operation.whole:
        told["description"] = f"The whole list at once: {operation.whole}."
    if operation.deprecated is not None:
        told |= operation.deprecated.document()
    return told


def _if_match(operation: Operation) -> dict[str, Any]:
    schema = {"type": "string", "pattern": '^(\\*|"[0-9]{1,16}")$'}
    says = "The ETag of what the change was made from; 412 when it has changed since."
    required = operation.if_match == "required"
    return {"name": "If-Match", "in": "header", "required": required, "schema": schema, "description": says}


def _query(form: type[Form]) -> list[dict[str, Any]]:
    """The fields of a query form as parameters."""
    if form is Nothing:
        return []
    _, schemas = msgspec.json.schema_components([form], ref_template=REF)
    schema = schemas[form.__name__]
    _printable(schema)
    return [
        {"name": name, "in": "query", "required": name in schema["required"], "schema": field}
        for name, field in schema["properties"].items()
    ]


def _printable(schema: dict[str, Any]) -> None:
    """Texts that come in have no control and no direction marks (``forms.read`` refuses them)."""
    if schema.get("type") == "string" and not {"enum", "pattern", "const"} & schema.keys():
        schema["pattern"] = _PRINTABLE
    for inner in (*schema.get("properties", {}).values(), *schema.get("anyOf", ()), schema.get("items")):
        if isinstance(inner, dict):
            _printable(inner)


def _ref(kind: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": REF.format(name=kind.__name__)}


def _success(operation: Operation) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for media in operation.media:
        if media == "application/json":
            content[media] = {"schema": _ref(operation.answer) if operation.answer else {"type": "object"}}
        else:
            content[media] = {"schema": {"type": "string"}}
    return {"description": operation.says, "content": content}


def _refusals(operation: Operation) -> dict[str, Any]:
    """Problem documents by status, with the slugs to be ready for."""
    every = _KNOWN if operation.open_to == "known" else _ANYONE
    if operation.method == "POST":
        every += _WITH_BODY
    if operation.stores:
        every += _STORED
    return _refused((*operation.problems, *every))


def _refused(slugs: tuple[str, ...]) -> dict[str, Any]:
    by_status: dict[str, list[str]] = {}
    for slug in dict.fromkeys(slugs):
        by_status.setdefault(str(registry().errors[slug].status), []).append(slug)
    content = {TYPE: {"schema": _ref(Problem)}}
    return {
        status: {"description": ", ".join(slugs), "content": content, "x-problems": [_problem(x) for x in slugs]}
        for status, slugs in sorted(by_status.items())
    }


def _problem(slug: str) -> dict[str, str]:
    """A refusal's printed code, and the page that says what to do."""
    told = describe(slug, {})
    return {"slug": slug, "code": told.code, "help": told.help_path}


def _live() -> dict[str, Any]:
    says = (
        "WebSocket. With `counter` the first message is that counter whole (LiveCounter), again on each change; "
        "then every event after `after` in order (LiveEvent). Too slow a reader is closed with code 4408 and the "
        'reason {"resume": N}; 4401 means the credential ended.'
    )
    either = {"oneOf": [_ref(LiveCounter), _ref(LiveEvent)]}
    return {
        "operationId": "live",
        "summary": "Live state and events.",
        "description": says,
        "parameters": _query(LiveQuery),
        "responses": {
            "101": {"description": "Text frames.", "content": {"application/json": {"schema": either}}},
            **_refused((*_KNOWN, "origin_not_allowed", "counter_unknown")),
        },
    }


def _stream() -> dict[str, Any]:
    says = (
        "Server-sent events: every event after `after`, or after the header `Last-Event-ID`, in order; `id` is "
        "its number and `data` a LiveEvent. A comment comes when nothing happens. The last message is an `end` "
        'event with {"code": C, "resume": N}; the codes are those of the WebSocket.'
    )
    header = {"name": "Last-Event-ID", "in": "header", "required": False, "schema": {"type": "string"}}
    return {
        "operationId": "stream_events",
        "summary": "Events as a stream.",
        "description": says,
        "parameters": [*_query(StreamQuery), header],
        "responses": {
            "200": {"description": "A stream.", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
            **_refused((*_KNOWN, "origin_not_allowed", "sockets_too_many", "ticket_wrong")),
        },
    }


async def read_document(_call: Call[Nothing]) -> Answer:
    body = msgspec.json.encode(document())
    return Answer(response=web.Response(body=body, content_type="application/json"))


_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111}"
    "h2{margin-top:2.5rem;border-top:1px solid #ccc;padding-top:1rem}code,pre{font:14px/1.4 monospace}"
    "pre{background:#f4f4f4;padding:.8rem;overflow:auto}table{border-collapse:collapse;width:100%}"
    "td,th{border:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top}"
)


async def page(request: web.Request) -> web.Response:
    """The same document for people: every call, what it takes, gives and refuses. No script, nothing fetched."""
    nonce = request.app[EDGE].entropy.bytes(16).hex()
    calls = "".join(_call_html(operation) for operation in OPERATIONS)
    live = escape(_live()["description"])
    html = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Countertop</title><style nonce="{nonce}">'
        f"{_STYLE}</style><h1>Countertop API</h1><p>JSON over HTTP. Machines send <code>Authorization: Bearer KEY"
        f"</code>. Amounts are integers of the smallest unit. The same as data: <a href='{PREFIX}/openapi.json'>"
        f"openapi.json</a>.</p>{_VERSIONS}{calls}<h2><code>GET {PREFIX}/live</code></h2><p>{live}</p></html>"
    )
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    return web.Response(text=html, content_type="text/html", headers={"Content-Security-Policy": policy})


_VERSIONS: Final = (
    "<h2 id='versions'>Versions</h2><p>This API only grows: ignore what you do not know. A call that will end is "
    "marked a year ahead at least; each of its answers then has the headers <code>Deprecation</code> (RFC 9745) "
    "and <code>Sunset</code> (RFC 8594). Where two may change one thing, its <code>ETag</code> goes back as "
    "<code>If-Match</code>.</p>"
)


def _call_html(operation: Operation) -> str:
    told = operation_told(operation)
    rows = "".join(
        f"<tr><td><code>{escape(each['name'])}</code></td><td>{escape(each['in'])}</td>"
        f"<td>{'required' if each['required'] else ''}</td></tr>"
        for each in told.get("parameters", ())
    )
    table = f"<table><tr><th>parameter</th><th>in</th><th></th></tr>{rows}</table>" if rows else ""
    body = EXAMPLES.get(operation.form.__name__) if operation.method == "POST" else None
    answer = EXAMPLES.get(operation.answer.__name__) if operation.answer else None
    refusals = "".join(
        f"<tr><td>{status}</td><td>{_links(each['x-problems'])}</td></tr>"
        for status, each in told["responses"].items()
        if status != str(operation.status)
    )
    return (
        f"<h2><code>{operation.method} {escape(PREFIX + operation.path)}</code></h2>"
        f"<p>{escape(operation.says)}</p>"
        f"{table}{_pre('Body', body)}{_pre(f'Answer {operation.status}', answer)}"
        f"<table><tr><th>status</th><th>problems</th></tr>{refusals}</table>"
    )


def _links(problems: list[dict[str, str]]) -> str:
    return ", ".join(f"<a href='{each['help']}'><code>{escape(each['slug'])}</code></a>" for each in problems)


def _pre(title: str, example: object) -> str:
    if example is None:
        return ""
    text = msgspec.json.format(msgspec.json.encode(example)).decode()
    return f"<h3>{escape(title)}</h3><pre>{escape(text)}</pre>"
