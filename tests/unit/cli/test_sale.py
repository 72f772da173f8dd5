"""``countertop sale`` before any service is asked: amounts as people type them, and nobody there to ask."""

import stat
from pathlib import Path

import pytest

from terminal.people.key_file import write_key
from tests.flows.cli_rig import command
from tests.flows.ports import claim


@pytest.fixture
def nobody(tmp_path: Path) -> tuple[str, ...]:
    """A key, and an address where nothing answers."""
    write_key(tmp_path / "api-key", "some-key")
    return "--key-file", str(tmp_path / "api-key"), "--url", f"http://127.0.0.1:{claim()}"


@pytest.mark.parametrize(
    ("amount", "code", "slug"),
    [
        ("0", "A-02", "amount_not_positive"),
        ("0.00", "A-02", "amount_not_positive"),
        ("-1", "A-04", "amount_unreadable"),
        ("-28.50", "A-04", "amount_unreadable"),
        ("1e2", "A-04", "amount_unreadable"),
        ('"10"', "A-04", "amount_unreadable"),
        ("12.345", "A-04", "amount_unreadable"),
        ("1,50", "A-04", "amount_unreadable"),
        ("１２", "A-04", "amount_unreadable"),
        ("1000000000000000", "A-03", "amount_too_large"),
        ("99999999999.99", "A-03", "amount_too_large"),
        ("", "A-04", "amount_unreadable"),
    ],
)
def test_bad_input_an_amount_that_is_none_is_refused_before_anybody_is_asked(
    nobody: tuple[str, ...], amount: str, code: str, slug: str
) -> None:
    said = command("sale", amount, *nobody)
    assert (said.code, said.codes, said.out) == (1, [code], "")
    told = command("sale", amount, "--json", *nobody)
    assert (told.code, told.err) == (1, "")
    (document,) = told.errors
    assert (document["error"], document["code"]) == (slug, code)
    assert document["sentence"]
    assert document["fix"]


@pytest.mark.parametrize("currency", ["XXX", "cny", "", "RENMINBI"])
def test_bad_input_an_unknown_currency_is_refused(nobody: tuple[str, ...], currency: str) -> None:
    for amount in ("5", "1000000000000000"):
        said = command("sale", amount, "--currency", currency, *nobody)
        assert (said.code, said.codes) == (1, ["A-07"])


@pytest.mark.parametrize("words", [("sale", "28.50"), ("sale", "show", "01ARZ3NDEKTSV4RRFFQ69G5FAV")])
def test_nobody_there_is_told_with_the_address_and_how_to_start(
    nobody: tuple[str, ...], words: tuple[str, ...]
) -> None:
    said = command(*words, *nobody)
    assert (said.code, said.codes) == (5, ["N-02"])
    assert f"Nothing answers at {nobody[-1]}." in said.err
    assert "countertop serve --config FILE" in said.err
    told = command(*words, "--json", *nobody)
    assert (told.code, told.errors[0]["error"]) == (5, "service_not_running")


@pytest.mark.parametrize(
    "url", ["here", "127.0.0.1:7600", "ftp://127.0.0.1", "http://", "http://[", "http://a b/", "http://a:99999"]
)
def test_an_address_that_is_none_is_nobody_there(nobody: tuple[str, ...], url: str) -> None:
    said = command("sale", "5", *nobody[:2], "--url", url)
    assert (said.code, said.codes) == (5, ["N-02"])


def test_a_key_file_that_is_not_there_or_that_others_can_read_is_told(tmp_path: Path) -> None:
    missing = command("sale", "5", "--key-file", tmp_path / "none")
    assert (missing.code, missing.codes) == (3, ["C-29"])
    path = tmp_path / "api-key"
    write_key(path, "some-key")
    path.chmod(0o644)
    readable = command("sale", "5", "--key-file", path)
    assert (readable.code, readable.codes) == (3, ["C-11"])
    assert f"chmod 600 {path}" in readable.err
    assert stat.S_IMODE(path.stat().st_mode) == 0o644  # it says so; it repairs nothing behind anybody's back


@pytest.mark.parametrize(
    "text", [b"", b"\n", b"two words\n", b"\0\0", "ключ\n".encode(), b"\xff\xfe\n", b"[\n[\n"]
)
def test_a_key_file_that_holds_no_key_is_told_before_anybody_is_asked(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "api-key"
    write_key(path, "some-key")
    path.write_bytes(text)
    said = command("sale", "5", "--key-file", path, "--url", "http://127.0.0.1:9")
    assert (said.code, said.codes) == (3, ["C-10"])
    assert "it holds no key" in said.err


@pytest.mark.parametrize("words", [("show",), ("5", "--no-such-option"), ("5", "6")])
def test_words_that_mean_nothing_are_a_usage_error_and_never_a_sale(
    nobody: tuple[str, ...], words: tuple[str, ...]
) -> None:
    said = command("sale", *words, *nobody)
    assert said.code == 2
    assert "countertop sale" in said.err
    assert said.codes == []
