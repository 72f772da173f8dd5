"""A TLS handshake in memory: whether one who trusts an authority takes a server's certificate for a name."""

import ssl
from collections.abc import Sequence
from pathlib import Path


def server_of(pair: Path) -> ssl.SSLContext:
    """``pair``: key and certificate in one file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    return context


def strict(authority: Path) -> ssl.SSLContext:
    """As Python trusts an authority by default from 3.13 on, on every Python."""
    context = ssl.create_default_context(cafile=authority)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def refused(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> str:
    """Why the client ends it, empty when hands are shaken. Raises ssl.SSLError: the server ended it."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(back, there, server_hostname=name)
    theirs = server.wrap_bio(there, back, server_side=True)
    sides: Sequence[ssl.SSLObject] = (ours, theirs)
    for _turn in range(4):
        waiting = []
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                waiting.append(side)
            except ssl.SSLCertVerificationError as error:
                if side is theirs:
                    raise
                return error.verify_message
        if not waiting:
            return ""
    raise AssertionError("a handshake without an end")
