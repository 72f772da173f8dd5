"""The ledger of what leaves: names of fields, never values; bounded; old entries go."""

import msgspec
import pytest

from terminal.counter.ports import HttpRequest
from terminal.privacy.ledger import ENTRIES_MAX, KEPT_MS, Entry, Ledger, field_names, operation


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000_000

    def wall_ms(self) -> int:
        return self.now

    def mono_ns(self) -> int:
        return self.now * 1_000_000


CODE = "134579813579135791"
PULL = HttpRequest(
    "POST",
    "/v3/pay/transactions/codepay?mchid=1900000109",
    (("Authorization", "WECHATPAY2 secret"),),
    msgspec.json.encode({"amount": {"total": 2850}, "payer": {"auth_code": CODE}, "detail": [{"name": "Tea"}]}),
)
FORM = HttpRequest(
    "POST", "/gateway.do", (), b"app_id=2021000&biz_content=%7B%22auth_code%22%3A%2228%22%7D&sign=a%2Bb"
)


def test_pr5_an_entry_has_names_and_no_value() -> None:
    ledger = Ledger(Clock(), {"api.example": "wechatpay"}.get)  # type: ignore[arg-type]  # every host here is known
    ledger.connecting("https://api.example")
    ledger.sent("https://api.example", PULL)
    [opened, sent] = sorted(ledger.entries(), key=lambda each: each.requests)
    assert (opened.connections, opened.requests, sent.connections, sent.requests) == (1, 0, 0, 1)
    assert (sent.host, sent.purpose) == ("api.example", "wechatpay")
    assert sent.fields == ("amount.total", "detail.name", "mchid", "payer.auth_code")
    written = msgspec.json.encode(ledger.entries())
    for value in (CODE, "2850", "Tea", "1900000109", "secret"):
        assert value.encode() not in written


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (
            "/v3/pay/transactions/out-trade-no/01KAAAAAAAAAAAAAAAAAAAAAAA?mchid=1",
            "GET /v3/pay/transactions/out-trade-no/*",
        ),
        ("/v2/cob/7978c0c97ea847e78e8849634473c1f1", "GET /v2/cob/*"),
        ("/oauth/token", "GET /oauth/token"),
        ("/customers/Maria", "GET /customers/*"),
    ],
)
def test_pr5_a_path_says_what_was_done_and_nobodys_number(target: str, told: str) -> None:
    assert operation(HttpRequest("GET", target, ())) == told


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (FORM.body, ("app_id", "biz_content.auth_code", "sign")),
        (b"", ()),
        (b"\xff\xfe", ("(other)",)),
        (b"138001380001=1&Maria Silva", ("(other)",)),
        (b"[1, 2]", ("(body)",)),
        (b"x" * 70_000, ("(body)",)),
        (b'a={"broken', ("a",)),
    ],
)
def test_pr5_every_kind_of_body_gives_its_names(body: bytes, names: tuple[str, ...]) -> None:
    assert field_names(HttpRequest("POST", "/x", (), body)) == names


def test_pr5_equal_requests_of_an_hour_are_one_entry_and_the_ring_is_bounded() -> None:
    clock = Clock()
    ledger = Ledger(clock)
    for _ in range(5):
        ledger.sent("https://a", PULL)
    assert [each.requests for each in ledger.entries()] == [5]
    for _ in range(ENTRIES_MAX + 10):
        clock.now += 3_600_000
        ledger.sent("https://a", PULL)
    assert len(ledger.entries()) == ENTRIES_MAX
    assert ledger.entries()[0].last_ms == clock.now


def test_pr8_entries_go_after_thirty_days_and_are_not_read_back_later() -> None:
    clock = Clock()
    ledger = Ledger(clock)
    ledger.sent("https://a", PULL)
    kept: list[Entry] = ledger.entries()
    clock.now += KEPT_MS
    assert ledger.forget_old() == 0
    clock.now += 1
    assert (ledger.forget_old(), ledger.entries()) == (1, [])
    again = Ledger(clock)
    again.load(kept)
    assert again.entries() == []
    clock.now -= 1
    again.load(kept)
    assert again.entries() == kept
