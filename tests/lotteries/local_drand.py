"""A beacon of our own on 127.0.0.1, with a key of our own: it answers as drand's HTTP API does, or misbehaves."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from marketplace.lotteries import beacon

points, curve, hash_to_g1 = beacon.mathematics()
SECRET = 0x5EC2E7
KEY = points.G2_to_signature(curve.multiply(curve.G2, SECRET))  # py_ecc's word for 96 bytes of G2
CHAIN = beacon.Chain("ab" * 32, beacon.QUICKNET.genesis, beacon.QUICKNET.period, KEY)

Answer = tuple[int, bytes]


@cache
def signature(round_number: int, secret: int = SECRET) -> bytes:
    """What the owner of `secret` signs for a round."""
    point = hash_to_g1(beacon.message(round_number), beacon.DST, sha256)
    return bytes(points.G1_to_pubkey(curve.multiply(point, secret)))


def told(round_number: int, signed: bytes) -> Answer:
    body = {"round": round_number, "randomness": beacon.randomness(signed).hex(), "signature": signed.hex()}
    return 200, json.dumps(body).encode()


def genuine(round_number: int) -> Answer:
    return told(round_number, signature(round_number))


def forged(round_number: int) -> Answer:
    """Signed by somebody else."""
    return told(round_number, signature(round_number, SECRET + 1))


def of_another_round(round_number: int) -> Answer:
    return told(round_number, signature(round_number + 1))


def not_yet(_round_number: int) -> Answer:
    return 404, b"not found"


class LocalDrand:
    """`answer` may be exchanged while it runs."""

    def __init__(self) -> None:
        self.answer: Callable[[int], Answer] = genuine
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                chain, _, round_number = self.path.removeprefix("/").partition("/public/")
                status, body = outer.answer(int(round_number)) if chain == CHAIN.hash else (404, b"")
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[LocalDrand]:
        drand = cls()
        thread = threading.Thread(target=drand._server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield drand
        finally:
            drand._server.shutdown()
            thread.join()
            drand._server.server_close()
