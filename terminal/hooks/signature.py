"""How a delivery is signed: Standard Webhooks 1.0.0, "Signature scheme" and "Webhook headers"."""

import base64
import hmac
from collections.abc import Sequence
from typing import Final

PREFIX: Final = "whsec_"
VERSION: Final = "v1"  # symmetric: HMAC-SHA256


def secret_text(secret: bytes) -> str:
    """A secret as its receiver is told it."""
    return PREFIX + base64.b64encode(secret).decode()


def sign(secret: bytes, message_id: str, timestamp_s: int, body: bytes) -> str:
    """``v1,`` and base64 of the MAC over id, time and body with full stops between; no id has one in it."""
    assert "." not in message_id, message_id
    told = b"%s.%d.%s" % (message_id.encode(), timestamp_s, body)
    return f"{VERSION},{base64.b64encode(hmac.digest(secret, told, 'sha256')).decode()}"


def headers(secrets: Sequence[bytes], message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """``secrets``: every one in force; during a change there are two, and so two signatures."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(sign(each, message_id, timestamp_s, body) for each in secrets),
    }
