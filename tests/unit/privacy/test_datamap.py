"""The data map leaves nothing out: columns, event fields, files."""

import re
from pathlib import Path

import apsw
import msgspec
import pytest

from terminal.help.languages import LANGUAGES
from terminal.journal.postgres.schema import MIGRATIONS
from terminal.journal.schema import migrate
from terminal.payments.evidence import evidence_fields
from terminal.payments.notice import Notice, Trade
from terminal.privacy.datamap import Place, Words, data_map, sheet
from tests.unit.test_event_catalogue import listed

WORD = re.compile(r"^\s*([a-z_]+) (?:text|bigint|bytea|boolean|integer)\b")
MAP = data_map()


def sqlite_columns() -> set[str]:
    made = apsw.Connection(":memory:")
    migrate(made, lambda _point: None)
    tables = [row[0] for row in made.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    found = {f"{t}.{row[1]}" for t in tables for row in made.execute(f"PRAGMA table_info({t})")}
    made.close()
    return found


def postgres_columns() -> set[str]:
    statements = [each for some in MIGRATIONS for each in some if each.lstrip().startswith("CREATE TABLE")]
    found = set()
    for each in statements:
        table, _, columns = each.partition("CREATE TABLE ")[2].partition("(")
        found |= {f"{table.strip()}.{m[1]}" for c in columns.split(",") if (m := WORD.match(c.lower()))}
    return found


def test_pr1_every_column_of_both_stores_is_on_the_map() -> None:
    stored = sqlite_columns() | postgres_columns()
    assert {"event.body", "personal.hidden", "erasure.subject", "claim.key"} <= stored
    assert sorted(stored - MAP.columns.keys()) == []
    tables = {each.partition(".")[0] for each in stored} | {"migration"}
    assert sorted({each.partition(".")[0] for each in MAP.columns} - tables) == []


def test_pr1_every_field_of_every_event_is_on_the_map_and_no_other_is() -> None:
    events = listed()
    assert [
        f"{kind}.{name}" for kind, names in events.items() for name in names if not MAP.field(kind, name)
    ] == []
    named = {name for names in events.values() for name in names}
    assert sorted(MAP.fields.keys() - named) == []
    assert [
        each for each in MAP.fields_of if each.split(".")[1] not in events.get(each.split(".")[0], set())
    ] == []


def test_pr1_what_is_kept_of_a_proof_is_on_the_map() -> None:
    notice = Notice("wechatpay", "query", "e", "m", "a", "o", Trade.PAID, 1, "CNY")
    assert evidence_fields(notice).keys() <= MAP.evidence.keys()


@pytest.mark.parametrize(
    ("where", "path", "kind"),
    [
        ("state", "journal.db-wal", "trade"),
        ("state", "bills/wechatpay-trade-2026-01-01-0123456789abcdef.bill", "bill_file"),
        ("state", "keys/journal.key", "secret_file"),
        ("settings", "secrets.toml", "secret_file"),
        ("settings", "countertop.toml", "machine_file"),
        ("state", "new-thing.sqlite", ""),
    ],
)
def test_pr1_a_file_is_found_by_its_place_and_an_unknown_one_is_not(where: Place, path: str, kind: str) -> None:
    assert MAP.file(where, path) == kind


def test_pr1_everything_named_exists_and_is_said_in_three_languages() -> None:
    kinds = {kind for _, names in MAP.parts() for kind in names.values()}
    assert kinds == MAP.kinds.keys()  # nothing undefined, nothing unused
    for kind in MAP.kinds.values():
        assert kind.base in MAP.bases
        assert kind.keep in MAP.keeps
        assert set(kind.readers) <= MAP.readers.keys()
        for each in (kind.purpose, MAP.bases[kind.base], MAP.keeps[kind.keep]):
            assert all(each.say(language).strip() for language in LANGUAGES)
            assert len({each.say(language) for language in LANGUAGES}) == len(LANGUAGES)
    assert isinstance(MAP.kinds["trade"].purpose, Words)


def test_pr1_support_reads_nothing_of_a_person() -> None:
    assert {k.person for k in MAP.kinds.values() if "support" in k.readers} == {"nobody"}


def test_pr1_a_map_with_a_word_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.toml.decode(b"[bases.x]\nen = 'a'", type=type(MAP))


@pytest.mark.parametrize("language", LANGUAGES)
def test_pr1_the_sheet_tells_every_name_once(language: str) -> None:
    rows = sheet(MAP, language)
    told = [(row.where, name) for row in rows for name in row.names]
    assert len(told) == len(set(told)) == sum(len(names) for _, names in MAP.parts())
    assert all(row.purpose and row.base and row.keep and row.readers for row in rows)
