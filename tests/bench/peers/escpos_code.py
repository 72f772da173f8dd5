"""python-escpos drawing one QR code as raster: CPU in ms, the middle of many. Runs in the peers' environment.

Argument: the code's text.
"""

import logging
import statistics
import sys
import time

from escpos.printer import Dummy  # type: ignore[import-not-found]  # in the peers' environment

logging.disable(logging.CRITICAL)
taken = []
for _ in range(25):
    printer = Dummy(profile="default")
    began = time.process_time()
    printer.qr(sys.argv[1], native=False, size=6, ec=1)
    taken.append(time.process_time() - began)
sys.stdout.write(f"{statistics.median(taken) * 1e3}\n")
