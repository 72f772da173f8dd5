"""Which pin does what, one function a board. Copy the one that fits and change the numbers to your wiring.

Pins are explained in docs/devices/firmware.md. Not run on a board yet.
"""

import machine

from firmware_stubs.board.panel import ILI9341, ST7789, SpiPanel


def esp32_st7789_240x320():
    """ESP32 or ESP32-S3 with a 2.0 inch ST7789 panel, 240 by 320."""
    pins = {"sck": 18, "mosi": 23, "command": 2, "select": 5, "reset": 4, "light": 15, "buzzer": 13}
    return _panel(1, pins, ST7789, 240, 320, (0, 0))


def esp32_st7789_240x240():
    """ESP32 with a 1.3 or 1.54 inch ST7789 panel, 240 by 240."""
    pins = {"sck": 18, "mosi": 23, "command": 2, "select": 5, "reset": 4, "light": 15, "buzzer": 13}
    return _panel(1, pins, ST7789, 240, 240, (0, 0))


def rp2040_ili9341_240x320():
    """Raspberry Pi Pico (RP2040) with a 2.8 or 3.2 inch ILI9341 panel, 240 by 320."""
    pins = {"sck": 18, "mosi": 19, "command": 20, "select": 17, "reset": 21, "light": 22, "buzzer": 15}
    return _panel(0, pins, ILI9341, 240, 320, (0, 0))


def _panel(bus, pins, controller, width, height, offset):
    def out(name):
        return machine.Pin(pins[name], machine.Pin.OUT, value=1)

    spi = machine.SPI(bus, baudrate=40_000_000, sck=machine.Pin(pins["sck"]), mosi=machine.Pin(pins["mosi"]))
    lamp = machine.PWM(machine.Pin(pins["light"]), freq=1000)
    sound = machine.PWM(machine.Pin(pins["buzzer"]), freq=2000, duty_u16=0)

    def light(percent):
        lamp.duty_u16(percent * 65535 // 100)

    def buzz(pattern):
        """One tone, high for good and low for bad; a timer ends it, nothing waits."""
        sound.freq({1: 2400, 2: 400}.get(pattern, 1200))
        sound.duty_u16(32768)
        timer = machine.Timer(-1)
        timer.init(
            mode=machine.Timer.ONE_SHOT,
            period={0: 20, 1: 150, 2: 400}.get(pattern, 60),
            callback=lambda _timer: sound.duty_u16(0),
        )

    light(100)
    return SpiPanel(
        spi, out("command"), out("select"), out("reset"), controller, width, height, offset, light, buzz
    )
