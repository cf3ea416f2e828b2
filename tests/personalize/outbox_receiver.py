"""A stand-in receiver of return files, a process of its own: records effects by key, misbehaves on order.

    python outbox_receiver.py STATE TOKEN [CERTIFICATE KEY]

Prints its port.  Each path is a receiver with a folder of its own under STATE: ``orders`` (one misbehaviour a line, the
first is for the next request), ``effects/KEY`` (made once, with what was received), ``requests`` (a line each).
"""

from __future__ import annotations

import hashlib
import json
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

STATE, TOKEN = Path(sys.argv[1]), sys.argv[2]
STATUS = {"error-before": 500, "error-after": 500, "later": 202, "busy": 429, "refused": 422, "moved": 302}
LOCK = threading.Lock()


class Receiver(BaseHTTPRequestHandler):
    """One request."""

    def do_POST(self) -> None:
        place = STATE / self.path.strip("/")
        with LOCK:
            order = self.ordered(place)
        size = int(self.headers["Content-Length"])
        if order == "half":
            self.rfile.read(size // 2)
            return
        body = self.rfile.read(size)
        told = {name.lower().removeprefix("sscard-"): unquote(value) for name, value in self.headers.items()}
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self.answer(401, b"")
            return
        if hashlib.sha256(body).hexdigest() != told["sha256"]:
            self.answer(400, b"")
            return
        if order in ("lose-before", "error-before", "busy", "later", "refused", "moved"):
            if order != "lose-before":
                self.answer(STATUS[order], b"")
            return
        with LOCK:
            receipt = self.effect(place, told, body)
        self.misbehave(order, receipt)

    def ordered(self, place: Path) -> str:
        place.mkdir(parents=True, exist_ok=True)
        orders = place / "orders"
        first, _, rest = (orders.read_text() if orders.exists() else "").partition("\n")
        orders.write_text(rest)
        with (place / "requests").open("a") as file:
            file.write(f"{self.headers['Idempotency-Key']}\n")
        return first

    def effect(self, place: Path, told: dict[str, str], body: bytes) -> dict[str, Any]:
        effects = place / "effects"
        effects.mkdir(exist_ok=True)
        known = [json.loads(path.read_text()) for path in effects.iterdir()]
        same = [each for each in known if (each["job"], each["kind"]) == (told["job"], told["kind"])]
        effect = "applied"
        if any(each["key"] == told["key"] for each in known):
            effect = "repeated"
        elif any(int(each["revision"]) > int(told["revision"]) for each in same):
            effect = "superseded"
        else:
            (place / "new").write_text(json.dumps({**told, "body": body.hex()}))
            (effects / told["key"]).hardlink_to(place / "new")
            (place / "new").unlink()
        records = body.count(b"\r\n") - 1
        return {"key": told["key"], "sha256": told["sha256"], "records": records, "effect": effect, "note": "R-1"}

    def misbehave(self, order: str, receipt: dict[str, Any]) -> None:
        good = json.dumps(receipt).encode()
        wrong = {
            "wrong-key": {**receipt, "key": "0" * 32},
            "wrong-digest": {**receipt, "sha256": "0" * 64},
            "wrong-records": {**receipt, "records": receipt["records"] - 1},
            "wrong-effect": {**receipt, "effect": "lost"},
            "wrong-note": {**receipt, "note": "\x1b[2J"},
            "a-list": [receipt],
        }
        match order:
            case "lose-after":
                return
            case "late":
                self.connection.recv(1)
                self.answer(200, good)
            case "drip":
                self.drip()
            case "error-after":
                self.answer(500, good)
            case "garbage":
                self.answer(200, b"\xff\x00<html>")
            case "empty":
                self.answer(200, b"")
            case "huge":
                self.answer(200, good + b" " * 70_000)
            case "torn":
                self.answer(200, good, short=5)
            case "not-http":
                self.wfile.write(good)
            case "twice":
                self.answer(200, good)
                self.answer(200, good)
            case _ if order in wrong:
                self.answer(200, json.dumps(wrong[order]).encode())
            case _:
                self.answer(200, good)

    def drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while True:
            self.wfile.write(b".")
            time.sleep(0.02)

    def answer(self, status: int, body: bytes, short: int = 0) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(body[: len(body) - short])

    def log_message(self, *_words: object) -> None:
        """Silent."""


class Server(ThreadingHTTPServer):
    """Silent about clients that hang up."""

    daemon_threads = True

    def handle_error(self, *_words: object) -> None:
        """Silent."""


def main() -> None:
    server = Server(("127.0.0.1", 0), Receiver)
    if len(sys.argv) > 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3], sys.argv[4])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
