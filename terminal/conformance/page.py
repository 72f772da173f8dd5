"""docs/conformance.md from the cases themselves: the rule behind every red line."""

from typing import Final

from terminal.conformance.catalogue import ALL_CASES, GROUPS
from terminal.conformance.kit import Case

PAGE: Final = "docs/conformance.md"
_HEAD: Final = """# What every connector must pass

Made by `make conformance` from the cases; do not edit. Faults and invariants have the numbers of the project's
fault model, which the tests' names carry too. How to write a connector: [your own bank](connect/your-own-bank.md).

```sh
countertop conformance run wechatpay
countertop conformance new mybank
```

A case does not apply only where the connector's profile says so: by its directions (`push`, `pull`) and by
`[speaks]`, which declares what the provider's protocol cannot say. Live money is refused while one applicable case
is red.
"""


def place(case: Case) -> str:
    """Where the rule stands: the page and its anchor."""
    return f"{PAGE}#{case.name}"


def text() -> str:
    lines = [_HEAD, f"{len(ALL_CASES)} cases.", ""]
    for group in GROUPS:
        lines += [f"## {group.title}", ""]
        for case in group.cases:
            lines += [f"### {case.name}", "", f"{case.rule} *Why:* {case.why}", ""]
            covers = f"Covers {', '.join(case.faults)}."
            lines += [covers + _applies(case), ""]
    return "\n".join(lines)


def _applies(case: Case) -> str:
    needs = ", ".join(sorted(each.replace("_", " ") for each in case.needs))
    told = f" Needs: {needs}." if needs else ""
    return told + (f" Not where `speaks.lacks` names `{case.word}`." if case.word else "")
