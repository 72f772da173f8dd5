"""The signature of Standard Webhooks against its published vector (S19)."""

import base64
import json
from pathlib import Path

import pytest

from terminal.hooks.signature import headers, secret_text, sign

VECTOR = json.loads((Path(__file__).parents[2] / "golden" / "standard_webhooks.json").read_text("utf-8"))
SECRET = base64.b64decode(VECTOR["secret"].removeprefix("whsec_"))
BODY = VECTOR["body"].encode()


@pytest.mark.row(90)
def test_s19_the_published_vector() -> None:
    assert sign(SECRET, VECTOR["id"], VECTOR["timestamp"], BODY) == VECTOR["signature"]
    assert secret_text(SECRET) == VECTOR["secret"]


def test_s19_two_secrets_are_two_signatures_in_one_header() -> None:
    told = headers((b"another secret", SECRET), VECTOR["id"], VECTOR["timestamp"], BODY)
    assert told["webhook-id"] == VECTOR["id"]
    assert told["webhook-timestamp"] == str(VECTOR["timestamp"])
    first, second = told["webhook-signature"].split(" ")
    assert second == VECTOR["signature"] != first


@pytest.mark.parametrize("change", ["id", "time", "body", "secret"])
def test_s19_every_part_is_under_the_signature(change: str) -> None:
    told = sign(
        SECRET + b"x" if change == "secret" else SECRET,
        VECTOR["id"] + ("x" if change == "id" else ""),
        VECTOR["timestamp"] + (change == "time"),
        BODY + (b" " if change == "body" else b""),
    )
    assert told != VECTOR["signature"]
