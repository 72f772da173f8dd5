"""A counter in real time for a till in any language: the demo's three processes on loopback, driven over HTTP."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final, Self

from terminal.busy_ports import listeners
from terminal.client import Client, NotPaid, Paid
from terminal.lab.demo_settings import Places, Ports
from terminal.lab.readable import telling
from terminal.testing.story import SHOWN, SIGNS

__tracebackhide__ = True  # a failed test shows its own line
GRACE_S: Final = 8.0
COMMAND: Final = (sys.executable, "-m", "terminal.cli.demo.leash", str(GRACE_S), "countertop", "demo", "--no-sale")
ANSWER_S: Final = 30.0
READY: Final = "Ctrl-C ends everything"
FIRST_PORT: Final = 21_000  # below those the kernel gives to clients
BLOCK: Final = 32
BLOCKS: Final = 300
LOOK_S: Final = 0.05
START_S: Final = 120.0
ENDED: Final = ("paid", "cancelled", "expired")
LOG: Final = "countertop.log"
Process = subprocess.Popen[bytes]


class NotStarted(Exception):
    """The counter did not come up; the text is what it said."""


class LabRefuses(AssertionError):
    """The simulated world cannot do this now; the text says why."""


class LiveCounter:
    """``url`` and ``api_key`` are for the till under test; ``env`` has them by name."""

    def __init__(self, places: Places, ports: Ports) -> None:
        self.port, self._lab_port = ports.service, ports.lab
        self._logs, self._begun = places.log("service").parent, 0
        self._lab_key = (places.lab / "lab-key").read_text().strip()
        self.url = f"http://127.0.0.1:{ports.service}"
        self.api_key = (places.state / "api-key").read_text().strip()
        self.client = Client(self.url, self.api_key)

    @classmethod
    @contextmanager
    def running(cls, folder: Path) -> Iterator[Self]:
        """Start one in an empty folder; it ends with the block, and with this process however that ends."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        process, ports = _start(folder)
        try:
            yield cls(Places(folder), ports)
        finally:
            _end(process)

    @property
    def env(self) -> dict[str, str]:
        """The environment with COUNTERTOP_URL and COUNTERTOP_KEY, for a till that is another program."""
        return {**os.environ, "COUNTERTOP_URL": self.url, "COUNTERTOP_KEY": self.api_key}

    # --- the simulated world --------------------------------------------------------------------------------

    def phone_pays(self, act: str = "pay", *, limit_s: float = 10.0) -> str:
        """The customer scans the glass, as soon as it shows a code, and pays; the order's number.

        Args:
            act: pay, password, late or refuse.

        Raises:
            LabRefuses: no code to read until the limit, or the wallet says no.
        """
        shown = self._scanned(time.monotonic() + limit_s)
        self.lab("POST", "phone/act", {"act": act, "order_no": shown["order_no"]})
        return str(shown["order_no"])

    def _scanned(self, end_s: float) -> dict[str, Any]:
        while True:
            try:
                return dict(self.lab("POST", "phone/scan", {}))
            except LabRefuses:
                if time.monotonic() >= end_s:
                    raise
            time.sleep(LOOK_S)

    def phone_code(self, behaviour: str = "pays") -> str:
        """A payment code of the customer's, for the till's own scanner."""
        return str(self.lab("POST", "phone/code", {"behaviour": behaviour})["code"])

    def scan(self, text: str) -> None:
        """Hold a code before the counter's scanner."""
        self.lab("POST", "scanner", {"text": text})

    def fault(
        self, name: str, *, count: int | None = None, seconds: int | None = None, **params: int | str
    ) -> str:
        """Switch a fault of ``countertop lab list`` on; what the till must do. Raises LabRefuses."""
        wish = {"slug": name, "count": count, "seconds": seconds, "params": params}
        return str(self.lab("POST", "faults", wish)["expected"])

    def heal(self) -> None:
        """End every fault."""
        self.lab("DELETE", "faults")

    @property
    def slips(self) -> Sequence[str]:
        """The text of every slip that was cut, oldest first; the process is one for all tests, so is its paper."""
        count = self.lab("GET", "state")["paper"]["slips"]
        return [self._ask("GET", f"paper/{number}.txt", None).decode() for number in range(1, count + 1)]

    def slip(self, order_no: str, *, limit_s: float = 10.0) -> str:
        """The newest slip with this order number, as soon as it is cut. Raises LabRefuses after the limit."""
        end_s = time.monotonic() + limit_s
        while not (found := [each for each in self.slips if order_no in each.split()]):
            if time.monotonic() >= end_s:
                raise LabRefuses(f"no slip has the order number {order_no}")
            time.sleep(LOOK_S)
        return found[-1]

    @property
    def said(self) -> Sequence[str]:
        return [str(each["text"]) for each in self.lab("GET", "state")["spoken"]]

    def picture(self) -> bytes:
        """The display's glass as PNG."""
        return self._ask("GET", "glass.png", None)

    def begin(self) -> None:
        """A test begins: what happens from now on is its own."""
        self._begun = self.lab("GET", "api/state")["line"]

    def told(self, _test: str) -> list[str]:
        """What happened since the test began, as a failed test shows it, and where the rest is."""
        try:
            lines = self._lines()
        except (OSError, LabRefuses) as error:
            lines = [f"the lab does not answer: {error}"]
        return [*lines, "", f"logs: {self._logs}"]

    def _lines(self) -> list[str]:
        found: list[dict[str, Any]] = []
        after = self._begun
        while page := self.lab("GET", f"api/timeline?after={after}")["lines"]:
            found, after = [*found, *page], page[-1]["number"]
        found.sort(key=lambda line: int(line["at_ms"]))  # calls at the bank are heard of later
        shown = [line for line in found if telling(line["text"])][-SHOWN:]
        return [_words(line, found[0]["at_ms"]) for line in shown]

    def tidy(self) -> None:
        """Ready for the next test: nothing broken, no sale open."""
        self.heal()
        for sale in self.client.ask("/sales?limit=20", dict[str, Any])["sales"]:
            if sale["state"] not in ENDED:
                ended = self.client.cancel(sale["id"])
                assert isinstance(ended, Paid | NotPaid), f"{sale['id']} is still in doubt"

    def lab(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One call of the lab's own interface. Raises LabRefuses."""
        return json.loads(self._ask(method, path, body))

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> bytes:
        link = HTTPConnection("127.0.0.1", self._lab_port, timeout=ANSWER_S)
        try:
            headers = {"Authorization": f"Bearer {self._lab_key}", "Content-Type": "application/json"}
            link.request(method, f"/lab/{path}", None if body is None else json.dumps(body), headers)
            answer = link.getresponse()
            told = answer.read()
        finally:
            link.close()
        if answer.status != 200:
            raise LabRefuses(_why(told))
        return told


def _words(line: Mapping[str, Any], begun_ms: int) -> str:
    return f"{(line['at_ms'] - begun_ms) / 1000:9.3f} s  {line['place']:8} {SIGNS[line['way']]} {line['text']}"


def _why(told: bytes) -> str:
    """The sentence of a refusal, or all of it."""
    try:
        answer = json.loads(told)
        return str(answer.get("sentence") or answer["error"])
    except (ValueError, KeyError, AttributeError):
        return told.decode(errors="replace")


def _start(folder: Path) -> tuple[Process, Ports]:
    """Raises NotStarted."""
    said, log = "every block of ports is taken", folder / LOG
    log.touch(mode=0o600)  # the demo's links and PINs stand in it
    for turn in range(BLOCKS):
        ports = Ports(FIRST_PORT + (os.getpid() + turn) % BLOCKS * BLOCK)
        if listeners(ports.named()):
            continue
        with log.open("wb") as out:  # a file: a pipe that nobody reads would stop it in the middle of a test
            process = subprocess.Popen(  # noqa: S603  # our own words
                [*COMMAND, "--state", str(folder), "--ports", str(ports.service)],
                stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        if ready(process, log):
            return process, ports
        _end(process)
        said = log.read_text(errors="replace")
        if "is taken by" not in said:
            break
    raise NotStarted(f"countertop demo:\n{said}")


def ready(process: Process, log: Path, limit_s: float = START_S) -> bool:
    """Wait until it says so; False: it has ended, or says nothing so long."""
    end_s = time.monotonic() + limit_s
    while READY not in log.read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() >= end_s:
            return False
        time.sleep(LOOK_S)
    return True


def _end(process: Process) -> None:
    """In order, or else by force; our end of its leash is closed."""
    process.terminate()
    try:
        process.communicate(timeout=GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
