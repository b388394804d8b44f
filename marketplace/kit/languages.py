"""The languages of the public pages: Japanese, easy Japanese (やさしい日本語) and English.

Sentences stand in the code in Japanese, which is the text that binds; a catalogue says each in the other two
(docs/languages.md). A request speaks the language that its `?lang=`, else its cookie names; a letter that of whoever
receives it. Everything else (the desk of the staff, papers, the chain, the worker) speaks Japanese.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode

from flask import Flask, current_app, has_request_context, request
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup
from werkzeug.http import parse_cookie
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

from marketplace.kit.catalogues import catalogue
from marketplace.kit.web import set_cookie


class Language(StrEnum):
    JA = "ja"
    EASY = "easy"
    EN = "en"

    @property
    def own_name(self) -> str:
        """As its readers call it: who looks for it can read no other."""
        return {"ja": "日本語", "easy": "やさしい日本語", "en": "English"}[self]

    @property
    def tag(self) -> str:
        """For `lang` and `hreflang` (BCP 47). Easy Japanese is Japanese: a screen reader must read it as that."""
        return {"ja": "ja", "easy": "ja-x-easy", "en": "en"}[self]

    @property
    def html(self) -> str:
        """For `lang` of a page: without what only we call it."""
        return self.tag.partition("-x-")[0]

    @property
    def is_japanese(self) -> bool:
        return self.html == "ja"

    @property
    def in_kanji(self) -> bool:
        """Whether Japanese within it can't be told by its letters."""
        return self.html.partition("-")[0] in ("ja", "zh")


LANGUAGES = {str(each): each for each in Language}
COOKIE = "language"
LASTS = 365 * 86400
JAPANESE_ONLY = ("/staff", "/counter", "/api", "/data", "/dev", "/signin/recovery")
"""Where clerks, partners and machines read."""
FEED = ".atom"
"""One feed for all its readers: it says itself that it is Japanese."""
WITHOUT_COOKIES = "/embed/"
"""Shown in other people's pages: speaks the language that it is asked for, and leaves nothing behind."""

_speaking: ContextVar[Language] = ContextVar("language", default=Language.JA)


def language() -> Language:
    """The one that is spoken now."""
    return _speaking.get()


@contextmanager
def speaking(chosen: Language) -> Iterator[None]:
    """Within, everything is said in this language."""
    token = _speaking.set(chosen)
    try:
        yield
    finally:
        _speaking.reset(token)


def _(text: str, /, **facts: Any) -> str:
    """`text` in the language spoken now, each %(name)s filled in. Where it has no translation, as it stands."""
    said = _said(text)
    return said % facts if facts else said


def said(text: object) -> str:
    """A word that was kept in Japanese, in the language spoken now. What is no such word comes back as it is."""
    return text if isinstance(text, Markup) else _said(str(text))


def _said(text: str) -> str:
    """Other languages have a space between sentences; Japanese has none, so the code has none."""
    now = _speaking.get()
    if now is Language.JA:
        return text
    said = catalogue(now).get(text, text)
    return f"{said} " if not now.is_japanese and text.endswith("。") and not said.endswith("。") else said


def told(words: Mapping[str, str]) -> str:
    """What the town wrote in Japanese, and perhaps in English: {"ja": …, "en": …}."""
    return (words.get("en") if language() == Language.EN else "") or words["ja"]


def read(text: object) -> Language | None:
    """The language of this code, or None."""
    return LANGUAGES.get(text) if isinstance(text, str) else None


def speak(app: Flask) -> None:
    """Let the pages of `app` speak: {% trans %} and _() in templates, the visitor's choice in requests."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.install_gettext_callables(_said, _no_plural, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals["N_"] = str  # marks words that are kept now and said later
    app.jinja_env.globals["_"] = app.jinja_env.globals["gettext"] = _in_template
    app.jinja_env.filters.update(said=said, told=told)
    app.jinja_env.globals.update(
        alternates=alternates, speaks_only_japanese=speaks_only_japanese, words_of_scripts=words_of_scripts
    )
    app.before_request(_listen)
    app.after_request(_remember)
    app.teardown_request(_fall_silent)


@pass_eval_context
def _in_template(where: EvalContext, text: str, /, **facts: Any) -> str:
    """What Jinja's own would say, but for the work of filling in where there is nothing to fill in: a page says a
    hundred sentences, and most have no blanks. A percent sign is doubled in each."""
    said = _marked(_said(text)) if where.autoescape else _said(text)
    return said % facts if "%" in said else said


@lru_cache(4096)
def _marked(said: str) -> Markup:
    return Markup(said)  # noqa: S704 -- the sentence is ours; what is filled in is escaped


def _no_plural(one: str, _many: str, _count: int) -> str:
    return _said(one)


def asked() -> Language | None:
    """The language that the address asks for: ?lang=en."""
    return read(request.args.get("lang"))


def chosen() -> Language | None:
    """The language that this browser chose before."""
    return read(request.cookies.get(COOKIE))


def speaks_only_japanese() -> bool:
    """Whether this page is one for clerks, partners or machines."""
    return not has_request_context() or request.path.startswith(JAPANESE_ONLY) or request.path.endswith(FEED)


def alternates() -> list[tuple[str, str]]:
    """(tag, address) of this page in each language, for machines that look for them; none where it has only one.

    By the address of the site, whatever name it was called by: a page must not be what its reader says it is.
    """
    if speaks_only_japanese():
        return []
    rest = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    here = current_app.config["BASE_URL"] + quote(request.path)
    return [(each.tag, f"{here}?{urlencode([*rest, ('lang', each)])}") for each in Language]


def words_of_scripts() -> dict[str, str]:
    """What the scripts of the pages say, in the language spoken now; see static/js/words.js."""
    return {text: catalogue(language()).get(text, text) for text in sentences_of_scripts()}


@cache
def sentences_of_scripts() -> tuple[str, ...]:
    """What stands in inWords("…") in our scripts."""
    files = sorted((Path(__file__).parents[1] / "static/js").glob("*.js"))
    found = (
        re.findall(r'inWords\(\s*"([^"\\]*)"', file.read_text("utf-8")) for file in files if file.name != "words.js"
    )
    return tuple(dict.fromkeys(text for texts in found for text in texts))


def heard(environ: WSGIEnvironment) -> Language:
    """The language of a request that is answered before the application is asked: of its address, then its cookie."""
    if "lang=" in environ.get("QUERY_STRING", ""):
        return read(dict(parse_qsl(environ["QUERY_STRING"])).get("lang")) or Language.JA
    if f"{COOKIE}=" not in environ.get("HTTP_COOKIE", ""):
        return Language.JA
    return read(parse_cookie(environ).get(COOKIE)) or Language.JA


def _listen() -> None:
    _speaking.set(Language.JA if speaks_only_japanese() else asked() or chosen() or Language.JA)


def _fall_silent(_error: BaseException | None) -> None:
    """What this thread does next is not for this reader."""
    _speaking.set(Language.JA)


def _remember(response: Response) -> Response:
    """Whoever came in by an address with ?lang= goes on in that language."""
    if response.mimetype == "text/html":
        response.vary.add("Cookie")  # also where nobody has asked who is signed in
        wish = asked()
        if wish not in (None, chosen()) and request.method == "GET" and not request.path.startswith(WITHOUT_COOKIES):
            keep(response, wish)
            response.headers["Cache-Control"] = "private, no-store"  # a cookie is for one reader
    return response


def keep(response: Response, wish: Language) -> Response:
    """The browser goes on in this language."""
    set_cookie(response, COOKIE, wish, max_age=LASTS)
    return response
