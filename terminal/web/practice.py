"""A counter practises and sells again, over HTTP; the shop's service and the one that practises answer alike."""

from typing import Any

from terminal.errors import NotFound
from terminal.people.roles import Action
from terminal.web.calls import Answer, Call
from terminal.web.ports import Trainer
from terminal.web.shapes.counters import TrainingPlace
from terminal.web.shapes.form import Done, Nothing


def _trainer(call: Call[Any]) -> Trainer:
    if call.edge.trainer is None:
        raise NotFound("not_found")
    return call.edge.trainer


async def begin(call: Call[Nothing]) -> Answer:
    counter = call.counter(Action.TRAIN, call.part("counter"))
    return Answer(TrainingPlace(counter, await _trainer(call).begin(counter, call.actor)), 201)


async def end(call: Call[Nothing]) -> Answer:
    counter = call.counter(Action.TRAIN, call.part("counter"))
    await _trainer(call).end(counter, call.actor)
    return Answer(Done())
