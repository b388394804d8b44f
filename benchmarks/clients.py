"""Many clients in one thread: each keeps its connection and sends its next request when the last is answered."""

import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Request = Callable[[int], bytes]
"""The next request of client n, written out."""


@dataclass
class Answers:
    """What came back: how often which status, and how long each answer took (seconds)."""

    wall: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.times)

    def percentile(self, part: float) -> float:
        ordered = sorted(self.times)
        return ordered[min(int(part * len(ordered)), len(ordered) - 1)]


class Client:
    def __init__(self, number: int, port: int) -> None:
        self.number, self.port = number, port
        self.began = 0.0
        self.heard = b""
        self.connect()

    def connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> None:
        self.heard = b""
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def status(self) -> int | None:
        """Of the answer, once it is whole."""
        head, found, body = self.heard.partition(b"\r\n\r\n")
        if not found:
            return None
        lower = head.lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        return int(head[9:12]) if len(body) >= length else None


def drive(port: int, clients: int, seconds: float, request: Request) -> Answers:
    """Let so many clients ask 127.0.0.1:`port` for so long. What is under way at the end is waited for."""
    answers = Answers()
    ears = selectors.DefaultSelector()
    everybody = [Client(number, port) for number in range(clients)]
    for client in everybody:
        ears.register(client.socket, selectors.EVENT_READ, client)
    began = time.perf_counter()
    for client in everybody:
        client.ask(request(client.number))
    asking = clients
    while asking:
        for key, _ in ears.select(60):
            client = key.data
            said = client.socket.recv(65536)
            client.heard += said
            now = time.perf_counter()
            status = client.status() if said else 0
            if status is None:
                continue
            if status:
                answers.statuses[status] = answers.statuses.get(status, 0) + 1
                answers.times.append(now - client.began)
            over = now - began >= seconds
            if over or not said or b"\r\nconnection: close" in client.heard.lower():
                ears.unregister(client.socket)
                client.socket.close()
            if over:  # no idle connection is left that the server would wait for
                asking -= 1
                continue
            if client.socket.fileno() < 0:
                client.connect()
                ears.register(client.socket, selectors.EVENT_READ, client)
            client.ask(request(client.number))
    answers.wall = time.perf_counter() - began
    ears.close()
    return answers


def get(path: str, more: str = "") -> bytes:
    """A request. `more`: headers, each with its line's end."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}\r\n".encode()


def post(path: str, body: str, more: str = "") -> bytes:
    """A form that is sent."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    return f"{head}{more}Content-Length: {len(body)}\r\n\r\n{body}".encode()
