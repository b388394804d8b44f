"""The counter to partners' systems: one POST, no redirect, a short patience."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from contextlib import suppress
from typing import Protocol

from flask import current_app

from marketplace.kit.db import writing
from marketplace.kit.refusals import Unavailable
from marketplace.webhooks.addresses import Target, looked_up, target

SECONDS = 15
"""For everything together: less than a third of what the outbox lends a message for."""


class Courier(Protocol):
    def post(self, url: str, headers: dict[str, str], body: str) -> int:
        """The HTTP status of the answer; what the answer says is not read. Unavailable where nobody answers in time,
        Rejected where `url` leads to what is not public, Invalid where it is none of ours to call."""


class HttpCourier:
    """`trial`: this machine may be a partner, too."""

    def __init__(self, *, trial: bool) -> None:
        self.trial = trial

    def post(self, url: str, headers: dict[str, str], body: str) -> int:
        assert not writing()
        where = target(url, trial=self.trial)
        connection = _connection(where, looked_up(where, trial=self.trial))
        late = threading.Timer(SECONDS, _hang_up, [connection])
        late.daemon = True
        late.start()
        try:
            connection.request("POST", where.path, body.encode(), headers)
            return connection.getresponse().status
        except TimeoutError:
            raise Unavailable("時間内に返事がありません") from None
        except ssl.SSLError:
            raise Unavailable("証明書を確かめられません") from None
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"つながりません（{type(error).__name__}）") from None
        finally:
            late.cancel()
            connection.close()


class _Pinned(http.client.HTTPConnection):
    """To an address that was looked at, whatever the name leads to by now; the certificate is the name's."""

    def __init__(self, where: Target, address: str) -> None:
        super().__init__(where.host, where.port, timeout=SECONDS)
        self.where, self.address = where, address

    def connect(self) -> None:
        plain = socket.create_connection((self.address, self.where.port), SECONDS)
        self.sock = plain
        if self.where.secure:
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.where.host)


def _connection(where: Target, address: str) -> http.client.HTTPConnection:
    return _Pinned(where, address)


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """Who answers a byte now and then does not keep a worker."""
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def courier() -> Courier:
    """That of the running application."""
    found: Courier = current_app.extensions["hiroba.ports"].courier
    return found
