"""What the kit's result is kept as, and the door to live money: no green result for this code, no live channel.

A result counts for one state of the code: all of terminal/banks and terminal/conformance, and the connector's own
package where it is somebody else's. The release brings its results along; whoever changed the code since has
them made anew, at the start of a live channel (the whole kit takes well under a second) or by the command.
They are files and no journal events: the journal has one writer, which is the running service, and a developer's
red runs are nothing the shop's books should hold.
"""

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from terminal.counter.ports import Clock
from terminal.errors import BadSettings
from terminal.whole_file import write_whole

if TYPE_CHECKING:
    from terminal.conformance.run import Bench, Report  # a start that finds its result runs no case and loads none

    Make = Callable[[], Bench]

KIT: Final = 1
SHIPPED: Final = Path(__file__).parents[1] / "data" / "conformance"
FOLDER: Final = "conformance"  # in the state folder
_TERMINAL: Final = Path(__file__).parents[1]
_COUNTS: Final = frozenset({".py", ".toml", ".pem"})
_SIZE_MAX: Final = 1 << 20


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One run of the kit. ``cases``: how each ended: green, not applicable and why, red and what it did."""

    connector: str
    profile: str
    kit: int = KIT
    code: str  # sha256 of the files it was made with
    at: str = ""  # UTC; empty for those of the release
    green: bool
    cases: dict[str, str]


def proof_of(report: "Report", code: str, at_ms: int | None = None) -> Proof:
    at = "" if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")
    told = {each.case.name: f"{each.outcome}: {each.why}" if each.why else each.outcome for each in report.results}
    return Proof(connector=report.name, profile=report.profile, code=code, at=at, green=report.green, cases=told)


def code_of(own: Path | None = None) -> str:
    """sha256 over the files a result depends on; ``own`` is the folder of a connector that is not ours."""
    digest = hashlib.sha256(_shared().encode())
    for line in _files(own) if own is not None else ():
        digest.update(line)
    return digest.hexdigest()


@cache
def _shared() -> str:
    """Of our own part, once a process: a file that is changed under a running program does not change it."""
    digest = hashlib.sha256()
    for folder in ("banks", "conformance"):
        for line in _files(_TERMINAL / folder):
            digest.update(line)
    return digest.hexdigest()


def _files(folder: Path) -> Iterable[bytes]:
    for file in sorted(folder.rglob("*")):
        if file.suffix in _COUNTS and file.is_file():
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            yield f"{file.relative_to(folder).as_posix()} {content}\n".encode()


def find(name: str, code: str, state: Path) -> Proof | None:
    """The result for exactly this code: from the state folder, else the release's."""
    for folder in (state / FOLDER, SHIPPED):
        proof = read(folder / f"{name}.json")
        if proof is not None and (proof.connector, proof.code, proof.kit) == (name, code, KIT):
            return proof
    return None


def read(file: Path) -> Proof | None:
    """None: there is none, or nobody could have written it."""
    try:
        return msgspec.json.decode(file.read_bytes()[:_SIZE_MAX], type=Proof)
    except (OSError, ValueError, RecursionError):
        return None


def keep(proof: Proof, folder: Path) -> Path:
    """Whole or not at all. Raises OSError."""
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / f"{proof.connector}.json"
    write_whole(file, msgspec.json.format(msgspec.json.encode(proof), indent=1) + b"\n", 0o644)
    return file


def demand(
    name: str,
    bench: "Callable[[], Make | None]",
    state: Path,
    clock: Clock,
    own: Path | None = None,
) -> None:
    """Let a live channel of this connector be opened.

    Raises:
        BadSettings: ``connector_unproved``, it brings nothing to try it with; ``connector_red``.
    """
    code = code_of(own)
    if (proof := find(name, code, state)) is None:
        if (make := bench()) is None:
            raise BadSettings("connector_unproved", name=name)
        proof = proof_of(run_beside(make()), code, clock.wall_ms())
        if state.is_dir():
            keep(proof, state / FOLDER)
    if not proof.green:
        red = [case for case, told in proof.cases.items() if told.startswith("red")]
        raise BadSettings("connector_red", name=name, count=len(red), first=red[0] if red else "none applied")


def run_beside(bench: "Bench") -> "Report":
    """The kit in a thread of its own, because the service's loop already runs in this one."""
    from terminal.conformance.run import run_kit

    with ThreadPoolExecutor(1, thread_name_prefix="conformance") as one:
        return one.submit(run_kit, bench).result()
