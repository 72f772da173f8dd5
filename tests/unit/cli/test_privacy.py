"""``countertop privacy``: what it prints."""

import msgspec
import pytest

from terminal.help.languages import LANGUAGES
from terminal.privacy.datamap import data_map
from tests.flows.cli_rig import command


@pytest.mark.row(121)
@pytest.mark.parametrize("language", LANGUAGES)
def test_pr1_the_map_is_printed_in_the_language_of_whoever_asks(language: str) -> None:
    told = command("privacy", "map", "--tongue", language)
    assert told.code == 0
    assert data_map().kinds["code_hash"].purpose.say(language) in told.out
    rows = msgspec.json.decode(command("privacy", "map", "--json").out)
    assert {"where", "names", "purpose", "person", "base", "keep", "readers", "kind"} == rows[0].keys()
