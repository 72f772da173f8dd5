"""Frames as the standard's examples have them, and as aiohttp's own reader takes them."""

import pytest

from terminal.web.live.ws_frame import text_frame

HEADS = [(0, "8100"), (125, "817d"), (126, "817e007e"), (65_535, "817effff"), (65_536, "817f0000000000010000")]


def test_the_standards_own_example_is_framed_alike() -> None:
    """RFC 6455, section 5.7: a single-frame unmasked text message."""
    assert text_frame("Hello").hex() == "810548656c6c6f"


@pytest.mark.parametrize(("length", "head"), HEADS)
def test_a_length_has_the_fewest_bytes_that_hold_it(length: int, head: str) -> None:
    """RFC 6455, section 5.2: 7 bits, else 126 and 16 bits, else 127 and 64 bits."""
    assert text_frame("x" * length) == bytes.fromhex(head) + b"x" * length


def test_the_length_counts_bytes_and_not_characters() -> None:
    assert text_frame("¥8.00 付款")[:2] == bytes((0x81, len("¥8.00 付款".encode())))
