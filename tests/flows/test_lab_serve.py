"""docs/integrate/lab.md as a stranger runs it: the lab in one command, curl against it, nothing left behind."""

import asyncio
import os
import re
import socket
import sys
from pathlib import Path

import msgspec
import pytest

from terminal.cli.lab.serve import free_block
from terminal.lab.scenario_files import read
from terminal.simulation.lab_run import play
from tests.flows.cli_rig import command

PAGE = Path(__file__).parents[2] / "docs" / "integrate" / "lab.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
SHELL = [text for kind, text in BLOCKS if kind == "sh"]
WATCHDOG_S = 90.0


async def curls(folder: Path) -> tuple[int, str]:
    """The page between its start and its end, against the lab that the folder's lab-ready.json names."""
    return await bash("\n".join(text for text in SHELL if "lab() {" in text or "lab faults" in text), folder)


async def bash(script: str, folder: Path) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *("bash", "-e", "-u", "-o", "pipefail", "-c", script),
        cwd=folder,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "160"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(WATCHDOG_S):
            said = (await process.stdout.read()).decode()
            return await process.wait(), said
    finally:
        if process.returncode is None:
            process.kill()


def processes_of(text: str) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_text(errors="replace")
            except OSError:
                continue
            if text in words:
                found.append(words.replace("\0", " "))
    return found


@pytest.mark.slow  # three processes of its own; test_lab_page.py runs the page's curl lines against the demo's
@pytest.mark.row(143, 149)
async def test_the_page_runs_as_it_stands_from_the_start_to_the_end_of_the_lab(tmp_path: Path) -> None:
    served = [text for text in SHELL if "curl" in text or "lab " in text or "$LAB" in text]
    script = "\n".join(text for text in served if not text.startswith("countertop lab l")).replace(
        "--headless", f"--headless --state {tmp_path / 'state'}"
    )
    script = script[: script.index("wait $LAB")] + "wait $LAB; echo ended with $?"
    assert script.count("curl") >= 2
    code, said = await bash(script, tmp_path)
    assert code == 0, said
    assert said.endswith("ended with 0\n"), said
    assert "The lab is ready" in said
    assert not (tmp_path / "lab-ready.json").exists()
    assert processes_of(str(tmp_path / "state")) == []


@pytest.mark.slow  # one more start of three processes
@pytest.mark.row(149)
async def test_it_ends_when_whoever_started_it_is_killed(tmp_path: Path) -> None:
    state = tmp_path / "state"
    script = f"""
        countertop lab serve --headless --with-parent --state {state} --json > told.json &
        until [ -f {state}/lab-ready.json ]; do sleep 0.1; done
        kill -KILL $$
    """
    code, _ = await bash(script, tmp_path)
    assert code == -9
    async with asyncio.timeout(WATCHDOG_S):
        while processes_of(str(state)):  # noqa: ASYNC110  # other processes have no event for us
            await asyncio.sleep(0.05)
    told = msgspec.json.decode((tmp_path / "told.json").read_bytes())
    assert told["control"].endswith("/lab/api")
    assert not (state / "lab-ready.json").exists()


def test_the_story_of_the_page_is_sound_and_holds(tmp_path: Path) -> None:
    [text] = [text for kind, text in BLOCKS if kind == "toml"]
    path, folder = tmp_path / "mine.toml", tmp_path / "run"
    path.write_text(text, "utf-8")
    folder.mkdir()
    verdict = play(read(path), folder)
    assert verdict.agrees, verdict.wrong


@pytest.mark.row(144)
def test_the_page_s_commands_on_virtual_time_end_with_0(tmp_path: Path) -> None:
    [block] = [text for text in SHELL if text.startswith("countertop lab list")]
    for line in block.replace("lab.xml", str(tmp_path / "lab.xml")).splitlines():
        ended = command(*line.split()[1:])
        assert ended.code == 0, (line, ended.out, ended.err)
    assert (tmp_path / "lab.xml").read_text("utf-8").count("<testcase") == 3


def test_wrong_words_and_taken_ports_are_told() -> None:
    assert free_block() >= 20_000
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        ended = command("lab", "serve", "--port", str(taken), "--json")
    assert ended.code == 5
    assert f"Port {taken} (service) is taken by" in ended.err
    for words in (["--currency", "USD"], ["--port", "80"], ["--lan", "0.0.0.0"], ["--lan", "kitchen"]):
        assert command("lab", "serve", *words).code == 2
    for words in (
        ["--ready", "/nowhere/ready.json"],
        ["--virtual", "--ready", "/nowhere/x"],
        ["--state", __file__],
    ):
        ended = command("lab", "serve", *words)
        assert (ended.code, "no folder" in ended.err, "Traceback" in ended.err) == (2, True, False), words


def test_a_report_that_cannot_be_written_is_told_before_the_run() -> None:
    ended = command("lab", "run", "paper-out", "--junit", "/nowhere/report.xml")
    assert (ended.code, ended.err.strip()) == (2, "/nowhere/report.xml: No such file or directory.")
