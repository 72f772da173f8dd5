"""Two builds of one state are one file, byte for byte, and hold what a shop needs (S72)."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WATCHDOG_S = 300
BUILD = "import setuptools.build_meta, sys; setuptools.build_meta.build_wheel(sys.argv[1])"


def built(folder: Path) -> Path:
    """A wheel of the sources, copied to a place and with times of their own."""
    for name in ("terminal", "drivers", "firmware_stubs"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored, copy_function=shutil.copy)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    ended = subprocess.run(
        [sys.executable, "-c", BUILD, str(folder)],
        cwd=folder, env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}, capture_output=True, check=False,
        timeout=WATCHDOG_S,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr.decode()
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.mark.slow
@pytest.mark.row(128)
def test_s72_two_builds_of_one_state_are_the_same_file(tmp_path: Path) -> None:
    first, second = built(tmp_path / "here"), built(tmp_path / "somewhere" / "else")
    assert first.name == second.name
    assert hashlib.sha256(first.read_bytes()).digest() == hashlib.sha256(second.read_bytes()).digest()
    with zipfile.ZipFile(first) as wheel:
        names = set(wheel.namelist())
    data = ("audit.toml", "doctor.toml", "errors.toml", "system/countertop.service", "locales/en.toml")
    assert {f"terminal/data/{name}" for name in data} <= names
    assert not [name for name in names if name.startswith("tests/") or name.endswith((".pyc", ".key", ".lock"))]
