"""The support bundle: what helps to find a fault, without what names a person or opens a door (PR10, I19).

Everything goes through an allow-list first (the data map, the settings' plain keys), then every text is searched
for the secrets that this machine knows, in every form in which they could have been written.
"""

import base64
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec

from terminal.payments.event import Event
from terminal.privacy.datamap import DataMap

SECRET_MIN: Final = 6  # shorter ones would be found everywhere
SHOWN: Final = 4
REMOVED: Final = "[removed]"
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)  # the same parts give the same file
_PATTERNS: Final = (
    re.compile(r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|\Z)", re.DOTALL),
    re.compile(r"\$argon2[a-z]*\$\S+"),
    re.compile(r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]+"),
    re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255}\.[A-Za-z]{2,24}"),
)
_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])\+?[0-9][0-9 -]{8,28}[0-9](?![0-9A-Za-z])")
_PLAIN_KEYS: Final = frozenset(
    {
        *("connector", "sandbox", "region", "scheme", "oauth_way", "certificates", "reference_in", "intraday"),
        *("driver", "profile", "port", "flow", "cashier", "display", "receipt", "voice", "id", "mode", "store"),
        *(
            "currency",
            "zone",
            "cut_off",
            "second_step",
            "offline",
            "excess",
            "host",
            "refund_hours",
            "refund_zone",
        ),
        *("schema", "instance", "quiet", "notify_host", "channels", "languages", "title"),
    }
)


def masked(text: str) -> str:
    """The last four characters; of a short one nothing."""
    return f"…{text[-SHOWN:]}" if len(text) >= 2 * SHOWN else "…"


def scrubbed(text: str, secrets: Collection[str] = ()) -> str:
    """The text without known secrets, keys, tokens, hashes, addresses; of long numbers the last four digits stay.

    Args:
        secrets: every form of every secret, as ``all_forms`` makes them.
    """
    for form in secrets:
        if form in text:
            text = text.replace(form, REMOVED)
    for pattern in _PATTERNS:
        text = pattern.sub(REMOVED, text)
    return _NUMBER.sub(lambda found: masked(found[0]), text)


def clean(value: Any, secrets: Collection[str] = ()) -> Any:
    """Data with every text scrubbed; numbers and flags stay."""
    if isinstance(value, str):
        return scrubbed(value, secrets)
    if isinstance(value, Mapping):
        return {scrubbed(str(name), secrets): clean(inner, secrets) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean(each, secrets) for each in value]
    return value


def forms(secret: str) -> tuple[str, ...]:
    """How a secret may stand in a text: plain, hexadecimal, Base64 at each of three places, percent-encoded."""
    if len(secret) < SECRET_MIN:
        return ()
    raw = secret.encode()
    found = {
        secret,
        quote(secret, safe=""),
        raw.hex(),
        raw.hex().upper(),
        msgspec.json.encode(secret)[1:-1].decode(),
    }
    for before in range(3):
        text = base64.b64encode(b"\0" * before + raw).decode()
        whole = text[(0, 2, 3)[before] : len(text) - (0, 3, 2)[(before + len(raw)) % 3]]
        found |= {whole, whole.replace("+", "-").replace("/", "_")}
    return tuple(sorted(found, key=len, reverse=True))


def all_forms(secrets: Iterable[str]) -> tuple[str, ...]:
    """Of all of them, the longest first: a piece must not be cut out of a longer one."""
    found = {form for secret in secrets for form in forms(secret)}
    return tuple(sorted(found, key=lambda form: (-len(form), form)))


def settings_told(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with every text but the plain keys' masked: accounts, merchants, addresses, file names."""

    def told(name: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: told(str(key), inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [told(name, each) for each in value]
        if not isinstance(value, str) or name in _PLAIN_KEYS or not value:
            return value
        if name in ("gateway", "oauth_url", "notify_url"):
            return urlsplit(value).hostname or ""
        return masked(value)

    return {name: told(name, value) for name, value in settings.items()}


def timeline(events: Iterable[Event], data: DataMap) -> list[dict[str, Any]]:
    """What happened, for somebody who must not know to whom: by the data map, field by field."""
    return [
        {"number": each.number, "at_ms": each.wall_ms, "counter": each.counter, "type": each.type}
        | {"subject": masked(each.subject), "body": body_told(each, data)}
        for each in events
        if not each.stream.startswith("people:")
    ]


def body_told(event: Event, data: DataMap) -> dict[str, Any]:
    """An event's body as the map lets a stranger see it."""
    told = {}
    for name, value in event.body.items():
        kind = data.field(event.type, name)
        if name == "evidence" and isinstance(value, Mapping):
            told[name] = {key: _value(data, data.evidence.get(key, ""), inner) for key, inner in value.items()}
        elif kind:
            told[name] = _value(data, kind, value)
    return told


_OPEN_KINDS: Final = frozenset({"money", "device", "chain"})
_CLOSED_KINDS: Final = frozenset({"code_hash", "goods"})


def _value(data: DataMap, kind: str, value: Any) -> Any:
    """Numbers and flags of what is nobody's; texts only of money, devices and chain; of payers the last four."""
    if kind not in data.kinds or data.kinds[kind].person == "staff" or kind in _CLOSED_KINDS:
        return REMOVED
    if isinstance(value, bool | int) or value is None:
        return value if data.kinds[kind].person == "nobody" else REMOVED
    if isinstance(value, str):
        return value if kind in _OPEN_KINDS else masked(value)
    if isinstance(value, Mapping):
        return {str(key): _value(data, kind, inner) for key, inner in value.items()}
    return [_value(data, kind, each) for each in value]


def packed(parts: Mapping[str, Any], secrets: Collection[str]) -> dict[str, bytes]:
    """The files as they will stand in the bundle; a str is text, everything else becomes JSON."""
    made = {}
    for name, value in sorted(parts.items()):
        if isinstance(value, str):
            made[name] = scrubbed(value, secrets).encode()
        else:
            made[name] = msgspec.json.format(msgspec.json.encode(clean(value, secrets)), indent=1) + b"\n"
    return made


def zipped(files: Mapping[str, bytes]) -> bytes:
    """One zip file; the same files give the same bytes."""
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as box:
        for name, data in files.items():
            box.writestr(zipfile.ZipInfo(name, _EARLIEST), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def leaks(files: Mapping[str, bytes], secrets: Collection[str]) -> list[str]:
    """Names of files in which a form of a secret still stands: a bundle with one is not made."""
    return [name for name, data in files.items() if any(form.encode() in data for form in secrets)]


def words_of(tables: Sequence[Any]) -> Iterator[str]:
    """Every text in nested data: what a secrets file holds."""
    for each in tables:
        if isinstance(each, str):
            yield each
        elif isinstance(each, Mapping):
            yield from words_of(list(each.values()))
        elif isinstance(each, list | tuple):
            yield from words_of(each)
