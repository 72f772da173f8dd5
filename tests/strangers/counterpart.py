"""What every stranger's program needs around its package: a notify_url of its own, and the person with the phone.

Nothing of this project is imported; it runs in the stranger's environment.
"""

import json
import queue
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WAIT_S = 20.0


class Listener:
    """A merchant's notify_url: keeps headers and raw body, answers with the word the provider wants, or 204."""

    def __init__(self, word: bytes = b"") -> None:
        self.posts: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()
        posts = self.posts

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                posts.put((dict(self.headers.items()), body))
                self.send_response(200 if word else 204)
                self.end_headers()
                self.wfile.write(word)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/notify"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Customer:
    """The person with the phone, through the sandbox's laboratory doors."""

    def __init__(self, gateway: str, token: str) -> None:
        self._gateway, self._token = gateway, token

    def ask(self, path: str, **body: object) -> Any:
        request = urllib.request.Request(  # loopback only
            self._gateway + path,
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
            return json.load(answer)
