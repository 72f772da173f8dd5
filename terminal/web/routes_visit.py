"""The API's table, the part about setting a shop up."""

from typing import Final

from terminal.web import visit
from terminal.web.answers import Done
from terminal.web.calls import Operation as Op
from terminal.web.visit_shapes import (
    AcceptedView,
    ProofView,
    StepCheck,
    StepEnd,
    VisitAcceptance,
    VisitDrop,
    VisitList,
    VisitPick,
    VisitView,
)

_STEP: Final = "/visit/steps/{step}"
_OPEN: Final = ("not_found", "visit_none", "visit_ended")

VISIT: Final = (
    Op(
        "GET",
        "/visit",
        "read_visit",
        visit.read_visit,
        "The visit that goes on, else the newest: every step with its proof, what is next and what is missing.",
        VisitView,
        problems=("not_found",),
    ),
    Op(
        "POST",
        "/visit",
        "begin_visit",
        visit.begin_visit,
        "A new visit, or the open one: who comes back goes on where it stopped.",
        VisitView,
        status=201,
        problems=("not_found",),
    ),
    Op(
        "POST",
        "/visit/drop",
        "drop_visit",
        visit.drop_visit,
        "This visit does not go on; the next one begins anew.",
        Done,
        VisitDrop,
        problems=_OPEN,
    ),
    Op(
        "POST",
        f"{_STEP}/begin",
        "begin_visit_step",
        visit.begin_step,
        "From now on this step's seconds are counted.",
        VisitView,
        problems=(*_OPEN, "visit_step_unknown"),
    ),
    Op(
        "POST",
        f"{_STEP}/check",
        "check_visit_step",
        visit.check_step,
        "What the machine can prove of this step now, with the likeliest cause in words. Nothing is recorded.",
        ProofView,
        StepCheck,
        problems=(*_OPEN, "visit_step_unknown", "visit_proof_wrong", "sale_unknown"),
    ),
    Op(
        "POST",
        f"{_STEP}/end",
        "end_visit_step",
        visit.end_step,
        "This step ended, durably. Where the machine can prove it, it passed only if the machine says so.",
        VisitView,
        StepEnd,
        problems=(
            *(*_OPEN, "visit_step_unknown", "visit_step_not_begun", "visit_accept_instead"),
            *("visit_proof_wrong", "field_wrong", "sale_unknown"),
        ),
    ),
    Op(
        "POST",
        "/visit/accept",
        "accept_visit",
        visit.accept_visit,
        "Two people accept with their PINs, one of them an owner; the record is sealed.",
        AcceptedView,
        VisitAcceptance,
        problems=(
            *_OPEN,
            "visit_not_done",
            "visit_signers",
            "pin_wrong",
            "pin_locked",
            "code_wrong",
            "visit_over",
        ),
    ),
    Op(
        "GET",
        "/visit/record",
        "read_visit_record",
        visit.read_record,
        "The sealed record of an accepted visit, byte for byte: countertop verify checks it anywhere.",
        None,
        VisitPick,
        problems=("not_found", "visit_unknown", "visit_record_damaged"),
        media=("application/json",),
    ),
    Op(
        "POST",
        "/visit/pack",
        "make_visit_pack",
        visit.make_pack,
        "A sealed settings pack for the next shop: no account, key, port or name is in it.",
        None,
        problems=("not_found", "pin_again"),
        media=("application/json",),
    ),
    Op(
        "GET",
        "/visits",
        "list_visits",
        visit.list_visits,
        "What visits cost: seconds by step, what failed, how many needed a second one.",
        VisitList,
        problems=("not_found",),
        whole="the newest 50",
    ),
)
