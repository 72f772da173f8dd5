"""The same store on the virtual-time loop: no thread, no real clock, and the same bytes for the same seed."""

import asyncio
import hashlib
import io
from pathlib import Path

from terminal.journal.export import export
from terminal.virtual_time import VirtualClock, VirtualEntropy, run
from tests.unit.journal.world import KEYS, event, open_at, summary


async def story(path: Path, seed: int) -> str:
    """Six tills write at their own pace, the process is killed once, and everything is read back."""
    clock, entropy = VirtualClock(), VirtualEntropy(seed)
    journal = open_at(path, clock=clock, entropy=entropy)

    async def till(name: int) -> None:
        for n in range(12):
            index = {"summary": summary(), "claims": [["order", f"{name}-{n}", "x"]]}
            await journal.append(
                [event(f"{name}-{n}", stream=f"counter:{name}", index=index, personal={"p": "1"})]
            )
            await asyncio.sleep(0.1 * name)

    async with asyncio.TaskGroup() as group:
        for name in range(6):
            group.create_task(till(name))
    journal.abandon()
    async with open_at(path, clock=clock, entropy=entropy) as journal:
        assert journal.last_number() == 72
        assert journal.commits == 0
        assert (await journal.verify_all()).sound
        out = io.BytesIO()
        export(journal._reader, out, KEYS.signer)
    return hashlib.sha256(out.getvalue()).hexdigest()


def test_a_seed_gives_the_same_journal_byte_for_byte_and_another_seed_another(tmp_path: Path) -> None:
    first, again, other = (run(story(tmp_path / f"{n}.db", seed), seed=seed) for n, seed in enumerate((7, 7, 8)))
    assert first == again
    assert first != other
