"""A tab in which somebody has signed in already.

The form itself is filled in by test_by_hand.py, on each kind of screen and without JavaScript. It is three pages for
each person, and in these journeys people come by the dozen.
"""

from __future__ import annotations

from flask import current_app
from playwright.sync_api import Page

from marketplace.kit.db import db
from tests import given


def signed_in(page: Page, email: str) -> None:
    cookie = given.a_cookie(current_app, given.an_account(email))
    db.session.rollback()
    page.context.add_cookies([{"name": "hiroba", "value": cookie, "url": "http://127.0.0.1"}])
