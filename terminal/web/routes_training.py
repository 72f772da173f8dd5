"""The API's table, the part about practising."""

from typing import Final

from terminal.web import training
from terminal.web.answers import Done, TrainingPlace
from terminal.web.calls import Operation as Op

TRAINING: Final = (
    Op(
        "POST",
        "/counters/{counter}/training",
        "begin_training",
        training.begin,
        "This counter practises: no money moves, nothing enters the shop's journal. The answer says where.",
        TrainingPlace,
        status=201,
        problems=("counter_unknown", "sale_live", "training_unusable"),
    ),
    Op(
        "POST",
        "/counters/{counter}/training/end",
        "end_training",
        training.end,
        "This counter sells again; what was being practised is cancelled.",
        Done,
        problems=("counter_unknown", "training_unusable"),
    ),
)
