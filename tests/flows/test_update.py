"""``countertop update`` as a shop's machine runs it: a real environment, pip, and the new program's own word."""

import base64
import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from terminal.versions.wheels import LOCK, SIGNATURE
from tests.flows.cli_rig import Place, command
from tests.flows.test_audit import secrets, set_up, spoil
from tests.unit.versions.test_home import KEY, publisher

__all__ = ["publisher"]  # a fixture

PEPPER = "3c" * 16 + "a5" * 16
PROGRAM = """
import json, sys


def main():
    assert sys.argv[1:3] == ["update", "self-test"], sys.argv
    print(json.dumps({"version": "9.9", "schema": 2, "events": 3, "sales": 22}))
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path / "shop")
    made.folder.mkdir(mode=0o700)
    made.example()
    secrets(made, PEPPER, "five words on a paper")
    set_up(made, pepper=PEPPER)
    return made


def wheel(folder: Path) -> Path:
    """Version 9.9 of the program, as small as a wheel can be (binary distribution format, 1.0)."""
    about = "countertop-9.9.dist-info"
    files = {
        "next_program.py": PROGRAM,
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: countertop\nVersion: 9.9\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/entry_points.txt": "[console_scripts]\ncountertop = next_program:main\n",
    }
    digests = {
        name: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        for name, text in files.items()
    }
    files[f"{about}/RECORD"] = "".join(f"{name},sha256={each},\n" for name, each in digests.items())
    path = folder / "countertop-9.9-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as out:
        for name, text in files.items():
            out.writestr(name, text)
    return path


@pytest.mark.row(128)
def test_this_version_tries_itself_on_a_copy_of_the_journal(place: Place) -> None:
    before = (place.state / "journal.db").read_bytes()
    ended = command("update", "self-test", "--config", place.config)
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert (told["events"], told["version"]) == (2, "0.1.0")
    assert told["schema"] >= 2
    assert told["sales"] > 0
    assert (place.state / "journal.db").read_bytes() == before


@pytest.mark.row(128)
def test_s53_a_journal_that_cannot_be_read_back_stops_the_update(place: Place) -> None:
    spoil(place.state / "journal.db")
    ended = command("update", "self-test", "--config", place.config)
    assert ended.code == 4
    assert not ended.out


@pytest.mark.row(128)
def test_there_is_nothing_to_go_back_to(place: Place, tmp_path: Path) -> None:
    ended = command("update", "back", "--config", place.config, "--home", tmp_path / "home")
    assert (ended.code, (tmp_path / "home").exists()) == (3, False)


@pytest.mark.slow
@pytest.mark.row(128)
def test_s70_s72_a_signed_wheel_becomes_the_running_program_and_goes_again(
    place: Place, tmp_path: Path, publisher: Path
) -> None:
    wheels, home = tmp_path / "wheels", tmp_path / "home"
    wheels.mkdir()
    digest = hashlib.sha256(wheel(wheels).read_bytes()).hexdigest()
    (wheels / LOCK).write_text(f"countertop==9.9 --hash=sha256:{digest}\n")
    (wheels / SIGNATURE).write_bytes(KEY.sign((wheels / LOCK).read_bytes()))
    words = ("--wheelhouse", wheels, "--publisher", publisher, "--config", place.config, "--home", home, "--force")
    ended = command("update", "install", *words)
    assert ended.code == 0, ended.err
    assert "9.9 read 3 events back" in ended.out
    assert (home / "current" / "bin" / "countertop").exists()
    assert command("update", "install", *words).code == 0, "again, beside the first"
    ended = command("update", "back", "--config", place.config, "--home", home)
    assert ended.code == 0, ended.err
    assert (home / "current").resolve().name == "9.9-1"
