"""Furigana (ふりがな): readings over the kanji of a Japanese page, for a reader who switched them on.

The page is made as ever; then the words of its text, and nothing else of it, are put into <ruby>. How a word is read
says the town's own list, which goes first, and translations/readings.txt.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

from flask import Flask, Response, current_app, request

from marketplace.kit.languages import WITHOUT_COOKIES, language, speaks_only_japanese
from marketplace.kit.readings import Readings, Unreadable, lines, word
from marketplace.kit.web import EDITION

log = logging.getLogger(__name__)
COOKIE, ON, OFF = "furigana", "on", "off"
LIST = Path(__file__).parents[1] / "translations/readings.txt"
UNREAD = {"title", "script", "style", "option", "textarea", "svg", "math", "ruby", "code", "pre", "kbd", "samp"}
"""Elements in which <ruby> may not stand, or whose words are to be copied sign by sign."""
WITHIN_A_LINE = {"a", "abbr", "b", "bdi", "data", "em", "mark", "small", "span", "strong", "time"}


class Page(HTMLParser):
    """A page, sign for sign, but for the words of its text."""

    def __init__(self, readings: Readings) -> None:
        super().__init__(convert_charrefs=False)
        self._readings = readings
        self._silent: list[str] = []
        self._last = ""
        self.out: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.out.append(self.get_starttag_text() or "")
        if self._silent:
            self._silent += [tag] if tag == self._silent[0] else []
        elif tag in UNREAD or dict(attrs).get("lang", "ja") != "ja":
            self._silent = [tag]
        self._beside(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.out.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        self.out.append(f"</{tag}>")
        if self._silent and tag == self._silent[0]:
            self._silent.pop()
        self._beside(tag)

    def handle_data(self, data: str) -> None:
        self.out.append(data if self._silent else self._readings.over(data, self._last))
        self._last = data[-1:]

    def handle_entityref(self, name: str) -> None:
        self._as_it_is(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._as_it_is(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self._as_it_is(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self._as_it_is(f"<!{decl}>")

    def _as_it_is(self, text: str) -> None:
        self.out.append(text)
        self._last = ""

    def _beside(self, tag: str) -> None:
        if tag not in WITHIN_A_LINE:
            self._last = ""


def over(html: str, readings: Readings) -> str:
    page = Page(readings)
    page.feed(html)
    page.close()
    return "".join(page.out)


def known(town: Path) -> Readings:
    """Our words and those in the file of the town, read anew when that has changed."""
    return _known(town, _age(town))


def _age(file: Path) -> int:
    return file.stat().st_mtime_ns if file.exists() else 0


@lru_cache(maxsize=2)
def _known(town: Path, age: int) -> Readings:
    ours = lines(LIST.read_text("utf-8"))
    theirs = [line for line in lines(town.read_text("utf-8-sig")) if _is_word(line)] if age else []
    return Readings([*theirs, *ours])


def _is_word(line: str) -> bool:
    """A slip of the town's pen costs this one reading, not the page."""
    try:
        word(line)
    except Unreadable:
        log.warning("readings.txt of the town: %r is no word with its reading", line)
        return False
    return True


def use(app: Flask, town: Path) -> None:
    """Let readers of `app` have furigana; `town` is the file of the town's own words, if there is one."""
    app.config["READINGS"] = town
    app.extensions[EDITION] = edition
    app.after_request(_over_page)


def possible() -> bool:
    """Whether this page can have furigana: Japanese, for residents."""
    return language().is_japanese and not speaks_only_japanese() and not request.path.startswith(WITHOUT_COOKIES)


def wanted() -> bool:
    return request.cookies.get(COOKIE) == ON and possible()


def edition() -> bytes:
    """By what pages with furigana differ from those without, and from those with other words; for ETags."""
    return f"furigana {_age(current_app.config['READINGS'])}".encode() if wanted() else b""


def _over_page(response: Response) -> Response:
    if response.mimetype == "text/html" and not response.is_streamed and wanted():
        response.set_data(over(response.get_data(as_text=True), known(current_app.config["READINGS"])))
    return response
