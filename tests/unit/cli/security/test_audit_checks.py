"""What the audit says of installations that are described to it: each planted weakness by its name, with a fix."""

import tomllib
from dataclasses import replace

import pytest

from terminal.cli.security.audit_checks import (
    CHECKS,
    DAY_MS,
    TEXTS,
    BackupsKnown,
    BankKey,
    Finding,
    Held,
    Installation,
    KeyOfProgram,
    Owner,
    Packages,
    Record,
    Unit,
    findings,
)
from terminal.help.languages import LANGUAGES

NOW = 1_800_000_000_000
WELL = Installation(
    now_ms=NOW,
    held=(
        Held("/s/secrets.toml", "secret", 1000, 0o600),
        Held("/s/countertop.toml", "settings", 0, 0o644),
        Held("/s", "folder", 1000, 0o755),
        Held("/s/state", "state", 1000, 0o700),
        Held("/b/a.ctbackup", "backup", 1000, 0o600),
    ),
    owners=(Owner("Ana", second_step=True),),
    keys=(KeyOfProgram("POS", NOW - 5 * DAY_MS, NOW + 300 * DAY_MS, NOW - DAY_MS),),
    bank_keys=(BankKey("wechatpay", "keys/cert.pem", NOW - 20 * DAY_MS, NOW + 700 * DAY_MS),),
    record=Record("sound", 900, NOW - 100 * DAY_MS),
    backups=BackupsKnown(NOW - DAY_MS, 30),
    core_limit=0,
    unit=Unit(there=True, swaps=False),
)


def bad(told: Installation) -> list[tuple[str, str]]:
    found = [each for each in findings(told) if each.level != "good"]
    for each in found:
        for language in LANGUAGES:
            assert all(each.words(language)), "what is so, and what to do"
    return [(each.slug, each.level) for each in found]


def holding(kind: str, *, uid: int = 1000, mode: int) -> Installation:
    return replace(WELL, held=tuple(replace(x, uid=uid, mode=mode) if x.kind == kind else x for x in WELL.held))


@pytest.mark.row(126)
def test_s40_s73_a_sound_installation_has_a_good_line_for_every_check() -> None:
    found = findings(WELL)
    assert [each.check for each in found] == list(CHECKS)
    assert {each.level for each in found} == {"good"}
    assert not any(each.words(language)[1] for each in found for language in LANGUAGES)


@pytest.mark.parametrize(
    ("told", "slug"),
    [
        (holding("secret", mode=0o640), "secret_readable"),
        (holding("secret", mode=0o604), "secret_readable"),
        (holding("secret", uid=1001, mode=0o600), "secret_not_ours"),
        (holding("state", mode=0o750), "state_open"),
        (holding("settings", mode=0o664), "settings_writable"),
        (holding("settings", uid=1001, mode=0o644), "settings_writable"),
        (holding("folder", mode=0o777), "settings_writable"),
    ],
)
def test_s40_f1_files_that_others_can_read_or_change(told: Installation, slug: str) -> None:
    assert bad(told) == [(slug, "weak")]


def test_a_folder_where_everybody_keeps_to_their_own_is_no_weakness() -> None:
    assert bad(holding("folder", mode=0o1777)) == []


def test_s43_a_backup_that_others_can_read() -> None:
    assert bad(holding("backup", mode=0o644)) == [("copy_readable", "weak")]


@pytest.mark.row(126)
def test_s20_doors_that_others_reach_without_tls() -> None:
    assert bad(replace(WELL, host="0.0.0.0", reachable=True)) == [("doors_open", "weak")]
    assert bad(replace(WELL, lan="0.0.0.0:7643")) == []
    told = next(each for each in findings(replace(WELL, lan="0.0.0.0:7643")) if each.check == "doors")
    assert (told.slug, "0.0.0.0:7643" in told.words("en")[0]) == ("doors_lan", True)
    assert bad(replace(WELL, clear_notices=("wechatpay",))) == [("notices_clear", "weak")]
    assert bad(replace(WELL, clear_doors=("front",))) == [("door_clear", "look")]


@pytest.mark.row(126)
def test_s74_i25_simulated_parts_in_a_live_shop() -> None:
    assert bad(replace(WELL, simulated=("taps", "wechatpay"))) == [("parts_simulated", "weak")]
    assert bad(replace(WELL, live=False, simulated=("taps", "wechatpay"))) == []


@pytest.mark.row(126)
def test_s44_memory_and_logs_that_say_too_much() -> None:
    assert bad(replace(WELL, verbose="--verbose")) == [("logging_verbose", "weak")]
    assert bad(replace(WELL, live=False, verbose="--verbose")) == []
    assert bad(replace(WELL, core_limit=-1)) == [("cores_allowed", "weak")]
    assert bad(replace(WELL, swaps=("/dev/sda2",), unit=Unit(True, (), True))) == [("swap_plain", "look")]
    assert bad(replace(WELL, swaps=("/dev/sda2",))) == [], "the unit keeps it out of any swap"


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("always", [("second_step_lacks", "weak")]),
        ("office", [("second_step_later", "look")]),
        ("off", [("second_step_off", "look")]),
    ],
)
def test_s36_an_owner_without_a_second_step(policy: str, said: list[tuple[str, str]]) -> None:
    assert bad(replace(WELL, policy=policy, owners=(Owner("Ana"), Owner("Bo", second_step=True)))) == said


def test_s32_s33_nobody_set_up_and_peppers_that_protect_nothing() -> None:
    assert bad(replace(WELL, owners=())) == [("owners_none", "weak")]
    young = Record("sound", 1, NOW - DAY_MS // 2)
    assert bad(replace(WELL, owners=(), record=young)) == [("owners_none", "look")], "it is being set up"
    assert bad(replace(WELL, owners=None)) == [("owners_unseen", "look")]
    assert bad(replace(WELL, pepper=1)) == [("pepper_weak", "weak")]
    other = (Owner("Ana", second_step=True, fits=False),)
    assert bad(replace(WELL, owners=other)) == [("pepper_other", "weak")]
    assert bad(replace(WELL, pepper=None, secrets=False)) == [("secrets_unseen", "look")]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (KeyOfProgram("a", NOW, NOW + 400 * DAY_MS), ["api_key_endless"]),
        (KeyOfProgram("a", NOW - 91 * DAY_MS, NOW + DAY_MS), ["api_key_unused"]),
        (KeyOfProgram("a", NOW - 200 * DAY_MS, NOW + DAY_MS, NOW - 91 * DAY_MS), ["api_key_unused"]),
        (KeyOfProgram("a", NOW - 200 * DAY_MS, NOW + DAY_MS, NOW - 89 * DAY_MS), []),
        (KeyOfProgram("a", NOW - 200 * DAY_MS, NOW - DAY_MS), []),
    ],
)
def test_s37_keys_of_programs_that_do_not_end_or_nobody_needs(key: KeyOfProgram, said: list[str]) -> None:
    assert bad(replace(WELL, keys=(key,))) == [(slug, "weak") for slug in said]


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        (-79, 31, []),
        (-81, 300, [("bank_key_old", "look")]),
        (-81, None, [("bank_key_old", "look")]),
        (-10, 30, [("bank_key_ends", "weak")]),
        (-400, -1, [("bank_key_ended", "weak")]),
        (None, 300, []),
    ],
)
def test_s17_keys_at_the_bank_that_grow_old_or_end(
    since: int | None, until: int | None, said: list[tuple[str, str]]
) -> None:
    begin, end = (0 if days is None else NOW + days * DAY_MS for days in (since, until))
    assert bad(replace(WELL, bank_keys=(BankKey("wechatpay", "keys/key.pem", begin, end),))) == said


def test_s43_backups_that_were_not_made_or_have_no_passphrase() -> None:
    assert bad(replace(WELL, backups=BackupsKnown(0, 30))) == [("backup_none", "weak")]
    assert bad(replace(WELL, backups=BackupsKnown(NOW - 8 * DAY_MS, 30))) == [("backup_old", "weak")]
    assert bad(replace(WELL, backups=BackupsKnown(NOW, 15))) == [("backup_phrase", "weak")]
    assert bad(replace(WELL, backups=BackupsKnown(NOW, None))) == []
    first_week = replace(WELL, record=Record("sound", 9, NOW - 6 * DAY_MS), backups=BackupsKnown())
    assert bad(first_week) == [("backup_phrase", "look"), ("backup_none", "look")]


@pytest.mark.row(127)
def test_s53_a_journal_that_does_not_verify() -> None:
    bad_row = Record("bad", 40, NOW - DAY_MS, "hash 41")
    assert bad(replace(WELL, record=bad_row)) == [("journal_bad", "weak")]
    assert (
        "hash 41"
        in next(each for each in findings(replace(WELL, record=bad_row)) if each.level == "weak").words("en")[0]
    )
    assert bad(replace(WELL, record=Record("unread", detail="key_file_missing"))) == [("journal_unread", "weak")]
    assert bad(replace(WELL, record=Record("passed_over"))) == [("journal_passed_over", "look")]


def test_s73_s70_what_the_service_runs_as_and_of() -> None:
    root = replace(WELL, uid=0, held=tuple(replace(each, uid=0) for each in WELL.held))
    assert bad(root) == [("user_root", "weak")]
    assert bad(replace(WELL, unit=Unit())) == [("unit_none", "look")]
    assert bad(replace(WELL, unit=Unit(True, ("ProtectSystem",), False))) == [("unit_differs", "weak")]
    assert bad(replace(WELL, sqlite=(3, 45, 1))) == [("sqlite_old", "weak")]
    assert bad(replace(WELL, packages=Packages(False))) == [("packages_no_lock", "look")]
    both = Packages(True, ("aiohttp 3.0",), ("cffi",))
    assert bad(replace(WELL, packages=both)) == [("packages_unlocked", "weak"), ("packages_changed", "weak")]


def test_d8_a_clock_that_nobody_keeps_right() -> None:
    assert bad(replace(WELL, synchronised=False)) == [("clock_alone", "weak")]
    assert bad(replace(WELL, synchronised=False, live=False)) == [("clock_alone", "look")]


def test_every_line_has_words_in_every_language_and_they_name_the_same_facts() -> None:
    texts = tomllib.loads(TEXTS.read_text("utf-8"))
    source = TEXTS.parents[1].joinpath("cli", "security", "audit_checks.py").read_text("utf-8")
    for slug, row in texts.items():
        assert set(row) == set(LANGUAGES), slug
        facts = {
            tuple(sorted(part.partition("}")[0] for part in "".join(row[x]).split("{")[1:])) for x in LANGUAGES
        }
        assert len(facts) == 1, (slug, facts)
        assert len({bool(row[language][1]) for language in LANGUAGES}) == 1, slug
        assert f'"{slug}"' in source or slug.removesuffix("_good") in CHECKS, f"nobody says {slug}"


def test_many_names_are_cut() -> None:
    found = findings(replace(WELL, packages=Packages(changed=tuple("abcdefgh"))))
    named = [each.facts["names"] for each in found if isinstance(each, Finding) and each.level == "weak"]
    assert named == ["a, b, c, d, e …"]
