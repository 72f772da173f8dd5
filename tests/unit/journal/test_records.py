from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.journal.records import (
    BadRow,
    Chain,
    Row,
    canonical,
    commitment,
    counter_of,
    decode,
    encode,
    event_of,
    is_plain,
)
from tests.unit.journal.world import KEYS

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 63) - 1) | TEXT,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(TEXT, each, max_size=3),
    max_leaves=8,
)
ROW = Row(
    0, "counter:1", 0, "sale_opened", 1, "test", "m", "s", "1", "sale-1", "system:x", 5, 6, "{}",
    KEYS.chain_id, b"",
)  # fmt: skip


@given(PLAIN)
def test_canonical_json_reads_back_and_is_one_text_per_value(value: object) -> None:
    assert is_plain(value)
    assert decode(encode(value)) == value
    assert encode(decode(encode(value))) == encode(value)


def test_canonical_json_sorts_by_code_point_and_keeps_text_as_it_is() -> None:
    assert (
        encode({"é": 1, "b": [True, None], "B": "热\u2028\n"})
        == '{"B":"热\u2028\\n","b":[true,null],"é":1}'.encode()
    )


@pytest.mark.parametrize("value", [1.0, float("nan"), b"x", {1: "a"}, [object()], 1 << 63, {"a": [1.5]}])
def test_i12_what_is_not_plain(value: object) -> None:
    assert not is_plain(value)


@pytest.mark.parametrize("name", [name for name in Row._fields if name not in {"hash"}])
def test_i18_every_field_of_the_envelope_is_in_the_hash(name: str) -> None:
    writer = Chain(KEYS)
    row = writer.seal(ROW)
    old: Any = getattr(row, name)
    new: Any = old + 1 if isinstance(old, int) else old + "x"
    changed = row._replace(**{name: new})
    with pytest.raises(BadRow) as raised:
        Chain(KEYS).follow(changed)
    assert raised.value.reason == {"number": "gap", "position": "position", "key_id": "key"}.get(name, "hash")
    assert canonical(changed) != canonical(row)


def test_i18_the_hash_depends_on_what_came_before() -> None:
    one, two = Chain(KEYS), Chain(KEYS)
    one.seal(ROW)
    two.seal(ROW._replace(body='{"a":1}'))
    assert one.seal(ROW).hash != two.seal(ROW).hash
    assert one.digest != two.digest
    assert one.root() != two.root()


def test_text_cannot_move_from_one_field_into_the_next() -> None:
    assert canonical(ROW._replace(merchant="a", store="bc")) != canonical(ROW._replace(merchant="ab", store="c"))
    assert canonical(ROW._replace(actor='x","y')) != canonical(ROW._replace(actor="x"))


def test_a_chain_follows_what_another_sealed() -> None:
    writer, reader = Chain(KEYS), Chain(KEYS)
    for n in range(9):
        reader.follow(writer.seal(ROW._replace(stream=f"counter:{n % 3}")))
    assert (reader.number, reader.root(), reader.digest) == (writer.number, writer.root(), writer.digest)


def test_pr9_a_commitment_binds_the_field_and_the_value() -> None:
    salt = b"s" * 32
    first = commitment(salt, "phone", "138")
    assert first.startswith("c1:")
    assert len(first) == 3 + 64
    others = {
        commitment(salt, "phone", "139"),
        commitment(salt, "name", "138"),
        commitment(b"t" * 32, "phone", "138"),
    }
    assert first not in others
    with pytest.raises(AssertionError):
        commitment(b"short", "phone", "138")


def test_only_counter_streams_have_a_counter() -> None:
    assert (counter_of("counter:c1"), counter_of("people:s1"), counter_of("store:s1")) == ("c1", "", "")
    assert replace(event_of(ROW), body={}).counter == "1"
