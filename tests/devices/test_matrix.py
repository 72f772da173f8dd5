"""The device matrix tells what the tests show, and nothing else."""

import pytest

from tests.devices.matrix import FILE, ROOT, rows, written


@pytest.mark.row(41, 97)
def test_the_matrix_is_what_make_matrix_writes_when_every_check_passes() -> None:
    """The checks themselves are the conformance tests of this suite; red ones fail there by name."""
    assert FILE.read_text("utf-8") == written(rows(lambda _case, _check: True)), "run: make matrix"


def test_every_protocol_has_its_page() -> None:
    missing = [row["page"] for row in rows(lambda _case, _check: True) if not (ROOT / row["page"]).is_file()]
    assert not missing
