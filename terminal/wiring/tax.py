"""The tax device of the settings, wired: nobody is asked where there is none."""

from contextlib import AsyncExitStack
from urllib.parse import urlsplit

from terminal.banks.client import ProviderLink
from terminal.counter.service import Service
from terminal.counter.tax_http import HttpTaxDevice
from terminal.errors import BadSettings
from terminal.settings import Loaded


def open_tax(stack: AsyncExitStack, loaded: Loaded, service: Service) -> None:
    """Raises BadSettings as ``link_of``."""
    link = link_of(loaded)
    if link is None:
        return
    stack.push_async_callback(link.aclose)
    path, token = urlsplit(loaded.settings.tax.url).path or "/", _token(loaded)
    wait_s = loaded.settings.tax.wait_s
    service.tax.device = HttpTaxDevice(link, path, service.house, token=token, wait_s=wait_s)
    service.parts.slips.tax = service.tax.mark


def link_of(loaded: Loaded) -> ProviderLink | None:
    """To the device, nothing sent yet; None where there is none.

    Raises:
        BadSettings: ``gateway_unusable``, ``gateway_not_https``, ``ca_file_unreadable``.
    """
    table = loaded.settings.tax
    if not table.url:
        return None
    try:
        parts = urlsplit(table.url)
    except ValueError:
        raise BadSettings("gateway_unusable", gateway=table.url) from None
    ca = loaded.path(table.ca) if table.ca else None
    return ProviderLink(f"{parts.scheme}://{parts.netloc}", ca_file=ca, test=True)  # http to this machine alone


def _token(loaded: Loaded) -> str:
    """None is needed where the device asks for none."""
    try:
        return loaded.secrets.get("tax", "token")
    except BadSettings as error:
        if error.slug != "config_secret_missing":
            raise
        return ""
