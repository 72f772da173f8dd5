"""The tax device of the settings, wired: nobody is asked where there is none."""

from contextlib import AsyncExitStack
from urllib.parse import urlsplit

from terminal.banks.client import ProviderLink
from terminal.counter.service import Service
from terminal.counter.tax_http import HttpTaxDevice
from terminal.errors import BadSettings
from terminal.settings import Loaded


def open_tax(stack: AsyncExitStack, loaded: Loaded, service: Service) -> None:
    """Raises BadSettings: ``gateway_unusable``, ``gateway_not_https``, ``ca_file_unreadable``."""
    table = loaded.settings.tax
    if not table.url:
        return
    try:
        parts = urlsplit(table.url)
    except ValueError:
        raise BadSettings("gateway_unusable", gateway=table.url) from None
    ca = loaded.path(table.ca) if table.ca else None
    link = ProviderLink(f"{parts.scheme}://{parts.netloc}", ca_file=ca, test=True)  # http to this machine alone
    stack.push_async_callback(link.aclose)
    token, wait_s = _token(loaded), table.wait_s
    service.tax.device = HttpTaxDevice(link, parts.path or "/", service.house, token=token, wait_s=wait_s)
    service.parts.slips.tax = service.tax.mark


def _token(loaded: Loaded) -> str:
    """None is needed where the device asks for none."""
    try:
        return loaded.secrets.get("tax", "token")
    except BadSettings:
        return ""
