"""Examples of the visit's bodies and answers."""

from typing import Final

import msgspec

from terminal.web.shapes import visit as shapes

_VISIT: Final = "01KAK3V5M2Q8ZP6T4W9XN7B1CD"
_AT: Final = 1_763_640_000_000
_KEY: Final = "K4QX 7M2A 5TND R3WE HB6Y"
_CODE: Final = "CT:PACK-OA55ZTB4OPDUKE5A-0102-PDNHKUS5-MM7K7HI"
_DIGEST: Final = "9f2c" * 16
_step = shapes.StepView(
    *("sheet", "failed", False, False, 12, 1, _AT + 12_000, "Li"),
    *("visit_no_network", "C-111 This machine is in no network.", "Plug the cable in."),
    {"legs": {"printer": "ok", "network": "dead", "internet": "dead", "bank": "cannot_tell"}},
)

EXAMPLES: Final[tuple[msgspec.Struct, ...]] = (
    shapes.VisitDrop(why="the shop closes early"),
    shapes.StepCheck(sales=(_VISIT,)),
    shapes.StepEnd(result="passed", told={"seen": True}),
    shapes.VisitAcceptance(signers=(shapes.VisitSigner(person="01KAJZZZZZ0000000000000001", pin="837465"),)),
    shapes.VisitView(
        *("open", _VISIT, _AT, "Li", "sheet", ["identity", "people", "cent"], 12, [_step], 0, "", _KEY)
    ),
    shapes.ProofView("sheet", True, True, "", "", "", {"legs": {"bank": "ok"}}),
    shapes.VisitList(
        [shapes.VisitRow(_VISIT, "accepted", _AT, _AT + 1_080_000, 1080, {"sheet": 12}, [], ["training"])], 1, 0
    ),
    shapes.PackPrint(counter="1"),
    shapes.PackScan(code=_CODE),
    shapes.PackKeep(key=_KEY),
    shapes.PackCodesView("OA55ZTB4OPDUKE5A", _KEY, [shapes.PackCodeView(1, _CODE, "<svg/>")]),
    shapes.PackReadingView(
        *(
            "reading",
            "OA55ZTB4OPDUKE5A",
            2,
            [1],
            [2],
            "C-126",
            "This is no code of a settings pack.",
            "Scan again.",
        ),
        *("", 0, "", "", {}, [], [], ""),
    ),
    shapes.AcceptedView(_VISIT, _DIGEST, _KEY),
)
