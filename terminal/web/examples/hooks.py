"""Examples of the webhooks' bodies and answers."""

from typing import Final

import msgspec

from terminal.web.shapes import hooks as shapes

_AT: Final = 1_763_640_000_000
_hook = shapes.HookView(
    "01KAK3V5M2Q8ZP6T4W9XN7HOOK",
    "Back office",
    "https://pos.example/countertop/events",
    ["exception_opened", "sale_moved"],
    [],
    "on",
    1,
    4711,
    0,
    0,
    "",
    0,
    0,
    0,
    0,
)
EXAMPLES: Final[dict[str, msgspec.Struct]] = {
    "NewHook": shapes.NewHook(
        label="Back office", url="https://pos.example/countertop/events", events=("sale_moved", "exception_opened")
    ),
    "HookChange": shapes.HookChange(
        label="Back office", url="https://pos.example/countertop/events", events=("sale_moved",)
    ),
    "HookRotation": shapes.HookRotation(),
    "SendAgain": shapes.SendAgain(after=4700),
    "LetterChoice": shapes.LetterChoice(numbers=(4702,)),
    "HookView": _hook,
    "HookList": shapes.HookList([_hook]),
    "MadeHook": shapes.MadeHook(_hook, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    "LetterList": shapes.LetterList([shapes.LetterRow(4702, "sale_moved", "1", "answer", 500, _AT, False)], None),
    "LettersDone": shapes.LettersDone(1),
}
