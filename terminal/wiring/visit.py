"""The visit over the running shop: what its machine can prove by itself, its records, its key (rows 96 to 101).

Nothing of it costs a start anything: desk and key are made when somebody first looks for a visit.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import msgspec

from terminal.banks.any_bank import AnyBank
from terminal.channel_tables import payee
from terminal.counter.ports import Clock, Entropy, HealthState, Ids
from terminal.counter.service import Service
from terminal.errors import Unavailable
from terminal.payments.event import Actor
from terminal.payments.notice import Unclear
from terminal.people.roles import Role
from terminal.people.service import People
from terminal.settings import Loaded
from terminal.visit.desk import VisitDesk
from terminal.visit.keys import open_key
from terminal.visit.pack import pack_of
from terminal.visit.presets import proposed
from terminal.visit.proofs import (
    Heard,
    Leg,
    Proven,
    Standing,
    prove_cent,
    prove_devices,
    prove_faults,
    prove_identity,
    prove_questions,
    prove_sheet,
    prove_training,
)
from terminal.visit.record import FOLDER, Signer
from terminal.visit.seal import check, digest, fingerprint
from terminal.visit.steps import Result, Step, Visit
from terminal.web.views_devices import CounterPlaces
from terminal.whole_file import write_whole
from terminal.wiring.stores import JOURNAL, keys_folder, on_disk
from terminal.wiring.visit_lessons import practised

ASK_S: Final = 20.0  # one question to a bank, its own waits within
RECORD_MAX: Final = 1024 * 1024
PRACTICE: Final = f"training/state/{JOURNAL}"  # of whoever practises, below our own state
NET: Final = Path("/sys/class/net")  # the kernel's list of network interfaces
_SHOWN: Final = 4  # last characters of an account
_MASKED: Final = "…"


@dataclass(frozen=True, slots=True)
class Site:
    """What a visit looks at.

    Args:
        state, keys: folders of this service.
        places: every counter's devices with health and newest test.
        payees: who gets a channel's money, masked.
        shop, policy: facts of the settings for record and proof; plain JSON without floats.
        network: whether this machine is in a network at all.
        settings: gives the whole settings as plain data, of which a pack takes what is nobody's.
    """

    service: Service
    people: People
    state: Path
    keys: Path
    machine: tuple[Clock, Entropy, Ids]
    places: Callable[[], Sequence[CounterPlaces]]
    payees: Mapping[str, str]
    shop: Mapping[str, Any]
    policy: Mapping[str, Any] = field(default_factory=dict)
    network: Callable[[], Leg] = lambda: "cannot_tell"
    settings: Callable[[], Mapping[str, Any]] = dict


class Visiting:
    """Satisfies the pages' ``Visitor``. Every proof is taken anew when it is asked for."""

    def __init__(self, site: Site) -> None:
        self._site, self._service = site, site.service
        self._made: VisitDesk | None = None
        self._mark = ""

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

    # --- proofs -----------------------------------------------------------------------------------------

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
                return prove_devices(self._tested())
            case Step.PEOPLE:
                return self._people()
            case Step.CENT:
                return self._cent(visit, sales)
            case Step.FAULTS:
                return prove_faults(told)
            case Step.TRAINING:
                return await self._training(visit)
            case _:
                return None

    async def _heard(self) -> list[Heard]:
        """Every channel asked at once about an order that cannot exist: its number was made a moment ago."""
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(self._ask(name)) for name in sorted(self._service.parts.providers)]
        return [each.result() for each in asked]

    async def _ask(self, channel: str) -> Heard:
        provider = self._service.parts.providers[channel]
        masked, waits = self._site.payees.get(channel, ""), self._service.accounts.waits(channel)
        if isinstance(provider, AnyBank):
            return Heard(channel, masked, None, waits=waits)
        _, _, ids = self._site.machine
        try:
            async with asyncio.timeout(ASK_S):
                answer = await provider.query(ids.ulid())
        except TimeoutError:
            answer = Unclear("timeout")
        return Heard(channel, masked, answer, round(provider.clock_offset_s), waits)

    def _printers(self) -> dict[str, Leg]:
        legs: dict[HealthState, Leg] = {HealthState.OK: "ok", HealthState.FAULT: "dead"}
        found: dict[str, Leg] = {}
        for name, lane in self._service.lanes.items():
            health = lane.devices.health().get("printer")
            if health is not None:
                found[name] = legs.get(health.state, "cannot_tell")
        return found

    def _tested(self) -> list[Standing]:
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
        return prove_cent(found, since_ms=visit.begun_ms, ways=ways, told=told)

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

    async def _training(self, visit: Visit) -> Proven:
        path, since_ms = self._site.state / PRACTICE, visit.begun_ms
        found = await asyncio.get_running_loop().run_in_executor(None, practised, path, since_ms)
        return prove_training(self._practised(since_ms), found)

    def _practised(self, since_ms: int) -> list[dict[str, Any]]:
        rows = []
        for counter in self._service.lanes:
            events = self._service.feed.of_subject(f"training:{counter}")
            begun = [each for each in events if each.type == "training_begun" and each.wall_ms >= since_ms]
            rows += [{"counter": counter, "at_ms": each.wall_ms, "by": each.actor} for each in begun]
        return rows

    # --- the record -------------------------------------------------------------------------------------

    def facts(self) -> Mapping[str, Any]:
        """What a record says of the shop; amounts and times are whole numbers, nobody's PIN, no account whole."""
        feed, visit = self._service.feed, self.desk.open_visit()
        head = feed.last_number()
        newest = feed.after(head - 1, limit=1)
        return {
            "shop": {**self._site.shop, "ledger": str(self._service.house.ledger)},
            "software": {"name": "countertop", "version": _version()},
            "devices": prove_devices(self._tested()).proof["devices"],
            "channels": [
                {"channel": name, "provider": each.profile.name, "payee": self._site.payees.get(name, "")}
                for name, each in sorted(self._service.parts.providers.items())
            ],
            "people": [{"id": x.id, "name": x.label, "role": x.role.value} for x in self._site.people.people()],
            "training": self._practised(visit.begun_ms if visit else 0),
            "journal": {"number": head, "hash": newest[0].hash.hex() if newest else ""},
        }

    def pack(self) -> bytes:
        """How this shop is run, sealed for the next one."""
        clock, _, _ = self._site.machine
        document = pack_of(self._site.settings(), made_ms=clock.wall_ms(), software=_version())
        return self.desk.sealed("pack", document)

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


def site_of(
    loaded: Loaded,
    service: Service,
    people: People,
    places: Callable[[], Sequence[CounterPlaces]],
    machine: tuple[Clock, Entropy, Ids],
) -> Site:
    """The shop of the settings."""
    settings = loaded.settings
    return Site(
        *(service, people, loaded.state, keys_folder(loaded), machine, places),
        payees={name: masked(payee(table)) for name, table in settings.channels.items()},
        shop=shop_facts(loaded),
        policy=policy_facts(loaded),
        network=network,
        settings=partial(msgspec.to_builtins, settings),  # a chain's are long, and hardly ever asked for
    )


def shop_facts(loaded: Loaded) -> dict[str, Any]:
    shop = loaded.settings.shop
    return {
        "merchant": shop.merchant,
        "store": shop.store,
        "title": shop.title,
        "currency": shop.currency,
        "zone": shop.zone,
        "mode": loaded.settings.mode,
    }


def policy_facts(loaded: Loaded) -> dict[str, Any]:
    """What was agreed with the owner: who may give back how much, quiet hours, what leaves the shop."""
    shop, settings = loaded.settings.shop, loaded.settings
    speakers = {each.id: each.speaker.quiet for each in settings.counters if each.speaker is not None}
    return {
        "cashier_refund_minor": shop.cashier_refund_minor,
        "cashier_refund_day_minor": shop.cashier_refund_day_minor,
        "refund_day_minor": shop.refund_day_minor,
        "cashier_limit_minor": shop.cashier_limit_minor,
        "limit_minor": shop.limit_minor,
        "second_step": shop.second_step,
        "offline": shop.offline,
        "excess": shop.excess,
        "quiet": {counter: list(quiet) for counter, quiet in speakers.items() if quiet},
        "sent": {"traces": bool(settings.traces.endpoint), "metrics_port": settings.metrics.port},
    }


def masked(told: str) -> str:
    """Accounts as a record may show them: the last characters of each."""
    found: dict[str, Any] = msgspec.json.decode(told) if told else {}
    return " ".join(_last(value) for name, value in sorted(found.items()))


def _last(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(_last(each) for _, each in sorted(value.items()))
    text = str(value)
    return _MASKED + text[-_SHOWN:] if len(text) > _SHOWN else _MASKED


def network(interfaces: Path = NET) -> Leg:
    """Whether an interface beside loopback is up (Linux, Documentation/ABI/testing/sysfs-class-net)."""
    try:
        found = [each for each in interfaces.iterdir() if each.name != "lo"]
        states = {(each / "operstate").read_text().strip() for each in found}
    except OSError:
        return "cannot_tell"
    return "ok" if "up" in states else "cannot_tell" if "unknown" in states else "dead"


def _version() -> str:
    try:
        return version("countertop")
    except PackageNotFoundError:
        return ""
