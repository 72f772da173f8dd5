"""Use cases of people: first set-up, signing in, the PIN once more, approving, and who stands at the door."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

import msgspec

from terminal.counter.ports import Clock, Entropy, Ids, Journal
from terminal.errors import Conflict, InvalidRequest, NotAllowed
from terminal.payments.event import Actor
from terminal.people import lockout
from terminal.people.pairing import Codes, Grant, Purpose
from terminal.people.pins import PinCost, Pins, check_new
from terminal.people.records import ApiKey, Device, Person
from terminal.people.roles import SCOPES, Action, Principal, RefundPolicy, Role, require
from terminal.people.roll import Claims, Roll
from terminal.people.sessions import Session, SessionLimits, Sessions, digest, make_token

SYSTEM: Final = Actor("system", "people")
LABEL_MAX: Final = 40
KEY_DAYS_MAX: Final = 365
MakeClaim = Callable[[str], Claims]  # the new id -> names taken for ever
CHECKS_MAX: Final = 4  # PINs being hashed at once; each takes tens of milliseconds and 19 MiB


class PeopleSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pin_cost: PinCost = PinCost()
    sessions: SessionLimits = SessionLimits()
    refunds: RefundPolicy = RefundPolicy()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Tokens are told once; ``device_token`` is empty when the device was known or none was paired."""

    person: str
    session_token: str
    device_token: str = ""


@dataclass(frozen=True, slots=True)
class NewKey:
    id: str
    key: str  # told once


class People:
    """One store's people, over its journal. Everything a door needs to know who acts and whether they may."""

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
    ) -> None:
        self.settings = settings
        self._clock, self._entropy, self._ids = clock, entropy, ids
        self._roll = Roll(store, journal, clock)
        self._pins = Pins(pepper, settings.pin_cost, entropy)
        self._sessions = Sessions(clock, entropy, ids, settings.sessions)
        self._codes = Codes(clock, entropy)
        self._checking: set[tuple[str, str]] = set()
        for person in self._roll.all(Person):
            self._pins.check_pepper(person.pin)

    # --- who stands at the door -------------------------------------------------------------------------

    def who(self, device_token: str = "", session_token: str = "", *, touch: bool = True) -> Principal | None:
        """The person signed in, else the paired till, else nobody. A till never times out, a person does."""
        device = self._roll.by_token(Device, device_token) if device_token else None
        session = self._sessions.get(session_token, touch=touch) if session_token else None
        if session is not None and session.device in {"", device.id if device else ""}:
            return _as_person(session, device)
        if device is None:
            return None
        return Principal("device", device.id, device.role, device.id, frozenset({device.counter}))

    def who_key(self, key: str) -> Principal | None:
        """The holder of an API key that is neither revoked nor expired."""
        found = self._roll.by_token(ApiKey, key)
        if found is None or self._clock.wall_ms() >= found.expires_ms:
            return None
        counters, scopes = frozenset(found.counters), frozenset(found.scopes)
        return Principal("pos", found.id, Role.POS, found.id, counters, scopes)

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
        name = _label(label)
        if not self.set_up_needed():
            raise Conflict("set_up_done")
        await self._use_code(code, "set_up", device)
        person = await self._add(SYSTEM, Role.OWNER, name, pin)
        return SignedIn(person, self._sessions.open(person, Role.OWNER, ""))

    # --- signing in -------------------------------------------------------------------------------------

    async def sign_in(self, person: str, pin: str, *, device: str, device_token: str = "") -> str:
        """A session's token. ``device`` names the till or address the try comes from.

        Raises:
            NotAllowed: ``pin_wrong``, ``pin_locked``: the same for somebody who does not exist.
        """
        found = await self._check_pin(person, pin, device)
        paired = self._roll.by_token(Device, device_token) if device_token else None
        return self._sessions.open(found.id, found.role, paired.id if paired else "")

    async def confirm_pin(self, session_token: str, pin: str, *, device: str) -> str:
        """The PIN once more, for acts that ask for a fresh one: the session's new token.

        Raises:
            NotAllowed: ``not_signed_in``, ``pin_wrong``, ``pin_locked``.
        """
        session = self._sessions.get(session_token)
        if session is None:
            raise NotAllowed("not_signed_in")
        await self._check_pin(session.person, pin, device)
        if self._sessions.get(session_token) is None:
            raise NotAllowed("not_signed_in")
        return self._sessions.elevate(session_token)

    async def approve(self, action: Action, person: str, pin: str, *, device: str) -> Principal:
        """Somebody else's PIN for one act; nobody gets signed in. Both names belong into the act's event.

        Raises:
            NotAllowed: ``pin_wrong``, ``pin_locked``, ``not_allowed``.
        """
        found = await self._check_pin(person, pin, device)
        principal = Principal("person", found.id, found.role, device, pin_ns=self._clock.mono_ns())
        return self.require(principal, action)

    def sign_out(self, session_token: str) -> None:
        self._sessions.end(session_token)

    # --- managing people --------------------------------------------------------------------------------

    def people(self) -> tuple[Person, ...]:
        """Active ones, for the sign-in page: show id, label and role only."""
        return tuple(self._roll.all(Person))

    def locked(self, person: Person) -> bool:
        """Somewhere they must wait after wrong PINs."""
        now_ns = self._clock.mono_ns()
        return any(lockout.locked_s(person.tries, device, now_ns) for device in person.tries)

    async def add_person(
        self, by: Principal | None, role: Role, label: str, pin: str, *, claim: MakeClaim | None = None
    ) -> str:
        """``claim``: what the journal remembers for ever together with the new id."""
        actor = self.require(by, Action.MANAGE_PEOPLE).actor
        check_new(pin)
        if role not in {Role.OWNER, Role.CASHIER}:
            raise InvalidRequest("field_wrong", field="role")
        return await self._add(actor, role, label, pin, claim)

    async def set_pin(self, by: Principal | None, person: str, pin: str) -> None:
        """Ends the person's sessions and locks."""
        actor = self.require(by, Action.MANAGE_PEOPLE).actor
        check_new(pin)
        subject = self._roll.find(Person, person).id
        await self._roll.record("pin_set", subject, actor, pin=await self._pins.hash(pin))
        self._sessions.end_person(subject)

    async def unlock(self, by: Principal | None, person: str) -> None:
        actor = self.require(by, Action.MANAGE_PEOPLE).actor
        await self._roll.record("pin_unlocked", self._roll.find(Person, person).id, actor)

    async def disable(self, by: Principal | None, person: str) -> None:
        """Raises Conflict("last_owner")."""
        actor = self.require(by, Action.MANAGE_PEOPLE).actor
        found = self._roll.find(Person, person)
        owners = [each for each in self._roll.all(Person) if each.role is Role.OWNER]
        if owners == [found]:
            raise Conflict("last_owner")
        self._sessions.end_person(found.id)
        await self._roll.record("person_disabled", found.id, actor)

    def sessions(self, by: Principal | None) -> tuple[Session, ...]:
        self.require(by, Action.MANAGE_PEOPLE)
        return self._sessions.listed()

    def end_session(self, by: Principal | None, session_id: str) -> bool:
        self.require(by, Action.MANAGE_PEOPLE)
        return self._sessions.end_id(session_id)

    # --- tills and keys ---------------------------------------------------------------------------------

    def new_pairing_code(self, by: Principal | None, counter: str, *, display: bool = False) -> str:
        """Six digits that pair one till, or one customer display, with ``counter`` within 15 minutes."""
        principal = self.require(by, Action.MANAGE_DEVICES)
        self._roll.check_room(Device)
        return self._codes.make(Grant("pair", counter, made_by=str(principal.actor), display=display))

    async def pair(self, code: str, *, label: str, device: str) -> str:
        """The till's cookie token, told once. Raises NotAllowed("pairing_wrong" | "pairing_locked")."""
        name = _label(label)
        return await self._pair(await self._use_code(code, "pair", device), name)

    def new_link(self, counter: str, person: str = "", *, display: bool = False) -> str:
        """A one-time token for a page link that pairs the browser and may sign a person in (start window only)."""
        return self._codes.make(Grant("link", counter, person, str(SYSTEM), display))

    async def use_link(self, token: str, *, label: str, device: str) -> SignedIn:
        """Raises NotAllowed("pairing_wrong" | "pairing_locked")."""
        name = _label(label)
        grant = await self._use_code(token, "link", device)
        device_token = await self._pair(grant, name)
        if not grant.person:
            return SignedIn("", "", device_token)
        person, till = self._roll.find(Person, grant.person), self._roll.by_token(Device, device_token)
        assert till is not None, "just paired"
        return SignedIn(person.id, self._sessions.open(person.id, person.role, till.id), device_token)

    def label(self, actor: str) -> str:
        """Who did something ("device:01K…", "person:01K…") by name, also one removed since; empty if unknown."""
        return self._roll.label(actor.partition(":")[2])

    def devices(self, by: Principal | None) -> tuple[Device, ...]:
        self.require(by, Action.MANAGE_DEVICES)
        return tuple(self._roll.all(Device))

    async def unpair(self, by: Principal | None, device: str) -> None:
        actor = self.require(by, Action.MANAGE_DEVICES).actor
        found = self._roll.find(Device, device)
        self._sessions.end_device(found.id)
        await self._roll.record("device_removed", found.id, actor)

    async def new_api_key(
        self,
        by: Principal | None,
        *,
        label: str,
        scopes: Collection[str],
        counters: Collection[str],
        days: int,
        claim: MakeClaim | None = None,
    ) -> NewKey:
        actor = self.require(by, Action.MANAGE_API_KEYS).actor
        return await self.make_api_key(
            actor, label=label, scopes=scopes, counters=counters, days=days, claim=claim
        )

    async def make_api_key(
        self,
        actor: Actor,
        *,
        label: str,
        scopes: Collection[str],
        counters: Collection[str],
        days: int,
        claim: MakeClaim | None = None,
    ) -> NewKey:
        """For commands on the machine itself (the demo's key file); pages use ``new_api_key``.

        Raises:
            InvalidRequest: ``field_wrong``; Conflict: ``people_full``.
        """
        if not scopes or not set(scopes) <= SCOPES.keys():
            raise InvalidRequest("field_wrong", field="scopes")
        if not 1 <= days <= KEY_DAYS_MAX:
            raise InvalidRequest("field_wrong", field="days")
        self._roll.check_room(ApiKey)
        key, key_id = make_token("ctk", self._entropy), self._ids.ulid()
        await self._roll.record(
            "api_key_made", key_id, actor, _claims(claim, key_id), label=_label(label), token=digest(key),
            scopes=sorted(scopes), counters=sorted(counters), expires_ms=self._clock.wall_ms() + days * 86_400_000,
        )  # fmt: skip
        return NewKey(key_id, key)

    def api_keys(self, by: Principal | None) -> tuple[ApiKey, ...]:
        self.require(by, Action.MANAGE_API_KEYS)
        return tuple(self._roll.all(ApiKey))

    async def revoke_api_key(self, by: Principal | None, key_id: str) -> None:
        actor = self.require(by, Action.MANAGE_API_KEYS).actor
        await self._roll.record("api_key_revoked", self._roll.find(ApiKey, key_id).id, actor)

    # --- inside -----------------------------------------------------------------------------------------

    async def _add(self, actor: Actor, role: Role, label: str, pin: str, claim: MakeClaim | None = None) -> str:
        self._roll.check_room(Person)
        person, name = self._ids.ulid(), _label(label)
        record = await self._pins.hash(pin)
        await self._roll.record(
            "person_added", person, actor, _claims(claim, person), label=name, role=role.value, pin=record
        )
        return person

    async def _pair(self, grant: Grant, label: str) -> str:
        self._roll.check_room(Device)
        token, till = make_token("ctd", self._entropy), self._ids.ulid()
        kind = "display_paired" if grant.display else "till_paired"
        await self._roll.record(
            kind, till, SYSTEM, label=_label(label), counter=grant.counter, token=digest(token),
            made_by=grant.made_by,
        )  # fmt: skip
        return token

    async def _check_pin(self, person: str, pin: str, device: str) -> Person:
        """One try. It is told only after it is counted; a second try beside it is not even looked at."""
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


def _claims(claim: MakeClaim | None, subject: str) -> Claims:
    return claim(subject) if claim else ()


def _as_person(session: Session, device: Device | None) -> Principal:
    counters = frozenset({device.counter}) if device and session.role is Role.CASHIER else frozenset()
    where = device.id if device else session.device
    return Principal("person", session.person, session.role, where, counters, pin_ns=session.pin_ns)


def _label(text: str) -> str:
    """A name for lists. Raises InvalidRequest("field_wrong", field="label")."""
    label = " ".join(text.split())
    if not 1 <= len(label) <= LABEL_MAX or not label.isprintable():
        raise InvalidRequest("field_wrong", field="label")
    return label
