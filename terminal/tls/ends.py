"""When an authority of our own ends, read by what the service has loaded anyway: the library for certificates
takes a megabyte for as long as it runs."""

import ssl
from pathlib import Path
from typing import Final

LAN_SERVER_DAYS: Final = 397  # a phone's browser takes no longer; so long before its end its authority is replaced


def ends_ms(authority: Path) -> int | None:
    """UTC milliseconds; None: there is none that can be read, or no authority in it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(authority)
    except OSError:  # ssl.SSLError is one
        return None
    ends = [ssl.cert_time_to_seconds(str(each["notAfter"])) for each in context.get_ca_certs()]
    return min(ends) * 1000 if ends else None
