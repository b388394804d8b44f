"""What was typed into a page is not lost when the page has grown old: it can be sent again, after signing in again."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from marketplace.kit.web import FORMS, wants_fragment
from marketplace.settings import settings

NOT_TYPED = {"csrf_token", "back"}
PROSE = 12
"""From how many characters on a value is shown to be copied, too."""


def again(status: int, *, door: str | None = None) -> ResponseReturnValue | None:
    """A page that holds what was sent and offers to send it once more. Nothing of it is kept here.

    `door`: where to sign in before, for who is signed out. None where nothing was typed, where a program asks, and
    where the sending page was not one of ours: nobody is to press a button under what another site has filled in.
    """
    typed = [(name, text) for name, text in request.form.items(multi=True) if name not in NOT_TYPED]
    page_wanted = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html") == "text/html"
    by_person = request.mimetype in FORMS and page_wanted and not wants_fragment()
    if not by_person or not _from_here() or not any(text.strip() for _name, text in typed):
        return None
    prose = [text for _name, text in typed if len(text) >= PROSE and not text.isascii()]
    files = any(file.filename for file in request.files.values())
    action = request.full_path.rstrip("?")
    page = render_template("accounts/again.html", action=action, typed=typed, prose=prose, files=files, door=door)
    return page, status


def _from_here() -> bool:
    """Every browser says with a POST where it was sent from: https://fetch.spec.whatwg.org/#origin-header."""
    here = {request.host_url.rstrip("/"), settings().base_url.rstrip("/")}
    return request.headers.get("Origin") in here
