"""What a bundle may say: allow-lists first, then a search for every form of every secret."""

import base64
import io
import zipfile
from urllib.parse import quote

import msgspec
import pytest

from terminal.payments.event import Event, Ledger
from terminal.privacy.bundle import (
    REMOVED,
    all_forms,
    clean,
    forms,
    leaks,
    packed,
    scrubbed,
    settings_told,
    timeline,
    words_of,
    zipped,
)
from terminal.privacy.datamap import data_map

SECRET = "k3y/with+odd=chars&more?"
FORMS = all_forms([SECRET])


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(b"a" + SECRET.encode()).decode(),
        base64.b64encode(b"ab" + SECRET.encode() + b"tail").decode(),
        quote(SECRET, safe=""),
    ],
)
@pytest.mark.parametrize("around", ["{}", "before {} after", "x={}&y=1"])
def test_i19_pr10_a_secret_goes_in_every_form_it_can_be_written_in(written: str, around: str) -> None:
    text = around.format(written)
    assert leaks({"a": text.encode()}, FORMS) == ["a"]
    told = scrubbed(text, FORMS)
    assert REMOVED in told
    assert leaks({"a": told.encode()}, FORMS) == []


@pytest.mark.parametrize("length", [6, 7, 8, 9, 31])
def test_i19_base64_is_found_at_each_of_its_three_places_whatever_the_length(length: int) -> None:
    secret = "Zq7_"[: length % 4] + "s" * (length - length % 4)
    for before in range(4):
        for after in range(4):
            text = base64.b64encode(b"\x01" * before + secret.encode() + b"\x02" * after).decode()
            assert any(form in text for form in forms(secret)), (before, after)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("phone 13800138001 called", "phone …8001 called"),
        ("card 6222 0212 3456 7890 refused", "card …7890 refused"),
        ("+55 11 99999 8888", "…8888"),
        ("mail maria@example.com now", f"mail {REMOVED} now"),
        ("Authorization: Bearer abc.def-1", f"Authorization: {REMOVED}"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\nabc\n-----END PRIVATE KEY-----\nnext", f"{REMOVED}\nnext"),
        ("-----BEGIN PRIVATE KEY-----\ncut off", REMOVED),
        ("$argon2id$v=19$m=8$abc", REMOVED),
        ("sale 0001 took 28.50", "sale 0001 took 28.50"),
    ],
)
def test_pr10_s54_texts_lose_numbers_of_people_keys_and_tokens(text: str, told: str) -> None:
    assert scrubbed(text) == told


def test_pr10_settings_show_how_the_shop_is_set_up_and_not_whose_it_is() -> None:
    told = settings_told(
        {
            "mode": "live",
            "shop": {"merchant": "1900000109", "title": "Tea", "lines": ["Rua A 5"], "limit_minor": 5},
            "channels": {
                "w": {"mchid": "1900000109", "gateway": "https://api.bank.example/x?y", "connector": "pix"}
            },
            "journal": {"dsn": "postgresql://user:pass@host/db"},
        }
    )
    assert told["mode"] == "live"
    assert told["shop"] == {"merchant": "…0109", "title": "Tea", "lines": ["…"], "limit_minor": 5}
    assert told["channels"]["w"] == {"mchid": "…0109", "gateway": "api.bank.example", "connector": "pix"}
    assert "pass@" not in told["journal"]["dsn"]


def event(kind: str, body: dict[str, object], stream: str = "counter:1") -> Event:
    return Event(
        1, stream, 1, kind, 1, Ledger.TEST, "m", "s", "1", "01KSALE0000000001", "person:01WANG", 5, 6, body, b"h"
    )


@pytest.mark.row(135)
def test_pr10_pr3_a_timeline_says_what_happened_and_not_to_whom() -> None:
    evidence = {
        "id": "EV-secret-1",
        "txn": "42000012345678",
        "trade": "paid",
        "amount_minor": 2850,
        "payer_minor": 5,
    }
    moved = event("attempt_moved", {"attempt": "01KATTEMPT99", "to": "paid", "at_ms": 7, "evidence": evidence})
    refund = event("refund_started", {"actor": "person:01WANG", "reason": "Maria was sick", "amount_minor": 5})
    staff = event("person_added", {"label": "Wang Fang"}, "people:s")
    unknown = event("attempt_moved", {"brand_new_field": "Maria"})
    told = timeline([moved, refund, staff, unknown], data_map())
    assert told[0]["body"] == {
        "attempt": "…PT99",
        "to": "paid",
        "at_ms": 7,
        "evidence": {"id": "…et-1", "txn": "…5678", "trade": "paid", "amount_minor": 2850, "payer_minor": 5},
    }
    assert told[1]["body"] == {"actor": REMOVED, "reason": REMOVED, "amount_minor": 5}
    assert [each["body"] for each in told[2:]] == [{}]  # nothing of staff, and no field that is on no map
    assert told[0]["subject"] == "…0001"
    written = msgspec.json.encode(told).decode()
    assert not [name for name in ("WANG", "Maria", "Wang Fang") if name in written]


def test_pr10_the_same_parts_give_the_same_file_and_every_one_opens() -> None:
    parts = {"b.json": {"n": 13800138001, "s": "13800138001"}, "a.txt": f"log {SECRET}"}
    files = packed(parts, FORMS)
    assert zipped(files) == zipped(packed(parts, FORMS))
    with zipfile.ZipFile(io.BytesIO(zipped(files))) as box:
        assert box.namelist() == ["a.txt", "b.json"]
        assert box.read("a.txt") == b"log [removed]"
        assert msgspec.json.decode(box.read("b.json")) == {"n": 13800138001, "s": "…8001"}


def test_i19_secrets_are_the_texts_of_nested_tables_and_names_are_scrubbed_too() -> None:
    assert set(words_of([{"a": {"b": "one"}, "c": ["two", 3]}])) == {"one", "two"}
    assert clean({SECRET: [SECRET, 1, None]}, FORMS) == {REMOVED: [REMOVED, 1, None]}
    assert forms("short") == ()
