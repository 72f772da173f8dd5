"""What the pages for people say is true of the code: links, commands, requests, examples."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any, Final, NamedTuple

import msgspec
import pytest
import typer.main

from drivers.catalogue import all_protocols
from terminal.cli.commands import app
from terminal.help.registry import describe
from terminal.web.calls import PREFIX, Operation
from terminal.web.openapi import document
from terminal.web.problems import Problem
from terminal.web.routes.table import OPERATIONS
from terminal.web.shapes.form import read

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMAND: Final[Any] = typer.main.get_command(app)
FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE: Final = re.compile(r"`([^`\n]+)`")
LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
ENDS: Final = {"|", "||", "&&", ";", "&", ">", "<"}


class Shown(NamedTuple):
    """Something a page shows, with where."""

    where: str
    text: str


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(*kinds: str) -> list[Shown]:
    return [
        Shown(name(page), block[2])
        for page in PAGES
        for block in FENCE.finditer(page.read_text("utf-8"))
        if block[1] in kinds
    ]


def inline() -> Iterator[Shown]:
    for page in PAGES:
        for span in INLINE.finditer(FENCE.sub("", page.read_text("utf-8"))):
            yield Shown(name(page), span[1])


def shell() -> Iterator[list[str]]:
    """Words of every shell line that is shown, continued lines joined."""
    texts = [each.text for each in blocks("sh")] + [each.text for each in inline()]
    for text in texts:
        for line in text.replace("\\\n", " ").replace("|\n", "| ").replace("$(", " ; ").splitlines():
            lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
            lexer.whitespace_split = True
            try:
                words = list(lexer)
            except ValueError:
                continue  # prose, or a quote that goes on
            yield words


def calls_of(program: str) -> Iterator[list[str]]:
    """What follows the program's name, up to the end of its command."""
    for words in shell():
        for at, word in enumerate(words):
            if word == program or word.endswith(f"/{program}"):
                rest = words[at + 1 :]
                end = next((i for i, each in enumerate(rest) if each in ENDS), len(rest))
                if at == 0 or words[at - 1] in ENDS:
                    yield rest[:end]


def wrong_in(words: list[str], command: Any = COMMAND) -> str:
    """Why this is no call of ours; empty when it is one. Words in capitals stand for something."""
    takes = {option: param for param in command.params for option in (*param.opts, *param.secondary_opts)}
    counts = [param.nargs for param in command.params if param.param_type_name == "argument"]
    arguments = float("inf") if -1 in counts else sum(counts)
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word in {"--help", "…"}:
            continue
        if word.startswith("-"):
            if word not in takes:
                return f"no option {word}"
            param = takes[word]
            if not param.is_flag and (not rest or rest.pop(0).startswith("-")):
                return f"{word} wants a value"
        elif hasattr(command, "commands"):
            if word not in command.commands:
                return f"no command {word}"
            return wrong_in(rest, command.commands[word])
        else:
            arguments -= 1
            if arguments < 0:
                return f"one word too many: {word}"
    return ""


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = [
        f"{name(page)}: {link}"
        for page in PAGES
        for link in LINK.findall(FENCE.sub("", page.read_text("utf-8")))
        if "://" not in link and not (page.parent / link.partition("#")[0]).exists()
    ]
    assert not broken


def test_every_file_that_is_named_exists() -> None:
    """As a path from the project's folder or from ``terminal``; <name> stands for anything."""
    path = re.compile(r"(?:[a-z_]+/)+[\w.*<>-]*")
    protocols = {protocol.key for protocol in all_protocols()}
    named = [
        each
        for each in inline()
        if path.fullmatch(each.text)
        and each.text not in protocols
        and not each.text.startswith(("keys/", "tls/"))
        and "tally" not in each.text  # the reader of docs/devices/your-own-device.md makes the Tally's files
    ]
    assert len(named) > 40
    missing = [
        f"{where}: {text}"
        for where, text in named
        if not any(any(folder.glob(re.sub(r"<\w+>", "*", text))) for folder in (ROOT, ROOT / "terminal"))
    ]
    assert not missing


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        for link in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
            found = (page.parent / link.partition("#")[0]).resolve()
            if "://" not in link and found.is_dir():
                todo += sorted(found.glob("*.md"))
            elif "://" not in link and found.is_file():
                todo.append(found)
    assert not set(PAGES) - reached


def test_every_countertop_command_that_is_shown_exists_with_its_options() -> None:
    shown = list(calls_of("countertop"))
    assert len(shown) > 12
    assert [f"countertop {shlex.join(words)}: {why}" for words in shown if (why := wrong_in(words))] == []


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("serve --config FILE --check", ""),
        ("serve --conf FILE", "no option --conf"),
        ("serve --config", "--config wants a value"),
        ("frobnicate", "no command frobnicate"),
        ("journal verify now", "one word too many: now"),
        ("sale show ID", ""),
    ],
)
def test_a_command_that_does_not_exist_would_be_found(line: str, why: str) -> None:
    assert wrong_in(shlex.split(line)) == why


def test_every_make_target_that_is_shown_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    shown = {word for words in calls_of("make") for word in words[:1] if "=" not in word}
    assert {"demo", "test", "bench"} <= shown
    assert not shown - targets


def test_every_json_block_is_json_and_every_problem_is_the_registrys() -> None:
    found = [msgspec.json.decode(each.text) for each in blocks("json")]
    problems = [msgspec.convert(each, Problem, strict=True) for each in found if "slug" in each]
    assert problems
    for shown in problems:
        told = describe(shown.slug, shown.facts)
        said = (shown.code, shown.status, shown.title, shown.detail, shown.fix, shown.help)
        assert said == (told.code, told.status, told.title, told.sentence, told.fix, told.help_path)


def test_every_toml_block_is_toml() -> None:
    for each in blocks("toml"):
        tomllib.loads(each.text)


def operation(method: str, path: str) -> Operation | None:
    def fits(row: Operation) -> bool:
        pattern = re.sub(r"\{[a-z]+\}", "[^/]+", PREFIX + row.path)
        return row.method == method and re.fullmatch(pattern, path) is not None

    return next((row for row in OPERATIONS if fits(row)), None)


def requests() -> Iterator[tuple[str, str, str, list[str]]]:
    """(method, path, body, headers) of every curl that is shown to our API."""
    for words in calls_of("curl"):
        address = next((each for each in words if "/api/v1" in each or each.startswith("$URL")), "")
        if not address:
            continue
        path = re.sub(r"^(\$URL|https?://[^/]+/api/v1)", PREFIX, address).partition("?")[0]
        after = dict(pairwise(words))
        body = after.get("-d", "")
        given = [words[i + 1].partition(":")[0] for i, each in enumerate(words[:-1]) if each == "-H"]
        posts = bool(body) or "--data-binary" in words
        yield after.get("-X", "POST" if posts else "GET"), path, body, given


def test_every_request_that_is_shown_is_one_the_api_takes() -> None:
    seen = 0
    for method, path, body, headers in requests():
        row = operation(method, path)
        if row is None and method.lower() in document()["paths"].get(path, {}):
            continue  # a stream
        assert row is not None, f"{method} {path}"
        if body:
            read(row.form, msgspec.json.decode(body))
        assert ("Idempotency-Key" in headers) == row.stores, f"{method} {path}"
        seen += 1
    assert seen > 8


def test_the_readmes_sale_is_a_sale() -> None:
    readme = FENCE.findall((ROOT / "README.md").read_text("utf-8"))
    [body] = [found for _, text in readme for found in re.findall(r"-d '([^']+)'", text)]
    row = operation("POST", f"{PREFIX}/sales")
    assert row is not None
    told: Any = read(row.form, msgspec.json.decode(body))
    assert (told.amount_minor, told.currency) == (2850, "CNY")


def test_every_python_block_compiles() -> None:
    assert [compile(dedent(each.text), each.where, "exec") for each in blocks("python")]


def test_the_virtual_shop_of_the_integrators_page_does_what_it_says(tmp_path: Path) -> None:
    [text] = [each.text for each in blocks("python") if "terminal.simulation" in each.text]
    page = ModuleType("test_my_pos")
    exec(compile(text, "test_my_pos.py", "exec"), page.__dict__)  # the page's own words, not a stranger's
    page.test_a_lost_answer_is_found_again_and_charged_once(tmp_path)
