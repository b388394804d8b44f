"""Short messages to mobile phones: one port, two counters, and off unless a town has a contract with a gateway."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Protocol

from flask import current_app

from marketplace.kit.db import writing
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.kit.trays import put

SECONDS = 20


class Sms(Protocol):
    def send(self, key: str, number: str, text: str) -> None:
        """Send `text` to a Japanese number ('09012345678'). `key` names the promise: sending twice under one key may
        reach the phone twice, and says the same. Unavailable where that did not work, Rejected where it never will."""


class FileSms:
    """Each message is a file, for the demo and for trying it out."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def send(self, key: str, number: str, text: str) -> None:
        assert not writing()
        try:
            said = json.dumps(message(key, number, text), ensure_ascii=False) + "\n"
            put(self.directory, key, ".json", said.encode())
        except OSError as error:
            raise Unavailable(f"sms directory: {error}") from error


class StayHere(urllib.request.HTTPRedirectHandler):
    """A gateway that sends us elsewhere is not followed: the number and the token are for its own address."""

    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        return None


OPENER = urllib.request.build_opener(StayHere)


class GatewaySms:
    """A gateway that takes a POST of {"key", "to", "text"} as JSON with a bearer token, and answers 2xx.

    Gateways differ: a few lines in front of another one translate.
    """

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token

    def send(self, key: str, number: str, text: str) -> None:
        assert not writing()
        body = json.dumps(message(key, number, text)).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(self.url, body, headers, method="POST")  # noqa: S310 -- http(s), by the settings
        try:
            with OPENER.open(request, timeout=SECONDS):
                return
        except urllib.error.HTTPError as error:
            with error:
                if error.code < 500 and error.code != 429:
                    raise Rejected(f"SMS gateway: {error.code}") from None
                raise Unavailable(f"SMS gateway: {error.code}") from None
        except OSError as error:
            raise Unavailable(f"SMS gateway: {type(error).__name__}") from None


def message(key: str, number: str, text: str) -> dict[str, str]:
    """The number as the world writes it (E.164): '+819012345678'."""
    return {"key": key, "to": "+81" + number.removeprefix("0"), "text": text}


def sms() -> Sms | None:
    """None where it is switched off."""
    port: Sms | None = current_app.extensions["hiroba.ports"].sms
    return port
