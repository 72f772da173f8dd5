"""The key file is private, and a planted one is refused."""

import os
from pathlib import Path

import pytest

from terminal.errors import BadSettings
from terminal.people.key_file import read_key, write_key


def test_s40_written_once_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "api.key"
    assert read_key(path) is None
    write_key(path, "ctk_secret")
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_key(path) == "ctk_secret"
    with pytest.raises(BadSettings, match="key_file_not_ours"):
        write_key(path, "another")


def test_s40_looser_permissions_are_refused_with_the_fix(tmp_path: Path) -> None:
    path = tmp_path / "api.key"
    write_key(path, "ctk_secret")
    path.chmod(0o640)
    with pytest.raises(BadSettings, match="key_file_readable"):
        read_key(path)


def test_f4_a_symlink_is_neither_followed_nor_written(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("not yours")
    link.symlink_to(target)
    with pytest.raises(BadSettings, match="key_file_not_ours"):
        read_key(link)
    with pytest.raises(BadSettings, match="key_file_not_ours"):
        write_key(link, "x")
    assert target.read_text() == "not yours"


def test_what_is_no_plain_file_is_told_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for each in (tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(BadSettings, match="key_file_not_ours") as told:
            read_key(each)
        assert told.value.facts["why"] == "not a plain file"


def test_what_is_no_text_is_nobodys_key(tmp_path: Path) -> None:
    path = tmp_path / "api.key"
    write_key(path, "ctk_secret")
    path.write_bytes(b"\xff\xfec\x00t\x00k\x00" * 100)
    assert "\ufffd" in (read_key(path) or "")
