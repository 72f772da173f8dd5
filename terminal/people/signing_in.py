"""Use cases of people: first set-up, signing in, the PIN once more, approving, and who stands at the door."""

from dataclasses import dataclass
from typing import Final

import msgspec

from terminal.counter.ports import Clock, Entropy, Ids, Journal
from terminal.errors import Conflict, InvalidRequest, NotAllowed
from terminal.payments.event import Actor
from terminal.people.enrolment import Begun, Enrolment
from terminal.people.keyring import SYSTEM, KeyRing, MakeClaim
from terminal.people.pairing import Codes, Grant, Purpose
from terminal.people.pins import PinCost, Pins, check_new
from terminal.people.records import Device, Person
from terminal.people.refund_rights import RefundRights
from terminal.people.roles import (
    Action,
    Principal,
    RefundPolicy,
    Role,
    SalePolicy,
    fresh_pin,
    require,
)
from terminal.people.roll import Claims, Roll
from terminal.people.second_step import Policy, at_sign_in, lacking
from terminal.people.sessions import Session, SessionLimits, Sessions, digest, make_token

LABEL_MAX: Final = 40
ISSUER: Final = "Countertop"
CHECKS_MAX: Final = 4  # PINs being hashed at once; each takes tens of milliseconds and 19 MiB


class PeopleSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pin_cost: PinCost = PinCost()
    sessions: SessionLimits = SessionLimits()
    refunds: RefundPolicy = RefundPolicy()
    sales: SalePolicy = SalePolicy()
    second_step: Policy = "office"
    zone: str = "UTC"  # the shop's: which day it is


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Tokens are told once; ``device_token`` is empty when the device was known or none was paired."""

    person: str
    session_token: str
    device_token: str = ""


class SigningIn:
    """Who stands at the door of one store, over its journal, and whether they may."""

    def __init__(
        self,
        store: str,
        *,
        journal: Journal,
        clock: Clock,
        entropy: Entropy,
        ids: Ids,
        pepper: bytes,
        settings: PeopleSettings = PeopleSettings(),  # noqa: B008  # immutable
        simulated: bool = False,
    ) -> None:
        """``simulated``: no live money here, so that an integrator may try everything."""
        self.settings, self._simulated = settings, simulated
        self._clock, self._entropy, self._ids = clock, entropy, ids
        self._roll = Roll(store, journal, clock)
        self._pins = Pins(pepper, settings.pin_cost, entropy)
        self._sessions = Sessions(clock, entropy, ids, settings.sessions)
        self._codes = Codes(clock, entropy)
        self.keys = KeyRing(self._roll, clock, entropy, ids, simulated=simulated)
        self._enrolment = Enrolment(self._roll, clock, entropy, pepper)
        self._checking: set[tuple[str, str]] = set()
        self.refunds = RefundRights(
            store, journal=journal, clock=clock, zone=settings.zone, policy=settings.refunds
        )
        for person in self._roll.all(Person):
            self._pins.check_pepper(person.pin)
            self._enrolment.check_key(person)

    # --- who stands at the door -------------------------------------------------------------------------

    def who(self, device_token: str = "", session_token: str = "", *, touch: bool = True) -> Principal | None:
        """The person signed in, else the paired till, else nobody. A till never times out, a person does."""
        device = self._roll.by_token(Device, device_token) if device_token else None
        device = None if device is not None and self._over(device) else device
        session = self._sessions.get(session_token, touch=touch) if session_token else None
        if session is not None and session.device in {"", device.id if device else ""}:
            person = self._roll.active(Person, session.person)  # another machine of the shop may have let them go
            if person is not None and not self._over(person):
                return self._as_person(person, session, device)
        if device is None:
            return None
        counters = frozenset({device.counter})
        return Principal("device", device.id, device.role, device.id, counters, simulated=self._simulated)

    def _over(self, known: Person | Device) -> bool:
        """A visitor's time is up, and that of the phone they came with; it goes with them when they are let go."""
        if not known.until_ms:
            return False
        if isinstance(known, Device) and not self._visits(known.until_ms):
            return True
        return self._clock.wall_ms() >= known.until_ms

    def _visits(self, until_ms: int) -> bool:
        """Whether whose login ends then is still let in: login and phone were given together."""
        return any(each.until_ms == until_ms for each in self._roll.all(Person))

    def _as_person(self, person: Person, session: Session, device: Device | None) -> Principal:
        selling = device is not None and session.role is Role.CASHIER
        lacks, lacks_for = lacking(
            self.settings.second_step, session.role, enrolled=bool(person.second), given=session.second,
            at_till=device is not None and device.role is Role.TILL,
        )  # fmt: skip
        return Principal(
            "person", person.id, session.role, device.id if device else session.device,
            frozenset({device.counter}) if device and selling else frozenset(),
            pin_ns=session.pin_ns, simulated=self._simulated, lacks=lacks, lacks_for=lacks_for,
        )  # fmt: skip

    def who_key(self, key: str) -> Principal | None:
        return self.keys.who(key)

    def require(self, principal: Principal | None, action: Action, counter: str = "") -> Principal:
        """Raises NotAllowed("not_signed_in" | "not_allowed" | "pin_again")."""
        return require(principal, action, now_ns=self._clock.mono_ns(), counter=counter)

    # --- first start ------------------------------------------------------------------------------------

    def set_up_needed(self) -> bool:
        return not any(person.role is Role.OWNER for person in self._roll.all(Person))

    def new_set_up_code(self) -> str:
        """Ten letters for the start window; voids the one before. Raises Conflict("set_up_done")."""
        if not self.set_up_needed():
            raise Conflict("set_up_done")
        self._codes.void("set_up")
        return self._codes.make(Grant("set_up"))

    async def set_up(self, code: str, *, label: str, pin: str, device: str) -> SignedIn:
        """Make the first owner and sign them in.

        Raises:
            NotAllowed: ``pairing_wrong``, ``pairing_locked``; InvalidRequest: ``pin_weak``, ``field_wrong``;
                Conflict: ``set_up_done``.
        """
        check_new(pin)
        name = label_of(label)
        if not self.set_up_needed():
            raise Conflict("set_up_done")
        await self._use_code(code, "set_up", device)
        person = await self._add(SYSTEM, Role.OWNER, name, pin)
        return SignedIn(person, self._sessions.open(person, Role.OWNER, ""))

    # --- signing in -------------------------------------------------------------------------------------

    async def sign_in(self, person: str, pin: str, *, device: str, device_token: str = "", code: str = "") -> str:
        """A session's token. ``device`` names the till or address the try comes from.

        Raises:
            NotAllowed: ``pin_wrong``, ``pin_locked``: the same for somebody who does not exist; ``code_needed``:
                the PIN is right and the second step is missing; ``code_wrong``, ``visit_over``.
        """
        paired = self._roll.by_token(Device, device_token) if device_token else None
        at_till = paired is not None and paired.role is Role.TILL
        found = await self._check_pin(person, pin, device, code=code, at_till=at_till)
        second = bool(found.second and code)
        return self._sessions.open(found.id, found.role, paired.id if paired else "", second=second)

    async def confirm_pin(self, session_token: str, pin: str, *, device: str, code: str = "") -> str:
        """The PIN once more, for acts that ask for a fresh one: the session's new token.

        Raises:
            NotAllowed: ``not_signed_in``, ``pin_wrong``, ``pin_locked``, ``code_wrong``.
        """
        session = self._sessions.get(session_token)
        if session is None:
            raise NotAllowed("not_signed_in")
        found = await self._check_pin(session.person, pin, device, code=code, at_till=True)
        if self._sessions.get(session_token) is None:
            raise NotAllowed("not_signed_in")
        return self._sessions.elevate(session_token, second=bool(found.second and code))

    async def approve(self, action: Action, person: str, pin: str, *, device: str, code: str = "") -> Principal:
        """Somebody else's PIN for one act; nobody gets signed in. Both names belong into the act's event.

        Raises:
            NotAllowed: ``pin_wrong``, ``pin_locked``, ``not_allowed``, ``code_wrong``; ``code_again`` where the
                second step is asked for and no ``code`` came: then the approver signs in and does it.
        """
        found = await self._check_pin(person, pin, device, at_till=True, code=code, asks=False)
        at_till = any(each.id == device and each.role is Role.TILL for each in self._roll.all(Device))
        lacks, lacks_for = lacking(
            self.settings.second_step,
            found.role,
            enrolled=bool(found.second),
            given=bool(found.second and code),
            at_till=at_till,
        )
        principal = Principal(
            "person", found.id, found.role, device, pin_ns=self._clock.mono_ns(), simulated=self._simulated,
            lacks=lacks, lacks_for=lacks_for,
        )  # fmt: skip
        return self.require(principal, action)

    # --- the second step --------------------------------------------------------------------------------

    def begin_second_step(self, by: Principal | None) -> Begun:
        """One's own, with a fresh PIN. Who has one already proves it first.

        Raises:
            NotAllowed: ``not_signed_in``, ``pin_again``, ``code_again``; Conflict: ``people_full``.
        """
        return self._enrolment.begin(self._themselves(by), ISSUER)

    async def finish_second_step(
        self, by: Principal | None, code: str, *, session_token: str, device: str
    ) -> list[str]:
        """In force from now on; the recovery codes, told once. This session has given it."""
        person = self._themselves(by)
        codes = await self._enrolment.finish(person, code, device=device)
        self._sessions.prove(session_token)
        return codes

    async def remove_second_step(self, by: Principal | None, person: str) -> None:
        """For somebody who lost the phone and the recovery codes. Their sessions end."""
        actor = self.require(by, Action.MANAGE_PEOPLE).actor
        found = self._roll.find(Person, person)
        await self._enrolment.remove(actor, found)
        self._sessions.end_person(found.id)

    def _themselves(self, by: Principal | None) -> Person:
        if by is None or by.kind != "person":
            raise NotAllowed("not_signed_in")
        person = self._roll.find(Person, by.id)
        if not fresh_pin(by, self._clock.mono_ns()):
            raise NotAllowed("pin_again", action=Action.OWN_SECOND_STEP.value)
        if person.second and by.lacks == "code_again":
            raise NotAllowed("code_again", action=Action.OWN_SECOND_STEP.value)
        return person

    def sign_out(self, session_token: str) -> None:
        self._sessions.end(session_token)

    # --- inside -----------------------------------------------------------------------------------------

    async def _add(
        self, actor: Actor, role: Role, label: str, pin: str, claim: MakeClaim | None = None, until_ms: int = 0
    ) -> str:
        self._roll.check_room(Person, self._over)
        person, name = self._ids.ulid(), label_of(label)
        record = await self._pins.hash(pin)
        taken = claims_of(claim, person)
        if until_ms:
            await self._roll.record(
                "visitor_added", person, actor, taken, label=name, role=role.value, pin=record, until_ms=until_ms
            )
        else:
            await self._roll.record("person_added", person, actor, taken, label=name, role=role.value, pin=record)
        return person

    async def _check_pin(
        self, person: str, pin: str, device: str, *, at_till: bool, code: str = "", asks: bool = True
    ) -> Person:
        """One try. It is told only after it is counted; a second try beside it is not even looked at.

        Wrong codes are counted by themselves, so that a right PIN buys no guesses at the code. ``asks`` False: a
        missing code is the caller's to judge.
        """
        found = next((each for each in self._roll.all(Person) if each.id == person), None)
        subject = found.id if found else self._roll.strangers_id
        self._roll.check_unlocked(subject, device, "pin_locked")
        pair = (subject, device)
        if pair in self._checking or len(self._checking) >= CHECKS_MAX:
            raise NotAllowed("rate_limited")
        self._checking.add(pair)
        try:
            right = await self._pins.verify(pin, found.pin if found else None)
            if found is None:
                await self._roll.record("stranger_refused", subject, SYSTEM, device=device)
            elif not right:
                await self._roll.record("pin_refused", subject, SYSTEM, device=device)
            elif self._over(found):
                raise NotAllowed("visit_over")
            elif code and found.second:
                await self._enrolment.prove(found, code, device=device)
            elif asks and at_sign_in(self.settings.second_step, enrolled=bool(found.second), at_till=at_till):
                raise NotAllowed("code_needed")
            else:
                await self._roll.record("pin_accepted", subject, Actor("person", subject), device=device)
        finally:
            self._checking.discard(pair)
        if found is None or not right:
            raise NotAllowed("pin_wrong")
        now = self._roll.find(Person, found.id)
        if now.pin != found.pin:  # changed while the old one was looked at: it opens nothing any more
            raise NotAllowed("pin_wrong")
        return now

    async def _use_code(self, code: str, purpose: Purpose, device: str) -> Grant:
        self._roll.check_unlocked(self._roll.strangers_id, device, "pairing_locked")
        grant = self._codes.use(code, purpose)
        kind = "code_refused" if grant is None else "code_accepted"
        await self._roll.record(kind, self._roll.strangers_id, SYSTEM, device=device, purpose=purpose)
        if grant is None:
            raise NotAllowed("pairing_wrong")
        return grant

    async def _pair(self, grant: Grant, label: str) -> str:
        self._roll.check_room(Device, self._over)
        token, till = make_token("ctd", self._entropy), self._ids.ulid()
        kind = "display_paired" if grant.display else "till_paired"
        await self._roll.record(
            kind, till, SYSTEM, label=label_of(label), counter=grant.counter, token=digest(token),
            made_by=grant.made_by,
        )  # fmt: skip
        return token

    async def _lend_display(self, counter: str, label: str, made_by: str, until_ms: int) -> str:
        """A visitor's phone; with their login it ends too."""
        self._roll.check_room(Device, self._over)
        token, phone = make_token("ctd", self._entropy), self._ids.ulid()
        await self._roll.record(
            "visitor_display_paired", phone, SYSTEM, label=label, counter=counter, token=digest(token),
            made_by=made_by, until_ms=until_ms,
        )  # fmt: skip
        return token


def claims_of(claim: MakeClaim | None, subject: str) -> Claims:
    return claim(subject) if claim else ()


def label_of(text: str) -> str:
    """A name for lists. Raises InvalidRequest("field_wrong", field="label")."""
    label = " ".join(text.split())
    if not 1 <= len(label) <= LABEL_MAX or not label.isprintable():
        raise InvalidRequest("field_wrong", field="label")
    return label
