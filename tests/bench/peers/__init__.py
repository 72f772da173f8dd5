"""Peers from PyPI in an environment of their own (.venv/peers), made once, pinned and hash-checked.

What cannot be installed or run here is said in the table, never guessed.
"""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
HERE: Final = Path(__file__).parent
HOME: Final = ROOT / ".venv" / "peers" / "lnbits"
INSTALL_S: Final = 600.0
RUN_S: Final = 120.0


class PeerMissing(Exception):
    """Why a peer was not measured, as one line."""


def environment() -> Path:
    """The peers' interpreter. Raises PeerMissing with pip's last line when it could not be made."""
    requirements = HERE / "lnbits.txt"
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    made, python = HOME / "made-from", HOME / "bin" / "python"
    if not made.exists() or made.read_text() != wanted:
        HOME.parent.mkdir(parents=True, exist_ok=True)
        _run(sys.executable, "-m", "venv", "--clear", str(HOME), limit_s=INSTALL_S)
        pip = (str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input", "--no-deps")
        _run(*pip, "--require-hashes", "-r", str(requirements), limit_s=INSTALL_S)
        made.write_text(wanted)
    return python


def number_from(python: Path, script: str, *arguments: str) -> float:
    """What one of the scripts beside this file measured. Raises PeerMissing."""
    return float(_run(str(python), str(HERE / script), *arguments, limit_s=RUN_S).split()[-1])


def _run(*command: str, limit_s: float) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=True)
    except subprocess.CalledProcessError as error:
        raise PeerMissing((error.stderr or error.stdout).strip().splitlines()[-1][:200]) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerMissing(str(error)[:200]) from error
    return done.stdout
