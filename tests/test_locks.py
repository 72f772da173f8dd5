"""What is installed is named, justified, pinned and hashed, and nothing else is (S70)."""

import re
import tomllib
from collections.abc import Iterator

import pytest

from tests.architecture.source import ROOT, product

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKS = ("requirements.lock", "requirements-test.lock")
IMPORTED_AS = {"pillow": "PIL", "argon2-cffi": "argon2", "pyserial": "serial", "zxing-cpp": "zxingcpp"}
NAME = re.compile(r"[A-Za-z0-9_.-]+")


def plain(name: str) -> str:
    found = NAME.match(name)
    assert found, name
    return found.group().lower().replace("_", "-")


def pins(lock: str) -> dict[str, list[str]]:
    """Requirement -> its hashes."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in (ROOT / lock).read_text("utf-8").splitlines():
        if line and not line.startswith((" ", "#")):
            name = plain(line)
            assert re.match(r"[A-Za-z0-9_.-]+==\S+", line), f"{lock}: {line}"
            found[name] = []
        elif "--hash=" in line:
            found[name] += re.findall(r"--hash=(sha256:[0-9a-f]{64})", line)
    return found


def direct() -> Iterator[tuple[str, str]]:
    """(name, its line in pyproject.toml) of every dependency that we named."""
    named = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["test"]]
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    for each in named:
        line = next(line for line in text.splitlines() if line.strip().startswith(f'"{each}"'))
        yield plain(each), line


@pytest.mark.parametrize("lock", LOCKS)
def test_s70_every_package_is_pinned_with_hashes(lock: str) -> None:
    locked = pins(lock)
    assert len(locked) > 20
    assert [name for name, hashes in locked.items() if not hashes] == []


def test_s70_what_we_name_is_locked_and_says_why() -> None:
    locked = pins(LOCKS[1])
    for name, line in direct():
        assert name in locked, "run: make lock"
        assert len(line.partition("#")[2].split()) > 1, f"{name}: say in its line what it is for"


def test_s70_the_same_versions_run_and_are_tested() -> None:
    lines = [
        {line.split()[0] for line in (ROOT / lock).read_text("utf-8").splitlines() if "==" in line}
        for lock in LOCKS
    ]
    assert lines[0] <= lines[1]


def test_s70_the_makefile_installs_by_hash_alone() -> None:
    installs = [line for line in (ROOT / "Makefile").read_text("utf-8").splitlines() if "pip install" in line]
    assert installs
    for line in installs:
        assert "--require-hashes" in line or ("--no-deps" in line and "-e ." in line), line


def test_s70_nothing_is_installed_that_nothing_imports() -> None:
    imported = {name.partition(".")[0] for source in product() for _, name, _ in source.imports}
    for each in PROJECT["project"]["dependencies"]:
        name = plain(each)
        assert IMPORTED_AS.get(name, name.replace("-", "_")).lower() in {x.lower() for x in imported}, name
