"""Runs in an environment of its own: a bank we did not write makes statements, two parsers of PyPI read ours.

Asked with {"reference", "camt", "mt940"} as JSON; told: what was made and what was read.
Nothing of this project is imported.
"""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import mt940  # type: ignore[import-not-found]  # in the stranger's environment
from pycamt.parser import Camt053Parser  # type: ignore[import-not-found]  # in the stranger's environment

DEBTOR = {"name": "Fulano", "iban": "DE89370400440532013000"}


def made(reference: str) -> list[dict[str, str]]:
    """Two credits, one structured and one wrapped in its text; today's notices and tomorrow's statements."""
    program = str(Path(sys.executable).parent / "mock-bank")
    command = [program, "--port", "0", "--clock", "2026-11-02T09:00"]
    bank = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert bank.stderr is not None
        url = next(word for word in bank.stderr.readline().split() if word.startswith("http")).rstrip("/")

        def call(path: str, body: Any = None) -> Any:
            data = None if body is None else json.dumps(body).encode()
            with urllib.request.urlopen(urllib.request.Request(url + path, data=data), timeout=20) as answer:
                return json.load(answer)

        one = {"account": "ACME", "amount": 12345, "currency": "EUR", "debtor": DEBTOR}
        call("/_mock/credits", {**one, "reference": reference, "end_to_end_id": "E2E-1"})
        call("/_mock/credits", {**one, "amount": 100, "note": [f"Tee und {reference} danke"], "wrap": 35})
        call("/_mock/advance?days=1", {})
        return [each for each in call("/_mock/mailbox") if each["account"] == "ACME"]
    finally:
        bank.kill()
        bank.wait()


def camt_credits(text: str) -> list[list[str]]:
    found = Camt053Parser(text.partition("?>")[2] or text).get_transactions()
    return [[str(each["Amount"]), str(each["CreditDebitIndicator"])] for each in found]


def mt940_credits(text: str) -> list[list[str]]:
    return [
        [str(abs(each.data["amount"].amount)), "CRDT" if each.data["amount"].amount > 0 else "DBIT"]
        for each in mt940.parse(text)
    ]


def main() -> None:
    told = json.loads(sys.argv[1])
    mailbox = made(told["reference"])
    statement = next(each["body"] for each in mailbox if each["type"].startswith("camt.053"))
    answer = {
        "mailbox": [{"type": each["type"], "body": each["body"]} for each in mailbox],
        "theirs": camt_credits(statement),
        "ours": camt_credits(told["camt"]),
        "mt940": mt940_credits(told["mt940"]),
    }
    json.dump(answer, sys.stdout)


main()
