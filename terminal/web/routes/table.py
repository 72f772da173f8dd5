"""The API's table: every call once, for the OpenAPI document. The router has some of them ``later``."""

from typing import Final

from terminal.web.routes.everyday import AT_COUNTERS, BESIDE, SHOP
from terminal.web.routes.training import TRAINING
from terminal.web.routes.visit import VISIT

OPERATIONS: Final = (*SHOP, *AT_COUNTERS, *TRAINING, *VISIT, *BESIDE)
