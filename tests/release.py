"""``make release``: a folder that installs a shop's machine without any network.

``python -m tests.release FOLDER [WHEELS]``: our wheel, every wheel of requirements.lock, release.lock that names
them with their hashes, and install.sh. WHEELS is where pip finds them; without it pip asks the package index.
Signing release.lock (Ed25519, into release.lock.sig) is its publisher's act, on a machine of theirs.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from terminal.cli.install_plan import FOLDER
from terminal.versions.wheels import LOCK
from tests.dist import ROOT, build

WATCHDOG_S: Final = 900
SCRIPT: Final = "install.sh"


def release(out: Path, wheels: Path | None = None, root: Path = ROOT) -> list[Path]:
    """Fill a folder; what it holds is returned. Raises NotBuilt, CalledProcessError."""
    out.mkdir(parents=True, exist_ok=True)
    (own,) = build(out, "wheel", root=root)
    where = ["--no-index", "--find-links", str(wheels)] if wheels else []
    subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--disable-pip-version-check",
                "--require-hashes",
            ),
            *("--only-binary", ":all:", *where, "-r", str(root / "requirements.lock"), "-d", str(out)),
        ],
        check=True,
        timeout=WATCHDOG_S,
    )
    finish(out, own, root)
    return sorted(out.iterdir())


def finish(out: Path, own: Path, root: Path = ROOT) -> None:
    """The lock with our wheel's hash in it, and the script that starts the installer."""
    name, version = own.name.split("-")[:2]
    digest = hashlib.sha256(own.read_bytes()).hexdigest()
    lock = (root / "requirements.lock").read_text("utf-8")
    (out / LOCK).write_text(f"{lock}{name}=={version} \\\n    --hash=sha256:{digest}\n", "utf-8")
    shutil.copy(FOLDER / SCRIPT, out / SCRIPT)


if __name__ == "__main__":
    place = Path(sys.argv[1] if len(sys.argv) > 1 else "release")
    found = release(place, Path(sys.argv[2]) if len(sys.argv) > 2 else None)
    sys.stdout.write(f"{place}: {len(found)} files. On the till's machine: sudo sh {SCRIPT}\n")
