"""What a test says of a slip: ``assert_receipt(printer, paid="28.50")``. A failure shows the paper."""

import re
from collections.abc import Sequence
from typing import Final, Protocol, runtime_checkable

__tracebackhide__ = True
COPY: Final = "COPY"
_AMOUNT: Final = re.compile(r"[0-9](?:[0-9., ]*[0-9])?")
_LABELS: Final = {"paid": "Paid", "refunded": "Refunded", "order_no": "Order no.", "check_code": "Check code"}


@runtime_checkable
class Paper(Protocol):
    """A slip."""

    @property
    def lines(self) -> Sequence[str]: ...


@runtime_checkable
class Roll(Protocol):
    """A printer: its last slip is meant."""

    @property
    def slips(self) -> Sequence[Paper]: ...


def assert_receipt(
    printed: "Roll | Paper | str",
    *,
    paid: str = "",
    refunded: str = "",
    order_no: str = "",
    check_code: str = "",
    copy: bool | None = None,
    contains: Sequence[str] = (),
) -> None:
    """The slip says all of this. Everything left out may be as it likes.

    Args:
        printed: a printer (its last slip), a slip, or a slip's text.
        paid, refunded: the amount without its sign, ``"28.50"``.
        copy: True: marked as a copy; False: the original.

    Raises:
        AssertionError: what is missing, and the slip as it hangs there.
    """
    lines = _lines(printed)
    wanted = {"paid": paid, "refunded": refunded, "order_no": order_no, "check_code": check_code}
    wrong = [told for name, value in wanted.items() if value and (told := _differs(lines, name, value))]
    wrong += [f"nowhere {text!r}" for text in contains if not any(text in line for line in lines)]
    marked = any(COPY in line for line in lines)
    if copy is not None and copy != marked:
        wrong.append("it is marked as a copy" if marked else "it is not marked as a copy")
    if wrong:
        raise AssertionError("\n".join([f"the slip is not as expected: {'; '.join(wrong)}", *framed(lines)]))


def framed(lines: Sequence[str]) -> list[str]:
    """Paper in a frame, for people."""
    width = max((len(line) for line in lines), default=0)
    return [
        "┌" + "─" * (width + 2) + "┐",
        *(f"│ {line:{width}} │" for line in lines),
        "└" + "─" * (width + 2) + "┘",
    ]


def _lines(printed: "Roll | Paper | str") -> list[str]:
    if isinstance(printed, str):
        return printed.splitlines()
    if isinstance(printed, Roll):
        if not printed.slips:
            raise AssertionError("nothing was printed")
        return list(printed.slips[-1].lines)
    return list(printed.lines)


def _differs(lines: Sequence[str], name: str, value: str) -> str:
    label = _LABELS[name]
    for line in lines:
        if not line.startswith(label + " "):
            continue
        said = line[len(label) :].strip()
        if name in {"paid", "refunded"}:
            found = _AMOUNT.search(said)
            if found is None:
                continue  # "Paid with"
            said = found[0]
        if said == value:
            return ""
        return f"{label} is {said}, not {value}"
    return f"it has no line {label!r}"
