"""The visit over the running shop: its steps, what the machine proves, its records, its key (rows 96 to 101).

Nothing of it costs a start anything: desk and key are made when somebody first looks for a visit.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from terminal.brand.shelf import BrandShelf
from terminal.errors import Unavailable
from terminal.payments.event import Actor
from terminal.visit.desk import VisitDesk
from terminal.visit.keys import open_key
from terminal.visit.pack import pack_of
from terminal.visit.proofs import Proven, prove_devices
from terminal.visit.record import FOLDER, Signer
from terminal.visit.seal import check, digest, fingerprint
from terminal.visit.steps import Result, Step, Visit
from terminal.whole_file import write_whole
from terminal.wiring.stores import on_disk
from terminal.wiring.visit_pack import PackDesk
from terminal.wiring.visit_proofs import Prover
from terminal.wiring.visit_site import Site

RECORD_MAX: Final = 1024 * 1024
DAY_MS: Final = 86_400_000


class Visiting:
    """Satisfies the pages' ``Visitor``."""

    def __init__(self, site: Site) -> None:
        self._site, self._service = site, site.service
        self._prover = Prover(site)
        self._made: VisitDesk | None = None
        self._mark = ""
        self._packed: tuple[dict[str, Any], bytes] | None = None
        self.packs = PackDesk(site, self._bare_pack)

    @property
    def desk(self) -> VisitDesk:
        """Raises BadSettings: the key's file; JournalError: the disk."""
        if self._made is None:
            site, (clock, entropy, ids) = self._site, self._site.machine
            with on_disk(site.keys):
                key = open_key(site.keys, entropy)
            self._mark = fingerprint(key.public_key().public_bytes_raw())
            store, feed = self._service.house.store, self._service.feed
            self._made = VisitDesk(store, journal=feed, clock=clock, ids=ids, shop=self, key=key, keep=self._keep)
        return self._made

    @property
    def fingerprint(self) -> str:
        """Of the key that seals this shop's records, as people compare it."""
        assert self.desk is not None
        return self._mark

    # --- the visit --------------------------------------------------------------------------------------

    def now(self) -> Visit | None:
        """The open visit, else the newest one; None: there never was one, and nothing was made for it."""
        if not self._service.feed.list("visit", limit=1):
            return None
        return self.desk.open_visit() or self.desk.visits()[0]

    def visits(self) -> tuple[Visit, ...]:
        return self.desk.visits()

    async def begin(self, actor: Actor) -> Visit:
        return await self.desk.begin(actor)

    def running(self, step: Step) -> bool:
        return self.desk.begun(step)

    def begin_step(self, visit: Visit, step: Step) -> None:
        self.desk.begin_step(visit.id, step)

    async def end_step(
        self, visit: Visit, step: Step, result: Result, actor: Actor, *, proof: Mapping[str, Any], cause: str
    ) -> Visit:
        return await self.desk.end_step(visit.id, step, result, actor, proof=proof, cause=cause)

    async def accept(self, visit: Visit, signers: Sequence[Signer], actor: Actor) -> bytes:
        return await self.desk.accept(visit.id, signers, actor)

    async def drop(self, visit: Visit, actor: Actor, why: str) -> None:
        await self.desk.drop(visit.id, actor, why)

    async def prove(
        self, visit: Visit, step: Step, sales: Sequence[str], told: Mapping[str, Any]
    ) -> Proven | None:
        return await self._prover.prove(visit, step, sales, told)

    # --- the record -------------------------------------------------------------------------------------

    def facts(self) -> Mapping[str, Any]:
        """What a record says of the shop; amounts and times are whole numbers, nobody's PIN, no account whole."""
        feed, visit = self._service.feed, self.desk.open_visit()
        head = feed.published  # what is durable and not told yet has no hash to show here
        newest = feed.after(head - 1, limit=1)
        return {
            "shop": {**self._site.shop, "ledger": str(self._service.house.ledger)},
            "software": {"name": "countertop", "version": _version()},
            "devices": prove_devices(self._prover.tested()).proof["devices"],
            "channels": [
                {"channel": name, "provider": each.profile.name, "payee": self._site.payees.get(name, "")}
                for name, each in sorted(self._service.parts.providers.items())
            ],
            "people": [{"id": x.id, "name": x.label, "role": x.role.value} for x in self._site.people.people()],
            "training": self._prover.practised(visit) if visit else [],
            "journal": {"number": head, "hash": newest[0].hash.hex() if newest else ""},
        }

    def pack(self) -> bytes:
        """How this shop is run, with the bank's brand, sealed for the next one."""
        return self.desk.sealed("pack", self._document(BrandShelf(self._site.state).text()))

    def _bare_pack(self) -> bytes:
        """The same for codes, few enough without the brand: page and paper of one day show the same pack."""
        document = self._document("")
        if self._packed is not None:
            before, sealed = self._packed
            made_ms = before["made_ms"]
            if 0 <= document["made_ms"] - made_ms < DAY_MS and before == {**document, "made_ms": made_ms}:
                return sealed
        self._packed = document, self.desk.sealed("pack", document)
        return self._packed[1]

    def _document(self, brand: str) -> dict[str, Any]:
        now_ms = self._site.machine[0].wall_ms()
        return pack_of(self._site.settings(), made_ms=now_ms, software=_version(), brand=brand)

    async def _keep(self, visit: str, record: bytes) -> None:
        folder = self._site.state / FOLDER

        def write() -> None:
            with on_disk(folder):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_whole(folder / f"{visit}.json", record, 0o600)

        await asyncio.get_running_loop().run_in_executor(None, write)

    async def sealed(self, visit: Visit) -> bytes:
        """The sealed record of an accepted visit. Raises Unavailable("visit_record_damaged")."""
        path = self._site.state / FOLDER / f"{visit.id}.json"

        def read() -> bytes:
            with path.open("rb") as file:
                return file.read(RECORD_MAX + 1)

        try:
            data = await asyncio.get_running_loop().run_in_executor(None, read)
        except OSError:
            data = b""
        if digest(data) != visit.record:
            raise Unavailable("visit_record_damaged", visit=visit.id)
        check(data, kind="acceptance")
        return data


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # megabytes of post and archives

    try:
        return version("countertop")
    except PackageNotFoundError:
        return ""
