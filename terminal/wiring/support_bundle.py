"""The support bundle wired: what is gathered from this machine, and the secrets that must not be in it."""

import asyncio
import os
import platform
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from terminal.counter.service import Service
from terminal.errors import NotFound
from terminal.journal.reader import Reader
from terminal.privacy.bundle import all_forms, leaks, packed, settings_told, timeline, words_of, zipped
from terminal.privacy.datamap import data_map
from terminal.privacy.ledger import Ledger
from terminal.settings import Loaded
from terminal.web.pages.privacy import PrivacyDesk
from terminal.web.shapes.counters import health_view
from terminal.wiring.privacy import find, own_map, providers, read_ledger
from terminal.wiring.stores import reading_path

FOLDER: Final = "bundles"  # of the state folder
EVENTS: Final = 300
LOG_TAIL: Final = 64 * 1024
FILE_MAX: Final = 64 * 1024  # of a key or secret that is looked for
SALES_MAX: Final = 20
_FILES: Final = ("keys/*", "tls/*", "ready.json", "api-key", "demo-pins")  # of the state folder: secrets all


def gathered(
    loaded: Loaded, sales: Sequence[str] = (), *, health: Any = None, doctor: Any = None
) -> dict[str, bytes]:
    """The bundle's files by name, redacted; also beside a running service.

    Args:
        sales: ids, order or bank numbers whose timelines are wanted, ``SALES_MAX`` at most.
        health, doctor: what the service and the doctor command say of the devices; None: not asked, no file.

    Raises:
        NotFound("person_unknown_here"): no such sale. JournalError: the journal cannot be read.
    """
    parts: dict[str, Any] = {
        "versions.json": _versions(),
        "settings.json": settings_told(msgspec.to_builtins(loaded.settings)),
        "outbound.json": msgspec.to_builtins(read_ledger(loaded)),
        **({} if health is None else {"devices.json": health}),
        **({} if doctor is None else {"doctor.json": doctor}),
        **_journal(loaded, sales),
        **_logs(loaded.folder / "logs"),
    }
    secrets = all_forms(secrets_of(loaded))
    files = packed(parts, secrets)
    for name in leaks(files, secrets):
        del files[name]  # redaction did not reach it: better a bundle without that file
    return files


def recorded(loaded: Loaded, sale: str) -> dict[str, bytes]:
    """One sale's redacted timeline as ``sale-1.json``, with the versions: what ``countertop lab replay`` plays.

    Raises:
        NotFound("person_unknown_here"): no such sale. JournalError: the journal cannot be read.
    """
    told = _journal(loaded, [sale])
    if "sale-1.json" not in told:
        raise NotFound("person_unknown_here", subject=sale)
    secrets = all_forms(secrets_of(loaded))
    files = packed({"sale-1.json": told["sale-1.json"], "versions.json": _versions()}, secrets)
    for name in leaks(files, secrets):
        del files[name]
    return files


def devices_told(service: Service) -> dict[str, Any]:
    """Every counter's devices as the API tells them."""
    now_ns = service.book.clock.mono_ns()
    return {
        name: {
            role: msgspec.to_builtins(health_view(each, now_ns)) for role, each in lane.devices.health().items()
        }
        for name, lane in service.lanes.items()
    }


def privacy_desk(loaded: Loaded, ledger: Ledger, service: Service) -> PrivacyDesk:
    """What the pages of privacy tell."""

    async def bundle() -> Mapping[str, bytes]:
        return await asyncio.to_thread(gathered, loaded, health=devices_told(service))

    return PrivacyDesk(providers(loaded), own_map(loaded), ledger.entries, bundle)


def kept(loaded: Loaded, files: Mapping[str, bytes], name: str) -> Path:
    """Write the bundle into the state folder, for this user alone; it goes by age. Raises OSError."""
    folder = loaded.state / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        file.write(zipped(files))
    return path


def secrets_of(loaded: Loaded) -> set[str]:
    """Every text of the secrets file, key files, tokens and links of this machine, and a database's password."""
    found: set[str] = set()
    for path in _secret_files(loaded):
        text = _read(path)
        for decode in (tomllib.loads, msgspec.json.decode):
            with suppress(ValueError):
                found |= set(words_of([decode(text)]))
        if "-----BEGIN" in text or "\n" not in text.strip():
            found |= {line.strip() for line in text.splitlines() if not line.startswith("-----")}
    links = {
        piece for each in found if "/link/" in each for piece in [each.partition("/link/")[2].partition("?")[0]]
    }
    dsn = loaded.settings.journal.dsn
    password = dsn.partition("://")[2].rpartition("@")[0].partition(":")[2]
    return {each for each in found | links | {password} if each and not _public(each)}


def _public(text: str) -> bool:
    """Where the service answers: no secret, unless it is a link that lets somebody in."""
    return text.startswith(("http://", "https://")) and "/link/" not in text


def _secret_files(loaded: Loaded) -> Iterator[Path]:
    yield loaded.path(loaded.settings.secrets_file)
    for pattern in _FILES:
        yield from (each for each in sorted(loaded.state.glob(pattern)) if each.suffix != ".pub")
    for table in loaded.settings.channels.values():
        for name, value in msgspec.to_builtins(table).items():
            if name.endswith("key_file") and isinstance(value, str) and value:
                yield loaded.path(value)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(FILE_MAX).decode("utf-8", "replace")
    except OSError:
        return ""


def _versions() -> dict[str, Any]:
    from importlib.metadata import distributions

    packages = sorted({(each.name.lower(), each.version) for each in distributions()})
    return {"python": platform.python_version(), "system": platform.platform(), "packages": dict(packages)}


def _journal(loaded: Loaded, sales: Sequence[str]) -> dict[str, Any]:
    path = reading_path(loaded)
    if not path.exists():
        return {}
    reader, data = Reader.at(path), data_map()
    try:
        told: dict[str, Any] = {"events.json": timeline(reader.tail(EVENTS), data)}
        told["journal.json"] = {"last_number": reader.last_number(), "unfinished": len(reader.unfinished())}
        for number, sale in enumerate(islice(sales, SALES_MAX), 1):
            events = reader.of_subject(find(reader, sale))
            if not any(each.type == "sale_opened" for each in events):
                raise NotFound("person_unknown_here", subject=sale)  # a person's acts are in no bundle
            told[f"sale-{number}.json"] = timeline(events, data)
        return told
    finally:
        reader.close()


def _logs(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.glob("*.log"))[:10]:
        with suppress(OSError), path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LOG_TAIL))
            found[f"logs/{path.name}"] = file.read(LOG_TAIL).decode("utf-8", "replace")
    return found
