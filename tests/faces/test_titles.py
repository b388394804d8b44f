"""The name of a page is what a screen reader says first and what a tab shows: it tells the page from all others."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest
from flask import Flask

from tests.faces.pages import pages, rule_of
from tests.faces.visits import Town

SAME_PAGE = [
    {"/gifts/<code>", "/gifts/link/<link>"},
    {"/orders/<code>", "/orders/<code>/done"},
    {"/staff/listings/new/like/<code>", "/staff/scratch/<code>"},
    {"/terms", "/terms/<int:number>"},
]
"""By two addresses."""


@pytest.mark.node
def test_no_two_pages_have_the_same_title(app: Flask, town: Town) -> None:
    titled = defaultdict(set)
    for reader, path in pages(town):
        client = app.test_client()
        for name, value in town.cookies[reader].items():
            client.set_cookie(name, value, domain="localhost")
        found = re.search(r"<title>(.*?)</title>", client.get(path, base_url="http://localhost").text, re.DOTALL)
        assert found is not None, path
        titled[found[1]].add(rule_of(app, path))
    assert {title: rules for title, rules in titled.items() if len(rules) > 1 and rules not in SAME_PAGE} == {}
