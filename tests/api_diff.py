"""What of an API a newer one breaks: additions pass, removals and narrowings are named in a sentence each.

``python -m tests.api_diff`` tells what the program breaks of tests/golden/openapi.json; ``--write`` puts the
served document there, once nothing is broken that openapi_breaks.toml does not say is meant.
"""

import json
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

GOLDEN: Final = Path(__file__).parent / "golden" / "openapi.json"
MEANT: Final = Path(__file__).parent / "golden" / "openapi_breaks.toml"
HOW: Final = (
    "A released API only grows (docs/integrate/versioning.md). Keep the old shape and mark it `deprecated=`; or, "
    "if this break is meant, write its sentence into tests/golden/openapi_breaks.toml with the reason, and a line "
    "into CHANGELOG.md."
)
Document = Mapping[str, Any]
Way = Literal["in", "out"]  # what callers send; what they are given
_LEAST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_MOST: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")


def breaks(old: Document, new: Document) -> Iterator[str]:
    for path, methods in old["paths"].items():
        for method, told in methods.items():
            where = f"{method.upper()} {path}"
            now = new["paths"].get(path, {}).get(method)
            if now is None:
                yield f"{where}: the call is gone"
            else:
                yield from _Compare(old, new).operation(where, told, now)


class _Compare:
    """One operation, old and new. A pair of named types is compared once."""

    def __init__(self, old: Document, new: Document) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str, Way]] = set()

    def operation(self, where: str, old: Document, new: Document) -> Iterator[str]:
        if old["operationId"] != new["operationId"]:
            yield f"{where}: operationId {old['operationId']} is now {new['operationId']}"
        if lost := set(old.get("x-actions", ())) - set(new.get("x-actions", old.get("x-actions", ()))):
            yield f"{where}: {', '.join(sorted(lost))} no longer opens it"
        yield from self._parameters(where, old.get("parameters", []), new.get("parameters", []))
        yield from self._body(where, old.get("requestBody"), new.get("requestBody"))
        yield from self._answers(where, old["responses"], new["responses"])

    def _parameters(self, where: str, old: list[Document], new: list[Document]) -> Iterator[str]:
        before = {(each["in"], each["name"]): each for each in old}
        now = {(each["in"], each["name"]): each for each in new}
        for key, told in before.items():
            name = f"{where}: {key[0]} parameter {key[1]}"
            if key not in now:
                yield f"{name} is gone"
                continue
            if now[key]["required"] and not told["required"]:
                yield f"{name} is now required"
            yield from self.schema(name, told["schema"], now[key]["schema"], "in")
        for key, told in now.items():
            if key not in before and told["required"]:
                yield f"{where}: {key[0]} parameter {key[1]} is new and required"

    def _body(self, where: str, old: Document | None, new: Document | None) -> Iterator[str]:
        if old is None:
            if new is not None and new["required"]:
                yield f"{where}: a body is new and required"
            return
        if new is None:
            yield f"{where}: it takes no body any more"
            return
        yield from self._contents(f"{where}: body", old["content"], new["content"], "in")

    def _answers(self, where: str, old: Document, new: Document) -> Iterator[str]:
        for status, told in old.items():
            if status >= "400":
                continue  # which refusals there are may change: every one is a problem document
            if status not in new:
                yield f"{where}: it no longer answers {status}"
            else:
                name = f"{where}: answer {status}"
                yield from self._contents(name, told.get("content", {}), new[status].get("content", {}), "out")

    def _contents(self, where: str, old: Document, new: Document, way: Way) -> Iterator[str]:
        for media, told in old.items():
            if media not in new:
                yield f"{where}: {media} is gone"
            else:
                yield from self.schema(where, told["schema"], new[media]["schema"], way)

    def schema(self, where: str, old: Document, new: Document, way: Way) -> Iterator[str]:
        pair = (str(old.get("$ref", "")), str(new.get("$ref", "")), way)
        if all(pair[:2]):
            if pair in self._seen:
                return
            self._seen.add(pair)
        old, new = _resolved(self._old, old), _resolved(self._new, new)
        if any(name in each for name in ("anyOf", "oneOf") for each in (old, new)):
            yield from self._choices(where, _choices(old), _choices(new), way)
            return
        if old.get("type") != new.get("type") and not (way == "in" and "type" not in new):
            yield f"{where}: {old.get('type', 'anything')} is now {new.get('type', 'anything')}"
            return
        if way == "in":
            yield from _narrower(where, old, new)
        yield from self._fields(where, old, new, way)
        for inner in ("items", "additionalProperties"):
            if isinstance(old.get(inner), dict) and isinstance(new.get(inner), dict):
                yield from self.schema(f"{where}[]", old[inner], new[inner], way)

    def _choices(self, where: str, old: list[Document], new: list[Document], way: Way) -> Iterator[str]:
        """What was sent before must still be taken; what is given now must have been possible before."""
        asked, offered = (old, new) if way == "in" else (new, old)
        for each in asked:
            pairs = ((each, other) if way == "in" else (other, each) for other in offered)
            fits = any(not list(_Compare(self._old, self._new).schema("", a, b, way)) for a, b in pairs)
            if not fits:
                what = each.get("$ref", each.get("type", "a value")).rpartition("/")[2]
                yield f"{where}: {what} is {'no longer taken' if way == 'in' else 'new there'}"

    def _fields(self, where: str, old: Document, new: Document, way: Way) -> Iterator[str]:
        before, now = old.get("properties", {}), new.get("properties", {})
        must, must_now = set(old.get("required", ())), set(new.get("required", ()))
        for name, told in before.items():
            if name not in now:
                yield f"{where}: field {name} is gone"
            else:
                yield from self.schema(f"{where}: field {name}", told, now[name], way)
        for name in sorted(must_now - must if way == "in" else (must - must_now) & now.keys()):
            yield f"{where}: field {name} is now {'required' if way == 'in' else 'not always there'}"


def _narrower(where: str, old: Document, new: Document) -> Iterator[str]:
    """Fewer values are taken than before."""
    for name in _LEAST:
        if name in new and new[name] > old.get(name, float("-inf")):
            yield f"{where}: {name} is now {new[name]}"
    for name in _MOST:
        if name in new and new[name] < old.get(name, float("inf")):
            yield f"{where}: {name} is now {new[name]}"
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield f"{where}: another pattern"
    before, now = (
        set(each.get("enum", ())) | ({each["const"]} if "const" in each else set()) for each in (old, new)
    )
    if now and (lost := before - now or (set() if before else {"everything else"})):
        yield f"{where}: {', '.join(sorted(map(str, lost)))} no longer taken"


def _resolved(document: Document, schema: Document) -> Document:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Document = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _choices(schema: Document) -> list[Document]:
    return list(schema.get("anyOf") or schema.get("oneOf") or [schema])


def meant() -> dict[str, str]:
    """Breaks that somebody wants: sentence -> reason."""
    found: dict[str, str] = tomllib.loads(MEANT.read_text("utf-8"))["breaks"]
    return found


def _bones(value: Any) -> Any:
    """Without what only people read."""
    if isinstance(value, dict):
        return {name: _bones(each) for name, each in value.items() if not _prose(name, each)}
    return [_bones(each) for each in value] if isinstance(value, list) else value


def _prose(name: str, value: object) -> bool:
    words = name in {"description", "summary"} and isinstance(value, str)
    return words or name == "x-problems" or (name == "examples" and isinstance(value, list))


def main() -> int:
    from terminal.web.openapi import document

    served = json.loads(json.dumps(document()))
    found = sorted(set(breaks(json.loads(GOLDEN.read_text("utf-8")), served))) if GOLDEN.exists() else []
    wrong = [each for each in found if each not in meant()]
    sys.stdout.write("\n".join([*wrong, HOW] if wrong else ["nothing is broken that is not meant"]) + "\n")
    if "--write" in sys.argv and not wrong:
        served["info"]["version"] = "0"  # the program's own changes with every release
        told = json.dumps(_bones(served), indent=0, sort_keys=True, ensure_ascii=False)
        GOLDEN.write_text(told + "\n", "utf-8")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
