"""Product code cannot slip around its ports while a virtual world runs."""

import asyncio
import os
import random
import secrets
import socket
import threading
import time
import uuid
from collections.abc import Callable
from types import FunctionType

import pytest

from terminal.guard import OutsideWorld, no_outside
from terminal.virtual_time import run


def ask_time() -> object:
    return time.time()


def ask_monotonic() -> object:
    return time.monotonic_ns()


def sleep() -> None:
    time.sleep(0)


def ask_kernel() -> object:
    return os.urandom(1)


def draw() -> object:
    return random.random(), random.choice("ab")


def choose() -> object:
    return random.choice("ab")


def make_token() -> object:
    return secrets.token_hex(1)


def make_uuid() -> object:
    return uuid.uuid4()


def start_thread() -> None:
    threading.Thread(target=int).start()


WAYS: dict[str, Callable[[], object]] = {
    "time.time": ask_time,
    "time.monotonic_ns": ask_monotonic,
    "time.sleep": sleep,
    "os.urandom": ask_kernel,
    "random.random": draw,
    "random.choice": choose,
    "secrets.token_hex": make_token,
    "uuid.uuid4": make_uuid,
    "Thread.start": start_thread,
}


def as_product(function: Callable[[], object]) -> Callable[[], object]:
    """The same code, living in a module of the product."""
    assert isinstance(function, FunctionType)
    return FunctionType(function.__code__, {**function.__globals__, "__name__": "terminal.counter.example"})


@pytest.mark.parametrize("way", WAYS)
def test_the_product_is_refused_what_only_ports_give(way: str) -> None:
    async def story() -> None:
        with pytest.raises(OutsideWorld, match=way.split(".")[1]):
            as_product(WAYS[way])()

    run(story(), seed=1)


def test_libraries_and_tests_keep_the_real_functions() -> None:
    async def story() -> None:
        assert time.time() > 0
        assert len(os.urandom(4)) == 4

    run(story(), seed=1)


def test_nobody_makes_a_socket() -> None:
    async def story() -> None:
        with pytest.raises(OutsideWorld):
            socket.socket()
        with pytest.raises(OutsideWorld):
            await asyncio.open_connection("127.0.0.1", 9)

    run(story(), seed=1)


def real() -> tuple[object, ...]:
    return (time.time, os.urandom, random.random, uuid.uuid4, threading.Thread.start, socket.socket.__init__)


def test_everything_is_given_back_also_after_an_error() -> None:
    before = real()
    with pytest.raises(ZeroDivisionError), no_outside():
        divmod(1, 0)
    assert real() == before
    with no_outside():
        assert not set(real()) & set(before)
