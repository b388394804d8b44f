"""The post office: one port, two counters."""

from __future__ import annotations

import os
import smtplib
import ssl
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
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
from marketplace.kit.refusals import Rejected, Unavailable
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


LETTERS_AT_A_TIME = 50
"""Over one connection: many servers end it after a hundred."""
FOR_GOOD = 500
"""From here on a server will not say otherwise later: RFC 5321 §4.2.1."""


class Counter(threading.local):
    """Where a thread stands that stays at the counter."""

    leaving: ExitStack | None = None
    server: smtplib.SMTP | None = None
    letters = 0


class Mail(Protocol):
    def send(self, letter: Letter) -> None:
        """Hand the letter over. Unavailable where that did not work, Rejected where nobody lives at its address."""

    def at_the_counter(self) -> AbstractContextManager[object]:
        """In this block the letters of this thread go over one connection."""

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

    def at_the_counter(self) -> AbstractContextManager[object]:
        return nullcontext()

    def greet(self) -> None:
        there = next(place for place in (self.directory, *self.directory.parents) if place.exists())
        if not os.access(there, os.W_OK | os.X_OK):
            raise Unavailable(f"mail directory: {there} is not ours to write in")


class SmtpMail:
    """Any SMTP server: smtp://user:password@host:587 (STARTTLS where offered) or smtps://…:465. A password leaves this
    machine under TLS alone."""

    def __init__(self, url: str, sender: str) -> None:
        self.url, self.sender = urlsplit(url), sender
        self._here = Counter()

    def send(self, letter: Letter) -> None:
        try:
            with self._server() as server:
                server.send_message(written(letter, self.sender))
        except smtplib.SMTPRecipientsRefused as refused:
            raise Rejected(f"SMTP {self.url.hostname}: {_refusal(refused)}") from None

    def greet(self) -> None:
        with self._server() as server:
            server.noop()

    @contextmanager
    def at_the_counter(self) -> Iterator[None]:
        with ExitStack() as leaving:
            self._here.leaving = leaving
            try:
                yield
            finally:
                self._here.leaving = None
                self._leave(leaving)

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        """Signed in. Unavailable for whatever goes wrong in the block, too, but SMTPRecipientsRefused for good."""
        assert not writing()
        leaving = self._here.leaving
        try:
            if leaving is None:
                with self._signed_in() as server:
                    yield server
                return
            if self._here.server is None or self._here.letters >= LETTERS_AT_A_TIME:
                self._leave(leaving)
                self._here.server = leaving.enter_context(self._signed_in())
            self._here.letters += 1
            yield self._here.server
        except (OSError, smtplib.SMTPException) as error:
            if leaving is not None:
                self._leave(leaving)
            if isinstance(error, smtplib.SMTPRecipientsRefused) and _refusal(error) >= FOR_GOOD:
                raise
            raise Unavailable(f"SMTP {self.url.hostname}: {type(error).__name__}") from None

    def _leave(self, leaving: ExitStack) -> None:
        self._here.server, self._here.letters = None, 0
        with suppress(OSError, smtplib.SMTPException):  # what was handed over is
            leaving.close()

    @contextmanager
    def _signed_in(self) -> Iterator[smtplib.SMTP]:
        host, port = self.url.hostname or "localhost", self.url.port
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


def _refusal(refused: smtplib.SMTPRecipientsRefused) -> int:
    """The number with which the one address of a letter was refused."""
    return next(code for code, _why in refused.recipients.values())


class Rehearsal:
    """All letters to one address, whomever they are for: `mail` takes them there."""

    def __init__(self, mail: Mail, address: str) -> None:
        self.mail, self.address = mail, address

    def send(self, letter: Letter) -> None:
        self.mail.send(replace(letter, to=self.address, subject=f"[{letter.to}] {letter.subject}"))

    def at_the_counter(self) -> AbstractContextManager[object]:
        return self.mail.at_the_counter()

    def greet(self) -> None:
        self.mail.greet()


def mail() -> Mail:
    port: Mail = current_app.extensions["hiroba.ports"].mail
    return port
