"""What the edge asks of those who keep visits; the app gives them when somebody first looks for one."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from terminal.payments.event import Actor
from terminal.visit.pack_reading import PackSeen
from terminal.visit.proofs import Proven
from terminal.visit.record import Signer
from terminal.visit.steps import Result, Step, Visit


class Packs(Protocol):
    """Whoever holds this shop's pack and reads another's."""

    def shown(self) -> tuple[str, str, tuple[str, ...]]:
        """Mark, key, texts. Raises Conflict("pack_too_large"), BadSettings of the key's file."""
        ...

    def begin(self) -> None: ...

    def take(self, scan: str) -> None:
        """Raises InvalidRequest, Conflict: what is wrong with this code, or with the whole pack."""
        ...

    def seen(self) -> PackSeen: ...

    def brand(self) -> str:
        """Whose brand comes with the pack that was read; empty: nobody's."""
        ...

    async def keep(self, key: str) -> None:
        """Raises InvalidRequest: ``pack_code_early``, ``sealed_other_key``; Conflict("pack_code_missing")."""
        ...


class Visitor(Protocol):
    """Whoever keeps the visits. Raises beside what is named: BadSettings of the key's file."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def packs(self) -> Packs: ...

    def now(self) -> Visit | None:
        """The open visit, else the newest."""
        ...

    def visits(self) -> tuple[Visit, ...]: ...

    async def begin(self, actor: Actor) -> Visit: ...

    def running(self, step: Step) -> bool:
        """Begun, and not ended since."""
        ...

    def begin_step(self, visit: Visit, step: Step) -> None:
        """Raises Conflict("visit_ended")."""
        ...

    async def end_step(
        self, visit: Visit, step: Step, result: Result, actor: Actor, *, proof: Mapping[str, Any], cause: str
    ) -> Visit:
        """Raises Conflict: ``visit_ended``, ``visit_step_not_begun``, ``visit_accept_instead``."""
        ...

    async def prove(
        self, visit: Visit, step: Step, sales: Sequence[str], told: Mapping[str, Any]
    ) -> Proven | None:
        """None: this step is for people to judge. Raises NotFound("sale_unknown")."""
        ...

    async def accept(self, visit: Visit, signers: Sequence[Signer], actor: Actor) -> bytes:
        """Raises Conflict: ``visit_ended``, ``visit_not_done``, ``visit_signers``."""
        ...

    async def drop(self, visit: Visit, actor: Actor, why: str) -> None: ...

    def pack(self) -> bytes: ...

    async def sealed(self, visit: Visit) -> bytes:
        """Raises Unavailable("visit_record_damaged")."""
        ...
