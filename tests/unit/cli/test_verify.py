"""``countertop verify`` of what a stranger sealed: a sentence, never a crash, no ink of theirs."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from terminal.cli.commands import app
from terminal.cli.words import REFUSED
from terminal.visit.seal import seal

KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
SOUND: dict[str, Any] = {
    "shop": {"title": "Corner Noodles", "store": "s-01"},
    "accepted_ms": 1_800_000_000_000,
    "signers": [{"name": "Mei", "role": "owner"}],
    "steps": [{"step": "cent", "result": "passed", "seconds": 60}],
}
pytestmark = pytest.mark.row(99)


def verified(folder: Path, document: dict[str, Any]) -> tuple[int, str]:
    file = folder / "acceptance.json"
    file.write_bytes(seal("acceptance", document, KEY))
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


def test_a_strangers_words_colour_nothing_and_move_no_cursor(tmp_path: Path) -> None:
    steps = [{"step": "[bold]cent[/bold]", "result": "[/]\x1b[2J", "seconds": 1}]
    code, said = verified(tmp_path, {**SOUND, "steps": steps, "signers": [{"name": "A\x1b[1A", "role": "o"}]})
    assert code == 0
    assert "[bold]cent[/bold]" in said
    assert "\x1b" not in said
