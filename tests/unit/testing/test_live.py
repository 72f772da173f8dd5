"""How the process behind ``live_counter`` is started and heard."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from terminal.lab.demo_settings import Places, Ports
from terminal.testing.live import READY, LabRefuses, LiveCounter, Process, ready

WATCHDOG_S = 30
TALKS = f"""
import sys
print({READY!r}, flush=True)
for line in range(20_000):
    print("service was killed (SIGKILL); started again as process", line)
"""


@contextmanager
def started(program: str, log: Path) -> Iterator[Process]:
    with log.open("wb") as out, subprocess.Popen([sys.executable, "-c", program], stdout=out) as process:
        yield process


def test_a_counter_that_says_a_lot_is_never_stopped_by_what_nobody_reads(tmp_path: Path) -> None:
    with started(TALKS, tmp_path / "log") as process:
        assert ready(process, tmp_path / "log", WATCHDOG_S)
        assert process.wait(WATCHDOG_S) == 0


def test_one_that_ends_or_stays_silent_is_not_waited_for(tmp_path: Path) -> None:
    with started("print('the port is taken by another program')", tmp_path / "log") as process:
        assert not ready(process, tmp_path / "log", WATCHDOG_S)
    with started("import time; time.sleep(600)", tmp_path / "log") as process:
        assert not ready(process, tmp_path / "log", 0)
        process.kill()


LINES = [
    {"number": 4, "at_ms": 1000, "place": "display", "way": "out", "text": "SHOW_QR #3", "bytes": 9},
    {"number": 5, "at_ms": 1100, "place": "display", "way": "in", "text": "STATE code", "bytes": 9},
    {"number": 6, "at_ms": 900, "place": "bank", "way": "out", "text": "POST /pay → 200", "bytes": 0},
]


class Lab(BaseHTTPRequestHandler):
    """As much of a lab as is asked here."""

    def do_GET(self) -> None:
        after = int(self.path.partition("after=")[2] or 0)
        told = {"line": 3, "lines": [each for each in LINES if int(str(each["number"])) > after]}
        self._answer(200, told)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(404, {"error": "fault_unknown", "sentence": "no fault is called so.", "near": []})

    def _answer(self, status: int, told: object) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


def test_a_failed_test_is_told_what_happened_since_it_began_and_a_refusal_by_its_sentence(tmp_path: Path) -> None:
    places = Places(tmp_path)
    for path in (places.lab / "lab-key", places.state / "api-key"):
        path.parent.mkdir(parents=True)
        path.write_text("key\n")
    with HTTPServer(("127.0.0.1", 0), Lab) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        counter = LiveCounter(places, Ports(server.server_port - 20))
        counter.begin()
        assert counter.told("test_it") == [
            "    0.000 s  bank     → POST /pay → 200",
            "    0.100 s  display  → SHOW_QR #3",
            "",
            f"logs: {tmp_path / 'logs'}",
        ]
        with pytest.raises(LabRefuses, match=r"^no fault is called so\.$"):
            counter.fault("paper-oot")
        server.shutdown()
    assert "the lab does not answer" in counter.told("test_it")[0]
