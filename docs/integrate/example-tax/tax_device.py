"""A tax device to start from: each receipt gets the next number and a code for its slip, both kept in a file.

    python3 tax_device.py numbers.json 7710

Replace ``register`` by what your authority's module or service wants. Two rules are Countertop's: the same
``receipt`` always gets the same answer, because it is asked again when an answer was lost; and answer within a
second or two, a customer waits for the slip.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

BODY_MAX = 16 * 1024


def register(known, asked):
    """``known``: receipt -> answer, kept by us. Returns what the slip shall carry."""
    number = f"TAX-{len(known) + 1:08d}"
    sign = "-" if asked["kind"] == "refund" else ""
    code = f"https://tax.example/v?n={number}&a={sign}{asked['amount_minor']}&c={asked['currency']}"
    return {"number": number, "code": code, "lines": [f"Device 0001, counter {asked['counter']}"]}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        size = int(self.headers.get("Content-Length", 0))
        if not 0 < size <= BODY_MAX:
            return self.answer(413, {})
        asked = json.loads(self.rfile.read(size))
        known = read(self.server.path)
        if asked["receipt"] not in known:
            known[asked["receipt"]] = register(known, asked)
            write(self.server.path, known)  # on disk before it is told
        return self.answer(200, known[asked["receipt"]])

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args):
        """Quiet: a receipt's number is in the file."""


def read(path):
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def write(path, known):
    draft = path.with_suffix(".new")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(known, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def main():
    path, port = Path(sys.argv[1]), int(sys.argv[2])
    server = HTTPServer(("127.0.0.1", port), Handler)
    server.path = path
    sys.stdout.write(f"answering at http://127.0.0.1:{server.server_port}/\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
