"""The counter to the provider of accounts elsewhere; off unless a town has a contract with one."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import Any, Protocol
from urllib.parse import urlencode

from flask import current_app

from marketplace.kit.db import writing
from marketplace.kit.refusals import Rejected, Unavailable

SECONDS, MOST = 10, 256 * 1024


class Provider(Protocol):
    def endpoint(self) -> str:
        """Where people are sent to say who they are. Unavailable."""

    def exchange(self, code: str, verifier: str, back: str) -> tuple[str, list[dict[str, Any]]]:
        """The ID token for a code, and the provider's keys. Rejected for a code that is not good; Unavailable."""


class _Straight(urllib.request.HTTPRedirectHandler):
    """Nobody sends us on: what the settings do not name is not asked, and told no secret."""

    def redirect_request(self, *_answer: Any) -> None:
        return None


_asking = urllib.request.build_opener(_Straight)


class HttpProvider:
    """By discovery (OpenID Connect Discovery 1.0 §4). What it names must be of the issuer's own scheme."""

    def __init__(self, issuer: str, client_id: str, client_secret: str) -> None:
        self.issuer, self.client_id, self.client_secret = issuer, client_id, client_secret

    def endpoint(self) -> str:
        return str(self._found()["authorization_endpoint"])

    def exchange(self, code: str, verifier: str, back: str) -> tuple[str, list[dict[str, Any]]]:
        found = self._found()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
        answer = self._ask(str(found["token_endpoint"]), urlencode(form).encode())
        keys = self._ask(str(found["jwks_uri"])).get("keys", [])
        return str(answer.get("id_token", "")), [key for key in keys if isinstance(key, dict)]

    def _found(self) -> dict[str, Any]:
        found = self._ask(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        scheme = self.issuer.partition("://")[0]
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if found.get("issuer") != self.issuer or not all(
            str(found.get(name, "")).startswith(f"{scheme}://") for name in names
        ):
            raise Unavailable("the provider describes itself as another one")
        return found

    def _ask(self, url: str, form: bytes | None = None) -> dict[str, Any]:
        assert not writing()
        request = urllib.request.Request(url, form, {"Accept": "application/json"})  # noqa: S310 -- by the settings
        try:
            with _asking.open(request, timeout=SECONDS) as answer:
                found = json.loads(answer.read(MOST))
        except urllib.error.HTTPError as error:
            with error:
                if error.code in (400, 401) and form is not None:
                    raise Rejected(f"provider: {error.code}") from None
                raise Unavailable(f"provider: {error.code}") from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Unavailable(f"provider: {type(error).__name__}") from error
        if not isinstance(found, dict):
            raise Unavailable("provider: no object")
        return found


def provider() -> Provider | None:
    """That of the running application; None where there is none."""
    found: Provider | None = current_app.extensions["hiroba.ports"].provider
    return found
