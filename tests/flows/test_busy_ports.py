"""Who has a port: told so that a person knows the program, wherever it is installed."""

import re
import subprocess
import sys
from pathlib import Path

from terminal.busy_ports import listeners

WORDS = ("-u", "-m", "http.server", "0", "--bind", "127.0.0.1")


def told_of(name: str, *words: str) -> str:
    """What is said of a program that listens, started by this name with these words."""
    with subprocess.Popen([name, *words], executable=sys.executable, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            line = program.stdout.readline()
            port = int(re.findall(r"port (\d+)", line)[0])
            told, _, process = listeners([port])[port].partition(" (process ")
            assert process == f"{program.pid})"
        finally:
            program.terminate()
    return told


def test_a_program_in_a_deep_folder_is_told_by_its_name_and_words() -> None:
    deep = Path("/srv") / ("a-folder-of-a-long-name" * 4) / "bin" / "python"
    assert told_of(str(deep), *WORDS) == "python -u -m http.server 0 --bind 127.0.0.1"


def test_words_without_end_are_cut_and_the_cut_is_shown() -> None:
    told = told_of("python", *WORDS, "--protocol", "HTTP/1.1" + "x" * 4000)
    assert told.startswith("python -u -m http.server 0 --bind 127.0.0.1 --protocol HTTP/1.1xx")
    assert told.endswith("x…")
    assert len(told) == 100
