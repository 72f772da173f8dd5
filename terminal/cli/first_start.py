"""What a first start hands out: one-time page links and, in test mode, an API key file for the docs' examples."""

from typing import Final

from terminal.app import Running
from terminal.cli.words import console
from terminal.payments.event import Actor
from terminal.people.key_file import read_key, write_key
from terminal.settings import Loaded

KEY_FILE: Final = "api-key"
KEY_DAYS: Final = 365
SYSTEM: Final = Actor("system", "first-start")


async def first_links(now: Running, loaded: Loaded) -> dict[str, str]:
    """Links by page name; empty in live mode, where people sign in or use the set-up code."""
    if loaded.settings.mode != "test":
        if now.people.set_up_needed():
            console.print(f"Set-up code (15 minutes, once): {now.people.new_set_up_code()}", highlight=False)
        return {}
    await _key_file(now)
    counter = loaded.settings.counters[0].id
    return {
        "till": f"{now.url}/link/{now.people.new_link(counter)}?to=/c/{counter}/till",
        "display": f"{now.url}/link/{now.people.new_link(counter)}?to=/c/{counter}/display",
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
        SYSTEM, label="first key", scopes=("sales", "sales:read", "refunds"), counters=(), days=KEY_DAYS
    )
    write_key(path, made.key)
