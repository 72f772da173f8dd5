"""``make dist``: wheel and source archive, the same bytes from the same state wherever they are built (S72).

``python -m tests.dist [FOLDER]``; setuptools as requirements.lock pins it, nothing fetched.
"""

import gzip
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
FOLDERS: Final = ("terminal", "drivers", "firmware_stubs")
FILES: Final = ("pyproject.toml", "README.md", "LICENSE")
EPOCH: Final = "1700000000"  # of a state that no commit names
WATCHDOG_S: Final = 300
BUILD: Final = """
import sys, setuptools.build_meta as backend
out, *kinds = sys.argv[1:]
for kind in kinds:
    getattr(backend, "build_" + kind)(out)
"""
NOT_OURS: Final = shutil.ignore_patterns("__pycache__", "*.egg-info", "*.pyc")


class NotBuilt(Exception):
    """What setuptools said."""


def sources(place: Path, root: Path = ROOT) -> Path:
    """What a release is built from, copied to a new folder; nothing of a working copy comes along."""
    for folder in FOLDERS:
        shutil.copytree(root / folder, place / folder, ignore=NOT_OURS, copy_function=shutil.copy)
    for file in FILES:
        shutil.copy(root / file, place / file)
    return place


def build(out: Path, *kinds: str, root: Path = ROOT) -> list[Path]:
    """Build ``wheel`` and ``sdist`` (both by default) into a folder; nothing else is touched. Raises NotBuilt."""
    kinds = kinds or ("wheel", "sdist")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="countertop-dist-") as name:
        made = Path(name, "made")
        made.mkdir()
        copied = sources(Path(name, "sources"), root)
        epoch = os.environ.get("SOURCE_DATE_EPOCH") or _committed() or EPOCH
        ended = subprocess.run(
            [sys.executable, "-c", BUILD, str(made), *kinds],
            cwd=copied, env={**os.environ, "SOURCE_DATE_EPOCH": epoch}, capture_output=True, text=True,
            check=False, timeout=WATCHDOG_S,
        )  # fmt: skip
        if ended.returncode:
            raise NotBuilt(ended.stderr)
        for archive in made.glob("*.tar.gz"):
            archive.write_bytes(timeless(archive.read_bytes(), int(epoch)))
        return [Path(shutil.copy(each, out)) for each in sorted(made.iterdir())]


def timeless(archive: bytes, epoch: int) -> bytes:
    """The same archive without the moment, the user and the order of its making."""
    plain, packed = BytesIO(), BytesIO()
    with (
        tarfile.open(fileobj=BytesIO(archive)) as old,
        tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda each: each.name):
            member.mtime, member.uid, member.gid, member.uname, member.gname = epoch, 0, 0, "", ""
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            member.pax_headers = {}
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=epoch) as file:
        file.write(plain.getvalue())
    return packed.getvalue()


def _committed() -> str:
    """When the newest commit was made; empty without git."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return ""
    told = subprocess.run(
        [git, "-C", str(ROOT), "log", "-1", "--format=%ct"], capture_output=True, text=True, check=False
    )
    return told.stdout.strip()


if __name__ == "__main__":
    sys.stdout.writelines(f"{path}\n" for path in build(Path(sys.argv[1] if len(sys.argv) > 1 else "dist")))
