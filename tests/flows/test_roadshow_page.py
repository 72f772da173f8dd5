"""The roadshow's page over HTTP: who may open it, what it may load, which keys it hears."""

import shutil
from pathlib import Path

import aiohttp
import pytest

from tests.flows.lab_rig import keys, opened

__all__ = ["keys"]  # fixtures are found by their names


async def test_the_page_opens_with_the_lab_s_key_alone_loads_only_its_own_and_hears_five_keys(
    tmp_path: Path, keys: Path
) -> None:
    shutil.copytree(keys, tmp_path / "sandbox")
    async with opened(tmp_path) as rig:
        url = f"{rig.lab.url}/lab/show"
        async with aiohttp.ClientSession() as stranger:
            async with stranger.get(url) as answer:
                assert answer.status == 403
            async with stranger.get(f"{url}?key={rig.lab.key}", allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"]) == (303, "/lab/show")
        for language, words in (
            ("en", "no money moves"),
            ("zh-CN", "不涉及真实资金"),
            ("pt-BR", "nenhum dinheiro"),
        ):
            async with rig.session.get(f"{url}?language={language}") as answer:
                page, policy = await answer.text(), answer.headers["Content-Security-Policy"]
            assert words in page
            assert "default-src 'none'; script-src 'self';" in policy
            assert "unsafe" not in policy
        for name in ("show.js", "show.css"):
            async with rig.session.get(f"{url}/static/{name}") as answer:
                assert answer.status == 200
        status, told = await rig.ask("GET", "show/state")
        assert (status, told["playing"], told["of"], told["title"]["pt-BR"]) == (
            200,
            False,
            6,
            "Você lê o código da loja",
        )
        status, told = await rig.ask("POST", "show/press", {"key": "start"})
        assert (status, told["playing"]) == (200, True)
        status, told = await rig.ask("POST", "show/press", {"key": "pause"})
        assert (status, told["paused"]) == (200, True)
        for wrong in ({"key": "explode"}, {"key": "next", "twice": True}, {}):
            status, _ = await rig.ask("POST", "show/press", wrong)
            assert status == 409


@pytest.mark.parametrize("words", [["--list"], ["foo"], ["foo.toml"]])
def test_the_command_tells_what_there_is_and_what_is_wrong_in_words(words: list[str]) -> None:
    from typer.testing import CliRunner

    from terminal.cli.commands import app

    told = CliRunner().invoke(app, ["demo", "playlist", *words])
    if words == ["--list"]:
        assert told.exit_code == 0
        assert "fair: Paying with your phone" in told.output
        assert "fake-screenshot" in told.output
    else:
        assert told.exit_code == 2
        assert ("there are: fair" if words == ["foo"] else "No such file") in told.output


def test_options_before_the_command_s_name_are_not_passed_over_in_silence() -> None:
    from typer.testing import CliRunner

    from terminal.cli.commands import app

    told = CliRunner().invoke(app, ["demo", "--ports", "7700", "playlist", "--list"])
    assert told.exit_code == 2
    assert "behind" in told.output
