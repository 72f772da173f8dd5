"""The visit of a shop: begun, step by step, stopped and resumed at any of them, accepted by two people.

What each step does is its caller's: a page, or ``countertop onboard``. Here it is recorded, durable before the
next one begins, so that a power cut loses at most the step that was under way.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.counter.ports import Clock, Ids, Journal
from terminal.errors import Conflict, NotFound
from terminal.payments.event import Actor, NewEvent
from terminal.visit.record import Signer, record_of
from terminal.visit.seal import Kind, digest, seal
from terminal.visit.steps import Done, Result, Step, Visit, fold

VISITS_MAX: Final = 50  # of the report
Keep = Callable[[str, bytes], Awaitable[None]]
"""(visit, sealed record): durable on return. Raises TerminalError: it is not kept, and nothing is accepted."""


class Shop(Protocol):
    def facts(self) -> Mapping[str, Any]:
        """What a record says of the shop: ``shop``, ``software``, ``devices``, ``channels``, ``people``,
        ``training``, ``journal``; plain JSON without floats, no secrets, nobody's PIN."""
        ...


class VisitDesk:
    """One shop's visits, over its journal."""

    def __init__(
        self,
        store: str,
        *,
        journal: Journal,
        clock: Clock,
        ids: Ids,
        shop: Shop,
        key: Ed25519PrivateKey,
        keep: Keep,
    ) -> None:
        self._stream, self._journal = f"store:{store}", journal
        self._clock, self._ids, self._shop, self._key, self._keep = clock, ids, shop, key, keep
        self._begun_ns: dict[Step, int] = {}
        self._turn = asyncio.Lock()

    def visits(self) -> tuple[Visit, ...]:
        """The newest first, at most VISITS_MAX."""
        return tuple(self.visit(row.subject) for row in self._journal.list("visit", limit=VISITS_MAX))

    def open_visit(self) -> Visit | None:
        """The one that goes on; None: the last was accepted or dropped, or there was none."""
        newest = self._journal.list("visit", limit=1)
        visit = self.visit(newest[0].subject) if newest else None
        return visit if visit is not None and visit.open else None

    def visit(self, visit_id: str) -> Visit:
        """Raises NotFound("visit_unknown")."""
        visit = fold(self._journal.of_subject(visit_id))
        if visit is None:
            raise NotFound("visit_unknown", visit=visit_id)
        return visit

    async def begin(self, actor: Actor) -> Visit:
        """A new visit, or the open one: who comes back goes on where it stopped."""
        async with self._turn:
            if (visit := self.open_visit()) is not None:
                return visit
            visit_id = self._ids.ulid()
            body: dict[str, Any] = {"index": {"summary": {"kind": "visit", "final": True}}}
            await self._journal.append([NewEvent(self._stream, "visit_begun", visit_id, actor, body)])
            return self.visit(visit_id)

    def begin_step(self, visit_id: str, step: Step) -> None:
        """From now on its seconds are counted; begun again they are counted anew. Raises as ``end_step``."""
        self._open(visit_id)
        self._begun_ns[step] = self._clock.mono_ns()

    def begun(self, step: Step) -> bool:
        return step in self._begun_ns

    async def end_step(
        self,
        visit_id: str,
        step: Step,
        result: Result,
        actor: Actor,
        *,
        proof: Mapping[str, Any] | None = None,
        cause: str = "",
    ) -> Visit:
        """Durable on return. ``proof`` is plain JSON; ``cause``: the registry's slug of the likeliest reason.

        Raises:
            NotFound("visit_unknown"); Conflict: ``visit_ended``: it was accepted or dropped;
                ``visit_accept_instead``: the acceptance ends by ``accept`` alone; ``visit_step_not_begun``: nobody
                began it since it ended last, or the service was restarted meanwhile.
        """
        self._may_end(visit_id, step)  # at once: begun while we waited, it would end without the proof it asks for
        async with self._turn:
            self._may_end(visit_id, step)
            done = Done(step, result, self._seconds(step), 0, str(actor), dict(proof or {}), cause)
            await self._journal.append([self._ended(visit_id, done, actor)])
            del self._begun_ns[step]
            return self.visit(visit_id)

    async def accept(self, visit_id: str, signers: Sequence[Signer], actor: Actor) -> bytes:
        """The sealed record, kept; its digest is in the journal on return. Who signs has typed a PIN just before.

        Raises:
            NotFound("visit_unknown"); Conflict: ``visit_ended``; ``visit_not_done`` with the missing steps, also
            where a channel or its account is another than was proven; ``visit_signers``: not two people, or no
            owner among them.
        """
        async with self._turn:
            visit = self._open(visit_id)
            if missing := visit.missing():
                raise Conflict("visit_not_done", steps=", ".join(missing))
            people = {each.person for each in signers}
            if len(people) < 2 or not any(each.role == "owner" for each in signers):
                raise Conflict("visit_signers")
            facts = self._shop.facts()
            if not _proven(visit, facts):
                raise Conflict("visit_not_done", steps=str(Step.IDENTITY))
            at_ms, step = self._clock.wall_ms(), Step.ACCEPTANCE
            done = Done(step, "passed", self._seconds(step), at_ms, str(actor), {"signers": len(people)})
            whole = replace(visit, steps={**visit.steps, step: done})
            record = seal("acceptance", record_of(whole, facts, signers, at_ms), self._key)
            await self._keep(visit_id, record)
            body: dict[str, Any] = {"record": digest(record), "signers": sorted(people)}
            accepted = NewEvent(self._stream, "visit_accepted", visit_id, actor, body)
            await self._journal.append([self._ended(visit_id, done, actor), accepted])
            self._begun_ns.clear()
            return record

    def _may_end(self, visit_id: str, step: Step) -> None:
        self._open(visit_id)
        if step is Step.ACCEPTANCE:
            raise Conflict("visit_accept_instead")
        if step not in self._begun_ns:
            raise Conflict("visit_step_not_begun", step=str(step))

    def _ended(self, visit_id: str, done: Done, actor: Actor) -> NewEvent:
        body: dict[str, Any] = {
            "step": str(done.step),
            "result": done.result,
            "seconds": done.seconds,
            "proof": done.proof,
            "cause": done.cause,
        }
        return NewEvent(self._stream, "visit_step_ended", visit_id, actor, body)

    def _seconds(self, step: Step) -> int:
        now_ns = self._clock.mono_ns()
        return (now_ns - self._begun_ns.get(step, now_ns)) // 1_000_000_000

    def sealed(self, kind: Kind, document: Mapping[str, Any]) -> bytes:
        """Another document of this shop, under the same seal."""
        return seal(kind, document, self._key)

    async def drop(self, visit_id: str, actor: Actor, why: str) -> None:
        """It will not go on; the next one begins anew. Raises as ``end_step``."""
        async with self._turn:
            self._open(visit_id)
            body: dict[str, Any] = {"why": why}
            await self._journal.append([NewEvent(self._stream, "visit_dropped", visit_id, actor, body)])
            self._begun_ns.clear()

    def _open(self, visit_id: str) -> Visit:
        visit = self.visit(visit_id)
        if not visit.open:
            raise Conflict("visit_ended", visit=visit_id)
        return visit


def _proven(visit: Visit, facts: Mapping[str, Any]) -> bool:
    """Every channel of now was asked, with the account it has now, when the identity was proven."""
    asked = {_account(row) for row in visit.steps[Step.IDENTITY].proof.get("channels", ())}
    return {_account(row) for row in facts.get("channels", ())} <= asked


def _account(row: Mapping[str, Any]) -> tuple[str, str]:
    return str(row["channel"]), str(row["payee"])
