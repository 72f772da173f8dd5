"""The second step by itself: the standard's vectors, drift, use once, sealing, and when it is asked for (S36)."""

import json
from pathlib import Path

import pytest

from terminal.chance import Chance
from terminal.errors import BadSettings
from terminal.people.roles import AWAY_FROM_MONEY, STEP_UP, Action, Role
from terminal.people.second_step import (
    DIGITS,
    RECOVERY,
    Policy,
    Sealer,
    at_sign_in,
    code_at,
    lacking,
    matching_step,
    recovery_codes,
    recovery_hash,
    uri,
)
from tests.authenticator import Phone

VECTORS = json.loads((Path(__file__).parents[2] / "golden" / "rfc6238.json").read_text())
SECRET = VECTORS["secret_ascii"].encode()
NOW_MS = 1_234_567_890_000
STEP = NOW_MS // 30_000


@pytest.mark.parametrize(("at_s", "code"), VECTORS["sha1"])
def test_s36_codes_are_those_of_rfc_6238(at_s: int, code: str) -> None:
    assert code_at(SECRET, at_s // VECTORS["step_s"]) == code[-DIGITS:], "six digits are the end of eight"
    assert Phone(SECRET).code(at_s * 1000, digits=8) == code, "and so is the phone these tests use"


def test_s36_a_code_fits_half_a_minute_early_or_late_and_no_more() -> None:
    for off, taken in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        code = Phone(SECRET).code(NOW_MS + off * 30_000)
        assert matching_step(SECRET, code, NOW_MS, 0) == (STEP + off if taken else None), off


def test_s36_a_code_that_was_used_opens_nothing_nor_does_an_older_one() -> None:
    code, before = Phone(SECRET).code(NOW_MS), Phone(SECRET).code(NOW_MS - 30_000)
    assert matching_step(SECRET, code, NOW_MS, STEP) is None
    assert matching_step(SECRET, before, NOW_MS, STEP) is None
    assert matching_step(SECRET, code, NOW_MS, STEP - 1) == STEP


@pytest.mark.parametrize("code", ["", "00592", "０05924", " 005924", "005924\n", "+05924", "5924", "89005924"])
def test_s3_a_code_is_six_ascii_digits_and_nothing_around_them(code: str) -> None:
    assert matching_step(SECRET, "005924", NOW_MS, 0) == STEP
    assert matching_step(SECRET, code, NOW_MS, 0) is None


def test_a_clock_at_the_beginning_of_time_is_no_crash() -> None:
    assert matching_step(SECRET, "000000", 0, 0) is None


def test_what_an_authenticator_scans_is_read_back() -> None:
    phone = Phone.scan(uri(SECRET, "Mei & Co: 茶", "Countertop"))
    assert (phone.secret, phone.label, phone.issuer) == (SECRET, "Countertop:Mei & Co: 茶", "Countertop")


def test_s36_recovery_codes_differ_and_are_found_however_people_type_them() -> None:
    codes = recovery_codes(Chance("codes"))
    assert len(set(codes)) == RECOVERY
    first = codes[0]
    assert recovery_hash("P", first.lower().replace("-", " ").replace(" ", "")) == recovery_hash("P", first)
    assert recovery_hash("Q", first) != recovery_hash("P", first), "nobody else's"


def test_s41_a_sealed_secret_opens_for_its_person_under_its_pepper_and_unchanged() -> None:
    sealer = Sealer(bytes(32), Chance("nonce"))
    sealed = sealer.seal("P", SECRET)
    assert sealer.open("P", sealed) == SECRET
    assert sealer.seal("P", SECRET) != sealed, "a nonce is used once"
    assert SECRET.decode() not in sealed
    flipped = sealed[:-4] + ("AAAA" if sealed[-4:] != "AAAA" else "BBBB")
    for who, text in (("Q", sealed), ("P", flipped)):
        with pytest.raises(BadSettings, match="pepper_changed"):
            sealer.open(who, text)
    with pytest.raises(BadSettings, match="pepper_changed"):
        Sealer(b"1" * 32, Chance("nonce")).open("P", sealed)


@pytest.mark.parametrize(
    ("policy", "at_till", "asked"),
    [("off", False, False), ("office", False, True), ("office", True, False), ("always", True, True)],
)
def test_s36_signing_in_asks_by_policy_and_place(policy: Policy, at_till: bool, asked: bool) -> None:
    assert at_sign_in(policy, enrolled=True, at_till=at_till) is asked
    assert not at_sign_in(policy, enrolled=False, at_till=at_till)


def test_s36_an_owner_without_the_phone_gives_money_back_at_a_till_and_gives_nobody_access() -> None:
    lacks, acts = lacking("office", Role.OWNER, enrolled=True, given=False, at_till=True)
    assert (lacks, acts) == ("code_again", AWAY_FROM_MONEY)
    assert not acts & {Action.APPROVE_REFUND, Action.OVERRIDE, Action.CLOSE_DAY, Action.SETTLE_EXCEPTION}
    assert {Action.MANAGE_PEOPLE, Action.MANAGE_API_KEYS, Action.CHANGE_SETTINGS} <= acts
    assert lacking("office", Role.OWNER, enrolled=True, given=False, at_till=False) == ("code_again", STEP_UP)
    assert lacking("always", Role.OWNER, enrolled=True, given=False, at_till=True) == ("code_again", STEP_UP)
    assert lacking("always", Role.OWNER, enrolled=False, given=False, at_till=True) == ("code_set_up", STEP_UP)
    assert lacking("office", Role.OWNER, enrolled=False, given=False, at_till=True) == ("", frozenset())


@pytest.mark.parametrize("role", [Role.ONBOARDING, Role.INTEGRATOR, Role.SUPPORT])
def test_s36_visitors_must_have_one_before_they_act(role: Role) -> None:
    assert lacking("office", role, enrolled=False, given=False, at_till=False) == ("code_set_up", STEP_UP)
    assert lacking("office", role, enrolled=True, given=True, at_till=False) == ("", frozenset())
