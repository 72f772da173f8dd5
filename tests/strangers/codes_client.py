"""Runs in an environment of its own: other people's readers look at our codes, other people's writers make theirs.

qriskit and starkbank-brcode take EMV codes apart; starkbank-brcode writes Pix, segno EPC codes, qrbill Swiss ones.
Nothing of this project is imported.
"""

import json
import sys

import qriskit  # type: ignore[import-not-found]  # in the stranger's environment
from brcode import dynamic, static  # type: ignore[import-not-found]  # in the stranger's environment
from brcode.utils.brcodeId import jsonFromBrcode  # type: ignore[import-not-found]  # in the stranger's environment
from qrbill import QRBill  # type: ignore[import-untyped]  # in the stranger's environment
from segno import helpers  # type: ignore[import-not-found]  # in the stranger's environment


def looked_at(text: str) -> dict[str, object]:
    structure = {"crc", "tag"}  # what it says of other countries' currencies is not about the code's structure
    issues = [each.code for each in qriskit.validate(text) if each.code.split(".")[0] in structure]
    return {
        "qriskit": [[node.tag, node.value] for node in qriskit.parse(text).nodes],
        "crc": [each for each in issues if each.startswith("crc")],
        "brcode": jsonFromBrcode(text),
    }


def main() -> None:
    asked = json.loads(sys.argv[1])
    bill = QRBill(**asked["swiss"])
    told = {
        "looked": [looked_at(text) for text in asked["emv"]],
        "pix_static": static.fromJson(asked["pix_static"]),
        "pix_dynamic": dynamic.fromJson(asked["pix_dynamic"]),
        "epc": helpers._make_epc_qr_data(**asked["epc"]).decode("iso-8859-1"),
        "swiss": bill.qr_data(),
    }
    sys.stdout.write(json.dumps(told))


main()
