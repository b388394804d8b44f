"""The post office: one port, two counters."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.header import Header
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import formataddr, formatdate, parseaddr
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from flask import current_app

from marketplace.kit.clock import now
from marketplace.kit.db import writing
from marketplace.kit.refusals import Unavailable
from marketplace.kit.trays import put

PAPER = "paper.invalid"
"""Addresses under this domain (which RFC 2606 keeps from ever existing) are of people without mail: staff print their
letters."""


@dataclass(frozen=True)
class Letter:
    """`key` names the promise: it becomes the Message-ID, so that one sent twice is seen to be the same."""

    key: str
    to: str
    subject: str
    body: str


LINES = compat32.clone(linesep="\r\n")
"""The library's newer policies take each heading apart to write it down: three times the work for the same letter."""


class Mail(Protocol):
    def send(self, letter: Letter) -> None:
        """Hand the letter over. Unavailable where that did not work."""

    def greet(self) -> None:
        """See that a letter would be taken, without sending one. Unavailable where it would not."""


def written(letter: Letter, sender: str) -> MIMEText:
    """Seven bits, so that every server takes it. ValueError for a line break where a heading would end with it.

    Sources: RFC 5322 §3.6, RFC 2045 §6.8 (base64), RFC 2047 (words in headings).
    """
    headings = {
        "From": formataddr(parseaddr(sender)),
        "To": letter.to,
        "Subject": letter.subject,
        "Date": formatdate(now().timestamp(), usegmt=True),
        "Message-ID": f"<{letter.key.replace(':', '.').replace('@', '.')}@{sender.rpartition('@')[2].rstrip('>')}>",
    }
    message = MIMEText(letter.body.replace("\n", "\r\n"), "plain", "utf-8", policy=LINES)
    for name, value in headings.items():
        if value and value.splitlines() != [value]:
            raise ValueError(f"a newline in {name}")
        whole = value if value.isascii() else Header(value, "utf-8", header_name=name)
        message[name] = whole  # type: ignore[assignment] # which its stubs know of newer policies alone
    return message


class FileMail:
    """Each letter is a file; the demo shows them at /dev/mail."""

    def __init__(self, directory: Path, sender: str) -> None:
        self.directory, self.sender = directory, sender

    def send(self, letter: Letter) -> None:
        assert not writing()
        try:
            put(self.directory, letter.key, ".eml", written(letter, self.sender).as_bytes())
        except OSError as error:
            raise Unavailable(f"mail directory: {error}") from error

    def greet(self) -> None:
        there = next(place for place in (self.directory, *self.directory.parents) if place.exists())
        if not os.access(there, os.W_OK | os.X_OK):
            raise Unavailable(f"mail directory: {there} is not ours to write in")


class SmtpMail:
    """Any SMTP server: smtp://user:password@host:587 (STARTTLS where offered) or smtps://…:465. A password leaves this
    machine under TLS alone."""

    def __init__(self, url: str, sender: str) -> None:
        self.url, self.sender = urlsplit(url), sender

    def send(self, letter: Letter) -> None:
        with self._server() as server:
            server.send_message(written(letter, self.sender))

    def greet(self) -> None:
        with self._server() as server:
            server.noop()

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        """Signed in. Unavailable for whatever goes wrong in the block, too."""
        assert not writing()
        host, port = self.url.hostname or "localhost", self.url.port
        try:
            server: smtplib.SMTP
            if self.url.scheme == "smtps":
                server = smtplib.SMTP_SSL(host, port or 465, timeout=20, context=ssl.create_default_context())
            else:
                server = smtplib.SMTP(host, port or 25, timeout=20)
            with server:
                server.ehlo()
                if self.url.scheme != "smtps" and server.has_extn("starttls"):
                    server.starttls(context=ssl.create_default_context())
                if self.url.username:
                    if not isinstance(server.sock, ssl.SSLSocket) and host not in ("localhost", "127.0.0.1", "::1"):
                        raise Unavailable(f"SMTP {host}: it offers no TLS, and the password is not sent in the clear")
                    server.login(unquote(self.url.username), unquote(self.url.password or ""))
                yield server
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"SMTP {host}: {type(error).__name__}") from None


class Rehearsal:
    """All letters to one address, whomever they are for: `mail` takes them there."""

    def __init__(self, mail: Mail, address: str) -> None:
        self.mail, self.address = mail, address

    def send(self, letter: Letter) -> None:
        self.mail.send(replace(letter, to=self.address, subject=f"[{letter.to}] {letter.subject}"))

    def greet(self) -> None:
        self.mail.greet()


def mail() -> Mail:
    port: Mail = current_app.extensions["hiroba.ports"].mail
    return port
