"""Two builds of one state are the same files, hold what a shop needs, and are all that a till's maker needs."""

import hashlib
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.dist import FOLDERS, ROOT, build, sources

WATCHDOG_S = 300
ROLLED = ("tests/", "docs/")  # parts of the project that nobody needs to run it
EXAMPLE = ROOT / "docs" / "integrate" / "example-pos"


def digests(paths: list[Path]) -> dict[str, str]:
    return {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in paths}


@pytest.mark.slow
@pytest.mark.row(128)
def test_s72_two_builds_of_one_state_are_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = sources(tmp_path / "state")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    first = build(tmp_path / "here", root=state)
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    assert digests(first) == digests(build(tmp_path / "somewhere" / "else", root=state))
    wheel, source = sorted(first, key=lambda each: each.suffix, reverse=True)
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    with tarfile.open(source) as packed:
        carried = {name.partition("/")[2] for name in packed.getnames()}
    wanted = {
        path.relative_to(state).as_posix()
        for folder in FOLDERS
        for path in (state / folder).rglob("*")
        if path.is_file()
    }
    assert not wanted - names, "data, templates, fonts, locales"
    assert not wanted - carried
    assert not [name for name in names if name.startswith(ROLLED) or name.endswith((".pyc", ".key", ".lock"))]


@pytest.mark.slow
@pytest.mark.row(149)
def test_the_wheel_is_enough_for_the_example_project_and_its_ci_script(tmp_path: Path) -> None:
    """Installed from the file alone, without a network, beside the packages that the lock pins."""
    [wheel] = build(tmp_path, "wheel")
    place, quiet = tmp_path / "installed", ("--no-deps", "--no-index", "--no-compile", "-q")
    pip = [sys.executable, "-m", "pip", "install", *quiet, "--target", str(place), f"{wheel}[testing]"]
    subprocess.run(pip, check=True, timeout=WATCHDOG_S, env=stranger())
    locked = sysconfig.get_path("purelib")  # of the others: ours comes first on the way
    told = subprocess.run(
        [sys.executable, "-c", "import terminal.testing as t; print(t.__file__)"],
        env=stranger(PYTHONPATH=f"{place}{os.pathsep}{locked}"), cwd=tmp_path, capture_output=True, text=True,
        check=True, timeout=WATCHDOG_S,
    )  # fmt: skip
    assert told.stdout.startswith(str(place))
    ends_well(
        tmp_path, PYTHONPATH=f"{place}{os.pathsep}{locked}", PYTEST_ADDOPTS="-p countertop -p no:cacheprovider"
    )


@pytest.mark.row(149)
def test_the_example_project_passes_its_own_ci_script(tmp_path: Path) -> None:
    """It imports nothing but the plugin, the client and its own two files."""
    words = "".join(path.read_text("utf-8") for path in EXAMPLE.glob("*.py"))
    imported = {line.split()[1] for line in words.splitlines() if line.startswith(("import ", "from "))}
    assert {each for each in imported if each.startswith("terminal")} == {"terminal.client", "terminal.testing"}
    ends_well(tmp_path, PYTEST_PLUGINS="terminal.testing.plugin", PYTEST_ADDOPTS="-p no:cacheprovider")


def ends_well(folder: Path, **env: str) -> None:
    """The example in a folder of its own, with nobody else's plugins."""
    project = folder / "example-pos"
    project.mkdir()
    for path in EXAMPLE.iterdir():
        if path.is_file():
            (project / path.name).write_bytes(path.read_bytes())
    clean = stranger(PYTHON=sys.executable, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", **env)
    ended = subprocess.run(
        ["sh", "ci.sh"], cwd=project, env=clean, capture_output=True, text=True, timeout=WATCHDOG_S
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "7 passed" in ended.stdout
    assert 'name="countertop_seed" value="7"' in (project / "report.xml").read_text("utf-8")


def stranger(**more: str) -> dict[str, str]:
    """Nothing of this run's own environment but where programs lie."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, **more}
