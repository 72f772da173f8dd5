"""Webhooks' part of the wiring: the desk with the one sender, the ledger of what leaves, the machine's seal."""

import hmac
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

from aiohttp import web

from terminal.counter.ports import Clock, Entropy, Ids
from terminal.counter.service import Service
from terminal.hooks.desk import HookParts, Hooks
from terminal.hooks.limits import hook_limits
from terminal.hooks.sender import HttpSender
from terminal.people.second_step import Sealer
from terminal.privacy.ledger import Ledger
from terminal.settings import Loaded
from terminal.web.desks.hooks import HOOKS, shape

Machine = tuple[Clock, Entropy, Ids]
PURPOSE = "webhook"


def open_hooks(
    stack: AsyncExitStack, loaded: Loaded, service: Service, ledger: Ledger, machine: Machine, pepper: bytes
) -> Hooks:
    """Nothing is sent before ``Hooks.start``; where each has come to is written down when ``stack`` closes."""
    clock, entropy, ids = machine
    limits = hook_limits()
    hooks = Hooks(
        HookParts(
            service.house.store,
            service.feed,
            clock,
            entropy,
            ids,
            Sealer(hmac.digest(pepper, b"webhooks", "sha256"), entropy),
            shape,
            HttpSender(limits, ledger),
            frozenset(loaded.settings.webhooks.allow),
            limits,
        )
    )
    _name_purpose(ledger, hooks)
    stack.push_async_callback(hooks.close)
    return hooks


def _name_purpose(ledger: Ledger, hooks: Hooks) -> None:
    """What the page of what leaves calls these hosts."""
    before = ledger.purpose

    def purpose(host: str) -> str:
        ours = {urlsplit(each.url).netloc.lower() for each in hooks.all()}
        return before(host) or (PURPOSE if host in ours else "")

    ledger.purpose = purpose


def show(doors: web.Application, hooks: Hooks) -> None:
    """The doors' own idle desk gives way to the one that delivers."""
    doors[HOOKS] = hooks
