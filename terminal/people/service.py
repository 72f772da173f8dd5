"""Use cases of people: who signs in (``signing_in``), and who has access at all: people, tills, keys."""

from collections.abc import Collection, Iterable
from typing import Final

from terminal.errors import Conflict, InvalidRequest, NotFound
from terminal.payments.event import Actor, Event, NewEvent
from terminal.people import lockout
from terminal.people.keyring import SYSTEM, MakeClaim, NewKey
from terminal.people.pairing import Grant
from terminal.people.pins import check_new
from terminal.people.records import ApiKey, Device, Person
from terminal.people.roles import VISITORS, Action, Principal, Role
from terminal.people.sessions import Session
from terminal.people.signing_in import PeopleSettings, SignedIn, SigningIn, label_of

__all__ = ["NewKey", "People", "PeopleSettings", "SignedIn"]
VISIT_HOURS_MAX: Final = {Role.ONBOARDING: 14 * 24, Role.SUPPORT: 30 * 24, Role.INTEGRATOR: 365 * 24}


class People(SigningIn):
    """One store's people, over its journal. Everything a door needs to know who acts and whether they may."""

    # --- managing people --------------------------------------------------------------------------------

    def people(self) -> tuple[Person, ...]:
        """Active ones, for the sign-in page: show id, label and role only."""
        return tuple(each for each in self._roll.all(Person) if not self._over(each))

    def heard(self, events: Iterable[Event]) -> None:
        """What other machines of the shop recorded: who was let in or locked out there is so here."""
        self._roll.heard(events)

    def own_session(self, session_token: str) -> str:
        """The id of the session behind a token, empty without one."""
        found = self._sessions.get(session_token, touch=False) if session_token else None
        return found.id if found else ""

    def locked(self, person: Person) -> bool:
        """Somewhere they must wait after wrong PINs or codes."""
        now_ns = self._clock.mono_ns()
        tallies = (person.tries, person.code_tries)
        return any(lockout.locked_s(tally, device, now_ns) for tally in tallies for device in tally)

    async def add_person(
        self, by: Principal | None, role: Role, label: str, pin: str, *, claim: MakeClaim | None = None
    ) -> str:
        """``claim``: what the journal remembers for ever together with the new id."""
        actor = self.require(by, Action.MANAGE_PEOPLE).actor
        check_new(pin)
        if role not in {Role.OWNER, Role.CASHIER}:
            raise InvalidRequest("field_wrong", field="role")
        return await self._add(actor, role, label, pin, claim)

    async def add_visitor(
        self, by: Principal | None, role: Role, label: str, pin: str, *, hours: int, claim: MakeClaim | None = None
    ) -> str:
        """A login that ends by itself. Raises as ``add_person``, and InvalidRequest("field_wrong", hours)."""
        actor = self.require(by, Action.MANAGE_PEOPLE).actor
        check_new(pin)
        if role not in VISITORS:
            raise InvalidRequest("field_wrong", field="role")
        if not 1 <= hours <= VISIT_HOURS_MAX[role]:
            raise InvalidRequest("field_wrong", field="hours")
        return await self._add(actor, role, label, pin, claim, until_ms=self._clock.wall_ms() + hours * 3_600_000)

    def new_visit_code(self, by: Principal | None, *, hours: int) -> str:
        """Six digits for who comes to set the shop up; voids the one before. Their login ends after ``hours``.

        Raises InvalidRequest("field_wrong", hours).
        """
        principal = self.require(by, Action.MANAGE_PEOPLE)
        if not 1 <= hours <= VISIT_HOURS_MAX[Role.ONBOARDING]:
            raise InvalidRequest("field_wrong", field="hours")
        self._codes.void("visit")
        return self._codes.make(Grant("visit", made_by=str(principal.actor), hours=hours))

    def void_visit_codes(self, by: Principal | None) -> None:
        self.require(by, Action.MANAGE_PEOPLE)
        self._codes.void("visit")

    async def use_visit_code(self, code: str, *, label: str, pin: str, device: str, display: str = "") -> SignedIn:
        """The visitor's own login, with a PIN of their choice, and signed in.

        ``display``: their browser becomes one of this counter's too, which sees its screen and nothing else: the
        door for phones knows devices, not people. That ends with the login.

        Raises:
            NotAllowed: ``pairing_wrong``, ``pairing_locked``; InvalidRequest: ``pin_weak``, ``field_wrong``;
                Conflict: ``people_full``.
        """
        check_new(pin)
        name = label_of(label)
        self._roll.check_room(Person, self._over)
        if display:
            self._roll.check_room(Device, self._over)
        grant = await self._use_code(code, "visit", device)
        kind, _, maker = grant.made_by.partition(":")
        by = Actor("person", maker) if kind == "person" else SYSTEM
        until_ms = self._clock.wall_ms() + grant.hours * 3_600_000
        person = await self._add(by, Role.ONBOARDING, name, pin, until_ms=until_ms)
        token = await self._lend_display(display, name, grant.made_by, until_ms) if display else ""
        return SignedIn(person, self._sessions.open(person, Role.ONBOARDING, ""), token)

    async def set_pin(self, by: Principal | None, person: str, pin: str) -> None:
        """Ends the person's sessions and locks."""
        actor = self.require(by, Action.MANAGE_PEOPLE).actor
        check_new(pin)
        subject = self._roll.find(Person, person).id
        await self._roll.record("pin_set", subject, actor, pin=await self._pins.hash(pin))
        self._sessions.end_person(subject)

    async def help_owner(self, actor: Actor, label: str, pin: str, *, phone: bool) -> str:
        """For a command on the machine itself, whose service is stopped: an owner whom no other owner can help.

        Args:
            label: whose; empty: there is one owner alone.
            phone: the second step goes too, with its recovery codes.

        Raises:
            InvalidRequest("pin_weak"); NotFound("person_unknown"): no owner of this name, or several.
        """
        check_new(pin)
        owners = [each for each in self._roll.all(Person) if each.role is Role.OWNER and label in ("", each.label)]
        if len(owners) != 1:
            raise NotFound("person_unknown")
        [owner] = owners
        if phone and owner.second:
            await self._enrolment.remove(actor, owner)
        await self._roll.record("pin_set", owner.id, actor, pin=await self._pins.hash(pin))
        self._sessions.end_person(owner.id)
        return owner.label

    async def unlock(self, by: Principal | None, person: str) -> None:
        actor = self.require(by, Action.MANAGE_PEOPLE).actor
        await self._roll.record("pin_unlocked", self._roll.find(Person, person).id, actor)

    async def disable(self, by: Principal | None, person: str) -> None:
        """Raises Conflict("last_owner"), also when another machine lets the other owner go at this moment."""
        actor = self.require(by, Action.MANAGE_PEOPLE).actor
        while True:
            found = self._roll.find(Person, person)
            claims = self._roll.owner_leaves(found) if found.role is Role.OWNER else ()
            self._sessions.end_person(found.id)
            try:
                return await self._roll.record("person_disabled", found.id, actor, claims)
            except Conflict as taken:
                if taken.slug != "key_taken":
                    raise
                self._roll.left(str(taken.facts["value"]))

    def sessions(self, by: Principal | None) -> tuple[Session, ...]:
        self.require(by, Action.MANAGE_PEOPLE)
        return self._sessions.listed()

    async def end_session(self, by: Principal | None, session_id: str) -> None:
        """Raises NotFound("session_unknown")."""
        actor = self.require(by, Action.MANAGE_PEOPLE).actor
        found = next((each for each in self._sessions.listed() if each.id == session_id), None)
        if found is None:
            raise NotFound("session_unknown")
        self._sessions.end_id(session_id)
        body = {"session": session_id}
        await self._roll.append(NewEvent(self._roll.stream, "session_ended", found.person, actor, body))

    async def note_refused(self, who: Principal, operation: str, why: str) -> None:
        """Somebody known asked for what they may not do (S50)."""
        body = {"operation": operation, "why": why, "device": who.device, "role": who.role.value}
        await self._roll.append(NewEvent(self._roll.stream, "act_refused", who.id, who.actor, body))

    # --- tills and keys ---------------------------------------------------------------------------------

    def new_pairing_code(self, by: Principal | None, counter: str, *, display: bool = False) -> str:
        """Six digits that pair one till, or one customer display, with ``counter`` within 15 minutes."""
        principal = self.require(by, Action.MANAGE_DEVICES)
        self._roll.check_room(Device, self._over)
        return self._codes.make(Grant("pair", counter, made_by=str(principal.actor), display=display))

    async def pair(self, code: str, *, label: str, device: str) -> str:
        """The till's cookie token, told once. Raises NotAllowed("pairing_wrong" | "pairing_locked")."""
        name = label_of(label)
        return await self._pair(await self._use_code(code, "pair", device), name)

    def new_link(self, counter: str, person: str = "", *, display: bool = False) -> str:
        """A one-time token for a page link that pairs the browser and may sign a person in (start window only)."""
        return self._codes.make(Grant("link", counter, person, str(SYSTEM), display))

    async def use_link(self, token: str, *, label: str, device: str) -> SignedIn:
        """Raises NotAllowed("pairing_wrong" | "pairing_locked")."""
        name = label_of(label)
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
        """Those that are let in; of a visitor's phone whose time is up nothing is left to take away."""
        self.require(by, Action.MANAGE_DEVICES)
        return tuple(each for each in self._roll.all(Device) if not self._over(each))

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
        who = self.require(by, Action.MANAGE_API_KEYS)
        self.keys.check_maker(who, scopes)
        return await self.make_api_key(
            who.actor, label=label, scopes=scopes, counters=counters, days=days, claim=claim
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
        """For commands on the machine itself (the demo's key file); pages use ``new_api_key``."""
        return await self.keys.make(
            actor, label=label_of(label), scopes=scopes, counters=counters, days=days, claim=claim
        )

    async def rotate_api_key(
        self,
        by: Principal | None,
        key_id: str,
        *,
        overlap_h: int,
        days: int,
        claim: MakeClaim | None = None,
    ) -> NewKey:
        who = self.require(by, Action.MANAGE_API_KEYS)
        self.keys.check_holder(who, key_id)
        self.keys.check_maker(who, self._roll.find(ApiKey, key_id).scopes)  # a new secret is a new key
        return await self.keys.rotate(who.actor, key_id, overlap_h=overlap_h, days=days, claim=claim)

    def api_keys(self, by: Principal | None) -> tuple[ApiKey, ...]:
        self.require(by, Action.MANAGE_API_KEYS)
        return tuple(self._roll.all(ApiKey))

    async def revoke_api_key(self, by: Principal | None, key_id: str) -> None:
        """One's own; an owner any."""
        who = self.require(by, Action.MANAGE_API_KEYS)
        found = self.keys.check_holder(who, key_id)
        await self._roll.record("api_key_revoked", found.id, who.actor)
