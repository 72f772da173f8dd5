"""Tests of one counter's devices while the service runs: one at a time, never while a customer stands there."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from drivers.device_protocol import ROLES, Role
from terminal.counter.ports import Entropy, HealthState
from terminal.errors import Conflict, NotFound, PeripheralFailed
from terminal.peripherals.cut import Cut, CutShort
from terminal.peripherals.proof import (
    Challenge,
    Manner,
    Proof,
    Verdict,
    Witness,
    prove_display,
    prove_printer,
    prove_scanner,
    prove_speaker,
)
from terminal.peripherals.slots import Slots

LOOKS: Final = 50  # for a device that was plugged in just now
LOOK_S: Final = 0.1
NOBODY: Final = Witness()  # while no test runs, for all counters alike


class Bench:
    """``busy``: a sale is open at this counter. ``proofs`` keeps the last result of each role."""

    __slots__ = ("_entropy", "_how", "_witness", "busy", "proofs", "slots", "testing")

    def __init__(self, slots: Slots, entropy: Entropy, how: Manner, busy: Callable[[], bool]) -> None:
        self.slots, self.busy = slots, busy
        self._entropy, self._how = entropy, how
        self.proofs: dict[str, Proof] = {}
        self.testing: Role | None = None
        self._witness = NOBODY

    def answer(self, text: str) -> None:
        """What a person saw or heard. Raises Conflict("device_test_not_running")."""
        if self.testing is None or self._witness.typed.full():
            raise Conflict("device_test_not_running")
        self._witness.typed.put_nowait(text)

    async def test(self, role: Role) -> Proof:
        """Try the device and wait for who can tell, a minute at most.

        Raises:
            Conflict: ``device_test_running``, ``device_test_busy``; NotFound("device_not_fitted").
        """
        self.check(role)
        with self._begun(role):
            await self._greeted(role)
            if self.busy():  # a sale opened meanwhile: its code is not painted over
                raise Conflict("device_test_busy")
            with self.slots.scanner.lent(lambda: not (self.busy() or self.slots.display.taken)) as reads:
                usable = self.slots.scanner and self.slots.scanner.health().state is not HealthState.FAULT
                self._witness.reads = reads if usable else None
                proof = await self._prove(role, Challenge.draw(self._entropy))
            if not proof.passed and self.busy():
                proof = interrupted(proof)
            self.proofs[role] = proof
            return proof

    def check(self, role: Role) -> None:
        """Whether a test may begin now; raises as ``test`` does."""
        if not self.slots.place(role):
            raise NotFound("device_not_fitted", role=role)
        if self.testing is not None:
            raise Conflict("device_test_running", role=self.testing)
        if self.busy():
            raise Conflict("device_test_busy")

    @property
    def asks(self) -> str:
        """What a running test waits for: "scan" where a scanner can tell, else "digits" of a person."""
        read = self.testing == "printer" or (self.testing == "display" and self.slots.display.shows_codes)
        if self.testing == "scanner" or (read and self._witness.reads is not None):
            return "scan"
        return "digits" if self.testing else ""

    async def test_all(self) -> list[Proof]:
        """Every role that is fitted, one after the other. Raises Conflict."""
        return [await self.test(role) for role in ROLES if self.slots.place(role)]

    @contextmanager
    def _begun(self, role: Role) -> Iterator[None]:
        self.testing, self._witness = role, Witness()
        try:
            yield
        finally:
            self.testing = None

    async def _greeted(self, role: Role) -> None:
        place = self.slots.place(role)
        for _ in range(LOOKS):
            if place.health().detail.get("model"):
                return
            await asyncio.sleep(LOOK_S)

    async def _prove(self, role: Role, it: Challenge) -> Proof:
        slots, by = self.slots, self._witness
        match role:
            case "display":
                return await self._on_glass(role, it, prove_display(slots.display, by, it, self._how))
            case "printer":
                return await prove_printer(slots.printer, by, it)
            case "speaker":
                return await prove_speaker(slots.speaker, by, it, self._how)
            case "scanner":
                return await self._on_glass(role, it, self._prove_scanner(it))

    async def _on_glass(self, role: Role, it: Challenge, test: Coroutine[Any, Any, Proof]) -> Proof:
        display = self.slots.display
        with display.lent(it.screen(self._how.currency).id):
            customer = Cut()
            display.on_taken = customer.cut
            try:
                return await customer.during(test)
            except CutShort:
                return interrupted(Proof(role, Verdict.CANNOT_TELL, dict(self.slots.place(role).health().detail)))

    async def _prove_scanner(self, it: Challenge) -> Proof:
        return await prove_scanner(self.slots.scanner, self._witness, await self._shown(it))

    async def _shown(self, it: Challenge) -> str:
        """A code for the scanner to read, where there is a glass that shows one; else anything will do."""
        display = self.slots.display
        if not (display and display.shows_codes):
            return ""
        try:
            await display.show(it.screen(self._how.currency))
        except PeripheralFailed:
            return ""
        return it.code if display.shows_tests else ""


def interrupted(proof: Proof) -> Proof:
    """A customer came between: what was seen until then says nothing."""
    return replace(proof, verdict=Verdict.CANNOT_TELL, reason="proof_interrupted")
