"""The power goes: of what was not synced any part may be on the disk, in any order, torn at a sector."""

import shutil
import tempfile
from pathlib import Path
from typing import Final

import apsw
import pytest

from terminal.chance import Chance
from terminal.journal.place import side
from tests.unit.journal.world import event, open_at

SECTOR: Final = 512
IMAGES: Final = 150
Write = tuple[str, int, bytes]


class Recorder(apsw.VFS):
    """Writes down what reaches the disk: writes, syncs, and when somebody was told something."""

    def __init__(self) -> None:
        super().__init__("recorder", "")
        self.log: list[Write | str | int] = []  # a write; the name of a synced file; a told event number

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802  # SQLite's
        return apsw.VFSFile("", name, flags) if name is None else _Recorded(self, name, flags)


class _Recorded(apsw.VFSFile):
    def __init__(self, recorder: Recorder, name: str | apsw.URIFilename, flags: list[int]) -> None:
        super().__init__("", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._log, self._name = recorder.log, Path(path).name

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  # SQLite's name
        self._log.append((self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802  # SQLite's name
        super().xSync(flags)
        self._log.append(self._name)

    def xTruncate(self, size: int) -> None:  # noqa: N802  # SQLite's name
        assert size >= self.xFileSize(), f"{self._name} shrank: the images below know nothing of that"


async def record(folder: Path, recorder: Recorder) -> None:
    """Commits and moves of the log into the database, on top of a clean copy kept in ``before``."""
    path = folder / "j.db"
    async with open_at(path) as journal:
        await journal.append([event("first")])
    shutil.copytree(folder, folder.parent / "before")
    journal = open_at(path, vfs="recorder")
    for n in range(40):
        (told,) = await journal.append([event(f"s{n}", note="x" * 700, index={"claims": [["k", f"s{n}", "v"]]})])
        recorder.log.append(told.number)
        if n % 15 == 14:
            journal._committer.tidy()
    journal.abandon()


def image(folder: Path, recorder: Recorder, cut: int, chance: Chance) -> int:
    """Build what a power cut after ``cut`` entries may leave; returns the last number somebody was told."""
    loose: list[Write] = []
    kept: list[Write] = []
    told = 1
    for entry in recorder.log[:cut]:
        if isinstance(entry, tuple):
            loose.append(entry)
        elif isinstance(entry, int):
            told = entry
        else:
            kept += [write for write in loose if write[0] == entry]
            loose = [write for write in loose if write[0] != entry]
    sectors = [
        (name, offset + start, data[start : start + SECTOR])
        for name, offset, data in loose
        for start in range(0, len(data), SECTOR)
    ]
    chance.shuffle(sectors)
    for name, offset, data in [*kept, *sectors[: chance.below(len(sectors) + 1)]]:
        with (folder / name).open("r+b" if (folder / name).exists() else "w+b") as file:
            file.seek(offset)
            file.write(data)
    return told


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.row(129)
async def test_d2_i1_no_image_of_a_power_cut_loses_what_was_told(tmp_path: Path) -> None:
    chance, recorder = Chance("power"), Recorder()
    (tmp_path / "live").mkdir()
    await record(tmp_path / "live", recorder)
    recorder.unregister()
    assert sum(isinstance(each, str) for each in recorder.log) > 40, "each commit syncs"
    for _ in range(IMAGES):
        with tempfile.TemporaryDirectory(dir=tmp_path) as place:
            folder = Path(place) / "image"
            shutil.copytree(tmp_path / "before", folder)
            told = image(folder, recorder, chance.below(len(recorder.log) + 1), chance)
            async with open_at(folder / "j.db") as journal:
                assert journal.last_number() >= told
                assert [each.number for each in journal.after(0)] == list(range(1, journal.last_number() + 1))
                assert (await journal.verify_all()).sound
            assert not side(folder / "j.db", ".suspect").exists()
