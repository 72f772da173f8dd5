"""What ``@pytest.mark.counter(...)`` may say, read strictly: a wrong word is an error with the right ones."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Self

__tracebackhide__ = True  # a failed test shows its own line
ROLES: Final = ("display", "scanner", "printer", "speaker")
CHANNELS: Final = ("wechatpay", "alipay", "pix", "any_bank")
SIGNATURES: Final = ("simulated", "rsa")
_KINDS: Final[Mapping[str, tuple[str, tuple[type, ...]]]] = {
    "seed": ("a whole number or a word", (int, str)),
    "channel": ("a word", (str,)),
    "faults": ("a list, also of one", (list, tuple)),
    "devices": ("a list, also of one", (list, tuple)),
    "signatures": ("a word", (str,)),
    "captions": ("True or False", (bool,)),
}


class BadSetup(ValueError):
    """A marker or an option nobody can follow; the text says why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault by its name in ``countertop lab list``; ``count`` and ``seconds`` as far as it takes them."""

    name: str
    count: int | None = None
    seconds: int | None = None
    params: Mapping[str, int | str] | None = None

    @classmethod
    def read(cls, told: "str | Fault | Mapping[str, Any]") -> Self:
        """``"paper-out"`` or ``{"name": "slow-answer", "count": 3, "delay_ms": 9000}``. Raises BadSetup."""
        if isinstance(told, str):
            return cls(told)
        if isinstance(told, cls):
            return told
        if not isinstance(told, Mapping) or "name" not in told:
            raise BadSetup(f"a fault is a name or {{'name': …, 'count': …}}, not {told!r}")
        rest = dict(told)
        return cls(rest.pop("name"), rest.pop("count", None), rest.pop("seconds", None), rest)

    def __str__(self) -> str:
        more = {"count": self.count, "seconds": self.seconds, **(self.params or {})}
        return " ".join([self.name, *(f"{name}={value}" for name, value in more.items() if value is not None)])


@dataclass(frozen=True, slots=True)
class Setup:
    """One counter.

    Args:
        seed: the same seed is the same run, to the last byte.
        channel: one of CHANNELS; its customers, codes and currency.
        faults: switched on before the test begins.
        devices: which of ROLES stand there; fewer are faster.
        signatures: ``simulated`` are keyed MACs over the same bytes, ``rsa`` the real ones.
        captions: draw amounts and words on the glass too; a picture wants them, most tests do not.
    """

    seed: int | str = 1
    channel: str = "wechatpay"
    faults: tuple[Fault, ...] = ()
    devices: tuple[str, ...] = ROLES
    signatures: str = "simulated"
    captions: bool = False

    @classmethod
    def read(cls, told: Mapping[str, Any], *, seed: int | str | None = None) -> Self:
        """``seed`` is the command line's and wins. Raises BadSetup."""
        known = [each.name for each in fields(cls)]
        if wrong := sorted(set(told) - set(known)):
            raise BadSetup(f"counter has no {', '.join(wrong)}; it has {', '.join(known)}")
        for name, value in told.items():
            kind, types = _KINDS[name]
            if type(value) not in types:
                raise BadSetup(f"{name} is {kind}, not {value!r}")
        made = replace(cls(), **told)
        made = replace(
            made,
            faults=tuple(Fault.read(each) for each in made.faults),
            devices=tuple(made.devices),
            seed=made.seed if seed is None else seed,
        )
        for what, given, allowed in (
            ("channel", (made.channel,), CHANNELS),
            ("devices", made.devices, ROLES),
            ("signatures", (made.signatures,), SIGNATURES),
        ):
            if bad := [each for each in given if each not in allowed]:
                raise BadSetup(f"{what}: {', '.join(map(repr, bad))} is none of {', '.join(allowed)}")
        return made
