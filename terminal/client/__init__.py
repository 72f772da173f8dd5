"""Countertop for a till's own program: ``Client`` blocks, ``AsyncClient`` awaits; the service is not imported.

Standard library only; awaiting also wants aiohttp. ``MODULE`` is the file of the same client in JavaScript.
"""

from pathlib import Path
from typing import Final

from terminal.client.answers import Event, NoAnswer, NotPaid, Order, Paid, Refund, Refused, Result, Sale, Unknown
from terminal.client.carriers import AsyncClient, Client

__all__ = ["MODULE", "AsyncClient", "Client", "Event", "NoAnswer", "NotPaid", "Order", "Paid", "Refund", "Refused"]
__all__ += ["Result", "Sale", "Unknown"]
MODULE: Final = Path(__file__).with_name("countertop.js")
