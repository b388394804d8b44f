"""The smallest SMTP server that a client of smtplib is content with (RFC 5321), for one test."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from marketplace.notices.mail import SmtpMail


class Conversation(socketserver.StreamRequestHandler):
    server: Office

    def handle(self) -> None:
        self.server.visits += 1
        self.say("220 127.0.0.1 at your service")
        receiver = ""
        while line := self.rfile.readline().decode().strip():
            match line.upper().split()[0]:
                case "EHLO" | "HELO":
                    self.say("250 127.0.0.1")
                case "RCPT":
                    receiver = line.partition("<")[2].rstrip(">")
                    self.say("550 nobody of that name" if receiver in self.server.strangers else "250 ok")
                case "DATA":
                    self.say("354 go on")
                    self.server.take(receiver, self.letter())
                    hangs_up = self.server.hangs_up  # as it was when the letter came, whatever the answer leads to
                    self.say("250 taken" if self.server.taking else "451 the house is full")
                    if hangs_up:
                        return
                case "QUIT":
                    self.say("221 bye")
                    return
                case _:
                    self.say("250 ok")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def letter(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)


class Office(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, host: str) -> None:
        super().__init__((host, 0), Conversation)
        self.letters: list[bytes] = []
        self.receivers: list[str] = []
        """Of what was taken, in this order."""
        self.visits = 0
        self.taking = True
        self.hangs_up = False
        """After each letter."""
        self.strangers: set[str] = set()
        self.at_the_first: Callable[[], object] = lambda: None
        """What happens while the first letter is being handed over."""

    def take(self, receiver: str, letter: bytes) -> None:
        if not self.letters:
            self.at_the_first()
        self.letters.append(letter)
        if self.taking:
            self.receivers.append(receiver)

    @property
    def url(self) -> str:
        return f"smtp://{self.server_address[0]!s}:{self.server_address[1]}"

    @property
    def counter(self) -> SmtpMail:
        return SmtpMail(self.url, "hiroba@example.jp")


@contextmanager
def post_office(host: str = "127.0.0.1") -> Iterator[Office]:
    with Office(host) as office:
        thread = threading.Thread(target=office.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield office
        finally:
            office.shutdown()
            thread.join()
