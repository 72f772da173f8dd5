"""``countertop lan``: where phones and second screens come in, and the fingerprint they compare."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from terminal.cli.journal import Config
from terminal.cli.words import console, put, sentences
from terminal.errors import NotFound
from terminal.settings import load
from terminal.wiring.lan import lan_sheet


def lan(config: Config, as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """Addresses and fingerprints for phones; the certificate is made when the service starts."""
    with sentences(as_json=as_json):
        sheet = lan_sheet(load(config))
        if sheet is None:
            raise NotFound("lan_off")
    ends = datetime.fromtimestamp(sheet.ends_ms / 1000, UTC).strftime("%Y-%m-%d")
    if as_json:
        put(sheet)
        return
    for url in sheet.urls:
        console.print(url, highlight=False, soft_wrap=True)
    console.print("SHA-256 of the shop's certificate, which a phone may install:", highlight=False)
    console.print(f"  {sheet.fingerprint}", highlight=False, soft_wrap=True)
    console.print(f"SHA-256 of the till's own, until {ends}:", highlight=False)
    console.print(f"  {sheet.server_fingerprint}", highlight=False, soft_wrap=True)
    console.print("What a phone's warning looks like, and what to do: /setup/lan", highlight=False)
