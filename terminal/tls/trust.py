"""Whom a connection of ours trusts: the system's authorities, or those in a file that a person named."""

import ssl
from pathlib import Path


def trusting(authorities: Path | None) -> ssl.SSLContext:
    """For a client: it checks chain and name, on every Python alike.

    Args:
        authorities: PEM; they stand in place of the system's. Python refuses private ones from 3.13 on for an
            extension that they lack. Those in use must not end with an update of Python: the shop's own of an
            older version lacks some, and so does one made as PostgreSQL's manual tells ("Creating Certificates").
            Nor does it end a chain at a certificate that is no root, as it would from 3.13 on.

    Raises:
        OSError: the file cannot be read; ssl.SSLError, which is one: it holds no certificate.
    """
    context = ssl.create_default_context(cafile=str(authorities) if authorities else None)
    if authorities is not None:
        context.verify_flags &= ~(ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN)
    return context
