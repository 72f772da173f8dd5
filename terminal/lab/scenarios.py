"""Scenario files: a story at the counter as readable data, steps in a till's words, what must be seen, in TOML.

``terminal/data/scenarios`` has the shipped ones; a file of one's own has the same shape. What is wrong with one
is told in sentences (``scenario_lint.py``).
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec

from terminal.lab.faults import Fault, Script, Sees, Sentence, Value

STEPS_MAX: Final = 200
CLOCK_MAX_S: Final = 400 * 86_400
Few = Annotated[int, msgspec.Meta(ge=0, le=100)]
Do = Literal[
    "open", "scan_glass", "pay", "pay_late", "show_phone", "race", "cancel", "refund", "break", "mend",
    "bank_down", "bank_mute", "bank_up", "kill", "stop", "cut_power", "start", "clock", "wait", "see",
    "check_proof",
]  # fmt: skip
TAKES: Final[Mapping[str, tuple[str, ...]]] = {
    "open": ("amount_minor", "directions"),
    "scan_glass": (),
    "pay": (),
    "pay_late": (),
    "show_phone": ("behaviour", "wallet"),
    "race": ("between", "within_ms"),
    "cancel": (),
    "refund": (),
    "break": ("fault", "count", "params"),
    "mend": ("fault",),
    "bank_down": (),
    "bank_mute": (),
    "bank_up": (),
    "kill": (),
    "stop": (),
    "cut_power": (),
    "start": (),
    "clock": ("seconds",),
    "wait": ("seconds",),
    "check_proof": ("proof",),
    "see": ("till", "glass", "event", "slips", "said", "verdict", "within_s"),
}
"""Which fields each step may have, beside ``do`` and ``tell``."""
NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "break": ("fault",),
    "wait": ("seconds",),
    "clock": ("seconds",),
    "race": ("between",),
    "check_proof": ("proof",),
}


class BadScenario(ValueError):
    """The file is no scenario; every line of ``complaints`` is a sentence."""

    def __init__(self, name: str, complaints: tuple[str, ...]) -> None:
        super().__init__("\n".join(f"{name}: {each}" for each in complaints))
        self.complaints = complaints


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that somebody does, or (``see``) that must be seen within some virtual seconds.

    Args:
        do: which; ``TAKES`` says which of the other fields it has.
        fault: a name of the catalogue; params: instead of its own.
        between: two steps at most ``within_ms`` apart, which comes first is the seed's choice.
        seconds: how long, or by how much the clock is set; may be negative there.
        till: a word of the till; glass: code, result, idle; event: as a POS gets it, ``sale_moved:paid``.
        slips, said: at least so many slips cut, so often an amount said.
        proof: the payment's number on the customer's screen; ``verdict`` of the last one that was checked.
        tell: a sentence for an audience, where the story is shown to one (``show.py``).
    """

    do: Do
    amount_minor: Annotated[int, msgspec.Meta(ge=1, le=10**12)] = 2850
    directions: tuple[Literal["push", "pull"], ...] = ("push", "pull")
    fault: str = ""
    count: int | None = None
    params: dict[str, Value] = {}
    behaviour: Literal["pays", "password", "no-funds"] = "pays"
    wallet: str = ""
    between: tuple[Literal["pay", "show_phone", "cancel"], ...] = ()
    within_ms: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 400
    seconds: Annotated[int, msgspec.Meta(ge=-CLOCK_MAX_S, le=CLOCK_MAX_S)] = 0
    till: str = ""
    glass: str = ""
    event: str = ""
    slips: Few = 0
    said: Few = 0
    proof: str = ""
    verdict: str = ""
    tell: Sentence | None = None
    within_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 60


def as_seen(kind: str, body: Mapping[str, Any]) -> str:
    """An event as ``see`` names it: what moved says where to, an exception its kind: ``sale_moved:paid``."""
    more = body.get("to") or (body.get("kind") if kind == "exception_opened" else "")
    return f"{kind}:{more}" if more else kind


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole file.

    Args:
        title: what happens, in one sentence of three languages; expect: what the till must do.
        ids: of faults and promises (docs/trust.md) it is about.
        channels: providers of the counter; the first shows its code.
        ends: states the last sale may end in; captured: how often the bank may have taken money in all, -1 any.
        sees: what must be told of the last sale in its order, as with faults.
        exception: kind of exception a person must see; empty for none asked.
        alerts: the shop's rules of risk listen, and exactly these alerts must be raised; None: nobody listens.
    """

    name: str
    title: Sentence
    expect: Sentence
    sees: Sees
    step: tuple[Step, ...]
    ids: tuple[str, ...] = ()
    channels: tuple[str, ...] = ("wechatpay",)
    ends: tuple[str, ...] = ("paid",)
    captured: int = -1
    exception: str = ""
    alerts: tuple[str, ...] | None = None

    @property
    def faults(self) -> tuple[str, ...]:
        """Those it begins, each once."""
        return tuple(dict.fromkeys(step.fault for step in self.step if step.do == "break"))

    def as_fault(self) -> Fault:
        """The same as a row of the catalogue: it is played, judged and listed like one."""
        script = Script("story", self.ends, self.captured, exception=self.exception)
        words = self.expect
        return Fault(self.name, "scenario", self.ids, script, self.sees, words.en, words.zh, words.pt)
