"""Power cuts of the unmodified service: what a cut may have left of its files, recovered by the product itself."""

import asyncio
import re
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from terminal.chance import Chance
from terminal.journal.checkpoints import read_checkpoints
from terminal.journal.keys import JournalKeys
from terminal.journal.place import side
from terminal.journal.records import Identity
from terminal.journal.schema import connect
from terminal.journal.sqlite import SqliteJournal
from terminal.journal.verify import examine
from terminal.payments.event import Ledger
from terminal.simulation.power import Platter, Write
from terminal.system import SystemClock, SystemEntropy
from tests.torture import strace
from tests.torture.shop import COUNTERS, Shop, shop
from tests.torture.till import Till

SALES: Final = 40  # told to each till while it is recorded
RECORD_S: Final = 300.0
WHOLE_EVERY: Final = 10  # of so many images one is verified from its first row
PROGRESS_EVERY: Final = 1000
_ANSWER: Final = re.compile(rb'\{"id":"[0-9A-Z]{26}",.*\}\s*\Z', re.DOTALL)
Say = Callable[[str], None]


@dataclass(slots=True)
class Images:
    seed: int
    images: int = 0
    whole: int = 0
    steps: int = 0
    told: int = 0
    loose: Counter[str] = field(default_factory=Counter)
    missing: str = ""
    wrong: list[str] = field(default_factory=list)

    def line(self) -> str:
        if self.missing:
            return f"images: NOT RUN: {self.missing}"
        return (
            f"images: {self.images} power cuts of {self.steps} recorded writes and syncs, seed {self.seed}; "
            f"{self.loose['some']} with writes on their way, {self.told} answers told, "
            f"{self.whole} verified from the first row; {len(self.wrong)} acknowledged-but-lost or corrupt"
        )


@dataclass(frozen=True, slots=True)
class Recorded:
    """``before``: the files at rest when the recording began; ``steps`` change those in ``folder`` alone."""

    folder: Path
    before: Path
    steps: Sequence[strace.Step]


async def run(folder: Path, images: int, seed: int, say: Say) -> Images:
    tally = Images(seed, missing=strace.missing())
    if tally.missing:
        return tally
    recorded = await _record(folder, Chance(seed).split("images"))
    tally.steps = len(recorded.steps)
    if not any(_told(each.data) for each in recorded.steps if each.kind == "sent"):
        tally.wrong.append("the recording has no answer in it")
    await asyncio.to_thread(_cut_all, recorded, images, tally, say)
    return tally


async def _record(folder: Path, chance: Chance) -> Recorded:
    """A first start makes keys and files; the second one is watched while it sells, and killed."""
    log = folder / "strace.log"
    async with shop(folder) as place:
        await place.start()
        await place.ready()
        await place.end(signal.SIGTERM)
        before = folder / "before"
        shutil.copytree(place.state, before)
        place.before = strace.recording(log)
        await place.start()
        await place.ready()
        await _sell(place, chance)
        await place.end(signal.SIGKILL)
        known = str(place.state)
        steps = [each for each in strace.read(log) if each.kind == "sent" or each.path.startswith(known)]
        return Recorded(place.state, before, steps)


async def _sell(place: Shop, chance: Chance) -> None:
    tills = [Till(place, name, chance.split(name)) for name in COUNTERS]
    async with asyncio.timeout(RECORD_S), asyncio.TaskGroup() as group:
        for till in tills:
            group.create_task(_some(till))


async def _some(till: Till) -> None:
    for _ in range(SALES):
        await till.sell()


# --- images ------------------------------------------------------------------------------------------------


def _cut_all(recorded: Recorded, images: int, tally: Images, say: Say) -> None:
    """Cut after cut in the order of the recording, so that what is certain is built up once."""
    chance = Chance(tally.seed).split("cuts")
    cuts = sorted(chance.below(len(recorded.steps) + 1) for _ in range(images))
    keys = JournalKeys.open(recorded.before / "keys", SystemEntropy(), create=False)
    disk, done = _Disk(recorded), 0
    with tempfile.TemporaryDirectory(prefix="countertop-images-", dir=_memory()) as place:
        for cut in cuts:
            for step in recorded.steps[done:cut]:
                disk.take(step)
            done = cut
            _one(disk, Path(place) / "image", keys, chance, tally)
            if tally.images % PROGRESS_EVERY == 0:
                say(f"  {tally.images} images …")
            if tally.wrong:
                return
    tally.told = len(disk.told)


def _memory() -> Path | None:
    shared = Path("/dev/shm")
    return shared if shared.is_dir() else None


def _told(sent: bytes) -> dict[str, str]:
    """The sale in an answer to a till, if there is one, and its state."""
    match = _ANSWER.search(sent)
    if match is None or b'"attempts"' not in sent:
        return {}
    sale = msgspec.json.decode(match[0])
    return {sale["id"]: sale["state"]}


class _Disk:
    """The state folder's files as a power cut would find them, and what the service had told by then."""

    def __init__(self, recorded: Recorded) -> None:
        self._folder = str(recorded.folder)
        self.files: dict[str, Platter] = {}
        self.told: dict[str, str] = {}
        for path in recorded.before.iterdir():
            if path.is_file() and not path.name.endswith("-shm"):
                self.files[path.name] = Platter(bytearray(path.read_bytes()))

    def take(self, step: strace.Step) -> None:
        if step.kind == "sent":
            self.told |= _told(step.data)
            return
        name = step.path.removeprefix(self._folder + "/")
        if "/" in name or name.endswith("-shm") or not name.startswith("journal.db"):
            return
        self._change(name, step)

    def _change(self, name: str, step: strace.Step) -> None:
        file = self.files.setdefault(name, Platter())
        match step.kind:
            case "write":
                file.loose.append(Write(step.offset, step.data))
            case "cut":
                file.loose.append(Write(step.offset, None))
            case "sync":
                file.synced()
            case "gone":
                del self.files[name]
            case _:
                raise AssertionError(f"the images know nothing of {step.kind} on {name}")

    def image(self, folder: Path, chance: Chance) -> bool:
        """Whether anything was on its way."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, file in self.files.items():
            if name.startswith("journal.db"):
                (folder / name).write_bytes(file.after_a_cut(chance))
        return any(file.loose for file in self.files.values())


def _one(disk: _Disk, folder: Path, keys: JournalKeys, chance: Chance, tally: Images) -> None:
    tally.images += 1
    tally.loose["some" if disk.image(folder, chance) else "none"] += 1
    path = folder / "journal.db"
    whole = tally.images % WHOLE_EVERY == 0
    try:
        tally.wrong += asyncio.run(_recover(path, keys, disk.told, whole=whole))
    except Exception as error:  # noqa: BLE001  # whatever it is, this image cannot be recovered
        tally.wrong.append(f"D2 image {tally.images}: {error!r}")
    tally.whole += whole


async def _recover(path: Path, keys: JournalKeys, told: dict[str, str], *, whole: bool) -> list[str]:
    """The product opens it, and everything that was told is there."""
    clock, entropy = SystemClock(), SystemEntropy()
    identity = Identity("m", "s", Ledger.TEST)
    journal = SqliteJournal.open(path, identity=identity, clock=clock, entropy=entropy, keys=keys, inline=True)
    wrong = []
    try:
        states = {each.subject: each.body for each in _all(journal)}
        for sale, state in told.items():
            found: dict[str, Any] = states.get(sale, {})
            if found.get("state") != state and state not in {"open", "checking"}:
                wrong.append(f"I6 {sale} was told {state}, the image has {found.get('state')}")
            elif not found:
                wrong.append(f"I6 {sale} was told, the image does not know it")
    finally:
        await journal.close()
    if side(path, ".suspect").exists():
        wrong.append("D2 the journal calls itself suspect")
    return wrong + (_examined(path, keys) if whole else [])


def _all(journal: SqliteJournal) -> Any:
    return journal.list("sale", limit=10_000)


def _examined(path: Path, keys: JournalKeys) -> list[str]:
    connection = connect(path, read_only=True)
    try:
        checkpoints = read_checkpoints(side(path, ".checkpoints"), keys.signer.public_key())
        report = examine(connection, keys, checkpoints)
    finally:
        connection.close()
    return [] if report.sound else [f"I18 {report}"]
