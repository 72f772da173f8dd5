"""A board's ``machine`` for MicroPython on a desk: pins, SPI, PWM and timers that write down what they do.

Records go to the file named by BOARD_LOG: ``P`` pin value, ``W`` length (4 bytes, big-endian) and bytes of SPI,
``D`` pin and duty (2 bytes). The other side is tests/firmware/controller.py.
"""

import os

_log = open(os.getenv("BOARD_LOG", ""), "wb")  # noqa: SIM115, PTH123 - MicroPython, for as long as the board runs


def unique_id():
    return b"\x0c\x0f\xfe\xe0"


class Pin:
    OUT = 1

    def __init__(self, number, mode=0, value=None):
        self.number = number
        if value is not None:
            self.value(value)

    def value(self, value):
        _log.write(bytes((80, self.number, value)))


class SPI:
    def __init__(self, bus, baudrate=0, sck=None, mosi=None):
        pass

    def write(self, data):
        _log.write(b"W" + len(data).to_bytes(4, "big") + bytes(data))
        _log.flush()


class PWM:
    def __init__(self, pin, freq=0, duty_u16=0):
        self.pin = pin

    def duty_u16(self, duty):
        _log.write(b"D" + bytes((self.pin.number,)) + duty.to_bytes(2, "big"))
        _log.flush()

    def freq(self, frequency):
        pass


class Timer:
    ONE_SHOT = 0

    def __init__(self, number):
        pass

    def init(self, mode=0, period=0, callback=None):
        callback(self)
