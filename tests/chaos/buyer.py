"""A person at a browser without JavaScript, who buys one thing."""

from __future__ import annotations

import threading
from contextlib import suppress

import requests

from tests.pages import Page


class Buyer:
    """Tries again when a page does not come, at one site after the other, and never gives up while the clock allows."""

    def __init__(self, sites: list[str], cookie: str, code: str) -> None:
        self.sites, self.code = sites, code
        self.browser = requests.Session()
        self.browser.cookies.set("hiroba", cookie, domain="127.0.0.1", path="/")
        self.orders: list[str] = []
        """Paths of the orders that the site has acknowledged."""
        self.paid = False
        """Stripe has taken the money."""

    @property
    def site(self) -> str:
        return self.sites[0]

    def try_until(self, over: threading.Event) -> None:
        while not over.is_set():
            with suppress(requests.RequestException, IndexError, KeyError, ValueError, StopIteration):
                if self._buy():
                    return
            self.sites = self.sites[1:] + self.sites[:1]
            over.wait(0.2)

    def _buy(self) -> bool:
        """One go from the listing to the end of the payment. True where nothing more is to be done."""
        if self.paid:
            return True
        page = self._page(f"{self.site}/listings/{self.code}")
        form = next((form for form in page.forms if form.action.endswith("/order")), None)
        if form is None:
            link = next((link for link in page.links if link.endswith("/confirm")), None)
            if link is None:
                return False
            confirm_url = self.site + link
        else:
            placed = self.browser.post(self.site + form.action, form.values, allow_redirects=False, timeout=20)
            if placed.status_code != 303:
                return False
            self.orders.append(placed.headers["Location"])
            confirm_url = self.site + placed.headers["Location"]
        confirm = self._page(confirm_url)
        pay = next(form for form in confirm.forms if form.action.endswith("/pay"))
        sent = self.browser.post(
            self.site + pay.action, {**pay.values, "agreed": "y"}, allow_redirects=False, timeout=20
        )
        if sent.status_code != 303:
            return False
        target = sent.headers["Location"]
        if target.startswith("/"):
            return True
        paid = self.browser.post(target, {"do": "card", "card": "pm_card_visa"}, allow_redirects=False, timeout=20)
        self.paid = paid.status_code == 303
        self.browser.get(paid.headers["Location"], timeout=20)
        return True

    def _page(self, url: str) -> Page:
        answer = self.browser.get(url, timeout=20)
        answer.raise_for_status()
        return Page(answer.text)
