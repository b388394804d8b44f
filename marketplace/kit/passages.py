"""Japanese on an English page says that it is Japanese (WCAG 3.1.2).

The town writes the names of its events, places and perks in Japanese only. A screen reader with an English voice leaves
them out, and a browser may draw their kanji in the Chinese way. The page is made as ever; then each row of Japanese in
its text is marked, and each picture that is described in Japanese alone.
"""

from __future__ import annotations

import re

from flask import Flask, Response

from marketplace.kit.languages import language, speaks_only_japanese

_SIGNS = r"々〆〇ぁ-ヿ㐀-鿿ｦ-ﾟ\U00020000-\U0003ffff"
JAPANESE = re.compile(rf"[「『（]?[{_SIGNS}](?:[\s　、。「」『』（）()〜～…0-9０-９.,:-]*[{_SIGNS}])*[」』）。]*")
"""A row of it, with the signs and figures between its words."""
UNMARKED = "title|script|style|option|textarea|svg|math|code|pre|kbd|samp"
"""Elements in which no other may stand, or whose words are to be copied sign by sign."""
_TEXT = re.compile(
    rf"(?P<as_it_is><!--.*?-->|<(?P<tag>{UNMARKED})\b.*?</(?P=tag)>|<(?P<said>\w+)[^<>]*\slang=\"ja\"[^<>]*>[^<>]*</(?P=said)>"
    r"|<[^<>]*>)|(?P<text>[^<]+)",
    re.DOTALL,
)


_PICTURE = re.compile(r"<img(?=\s)(?![^<>]*\slang=)(?=[^<>]*\salt=\"(?P<alt>[^\"]*)\")")
_ENGLISH = re.compile(r"[a-z]{2}")


def marked(html: str) -> str:
    """`html` with each row of Japanese in its text marked as such, and nothing else changed."""
    return _TEXT.sub(_mark, html)


def _mark(piece: re.Match[str]) -> str:
    text = piece["text"]
    return _mark_picture(piece[0]) if text is None else JAPANESE.sub(r'<bdi lang="ja">\g<0></bdi>', text)


def _mark_picture(tag: str) -> str:
    found = _PICTURE.match(tag)
    if found is None or not JAPANESE.search(found["alt"]) or _ENGLISH.search(found["alt"]):
        return tag
    return tag.replace("<img", '<img lang="ja"', 1)


def use(app: Flask) -> None:
    """Let the pages of `app` that are not written in kanji say what on them is Japanese."""
    app.after_request(_mark_page)


def _mark_page(response: Response) -> Response:
    letters = not language().in_kanji and not speaks_only_japanese()
    if letters and response.mimetype == "text/html" and not response.is_streamed:
        response.set_data(marked(response.get_data(as_text=True)))
    return response
