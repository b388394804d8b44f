"""A visitor without JavaScript who reads a page, fills in its form and presses its button."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "use"}


@dataclass
class PageForm:
    """A form as the page shows it: where it goes, and what its fields hold."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    """The sentence beside each field that has one."""

    def value(self, name: str) -> str:
        (only,) = self.values[name]
        return only


class Page(HTMLParser):
    """The forms of a page, its headings and its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.links: list[str] = []
        self.words = ""
        self._open: list[tuple[str, dict[str, str]]] = []
        self._form: PageForm | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self._open.append((tag, given))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "form":
            self._form = PageForm(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        if tag == "option" and "selected" in given:
            self._choose(given.get("value", ""))
        if self._form is None or not (name := given.get("name")):
            return
        if tag == "input" and given.get("type") in ("checkbox", "radio"):
            if "checked" in given:
                self._form.values.setdefault(name, []).append(given.get("value", "on"))
        elif tag == "input" and given.get("type") not in ("file", "submit"):
            self._form.values.setdefault(name, []).append(given.get("value", ""))
        elif tag in ("textarea", "select"):
            self._form.values.setdefault(name, [""])

    def _choose(self, value: str) -> None:
        """An option that is selected."""
        select = next(given for tag, given in reversed(self._open) if tag == "select")
        if self._form is not None:
            self._form.values[select["name"]] = [value]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        self.words += data
        for tag, given in reversed(self._open):
            if self._form is not None and tag == "textarea":
                before = self._form.values[given["name"]][0]
                self._form.values[given["name"]] = [
                    before + data if before else data.removeprefix("\r").removeprefix("\n")
                ]
            if self._form is not None and "field__error" in given.get("class", ""):
                name = given["id"].removesuffix("-error")
                self._form.errors[name] = (self._form.errors.get(name, "") + data).removeprefix("エラー: ").strip()

    def form(self, action: str) -> PageForm:
        (only,) = [form for form in self.forms if form.action == action]
        return only


def read(answer: TestResponse) -> Page:
    return Page(answer.text)


def submit(
    client: FlaskClient, path: str, changes: dict[str, Any] | None = None, *, action: str | None = None
) -> TestResponse:
    """Open `path`, change some fields of its form (to `action`, by default the page's own path) and send it."""
    page = read(client.get(path))
    return send(client, page.form(action or path.partition("?")[0]), changes)


def send(client: FlaskClient, form: PageForm, changes: dict[str, Any] | None = None) -> TestResponse:
    """Send a form as a browser would: every field with what it holds, and what the visitor changed."""
    assert form.method == "post"
    data: dict[str, Any] = {**form.values, **(changes or {})}
    sent = {name: value for name, value in data.items() if value is not None}
    return client.post(form.action, data=sent, headers={"Origin": "http://localhost"})
