"""What a first start hands out: one-time page links and, in test mode, an API key file for the docs' examples."""

from pathlib import Path
from typing import Final

import msgspec

from terminal.app import Running
from terminal.cli import words
from terminal.errors import InvalidRequest
from terminal.payments.event import Actor
from terminal.people.key_file import read_key, write_key
from terminal.people.pins import check_new
from terminal.people.roles import SCOPES, Role
from terminal.settings import Loaded
from terminal.system import SystemEntropy

KEY_FILE: Final = "api-key"
PIN_FILE: Final = "demo-pins"
KEY_DAYS: Final = 365
SYSTEM: Final = Actor("system", "first-start")


async def demo_people(now: Running) -> dict[str, str]:
    """An owner and a cashier with PINs of their own for a simulated shop, told in a file nobody else can read.

    There are no default PINs (S32): these are drawn at the first start and kept beside the journal.
    """
    path = now.state / PIN_FILE
    if now.people.set_up_needed():
        pins = {"owner": _pin(), "cashier": _pin()}
        path.unlink(missing_ok=True)
        code = now.people.new_set_up_code()
        owner = await now.people.set_up(code, label="Owner", pin=pins["owner"], device="first-start")
        by = now.people.who(session_token=owner.session_token)
        await now.people.add_person(by, Role.CASHIER, "Cashier", pins["cashier"])
        now.people.sign_out(owner.session_token)
        write_key(path, msgspec.json.encode(pins).decode())
    return kept_pins(path)


def kept_pins(path: Path) -> dict[str, str]:
    """Nothing where none were kept, or the file is damaged: people are in the journal, and a shop must open.

    Raises BadSettings: no plain file of ours.
    """
    told = read_key(path)
    if told is None:
        return {}
    try:
        return msgspec.json.decode(told, type=dict[str, str])
    except msgspec.DecodeError:
        words.errors.print(
            f"{path} is damaged: nobody can tell the PINs it kept. Stop the service and give the owner a new one: "
            "countertop security owner-pin",
            highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip
        return {}


def _pin() -> str:
    """Six digits that are not on the list of common ones."""
    while True:
        pin = str(int.from_bytes(SystemEntropy().bytes(8)) % 1_000_000).rjust(6, "0")
        try:
            check_new(pin)
        except InvalidRequest:
            continue
        return pin


async def first_links(now: Running, loaded: Loaded) -> dict[str, str]:
    """Links by page name; empty in live mode, where people sign in or use the set-up code."""
    if loaded.settings.mode != "test":
        if now.people.set_up_needed():
            words.console.print(f"Set-up code (15 minutes, once): {now.people.new_set_up_code()}", highlight=False)
        return {}
    await _key_file(now)
    counter = loaded.settings.counters[0].id
    return {
        "till": f"{now.url}/link/{now.people.new_link(counter)}?to=/c/{counter}/till",
        "display": f"{now.url}/link/{now.people.new_link(counter, display=True)}?to=/c/{counter}/display",
    }


async def _key_file(now: Running) -> None:
    """The key that curl examples read; made anew when the old one is gone, unusable or no longer valid."""
    path = now.state / KEY_FILE
    key = read_key(path)
    if key is not None and now.people.who_key(key) is not None:
        return
    if key is not None:
        path.unlink()
    made = await now.people.make_api_key(
        SYSTEM, label="first key", scopes=tuple(SCOPES), counters=(), days=KEY_DAYS
    )
    write_key(path, made.key)
