"""``countertop verify`` of what a stranger sealed: a sentence, never a crash, no ink of theirs."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from terminal.cli.commands import app
from terminal.cli.words import REFUSED
from terminal.visit.seal import Kind, seal

KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
SOUND: dict[str, Any] = {
    "shop": {"title": "Corner Noodles", "store": "s-01"},
    "accepted_ms": 1_800_000_000_000,
    "signers": [{"name": "Mei", "role": "owner"}],
    "steps": [{"step": "cent", "result": "passed", "seconds": 60}],
}
pytestmark = pytest.mark.row(99)


def verified(folder: Path, document: dict[str, Any], kind: Kind = "acceptance") -> tuple[int, str]:
    file = folder / "acceptance.json"
    file.write_bytes(seal(kind, document, KEY))
    told = CliRunner().invoke(app, ["verify", str(file)])
    return told.exit_code, told.output


def test_a_record_is_told_in_words(tmp_path: Path) -> None:
    code, said = verified(tmp_path, SOUND)
    assert code == 0
    assert "Corner Noodles (s-01), 2027-01-15 08:00 UTC" in said


@pytest.mark.parametrize(
    "change", [{"shop": "x"}, {"accepted_ms": 10**30}, {"accepted_ms": -1}, {"signers": {}}, {"steps": [{}]}]
)
def test_what_is_sealed_and_no_record_is_a_sentence(tmp_path: Path, change: dict[str, Any]) -> None:
    code, said = verified(tmp_path, {**SOUND, **change})
    assert (code, "C-94" in said, "Sound" in said) == (REFUSED, True, False)


EXAM: dict[str, Any] = {
    "shop": "Corner Noodles",
    "trainee": "Bo",
    "ended_ms": 1_800_000_000_000,
    "percent": 84,
    "passed": True,
    "tasks": [{"lesson": "take-money", "passed": True, "withheld": True, "seconds": 21}],
}


@pytest.mark.row(103)
def test_an_exams_certificate_is_told_in_words_and_one_flipped_byte_is_found(tmp_path: Path) -> None:
    code, said = verified(tmp_path, EXAM, "certificate")
    assert code == 0
    assert "Bo, Corner Noodles, 2027-01-15 08:00 UTC: passed, 84 %" in said
    assert verified(tmp_path, {**EXAM, "tasks": 3}, "certificate")[0] == REFUSED
    file = tmp_path / "certificate.json"
    told = CliRunner().invoke(app, ["train", "exam", "--auto", "--seed", "7", "--out", str(file)])
    assert told.exit_code == 0, told.output
    assert CliRunner().invoke(app, ["verify", str(file)]).exit_code == 0
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert CliRunner().invoke(app, ["verify", str(file)]).exit_code == REFUSED


def test_a_strangers_words_colour_nothing_and_move_no_cursor(tmp_path: Path) -> None:
    steps = [{"step": "[bold]cent[/bold]", "result": "[/]\x1b[2J", "seconds": 1}]
    code, said = verified(tmp_path, {**SOUND, "steps": steps, "signers": [{"name": "A\x1b[1A", "role": "o"}]})
    assert code == 0
    assert "[bold]cent[/bold]" in said
    assert "\x1b" not in said
