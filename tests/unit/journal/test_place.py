from pathlib import Path

import pytest

from terminal.errors import JournalError
from terminal.journal.lock import InstanceLock
from terminal.journal.place import file_system_of, prepare, side
from tests.unit.journal.world import open_at

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/shop /srv/my\\040shop nfs4 rw 0 0
tmpfs /srv/my\\040shop/fast tmpfs rw 0 0
short
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib", "ext4"),
        ("/srv/my shop", "nfs4"),
        ("/srv/my shop/state", "nfs4"),
        ("/srv/my shop/fast/x", "tmpfs"),
        ("/srv/my shopping", "ext4"),
    ],
)
def test_the_longest_mount_point_names_the_file_system(folder: str, kind: str) -> None:
    assert file_system_of(Path(folder), MOUNTS) == kind


def test_a_folder_in_place_of_the_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "j.db").mkdir()
    with pytest.raises(JournalError, match="journal_place"):
        prepare(tmp_path / "j.db")


def test_the_lock_is_free_again_once_released(tmp_path: Path) -> None:
    first = InstanceLock.take(tmp_path / "lock")
    with pytest.raises(JournalError, match="journal_in_use"):
        InstanceLock.take(tmp_path / "lock")
    first.release()
    first.release()
    InstanceLock.take(tmp_path / "lock").release()


async def test_a_checkpoint_folder_that_is_not_there_is_named_and_damages_nothing(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="checkpoints_unusable"):
        open_at(tmp_path / "j.db", checkpoints=tmp_path / "unplugged" / "signed")
    assert not side(tmp_path / "j.db", ".suspect").exists()
    await open_at(tmp_path / "j.db").close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(JournalError, match="no_folder"):
        open_at(tmp_path / "file" / "j.db")


def test_f4_a_link_in_place_of_the_lock_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError, match="why=lock"):
        InstanceLock.take(tmp_path / "lock")
    assert not (tmp_path / "elsewhere").exists()
