"""The counter to partners' systems: one POST, no redirect, a short patience."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from flask import current_app

from marketplace.kit.db import writing
from marketplace.kit.refusals import Unavailable
from marketplace.kit.trays import put
from marketplace.webhooks.addresses import Target, looked_up, target

SECONDS = 15
"""Less than a third of what the outbox lends a message for."""
LATE = "時間内に返事がありません"


class Courier(Protocol):
    def post(self, url: str, headers: dict[str, str], body: str) -> int:
        """The HTTP status of the answer; what the answer says is not read. Unavailable where nobody answers in time,
        Rejected where `url` leads to what is not public, Invalid where it is none of ours to call."""


class HttpCourier:
    """`trial`: this machine may be a partner, too. `patience` in seconds, for everything together."""

    def __init__(self, *, trial: bool, patience: float = SECONDS) -> None:
        self.trial, self.patience = trial, patience

    def post(self, url: str, headers: dict[str, str], body: str) -> int:
        assert not writing()
        where = target(url, trial=self.trial)
        connection, late = _Pinned(where, looked_up(where, trial=self.trial), self.patience), threading.Event()
        clock = threading.Timer(self.patience, _hang_up, [connection, late])
        clock.daemon = True
        clock.start()
        try:
            connection.request("POST", where.path, body.encode(), headers)
            status = connection.getresponse().status
        except ssl.SSLError:
            raise Unavailable("証明書を確かめられません") from None
        except (OSError, http.client.HTTPException) as error:
            if late.is_set() or isinstance(error, TimeoutError):
                raise Unavailable(LATE) from None
            raise Unavailable(f"つながりません（{type(error).__name__}）") from None
        finally:
            clock.cancel()
            connection.close()
        if late.is_set():  # what was cut off in the middle is no answer, though it may look like one
            raise Unavailable(LATE)
        return status


class FileCourier:
    """For a rehearsal: each message is a file, and counts as taken."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def post(self, url: str, headers: dict[str, str], body: str) -> int:
        assert not writing()
        said = json.dumps({"url": url, "headers": headers, "body": body}, ensure_ascii=False) + "\n"
        try:
            put(self.directory, headers["webhook-id"], ".json", said.encode())
        except OSError as error:
            raise Unavailable(f"webhooks directory: {error}") from error
        return http.client.ACCEPTED


class _Pinned(http.client.HTTPConnection):
    """To an address that was looked at, whatever the name leads to by now; the certificate is the name's."""

    def __init__(self, where: Target, address: str, patience: float) -> None:
        super().__init__(where.host, where.port, timeout=patience)
        self.where, self.address = where, address

    def connect(self) -> None:
        plain = socket.create_connection((self.address, self.where.port), self.timeout)
        self.sock = plain
        if self.where.secure:
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.where.host)


def _hang_up(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    """Who answers a byte now and then does not keep a worker."""
    late.set()
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def courier() -> Courier:
    """That of the running application."""
    found: Courier = current_app.extensions["hiroba.ports"].courier
    return found
