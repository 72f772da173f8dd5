"""The layout enforced: arrows, limits, ports for the machine, exact money. Every rule catches what is planted."""

from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import starmap
from pathlib import Path

import pytest

from tests.architecture.arrows import ARROWS, arrow_violations, library_violations
from tests.architecture.circles import circles
from tests.architecture.executes import execution_violations
from tests.architecture.limits import (
    FILE_LINES,
    FUNCTION_LINES,
    TEST_FILE_LINES,
    name_violations,
    private_violations,
    size_violations,
)
from tests.architecture.money import money_violations
from tests.architecture.outside import (
    ALLOWED,
    CATCH_ALL,
    catch_all_violations,
    outside_violations,
)
from tests.architecture.source import PRODUCT, ROOT, Source, product, sources
from tests.architecture.whole_files import whole_file_violations

pytestmark = [pytest.mark.no_cover, pytest.mark.xdist_group("architecture")]  # the sources are read once

SOURCES = list(product())
TESTS = list(sources("tests"))
TEXTS = {".py", ".toml", ".md", ".js", ".css", ".html", ".sh", ".json", ".txt", ".service", ".rules"}
Rule = Callable[[Source], Iterator[str]]


def nothing_found(rule: Rule, files: list[Source]) -> None:
    if found := [each for source in files for each in rule(source)]:
        pytest.fail("\n".join(found), pytrace=False)


def test_imports_follow_the_arrows() -> None:
    nothing_found(arrow_violations, SOURCES)


def test_nobody_imports_in_a_circle() -> None:
    """Shapes stand below, who uses them above."""
    assert circles(SOURCES) == set()


def test_libraries_stay_at_home_and_heavy_ones_come_late() -> None:
    nothing_found(library_violations, SOURCES)


def test_what_is_loaded_late_can_be_loaded() -> None:
    """A start does not see it, and the first who needs it would: every import inside a function, tried."""
    late = {name for source in SOURCES for _, name, at_top in source.imports if not at_top}
    for name in sorted(late):
        if name.partition(".")[0] in PRODUCT:
            import_module(name)


def test_files_and_functions_fit_on_a_screen() -> None:
    nothing_found(size_violations, SOURCES + TESTS)


def test_names_say_what_they_hold() -> None:
    nothing_found(name_violations, SOURCES + TESTS)


def test_only_ports_ask_the_machine() -> None:
    nothing_found(outside_violations, SOURCES)


def test_only_process_edges_catch_everything() -> None:
    nothing_found(catch_all_violations, SOURCES)


def test_f4_whole_files_are_written_in_one_way() -> None:
    nothing_found(whole_file_violations, SOURCES)


def test_i12_money_is_exact() -> None:
    nothing_found(money_violations, SOURCES)


def test_s4_no_data_becomes_a_program() -> None:
    nothing_found(execution_violations, SOURCES)


def test_nothing_points_at_what_strangers_do_not_have() -> None:
    found: list[str] = []
    for folder in (*PRODUCT, "tests", "docs"):
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix in TEXTS and file.is_file():
                found += private_violations(file.relative_to(ROOT).as_posix(), file.read_text("utf-8"))
    for name in ("README.md", "CHANGELOG.md", "Makefile", "pyproject.toml"):
        if (ROOT / name).exists():
            found += private_violations(name, (ROOT / name).read_text("utf-8"))
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def test_no_permission_is_left_over() -> None:
    """An entry nobody needs any more would hide the next violation. (Folders are permissions for an area.)"""
    used: set[tuple[str, str]] = set()
    caught: set[str] = set()
    for source in SOURCES:
        list(outside_violations(source, used))
        list(catch_all_violations(source, caught))
    assert {entry for entry in ALLOWED if entry[0].endswith(".py")} - used == set()
    assert set(CATCH_ALL) - caught == set()


LONG_FUNCTION = "def f():\n" + "    x = 1\n" * FUNCTION_LINES
PLANTED: list[tuple[Rule, str, str]] = [
    (arrow_violations, "terminal/payments/x.py", "from terminal.counter.ports import Clock"),
    (arrow_violations, "terminal/payments/x.py", "import terminal.journal.sqlite"),
    (arrow_violations, "terminal/counter/x.py", "from terminal.journal import sqlite"),
    (arrow_violations, "terminal/counter/x.py", "from drivers.errors import DeviceGone"),
    (arrow_violations, "terminal/journal/x.py", "from terminal.counter.service import Service"),
    (arrow_violations, "terminal/journal/x.py", "from terminal.payments.decide import hear"),
    (arrow_violations, "terminal/banks/x.py", "from terminal.journal import sqlite"),
    (arrow_violations, "terminal/peripherals/x.py", "from terminal.banks import client"),
    (arrow_violations, "terminal/sandbox/x.py", "from terminal.banks.signing import sign"),
    (arrow_violations, "terminal/web/x.py", "import terminal.lab.server"),
    (arrow_violations, "terminal/sandbox/x.py", "from terminal.system import SystemClock"),
    (arrow_violations, "terminal/sandbox/__main__.py", "from terminal.banks import client"),
    (arrow_violations, "terminal/web/x.py", "from terminal.journal.sqlite import SqliteJournal"),
    (arrow_violations, "terminal/web/x.py", "import drivers.serial_port"),
    (arrow_violations, "terminal/simulation/x.py", "from . import world"),
    (arrow_violations, "drivers/x.py", "from terminal.errors import TerminalError"),
    (arrow_violations, "drivers/x.py", "def f():\n    import terminal.errors"),
    (
        arrow_violations,
        "drivers/x.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from terminal.payments import money",
    ),
    (arrow_violations, "firmware_stubs/x.py", "from drivers.display import cobs"),
    (arrow_violations, "terminal/magic/x.py", "import re"),
    (library_violations, "firmware_stubs/x.py", "import msgspec"),
    (library_violations, "terminal/payments/x.py", "import asyncio"),
    (library_violations, "terminal/payments/x.py", "import logging"),
    (library_violations, "drivers/display/x.py", "import serial"),
    (library_violations, "terminal/web/x.py", "import qrcode"),
    (library_violations, "drivers/raster.py", "from PIL import Image"),
    (
        library_violations,
        "terminal/help/x.py",
        "try:\n    from babel.numbers import x\nexcept ImportError:\n    x = 1",
    ),
    (library_violations, "terminal/counter/x.py", "def f():\n    import PIL.Image"),
    (size_violations, "terminal/x.py", "x = 1\n" * (FILE_LINES + 1)),
    (size_violations, "tests/x.py", "x = 1\n" * (TEST_FILE_LINES + 1)),
    (size_violations, "terminal/x.py", LONG_FUNCTION),
    (size_violations, "terminal/x.py", "class A:\n    async " + LONG_FUNCTION.replace("\n", "\n    ") + "1"),
    (name_violations, "terminal/web/utils.py", ""),
    (name_violations, "tests/unit/helpers.py", ""),
    (outside_violations, "terminal/counter/x.py", "import time"),
    (outside_violations, "terminal/counter/x.py", "from time import monotonic"),
    (outside_violations, "terminal/counter/x.py", "from datetime import datetime\nx = datetime.now()"),
    (outside_violations, "terminal/counter/x.py", "import datetime\nx = datetime.datetime.now()"),
    (outside_violations, "terminal/web/x.py", "from datetime import date\nx = date.today()"),
    (outside_violations, "terminal/web/x.py", "import random"),
    (outside_violations, "terminal/web/x.py", "def f():\n    from uuid import uuid4"),
    (outside_violations, "terminal/people/x.py", "import secrets"),
    (outside_violations, "terminal/people/x.py", "import os\nx = os.urandom(8)"),
    (outside_violations, "terminal/people/x.py", "from os import urandom"),
    (outside_violations, "drivers/display/x.py", "import socket"),
    (outside_violations, "terminal/counter/x.py", "import asyncio\nx = asyncio.open_connection('a', 1)"),
    (outside_violations, "terminal/counter/x.py", "import threading"),
    (outside_violations, "terminal/journal/reader.py", "from concurrent.futures import ThreadPoolExecutor"),
    (outside_violations, "terminal/counter/x.py", "import asyncio\nx = asyncio.to_thread(print)"),
    (outside_violations, "terminal/web/x.py", "import subprocess"),
    (outside_violations, "terminal/counter/x.py", "open('x')"),
    (outside_violations, "terminal/counter/x.py", "from pathlib import Path\nPath('x').write_text('y')"),
    (outside_violations, "terminal/counter/x.py", "import importlib\nimportlib.import_module('terminal.lab')"),
    (outside_violations, "terminal/counter/x.py", "__import__('time')"),
    (outside_violations, "terminal/counter/x.py", "from importlib import import_module\nimport_module('time')"),
    (outside_violations, "terminal/counter/x.py", "from pathlib import Path\nPath('x').open('rb')"),
    (catch_all_violations, "terminal/web/x.py", "try:\n    f()\nexcept Exception:\n    pass"),
    (catch_all_violations, "terminal/web/x.py", "try:\n    f()\nexcept:\n    pass"),
    (
        catch_all_violations,
        "terminal/web/x.py",
        "try:\n    f()\nexcept (OSError, BaseException) as e:\n    print(e)",
    ),
    (execution_violations, "terminal/web/x.py", "eval(text)"),
    (execution_violations, "terminal/web/x.py", "from pickle import loads"),
    (execution_violations, "terminal/web/x.py", "run('ls', shell=True)"),
    (execution_violations, "terminal/journal/x.py", "c.execute(f'SELECT a FROM b WHERE c = {value}')"),
    (execution_violations, "terminal/journal/x.py", "c.execute('SELECT a FROM b WHERE c = ' + value)"),
    (execution_violations, "terminal/journal/x.py", "c.execute('SELECT a FROM b WHERE c = %s' % value)"),
    (execution_violations, "terminal/journal/x.py", "c.execute('SELECT {}'.format(value))"),
    (whole_file_violations, "terminal/x.py", "def f(p):\n    p.write_bytes(b'x')\n    p.replace(q)"),
    (whole_file_violations, "terminal/x.py", "def f(p):\n    g(os.open(p, 1))\n    os.replace(p, q)"),
    (money_violations, "terminal/payments/x.py", "x = float('1')"),
    (money_violations, "terminal/payments/x.py", "x = round(5)"),
    (money_violations, "terminal/payments/x.py", "x = 5 / 2"),
    (money_violations, "terminal/payments/x.py", "x = 5\nx /= 2"),
    (money_violations, "terminal/payments/x.py", "x = 0.01"),
    (money_violations, "terminal/payments/x.py", "fee: float = 1"),
    (money_violations, "terminal/payments/x.py", "def f(amount: float) -> None: ..."),
    (money_violations, "terminal/web/x.py", "import msgspec\nclass A(msgspec.Struct):\n    amount: float | None"),
]


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED)
def test_a_planted_violation_is_found(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Source(path, text)))


CLEAN: list[tuple[Rule, str, str]] = [
    (arrow_violations, "terminal/journal/x.py", "from terminal.counter.ports import Clock\nimport apsw"),
    (arrow_violations, "terminal/web/x.py", "from terminal.payments.sale import Sale"),
    (arrow_violations, "terminal/cli/x.py", "from terminal.lab import server"),
    (arrow_violations, "drivers/x.py", "from drivers.errors import DeviceGone"),
    (library_violations, "drivers/raster.py", "def f():\n    from PIL import Image"),
    (library_violations, "firmware_stubs/x.py", "import machine\nimport zlib\nfrom firmware_stubs import wire"),
    (size_violations, "terminal/x.py", LONG_FUNCTION.removesuffix("    x = 1\n") + "x = 1\n" * 350),
    (outside_violations, "terminal/system.py", "import time\nimport os\nx = os.urandom(1)"),
    (outside_violations, "terminal/counter/x.py", "import asyncio\nasync def f():\n    await asyncio.sleep(1)"),
    (outside_violations, "terminal/counter/x.py", "session.open('person')"),
    (catch_all_violations, "terminal/web/x.py", "try:\n    f()\nexcept BaseException:\n    g()\n    raise"),
    (execution_violations, "terminal/journal/x.py", "c.execute('SELECT a FROM b WHERE c = ?', (value,))"),
    (execution_violations, "terminal/journal/x.py", "c.execute(f'SELECT {COLUMNS} FROM b')"),
    (
        money_violations,
        "terminal/payments/x.py",
        "wait_s: float = 0.5\ndef f(limit_s: float) -> int:\n    return 5 // 2",
    ),
    (whole_file_violations, "terminal/x.py", "def f(p):\n    p.write_text(t.replace('a', 'b'))"),
    (money_violations, "terminal/web/x.py", "class A(Struct):\n    age_s: float\n    amount_minor: int"),
]


@pytest.mark.parametrize(("rule", "path", "text"), CLEAN)
def test_what_is_allowed_passes(rule: Rule, path: str, text: str) -> None:
    assert not list(rule(Source(path, text)))


A, B = "terminal/web/a.py", "terminal/web/b.py"
TO_A, TO_B, TO_C = "from terminal.web.a import x", "from terminal.web.b import x", "from terminal.web.c import x"
C = ("terminal/web/c.py", TO_A)  # to a alone: a line's end, or what closes a ring


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ([(A, TO_B), (B, TO_A)], {("a", "b")}),
        ([(A, TO_B), (B, TO_C), C], {("a", "b", "c")}),
        ([(A, TO_B), (B, f"def f():\n    {TO_A}"), C], {("a", "b")}),
        ([(A, TO_B), (B, f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    {TO_A}")], {("a", "b")}),
        ([(A, "import re"), (B, TO_A), C], set()),
        ([(A, "from terminal.web.a import x"), (B, f"{TO_A}\n{TO_C}"), C], set()),
    ],
)
def test_a_planted_circle_is_found_and_no_line_is_one(
    files: list[tuple[str, str]], found: set[tuple[str, ...]]
) -> None:
    told = {
        tuple(each.removeprefix("terminal.web.") for each in group) for group in circles(starmap(Source, files))
    }
    assert told == found


def test_a_planted_private_path_is_found() -> None:
    assert list(private_violations("x.md", "see ../" + "shared/notes"))
    assert not list(private_violations("x.md", "shared between two tills"))


def test_every_part_of_the_layout_that_exists_has_its_arrows() -> None:
    assert {source.package for source in SOURCES} <= set(ARROWS)
    assert Path(ROOT / "terminal").is_dir()
