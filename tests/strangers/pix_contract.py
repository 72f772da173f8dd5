"""Runs in an environment of its own: openapi-core of PyPI holds live traffic against the central bank's document.

Argument: a JSON file with ``document`` (file), ``gateway`` and ``exchanges``, each with ``name``, ``method``,
``url``, ``headers``, ``body`` and, where there was an answer, ``status``, ``answer_headers``, ``answer``; a
``callback`` is the bank's own request. Tells by name what is wrong with request and answer; "" is nothing.
Nothing of this project is imported.
"""

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from openapi_core import Config, OpenAPI  # type: ignore[import-not-found]  # in the stranger's environment
from openapi_core.exceptions import OpenAPIError  # type: ignore[import-not-found]  # as above
from openapi_core.testing import MockRequest, MockResponse  # type: ignore[import-not-found]  # as above

CALLBACK = "{$request.body#/webhookUrl}/pix"


def opened(document: dict[str, Any], gateway: str, paths: dict[str, Any]) -> Any:
    """The published document says the text "86400" where a number belongs, so it is not validated itself."""
    told = document | {"servers": [{"url": gateway}], "paths": paths}
    problems = {"application/problem+json": json.loads}
    return OpenAPI.from_dict(told, Config(spec_validator_cls=None, extra_media_type_deserializers=problems))


def asked(exchange: dict[str, Any]) -> Any:
    parts = urlsplit(exchange["url"])
    headers = dict(exchange["headers"])
    return MockRequest(
        f"{parts.scheme}://{parts.netloc}",
        exchange["method"],
        parts.path,
        args=dict(parse_qsl(parts.query)),
        headers=headers,
        data=exchange["body"].encode(),
        content_type=headers.get("Content-Type", ""),
    )


def answered(exchange: dict[str, Any]) -> Any:
    headers = {name.title(): value for name, value in exchange["answer_headers"].items()}
    kind = headers.get("Content-Type", "").partition(";")[0]
    return MockResponse(exchange["answer"].encode(), exchange["status"], headers, kind)


def wrong(check: Any, *about: Any) -> str:
    try:
        check(*about)
    except OpenAPIError as error:
        causes = getattr(error.__cause__, "schema_errors", ())
        return "; ".join(sorted(each.message for each in causes)) or str(error)
    return ""


def main() -> None:
    told = json.loads(Path(sys.argv[1]).read_text())
    document = json.loads(Path(told["document"]).read_text())
    hooks = document["paths"]["/webhook/{chave}"]["put"]["callbacks"]["listaPix"][CALLBACK]
    api = opened(document, told["gateway"], document["paths"])
    verdicts = []
    for each in told["exchanges"]:
        request = asked(each)
        if each.get("callback"):
            server, _, path = each["url"].rpartition("/")
            hook = opened(document, server, {f"/{path}": hooks})
            verdicts.append([each["name"], wrong(hook.validate_request, request), ""])
            continue
        answer = wrong(api.validate_response, request, answered(each))
        verdicts.append([each["name"], wrong(api.validate_request, request), answer])
    sys.stdout.write(json.dumps(verdicts))


main()
