"""A browser without a screen: keeps its connection and its cookies, and comes from a loopback address of its own.

Of its own, since shops count visits by address: behind one would be the whole crowd.
"""

import html
import http.client
import re
from dataclasses import dataclass
from itertools import count
from urllib.parse import urlencode, urlsplit

_visitors = count(2)


@dataclass(frozen=True)
class Page:
    status: int
    text: str
    location: str

    def field(self, name: str) -> str:
        """The value of the first hidden field of this name. AssertionError with the page where there is none."""
        tag = re.search(rf'<input\b[^>]*\bname="{re.escape(name)}"[^>]*>', self.text)
        value = re.search(r'\bvalue="([^"]*)"', tag[0]) if tag else None
        assert value, f"{self.status}: no field {name} in {self.text[:2000]}"
        return html.unescape(value[1])


class Browser:
    def __init__(self, port: int, **cookies: str) -> None:
        number = next(_visitors)
        mine = f"127.{1 + number // 65_000}.{number // 250 % 250}.{1 + number % 250}"
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120, source_address=(mine, 0))
        self.host = f"127.0.0.1:{port}"
        self.cookies = cookies
        self.requests = 0

    def get(self, path: str) -> Page:
        return self._ask("GET", path)

    def post(self, path: str, **form: str) -> Page:
        return self._ask("POST", path, urlencode(form))

    def follow(self, page: Page, *, most: int = 5) -> Page:
        """Where the page sends us, within this site."""
        while page.status in (301, 302, 303) and most:
            page, most = self.get(path_of(page.location)), most - 1
        return page

    def close(self) -> None:
        self.connection.close()

    def _ask(self, method: str, path: str, body: str | None = None) -> Page:
        headers = {"Host": self.host, "Referer": f"http://{self.host}{path}"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        self.requests += 1
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, rest = line.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return Page(answer.status, text, answer.headers.get("Location", ""))


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
