"""Our display's firmware where it will live: under MicroPython, with a board's pins and a panel behind SPI."""
