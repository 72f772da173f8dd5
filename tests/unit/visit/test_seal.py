"""A sealed document: every flipped bit is found, whoever made it is named."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.errors import InvalidRequest
from terminal.visit.seal import DOCUMENT_MAX, check, digest, fingerprint, seal

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
RECORD = {"shop": {"title": "Tea House 茶馆"}, "steps": [{"step": "cent", "result": "passed", "seconds": 41}]}
pytestmark = pytest.mark.row(99)


def refused(data: bytes, **how: str) -> str:
    with pytest.raises(InvalidRequest) as told:
        check(data, **how)  # type: ignore[arg-type]  # a kind or a key
    return told.value.slug


def test_what_was_sealed_is_read_back_with_whose_it_is() -> None:
    data = seal("acceptance", RECORD, KEY)
    checked = check(data, kind="acceptance", key=fingerprint(KEY.public_key().public_bytes_raw()))
    assert (checked.kind, checked.document) == ("acceptance", RECORD)
    assert checked.key == fingerprint(KEY.public_key().public_bytes_raw())
    assert len(digest(data)) == 64


def test_every_flipped_bit_of_it_is_found() -> None:
    data = seal("acceptance", RECORD, KEY)
    for at in range(len(data)):
        for bit in range(8):
            broken = bytearray(data)
            broken[at] ^= 1 << bit
            assert refused(bytes(broken)) in {"sealed_broken", "sealed_unreadable"}, (at, bit)


def test_added_and_missing_bytes_are_found_too() -> None:
    data = seal("pack", RECORD, KEY)
    for changed in (
        data + b"\n",
        b" " + data,
        data[:-1],
        data.replace(b'{"document"', b'{ "document"'),
        b"",
        b"{}",
    ):
        assert refused(changed) in {"sealed_broken", "sealed_unreadable"}


def test_another_kind_another_key_and_too_much_are_refused_by_name() -> None:
    data = seal("pack", RECORD, KEY)
    assert refused(data, kind="acceptance") == "sealed_wrong_kind"
    assert refused(data, key=fingerprint(OTHER.public_key().public_bytes_raw())) == "sealed_other_key"
    assert refused(b" " * (DOCUMENT_MAX + 1)) == "sealed_unreadable"
    assert data.replace(b'"pack"', b'"acceptance"') != data
    assert refused(data.replace(b'"pack"', b'"acceptance"')) == "sealed_broken"


def test_a_document_nested_without_end_is_refused_like_any_other_that_is_none() -> None:
    deep = b'{"document":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b'},"kind":"pack",'
    assert refused(deep + b'"seal":{"alg":"Ed25519","key":"","sig":""}}') == "sealed_unreadable"
