"""The OpenAPI document describes every call, from the types that the handlers use, and its examples are true."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from aiohttp import web

from terminal.help.registry import registry
from terminal.web.calls import PREFIX, route
from terminal.web.examples.table import EXAMPLES
from terminal.web.openapi import document
from terminal.web.routes.table import OPERATIONS
from terminal.web.security import UPLOADS
from terminal.web.shapes import form

DOCUMENT = document()


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, told in methods.items():
            yield path, method, told


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield str(inner)
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


@pytest.mark.row(88)
def test_it_is_openapi_3_1_by_structure() -> None:
    """OpenAPI 3.1.0, sections 4.8.1 to 4.8.16: what must be there, where, and of what kind."""
    assert re.fullmatch(r"3\.1\.\d+", DOCUMENT["openapi"])
    assert set(DOCUMENT["info"]) >= {"title", "version"}
    names = []
    for path, method, told in operations():
        assert path.startswith("/")
        assert method in {"get", "post"}
        names.append(told["operationId"])
        assert told["responses"], path
        for status, answer in told["responses"].items():
            assert re.fullmatch(r"[1-5]\d\d", status)
            assert answer["description"]
        parameters = told.get("parameters", [])
        for each in parameters:
            assert set(each) >= {"name", "in", "schema"}
            assert each["in"] in {"path", "query", "header"}
            assert each["in"] != "path" or each["required"] is True
        keys = [(each["name"], each["in"]) for each in parameters]
        assert len(keys) == len(set(keys))
        assert {each["name"] for each in parameters if each["in"] == "path"} == set(re.findall(r"{(\w+)}", path))
        if method == "get":
            assert "requestBody" not in told
    assert len(names) == len(set(names))
    assert msgspec.json.decode(msgspec.json.encode(DOCUMENT)), "it is plain data"


def test_every_reference_leads_somewhere() -> None:
    known = DOCUMENT["components"]["schemas"]
    for reference in references(DOCUMENT):
        assert reference.removeprefix("#/components/schemas/") in known, reference


@pytest.mark.row(88)
def test_every_route_is_described_and_nothing_else() -> None:
    app = web.Application()
    app.add_routes([route(operation) for operation in OPERATIONS])
    routed = {
        (each.resource.canonical, each.method)
        for each in app.router.routes()
        if each.resource is not None and each.method != "HEAD"
    }
    told = {(path, method.upper()) for path, method, _ in operations()}
    assert told == routed | {(f"{PREFIX}/live", "GET"), (f"{PREFIX}/events/stream", "GET")}


@pytest.mark.row(88)
def test_every_list_is_read_page_by_page_or_says_why_it_is_told_at_once() -> None:
    lists = [each for each in OPERATIONS if each.name.startswith("list_") and each.method == "GET"]
    assert len(lists) > 12
    for operation in lists:
        told = DOCUMENT["paths"][PREFIX + operation.path]["get"]
        assert operation.answer is not None
        goes_on = "next" in DOCUMENT["components"]["schemas"][operation.answer.__name__]["properties"]
        asks = {each["name"] for each in told.get("parameters", [])} & {"before", "after"}
        if operation.whole:
            assert told["description"].startswith("The whole list at once: "), operation.name
        assert (goes_on and bool(asks)) != bool(operation.whole), operation.name


def test_every_problem_a_call_names_is_in_the_registry_under_its_status() -> None:
    for operation in OPERATIONS:
        for slug in operation.problems:
            assert slug in registry().errors, (operation.name, slug)
    for path, method, told in operations():
        for status, answer in told["responses"].items():
            if status >= "400":
                slugs = answer["description"].split(", ")
                assert {registry().errors[slug].status for slug in slugs} == {int(status)}, (path, method)
                assert list(answer["content"]) == ["application/problem+json"]


def test_every_money_call_wants_a_key_and_says_so() -> None:
    stores = {operation.name for operation in OPERATIONS if operation.stores}
    money = {"open_sale", "show_code", "refund_sale", "scan_code", "override_sale", "seal_day", "fix_difference"}
    money |= {"list_unverified"}
    assert stores == money | {"add_person", "add_visitor", "new_api_key", "rotate_api_key", "new_hook"}
    for _, _, told in operations():
        header = [each for each in told.get("parameters", []) if each["name"] == "Idempotency-Key"]
        assert bool(header) == (told["operationId"] in stores)


@pytest.mark.row(88)
@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_example_is_read_back_as_what_it_is(name: str) -> None:
    example = EXAMPLES[name]
    data = msgspec.json.encode(example)
    assert msgspec.json.decode(data, type=type(example)) == example
    if isinstance(example, form.Form):
        assert form.read(type(example), msgspec.json.decode(data)) == example
    schema = DOCUMENT["components"]["schemas"].get(name)
    if schema is not None:
        assert schema["examples"] == [msgspec.to_builtins(example)]
        assert set(schema["required"]) <= set(schema["examples"][0])


def test_every_body_and_answer_has_an_example() -> None:
    wanted = {
        operation.form.__name__ for operation in OPERATIONS if operation.method == "POST" and not operation.upload
    }
    wanted |= {operation.answer.__name__ for operation in OPERATIONS if operation.answer}
    assert wanted <= set(EXAMPLES)


def test_s1_every_body_refuses_unknown_fields_and_amounts_are_integers() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for operation in OPERATIONS:
        if operation.method == "POST" and not operation.upload:
            assert schemas[operation.form.__name__]["additionalProperties"] is False, operation.name
    for name, schema in schemas.items():
        for field, kind in schema["properties"].items():
            if field.endswith("_minor"):
                kinds = [each.get("type") for each in kind.get("anyOf", [kind])]
                assert set(kinds) <= {"integer", "null"}, (name, field)


def test_s22_a_file_is_taken_where_the_table_says_so_and_nowhere_else() -> None:
    assert {PREFIX + operation.path for operation in OPERATIONS if operation.upload} == UPLOADS
