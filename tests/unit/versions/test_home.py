"""A signed version is tried before it runs, and the one before stays to go back to (row 128)."""

import hashlib
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.errors import BadSettings
from terminal.versions.home import Home, Release
from terminal.versions.wheels import LOCK, SIGNATURE, proven

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def wheelhouse(folder: Path, version: str = "1.1", *, signer: Ed25519PrivateKey = KEY) -> Path:
    """The program and one package, locked and signed as a release is."""
    folder.mkdir()
    lines = []
    for name, number in (("countertop", version), ("tea_pot", "3.0")):
        wheel = folder / f"{name}-{number}-py3-none-any.whl"
        wheel.write_bytes(f"{name} {number}".encode())
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lines.append(f"{name.replace('_', '-')}=={number} \\\n    --hash=sha256:{digest}\n")
    (folder / LOCK).write_text("# a release\n" + "".join(lines))
    (folder / SIGNATURE).write_bytes(signer.sign((folder / LOCK).read_bytes()))
    return folder


@pytest.fixture
def publisher(tmp_path: Path) -> Path:
    path = tmp_path / "publisher.pem"
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    path.write_bytes(KEY.public_key().public_bytes(serialization.Encoding.PEM, form))
    return path


class World:
    """Installs by writing a file; a new version tells ``schema``, or fails when told to."""

    def __init__(self) -> None:
        self.schema, self.fails, self.tried = 2, "", 0

    def install(self, environment: Path, wheels: Path) -> None:
        self._maybe("install")
        wheel = next(wheels.glob("countertop-*.whl"))
        (environment / "program").write_text(wheel.name.split("-")[1])

    def self_test(self, environment: Path, config: Path) -> Release:
        self.tried += 1
        self._maybe("self-test")
        return Release((environment / "program").read_text(), self.schema, 40, 22)

    def _maybe(self, step: str) -> None:
        if self.fails == step:
            raise BadSettings("update_failed", why=step)


def running(home: Path, link: str = "current") -> str:
    return (home / link / "program").read_text() if (home / link).exists() else ""


@pytest.mark.row(128)
def test_s72_a_version_is_proven_tried_and_switched_to_and_the_one_before_stays(
    tmp_path: Path, publisher: Path
) -> None:
    world, folder = World(), tmp_path / "home"
    home = Home(folder, world)
    assert home.update(wheelhouse(tmp_path / "a", "1.0"), publisher, tmp_path).version == "1.0"
    assert (running(folder), running(folder, "previous")) == ("1.0", "")
    home.update(wheelhouse(tmp_path / "b", "1.1"), publisher, tmp_path)
    assert (running(folder), running(folder, "previous")) == ("1.1", "1.0")
    assert world.tried == 2
    assert home.back(2).version == "1.0"
    assert (running(folder), running(folder, "previous")) == ("1.0", "1.1"), "and forward again"
    lock = (folder / "current").resolve() / LOCK
    assert lock.read_bytes() == (tmp_path / "a" / LOCK).read_bytes(), "the audit compares with it"


@pytest.mark.row(128)
@pytest.mark.parametrize("step", ["install", "self-test"])
def test_what_fails_before_the_switch_leaves_the_running_version(
    tmp_path: Path, publisher: Path, step: str
) -> None:
    world, folder = World(), tmp_path / "home"
    home = Home(folder, world)
    home.update(wheelhouse(tmp_path / "a", "1.0"), publisher, tmp_path)
    world.fails = step
    new = wheelhouse(tmp_path / "b", "1.1")
    with pytest.raises(BadSettings, match="update_failed"):
        home.update(new, publisher, tmp_path)
    assert (running(folder), running(folder, "previous")) == ("1.0", "")
    world.fails = ""
    home.update(new, publisher, tmp_path)
    assert running(folder) == "1.1", "tried again, beside what was left over"


@pytest.mark.row(128)
def test_no_way_back_over_a_journal_that_a_newer_version_has_changed(tmp_path: Path, publisher: Path) -> None:
    world, folder = World(), tmp_path / "home"
    home = Home(folder, world)
    with pytest.raises(BadSettings, match="update_no_previous"):
        home.back(2)
    home.update(wheelhouse(tmp_path / "a", "1.0"), publisher, tmp_path)
    world.schema = 3
    home.update(wheelhouse(tmp_path / "b", "1.1"), publisher, tmp_path)
    with pytest.raises(BadSettings) as raised:
        home.back(3)
    assert (raised.value.slug, dict(raised.value.facts)) == (
        "update_no_way_back",
        {"found": 3, "known": 2, "version": "1.0"},
    )
    assert running(folder) == "1.1"
    assert home.back(2).version == "1.0", "installed, but never started"


def test_s70_s72_what_was_not_signed_or_changed_since_is_not_installed(tmp_path: Path, publisher: Path) -> None:
    sound = wheelhouse(tmp_path / "sound")
    assert proven(sound, publisher)[0] == "1.1"
    changed = wheelhouse(tmp_path / "changed")
    (changed / "tea_pot-3.0-py3-none-any.whl").write_bytes(b"other")
    added = wheelhouse(tmp_path / "added")
    (added / "milk-1.0-py3-none-any.whl").write_bytes(b"milk")
    edited = wheelhouse(tmp_path / "edited")
    (edited / LOCK).write_text((edited / LOCK).read_text() + "milk==1.0\n")
    unsigned = wheelhouse(tmp_path / "unsigned")
    (unsigned / SIGNATURE).unlink()
    for folder in (changed, added, edited, unsigned, wheelhouse(tmp_path / "stranger", signer=OTHER)):
        world = World()
        with pytest.raises(BadSettings, match="update_unproven"):
            Home(tmp_path / "home", world).update(folder, publisher, tmp_path)
        assert world.tried == 0
        assert not (tmp_path / "home").exists()
    with pytest.raises(BadSettings, match="update_unproven"):
        proven(sound, sound / LOCK)


def test_a_version_that_says_it_is_another_one_is_not_taken(tmp_path: Path, publisher: Path) -> None:
    class Liar(World):
        def self_test(self, environment: Path, config: Path) -> Release:
            return Release("0.9", 2)

    with pytest.raises(BadSettings, match="update_failed"):
        Home(tmp_path / "home", Liar()).update(wheelhouse(tmp_path / "a"), publisher, tmp_path)
    assert not (tmp_path / "home" / "current").exists()


def test_what_a_version_told_is_kept_beside_it(tmp_path: Path, publisher: Path) -> None:
    Home(tmp_path / "home", World()).update(wheelhouse(tmp_path / "a"), publisher, tmp_path)
    kept = (tmp_path / "home" / "current" / "release.json").read_bytes()
    assert msgspec.json.decode(kept, type=Release) == Release("1.1", 2, 40, 22)
    assert (tmp_path / "home" / "current").readlink().is_absolute(), "a start needs no working folder"
