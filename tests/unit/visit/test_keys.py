"""The visit's key: made once, kept for its owner alone, never silently replaced."""

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from terminal.chance import Chance
from terminal.errors import BadSettings
from terminal.visit.keys import open_key


def refused(folder: Path) -> str:
    with pytest.raises(BadSettings) as told:
        open_key(folder, Chance(2))
    return told.value.slug


def test_it_is_made_once_and_its_public_half_lies_beside_it(tmp_path: Path) -> None:
    key = open_key(tmp_path / "keys", Chance(1))
    again = open_key(tmp_path / "keys", Chance(2))
    assert again.private_bytes_raw() == key.private_bytes_raw()
    assert stat.S_IMODE((tmp_path / "keys" / "visit.key").stat().st_mode) == 0o600
    public = load_pem_public_key((tmp_path / "keys" / "visit.pub").read_bytes())
    assert isinstance(public, Ed25519PublicKey)
    assert public == key.public_key()
    assert [each.name for each in sorted((tmp_path / "keys").iterdir())] == ["visit.key", "visit.pub"]


def test_f4_a_key_that_others_can_read_or_that_is_damaged_is_refused_not_replaced(tmp_path: Path) -> None:
    key = open_key(tmp_path, Chance(1))
    path = tmp_path / "visit.key"
    path.chmod(0o644)
    assert refused(tmp_path) == "key_file_readable"
    path.chmod(0o600)
    path.write_text("not hexadecimal")
    assert refused(tmp_path) == "key_file_damaged"
    path.write_text(key.private_bytes_raw().hex()[:-2])
    assert refused(tmp_path) == "key_file_damaged"
    path.unlink()
    path.symlink_to(tmp_path / "visit.pub")
    assert refused(tmp_path) == "key_file_not_ours"


def test_the_service_can_read_what_root_made_in_its_folder(tmp_path: Path) -> None:
    """`countertop pack make` run by root: the folder says whose files these are."""
    folder = tmp_path / "state"
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, 4711, 4712)
    key = open_key(folder / "keys", Chance(1))
    for each in (folder / "keys", *(folder / "keys").iterdir()):
        status = each.stat()
        assert (status.st_uid, status.st_gid) == (folder.stat().st_uid, folder.stat().st_gid), each
    assert open_key(folder / "keys", Chance(2)).private_bytes_raw() == key.private_bytes_raw(), (
        "root reads it, too"
    )


def test_a_public_half_that_a_power_cut_took_is_written_again(tmp_path: Path) -> None:
    key = open_key(tmp_path, Chance(1))
    (tmp_path / "visit.pub").unlink()
    (tmp_path / "visit.key.new").write_text("half")
    assert open_key(tmp_path, Chance(2)).public_key() == key.public_key()
    assert (tmp_path / "visit.pub").exists()
