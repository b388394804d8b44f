"""The wire to Stripe, which the official client speaks by: https://github.com/stripe/stripe-python#configuring-an-http-client

urllib3 alone. `requests`, the client's own choice, puts together anew for each call what never changes here: sessions,
cookies, redirects, proxies of the environment; that was half of what a call cost.

A page that waits for Stripe has one of a few threads, which bids and everybody else want, too. So it waits less long
than the worker; and once Stripe has said nothing for so long, one page of a process at a time asks until it answers.
Others are told at once to come again: their keys make asking twice the same as asking once.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, NoReturn

import stripe
import urllib3
from flask import has_request_context
from requests.utils import get_environ_proxies, select_proxy

KEPT = 10
"""Connections that stay open; more are opened where more threads ask at once."""
PAGE_S = 8.0
"""The longest that a page waits."""


class Wire(stripe.HTTPClient):
    """Connections that threads share and that stay open between calls."""

    name = "urllib3"

    def __init__(self, base: str, timeout_s: float) -> None:
        super().__init__()
        how: dict[str, Any] = {
            "timeout": timeout_s,
            "retries": False,
            "maxsize": KEPT,
            "ca_certs": stripe.ca_bundle_path,
        }
        proxy = select_proxy(base, get_environ_proxies(base))  # of the environment, looked for once
        self._pool = urllib3.ProxyManager(proxy, **how) if proxy else urllib3.PoolManager(**how)
        self._patience_s = min(timeout_s, PAGE_S)
        self._silent = False
        self._turn = threading.Lock()

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_more: Any
    ) -> tuple[Any, int, Mapping[str, str]]:
        """The body, the status and the headers. APIConnectionError where there was no answer."""
        answer = self._ask(method, url, headers, post_data)
        return answer.data, answer.status, answer.headers

    def request_stream(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_more: Any
    ) -> tuple[Any, int, Mapping[str, str]]:
        answer = self._ask(method, url, headers, post_data, preload_content=False)
        return answer, answer.status, answer.headers

    def close(self) -> None:
        self._pool.clear()

    def _ask(self, method: str, url: str, headers: Any, body: Any, **how: Any) -> urllib3.BaseHTTPResponse:
        try:
            if has_request_context():
                return self._ask_for_a_page(method, url, headers, body, **how)
            return self._send(method, url, headers, body, **how)
        except urllib3.exceptions.HTTPError as error:
            _fail(error)

    def _ask_for_a_page(self, method: str, url: str, headers: Any, body: Any, **how: Any) -> urllib3.BaseHTTPResponse:
        with ExitStack() as turn:
            if self._silent:
                if not self._turn.acquire(blocking=False):
                    raise _told_at_once("Stripe: silent, and another page asks")
                turn.callback(self._turn.release)
            try:
                answer = self._send(method, url, headers, body, timeout=urllib3.Timeout(total=self._patience_s), **how)
            except urllib3.exceptions.TimeoutError as error:
                self._silent = True
                raise _told_at_once(f"Stripe: {type(error).__name__}") from error
            self._silent = False
            return answer

    def _send(self, method: str, url: str, headers: Any, body: Any, **how: Any) -> urllib3.BaseHTTPResponse:
        return self._pool.request(method.upper(), url, body=body, headers=headers, redirect=False, **how)


def _told_at_once(why: str) -> stripe.APIConnectionError:
    return stripe.APIConnectionError(why, should_retry=False)  # type: ignore[no-untyped-call]


def _fail(error: urllib3.exceptions.HTTPError) -> NoReturn:
    """What was not understood at the other end may be tried again; who is there is not whom we asked for, never."""
    again = not isinstance(error, urllib3.exceptions.SSLError | urllib3.exceptions.LocationValueError)
    message = f"Stripe: {type(error).__name__}"
    raise stripe.APIConnectionError(message, should_retry=again) from error  # type: ignore[no-untyped-call]
