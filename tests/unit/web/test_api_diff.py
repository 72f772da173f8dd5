"""The API as it was published is still there; and the rule that says so sees every way of breaking it (row 88)."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from terminal.web.openapi import document
from tests.api_diff import GOLDEN, HOW, breaks, meant

pytestmark = pytest.mark.no_cover  # the whole document through lines that other tests measure

Change = Callable[[dict[str, Any]], Any]
SALES = "/api/v1/sales"


def served() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(document()))
    return found


@pytest.mark.row(88)
def test_nothing_that_was_published_is_broken() -> None:
    found = sorted(set(breaks(json.loads(GOLDEN.read_text("utf-8")), served())))
    if wrong := [each for each in found if each not in meant()]:
        pytest.fail("\n".join([*wrong, HOW]), pytrace=False)
    assert sorted(meant().keys() - found) == [], "a permission that nobody needs would hide the next break"


def at(path: str, method: str = "get") -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda told: dict.__getitem__(told["paths"][path], method)


def schema(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda told: dict.__getitem__(told["components"]["schemas"], name)


def parameter(told: dict[str, Any], path: str, name: str) -> dict[str, Any]:
    return next(each for each in told["paths"][path]["get"]["parameters"] if each["name"] == name)


BROKEN: list[tuple[str, Change]] = [
    (f"GET {SALES}: the call is gone", lambda t: t["paths"][SALES].pop("get")),
    (f"POST {SALES}: the call is gone", lambda t: t["paths"].pop(SALES)),
    (f"GET {SALES}: operationId list_sales is now sales", lambda t: at(SALES)(t).update(operationId="sales")),
    (f"GET {SALES}: see_sales no longer opens it", lambda t: at(SALES)(t).update({"x-actions": ["see_reports"]})),
    (
        f"GET {SALES}: query parameter search is gone",
        lambda t: at(SALES)(t)["parameters"].remove(parameter(t, SALES, "search")),
    ),
    (
        f"GET {SALES}: query parameter search is now required",
        lambda t: parameter(t, SALES, "search").update(required=True),
    ),
    (
        f"GET {SALES}: query parameter shop is new and required",
        lambda t: at(SALES)(t)["parameters"].append(
            {"in": "query", "name": "shop", "required": True, "schema": {"type": "string"}}
        ),
    ),
    (
        f"GET {SALES}: query parameter limit: maximum is now 10",
        lambda t: parameter(t, SALES, "limit")["schema"].update(maximum=10),
    ),
    (
        f"GET {SALES}: query parameter limit: integer is now string",
        lambda t: parameter(t, SALES, "limit")["schema"].update(type="string"),
    ),
    (f"POST {SALES}: body: field title is gone", lambda t: schema("NewSale")(t)["properties"].pop("title")),
    (
        f"POST {SALES}: body: field title is now required",
        lambda t: schema("NewSale")(t)["required"].append("title"),
    ),
    (
        f"POST {SALES}: body: field order_no: maxLength is now 8",
        lambda t: schema("NewSale")(t)["properties"]["order_no"].update(maxLength=8),
    ),
    (
        f"POST {SALES}: body: field order_no: another pattern",
        lambda t: schema("NewSale")(t)["properties"]["order_no"].update(pattern="^x$"),
    ),
    (f"POST {SALES}: it takes no body any more", lambda t: at(SALES, "post")(t).pop("requestBody")),
    (f"POST {SALES}: it no longer answers 201", lambda t: at(SALES, "post")(t)["responses"].pop("201")),
    (f"POST {SALES}: answer 201: field word is gone", lambda t: schema("SaleView")(t)["properties"].pop("word")),
    (
        f"POST {SALES}: answer 201: field word: string is now integer",
        lambda t: schema("SaleView")(t)["properties"]["word"].update(type="integer"),
    ),
    (
        f"POST {SALES}: answer 201: field word is now not always there",
        lambda t: schema("SaleView")(t)["required"].remove("word"),
    ),
    (
        f"POST {SALES}: answer 201: field word: null is new there",
        lambda t: schema("SaleView")(t)["properties"].update(
            word={"anyOf": [{"type": "string"}, {"type": "null"}]}
        ),
    ),
    (
        f"POST {SALES}: answer 201: application/json is gone",
        lambda t: at(SALES, "post")(t)["responses"]["201"]["content"].clear(),
    ),
]


@pytest.mark.parametrize(("sentence", "change"), BROKEN, ids=[each for each, _ in BROKEN])
def test_every_way_of_breaking_a_caller_is_seen(sentence: str, change: Change) -> None:
    old, new = served(), served()
    change(new)
    assert sentence in set(breaks(old, new))


GROWN: list[tuple[str, Change]] = [
    ("a call", lambda t: t["paths"].update({"/api/v1/more": copy.deepcopy(t["paths"][SALES])})),
    ("a field of an answer", lambda t: schema("SaleView")(t)["properties"].update(more={"type": "string"})),
    ("a field that may be left out", lambda t: schema("NewSale")(t)["properties"].update(more={"type": "string"})),
    ("room in a field", lambda t: schema("NewSale")(t)["properties"]["order_no"].update(maxLength=640)),
    ("a field nobody must send any more", lambda t: schema("NewSale")(t)["required"].remove("counter")),
    ("another refusal", lambda t: at(SALES)(t)["responses"].update({"418": {"description": "x", "content": {}}})),
    ("other words", lambda t: at(SALES)(t).update(summary="Sales.")),
    ("somebody more who may", lambda t: at(SALES)(t)["x-actions"].append("see_reports")),
    ("a mark that it will end", lambda t: at(SALES)(t).update(deprecated=True)),
]


@pytest.mark.parametrize(("what", "change"), GROWN, ids=[each for each, _ in GROWN])
def test_what_grows_breaks_nobody(what: str, change: Change) -> None:
    old, new = served(), served()
    change(new)
    assert list(breaks(old, new)) == [], what
