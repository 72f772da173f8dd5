"""The office's part of a visit: which preset six answers propose, and a shop's files, begun before the drive."""

from pathlib import Path
from typing import Any, Final

import msgspec

from terminal.cli.preset import shop_lines
from terminal.cli.verify import read
from terminal.cli.words import REFUSED, USAGE, console, give_up, language, put
from terminal.errors import InvalidRequest
from terminal.help.languages import nearest
from terminal.payments.currencies import EXPONENTS
from terminal.system import SystemEntropy
from terminal.visit.presets import Answers, Proposal, answers_of, propose
from terminal.whole_file import write_whole

SETTINGS: Final = "countertop.toml"
SECRETS: Final = "secrets.toml"
_HEAD: Final = """# A shop prepared in the office. What is empty here is filled in at the shop; then
#   countertop serve --check --config {file}
# Every key with its comment: docs/countertop.example.toml
mode = "live"

[state]
folder = "/var/lib/countertop"

[channels]

"""
_SHOP: Final = """merchant = ""                    # the bank's number of the shop
store = "1"
title = ""                       # as customers shall read it
lines = []                       # address, tax number
currency = {currency}
zone = ""                        # such as Asia/Shanghai

[[counters]]
id = "1"
channels = []                    # the names of the tables below [channels]
"""


def read_answers(file: Path) -> Answers:
    """Raises InvalidRequest: ``script_wrong``: no JSON, or of no end; ``visit_questions_open``."""
    try:
        told = msgspec.json.decode(read(file), type=dict[str, Any])
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("script_wrong", why=str(error)) from None
    answers = answers_of(told)
    if isinstance(answers, str):
        raise InvalidRequest("visit_questions_open", why=answers)
    return answers


def tell_proposal(file: Path, currency: str, *, as_json: bool) -> None:
    """Raises InvalidRequest as ``read_answers``."""
    answers = read_answers(file)
    found, shop = _proposal(answers, currency)
    if as_json:
        said = [msgspec.to_builtins(each) for each in found.says]
        put({"preset": found.preset.name, "says": said, "shop": shop, "devices": found.preset.devices})
        return
    spoken = nearest(language())
    console.print(f"[bold]{found.preset.name}[/]  {found.preset.title.of(spoken)}", highlight=False)
    for each in found.says:
        console.print(each.of(spoken), highlight=False, markup=False, soft_wrap=True)
    for line in shop_lines(shop):
        console.print(line, highlight=False, markup=False)


def _proposal(answers: Answers, currency: str) -> tuple[Proposal, dict[str, Any]]:
    if currency not in EXPONENTS:
        give_up(f"{currency!r} is no currency of ISO 4217.", USAGE)
    found = propose(answers)
    return found, dict(found.preset.settings(currency, answers))


def begin_files(folder: Path, file: Path | None, currency: str) -> None:
    """Settings and secrets begun, never over what is there. Raises InvalidRequest as ``read_answers``."""
    answers = read_answers(file) if file else None
    found, shop = _proposal(answers, currency) if answers else (None, {})
    settings, secrets = folder / SETTINGS, folder / SECRETS
    if there := next((each for each in (settings, secrets) if each.exists()), None):
        give_up(f"{there} is there already; nothing was written.", REFUSED)
    note = f"# preset: {found.preset.name}\n" if found else ""
    told = "\n".join(shop_lines(shop)) + "\n" + _SHOP.format(currency=msgspec.json.encode(currency).decode())
    pepper = SystemEntropy().bytes(32).hex()
    try:
        (folder / "keys").mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(secrets, f'[people]\npepper = "{pepper}"\n'.encode(), 0o600)
        write_whole(settings, (_HEAD.format(file=settings) + note + told).encode(), 0o644)
    except OSError as error:
        give_up(f"{folder}: {error.strerror}", REFUSED)
    for each in (settings, secrets, folder / "keys"):
        console.print(str(each), highlight=False, soft_wrap=True)
