"""Packages that were changed after they were installed, and versions the lock does not name (S70)."""

import base64
import hashlib
import os
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

import pytest

from terminal.cli.security.audit_packages import changed, packages, pinned


def installed(folder: Path) -> Distribution:
    """As an installer leaves a package: its module, and RECORD with the digest of it."""
    about = folder / "tea-1.0.dist-info"
    about.mkdir()
    (folder / "tea.py").write_text("price = 5\n")
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"price = 5\n").digest()).decode().rstrip("=")
    (about / "RECORD").write_text(f"tea.py,sha256={digest},10\ntea-1.0.dist-info/RECORD,,\n")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: tea\nVersion: 1.0\n")
    return PathDistribution(about)


def test_s70_a_changed_or_missing_file_names_its_package(tmp_path: Path) -> None:
    tea = installed(tmp_path)
    assert changed([("tea", tea)]) == ()
    (tmp_path / "tea.py").write_text("price = 6\n")
    assert changed([("tea", tea)]) == ("tea",)
    (tmp_path / "tea.py").unlink()
    assert changed([("tea", tea)]) == ("tea",)


@pytest.mark.parametrize("what", ["pipe", "zeros", "folder"])
def test_s70_bad_input_a_lock_that_never_ends_counts_as_none(what: str, tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    {"pipe": os.mkfifo, "zeros": lambda at: at.symlink_to("/dev/zero"), "folder": Path.mkdir}[what](lock)
    assert not packages(lock, files=False).lock


def test_a_lock_may_name_several_versions_of_one_package() -> None:
    text = 'a-b==1.0 \\\n    --hash=sha256:00\nA_b==2.0 ; python_version < "3.12" \\\n# c==3\nd==4\n'
    assert pinned(text) == {"a-b": {"1.0", "2.0"}, "d": {"4"}}
