"""Ports on loopback that no other test takes, not even between a service's end and its next start."""

import os
import socket
from typing import Final

SIZE: Final = 32  # the demo wants its base and what lies 1, 10 and 20 above it
FIRST: Final = 12_000
BLOCKS: Final = 625  # up to 32,000: the kernel gives its clients ports from 32,768 (ip_local_port_range)


def claim() -> int:
    """The first of SIZE ports that are this process's until it ends, each call another block.

    Looking whether a port is free says nothing about the next moment: two workers looked and took the same one.
    A block belongs to whoever holds a Unix socket of its name in the abstract namespace (unix(7)); the kernel
    lets go of it whatever becomes of the process. Programs that know nothing of this are looked for as well.
    """
    for number in range(BLOCKS):
        first = FIRST + (os.getpid() * 7 + number) % BLOCKS * SIZE
        with socket.socket(socket.AF_UNIX) as mark:
            try:
                mark.bind(f"\0countertop-test-ports-{first}")
            except OSError:
                continue
            if all(_free(first + each) for each in range(SIZE)):
                mark.detach()
                return first
    raise AssertionError("every block of ports is taken")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as servers do: what just ended is no hindrance
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
