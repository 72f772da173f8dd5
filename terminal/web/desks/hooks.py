"""What the edge has of webhooks: the desk, and how an event looks outside."""

import hmac
from typing import Final

from aiohttp import web

from terminal.counter.ports import Entropy
from terminal.counter.service import Service
from terminal.hooks.desk import HookParts, Hooks, Nowhere
from terminal.payments.event import Event
from terminal.people.second_step import Sealer
from terminal.web.calls import encode
from terminal.web.shapes.events import event_view, public

HOOKS: Final = web.AppKey("hooks", Hooks)


def shape(event: Event) -> bytes | None:
    """The very event of ``GET /events``; None for what no door tells."""
    return encode(event_view(event)) if public(event) else None


def idle_hooks(service: Service, entropy: Entropy) -> Hooks:
    """Endpoints of a house that delivers nothing: they can be set up and read, and wait."""
    parts, feed = service.parts, service.feed
    seal = Sealer(hmac.digest(parts.code_key, b"webhooks", "sha256"), entropy)
    return Hooks(HookParts(service.house.store, feed, parts.clock, entropy, parts.ids, seal, shape, Nowhere()))
