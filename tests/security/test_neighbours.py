"""What one person does too often is no loss to those beside them, and no work without end for the town."""

from __future__ import annotations

import pytest
from flask import Flask

from marketplace.kit.web import client_address
from tests.access.addresses import rules

pytestmark = pytest.mark.on_sqlite
DESK = "/staff"


def test_whoever_is_signed_in_is_counted_alone_and_not_with_all_behind_the_same_address(app: Flask) -> None:
    views = ((rule, app.view_functions[each.endpoint]) for rule, each in rules(app))
    with_others = {
        rule
        for rule, view in views
        if getattr(view, "inside", False) and getattr(view, "counted_by", None) is client_address
    }
    assert with_others == {"POST /account/phone"}  # each is a short message, which the town pays for


def test_every_paper_that_is_set_for_people_outside_the_desk_is_set_so_often_and_no_more(app: Flask) -> None:
    papers = {rule: app.view_functions[each.endpoint] for rule, each in rules(app) if each.rule.endswith(".pdf")}
    outside = {rule: hasattr(view, "counted_by") for rule, view in papers.items() if f" {DESK}/" not in rule}
    assert "GET /results.pdf" in outside
    assert {rule for rule, counted in outside.items() if not counted} == set()
