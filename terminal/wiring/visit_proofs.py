"""What a shop's machine proves of a visit by itself: banks asked, devices read, sales and lessons looked up."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from terminal.counter.ports import Health
from terminal.people.roles import Role
from terminal.visit.asking import ask
from terminal.visit.legs import prove_sheet
from terminal.visit.presets import proposed
from terminal.visit.proofs import (
    Heard,
    Proven,
    Standing,
    prove_cent,
    prove_devices,
    prove_faults,
    prove_identity,
    prove_questions,
    prove_training,
)
from terminal.visit.seal import digest
from terminal.visit.steps import Step, Visit
from terminal.wiring.stores import JOURNAL
from terminal.wiring.visit_lessons import practised, since
from terminal.wiring.visit_site import Site

ASK_S: Final = 20.0  # one question to a bank, its own waits within
PRACTICE: Final = f"training/state/{JOURNAL}"  # of whoever practises, below our own state


class Prover:
    """Every proof is taken anew when it is asked for."""

    def __init__(self, site: Site) -> None:
        self._site, self._service = site, site.service

    async def prove(
        self, visit: Visit, step: Step, sales: Sequence[str], told: Mapping[str, Any]
    ) -> Proven | None:
        """What this machine finds out by itself; None: this step is for people to judge.

        Raises NotFound("sale_unknown").
        """
        match step:
            case Step.SHEET:
                return prove_sheet(self._printers(), self._site.network(), await self._heard())
            case Step.QUESTIONS:
                return prove_questions(proposed(told, self._service.house.currency))
            case Step.IDENTITY:
                return prove_identity(await self._heard())
            case Step.DEVICES:
                return prove_devices(self.tested())
            case Step.PEOPLE:
                return self._people()
            case Step.CENT:
                return self._cent(visit, sales)
            case Step.FAULTS:
                return prove_faults(told)
            case Step.TRAINING:
                return await self._trained(visit)
            case _:
                return None

    async def _heard(self) -> list[Heard]:
        """Every channel asked at once about an order that cannot exist: its number was made a moment ago."""
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(self._ask(name)) for name in sorted(self._service.parts.providers)]
        return [each.result() for each in asked]

    async def _ask(self, channel: str) -> Heard:
        provider, (_, _, ids) = self._service.parts.providers[channel], self._site.machine
        masked, waits = self._site.payees.get(channel, ""), self._service.accounts.waits(channel)
        return await ask(channel, provider, ids.ulid(), ASK_S, payee=masked, waits=waits)

    def _printers(self) -> dict[str, Health | None]:
        return {name: lane.devices.health().get("printer") for name, lane in self._service.lanes.items()}

    def tested(self) -> list[Standing]:
        return [
            Standing(
                counter.counter,
                place.role,
                place.port,
                place.driver,
                place.health.detail.get("model", place.profile),
                place.health.detail.get("serial", place.serial),
                place.health.state,
                place.test.state,
                place.test.reason,
                place.test.measured,
            )
            for counter in self._site.places()
            for place in counter.places
            if place.health is not None
        ]

    def _people(self) -> Proven:
        people = self._site.people.people()
        roles = {role.value: sum(each.role is role for each in people) for role in (Role.OWNER, Role.CASHIER)}
        policy = dict(self._site.policy)
        text = msgspec.json.encode(policy, order="sorted")
        proof = {"people": roles, "policy": policy, "policy_sha256": digest(text)}
        return Proven(proof, "" if roles["owner"] else "visit_no_owner")

    def _cent(self, visit: Visit, sales: Sequence[str]) -> Proven:
        found = [self._service.book.sale(each) for each in sales]
        profiles = [each.profile for each in self._service.parts.providers.values()]
        scans = any(lane.devices.scanner for lane in self._service.lanes.values())
        here = {"push": any(each.push for each in profiles), "pull": scans and any(each.pull for each in profiles)}
        ways = [way for way, there in here.items() if there]
        told = {each.id: self._outcomes(each.id, each.opened_ms) for each in found}
        first = {each.id: self._service.feed.of_subject(each.id)[0].number for each in found}
        older = [sale for sale, number in first.items() if number < visit.number]
        return prove_cent(found, older=older, ways=ways, told=told)

    def _outcomes(self, sale: str, opened_ms: int) -> dict[str, Any]:
        """When it was paid, and what became of voice and paper."""
        events = self._service.feed.of_subject(sale)
        paid = next((each for each in events if each.body.get("to") == "paid"), None)
        done = [each.body for each in events if each.type == "effect_done"]
        return {
            "ledger": str(self._service.house.ledger),
            "green_ms": paid.wall_ms - opened_ms if paid else 0,
            "voice": [each.body["outcome"] for each in events if each.type == "voice_ended"],
            "paper": [each["outcome"] for each in done if each["kind"] == "receipt"],
        }

    async def _trained(self, visit: Visit) -> Proven:
        path, begun = self._site.state / PRACTICE, self.practised(visit)
        found = await asyncio.get_running_loop().run_in_executor(None, practised, path, since(visit, begun))
        return prove_training(begun, found)

    def practised(self, visit: Visit) -> list[dict[str, Any]]:
        rows = []
        for counter in self._service.lanes:
            events = self._service.feed.of_subject(f"training:{counter}")
            begun = [each for each in events if each.type == "training_begun" and each.number > visit.number]
            rows += [{"counter": counter, "at_ms": each.wall_ms, "by": each.actor} for each in begun]
        return rows
