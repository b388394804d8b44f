"""A tab in which somebody has signed in already.

The form itself is filled in by test_by_hand.py, on each kind of screen and without JavaScript. It is three pages for
each person, and in these journeys people come by the dozen.
"""

from __future__ import annotations

from playwright.sync_api import Page

from tests import given, visiting


def signed_in(page: Page, email: str) -> None:
    visiting.signed_in(page, given.an_account(email))
