"""Lines of the log as text or JSON, with the ids of a sale; what may be written into one at all (S44, S54)."""

import ast
import io
import logging
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest

from terminal.banks.channel import Begun
from terminal.banks.connector import Call, Stamp
from terminal.cli.serve.log_lines import LINE_MAX, JsonLines, LogLines, TextLines, shape
from terminal.counter.engine import Job
from terminal.counter.ports import Scan
from terminal.log_context import about
from terminal.settings import Secrets
from tests.architecture.source import product

SECRET: Final = "CANARY-7f3a9e-secret"


def logger(form: logging.Formatter) -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    lines = LogLines(stream)
    lines.setFormatter(form)
    made = logging.Logger("terminal.counter.push")
    made.addHandler(lines)
    return made, stream


def test_a_json_line_has_time_level_logger_message_and_the_ids_of_the_sale() -> None:
    log, stream = logger(JsonLines())
    with about(sale="S1", attempt="A1", counter="2"):
        log.warning("%s: %d tries", "wechatpay", 3)
    told = msgspec.json.decode(stream.getvalue())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told.pop("at"))
    assert told == {
        "level": "warning",
        "logger": "terminal.counter.push",
        "message": "wechatpay: 3 tries",
        "sale": "S1",
        "attempt": "A1",
        "counter": "2",
    }


@pytest.mark.parametrize(
    "text", ["two\nlines", '"quoted" \\', "\x00\x1b[31m", "\ud800 half", "中文 ç", "x" * 50_000]
)
def test_w2_whatever_a_message_holds_it_is_one_line_that_can_be_read_back(text: str) -> None:
    log, stream = logger(JsonLines())
    log.error("%s", text)
    log.error("next")
    first, second = stream.getvalue().splitlines()
    said = msgspec.json.decode(first)["message"]
    assert said == text.encode("utf-8", "replace").decode()[:LINE_MAX]
    assert msgspec.json.decode(second)["message"] == "next"


def test_a_failure_s_trace_is_in_its_line() -> None:
    log, stream = logger(JsonLines())
    try:
        raise ValueError("broken")
    except ValueError:
        log.exception("it failed")
    (line,) = stream.getvalue().splitlines()
    assert "ValueError: broken" in msgspec.json.decode(line)["trace"]


def test_a_text_line_ends_with_the_ids_and_has_none_outside_a_sale() -> None:
    log, stream = logger(TextLines())
    with about(sale="S1", counter="1"):
        log.info("one")
    log.info("two")
    one, two = stream.getvalue().splitlines()
    assert one.endswith("terminal.counter.push: one [sale=S1 counter=1]")
    assert two.endswith("terminal.counter.push: two")


@pytest.fixture
def root() -> Iterator[LogLines]:
    """A line writer at the root as the service has one; everything is as before afterwards."""
    root = logging.getLogger()
    lines, level = LogLines(io.StringIO()), root.level
    root.addHandler(lines)
    yield lines
    root.removeHandler(lines)
    root.setLevel(level)


def test_the_settings_say_form_and_level_and_the_command_line_may_ask_for_more(root: LogLines) -> None:
    shape("json", "warning", verbose=False)
    logging.getLogger("terminal.x").info("not told")
    logging.getLogger("terminal.x").warning("told")
    shape("text", "error", verbose=True)
    logging.getLogger("terminal.x").debug("told too")
    assert isinstance(root.stream, io.StringIO)
    first, second = root.stream.getvalue().splitlines()
    assert msgspec.json.decode(first)["message"] == "told"
    assert second.endswith("DEBUG terminal.x: told too")


# --- what is put into lines -----------------------------------------------------------------------------------

LEVELS: Final = {"debug", "info", "warning", "error", "exception", "critical", "log"}
FORBIDDEN: Final = {
    *("secret", "secrets", "token", "pin", "password", "passphrase", "pepper", "cookie", "headers", "body"),
    *("payload", "code", "key", "keys", "signature", "credential", "authorization", "scan", "job", "request_body"),
    *("settings", "loaded", "told_key", "apiv3_key", "client_secret", "private", "otp", "recovery"),
}
PLAIN: Final = {"error.code", "request.method"}  # names that say more than they hold


def log_calls() -> Iterator[tuple[str, list[ast.expr]]]:
    """Where, and the message with what goes into it."""
    for source in product():
        if "logging" not in source.text or not source.path.startswith(("terminal/", "drivers/")):
            continue
        for node in source.nodes:
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in LEVELS
                and ast.unparse(node.func.value) in {"log", "_log", "logging", "logging.getLogger(__name__)"}
            ):
                level_first = node.func.attr == "log"
                yield f"{source.path}:{node.lineno}", node.args[level_first:]


def named(node: ast.expr) -> Iterator[str]:
    """The last words of every name in an expression: what it would format."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name) or (isinstance(each, ast.Attribute) and ast.unparse(each) not in PLAIN):
            yield (each.id if isinstance(each, ast.Name) else each.attr).lower().lstrip("_")


def _holds(node: ast.expr) -> bool:
    return bool(FORBIDDEN & set(named(node)))


@pytest.mark.no_cover
@pytest.mark.xdist_group("architecture")
def test_s44_s54_no_line_of_the_log_formats_what_may_hold_a_secret() -> None:
    found = list(log_calls())
    assert len(found) > 40, "the search itself is broken"
    wrong = [f"{where}: {ast.unparse(each)}" for where, args in found for each in args[1:] if _holds(each)]
    assert wrong == []
    loose = [where for where, args in found if not isinstance(args[0], ast.Constant)]
    assert loose == [], "a message is a constant: what goes into it stands behind it, and is looked at here"


@pytest.mark.parametrize(
    "line", ["log.info('%s', loaded.secrets)", "log.info('%s', self._key)", "log.debug('%r', call.body)"]
)
def test_s44_the_search_sees_a_planted_mistake(line: str) -> None:
    (call,) = [each for each in ast.walk(ast.parse(line)) if isinstance(each, ast.Call)]
    assert any(_holds(each) for each in call.args[1:])


async def signature() -> str:
    return SECRET


def holders() -> dict[str, Any]:
    """One of every kind of object that holds a secret in memory, planted."""
    call = Call("pay", "POST", "/pay", SECRET.encode(), "A1")
    coming = signature()
    coming.close()
    made: dict[str, Any] = {
        "secrets": Secrets({"people": {"pepper": SECRET}}),
        "call": call,
        "begun": Begun(call, Stamp(0, "n"), "s", coming),
    }
    return made


@pytest.mark.parametrize("form", [TextLines(), JsonLines()], ids=["text", "json"])
def test_s44_an_object_that_holds_a_secret_shows_none_of_it_even_in_a_line(form: logging.Formatter) -> None:
    log, stream = logger(form)
    for name, each in holders().items():
        log.warning("%s: %s %r", name, each, each)
    assert SECRET not in stream.getvalue()
    assert stream.getvalue().count("secrets") >= 1


@pytest.mark.parametrize("kind", [Scan, Job], ids=["scan", "job"])
def test_s42_a_customer_s_code_is_in_no_repr(kind: type) -> None:
    field = {"Scan": "text", "Job": "code"}[kind.__name__]
    assert kind.__dataclass_fields__[field].repr is False  # type: ignore[attr-defined]  # a dataclass
