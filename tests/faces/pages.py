"""Every page of the site with whoever reads it: from the map of addresses, and from the examples of the town."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import Flask

from tests.access.test_pages import lines
from tests.faces.visits import Reader, Town

FILES = re.compile(
    r"\.(csv|json|pdf|ics|zip|webp|js|txt|atom|png|xlsx|webmanifest|jsonld|xml|svg|md)$|<any\(csv,json\):kind>$|<kind>$"
)
NO_PAGES = {
    "/api/<path:_anything>",
    "/ipfs/<path:what>",
    "/static/<path:filename>",
    "/display",
    "/healthz",
    "/metrics",
    "/readyz",
    "/counter/state",
    "/entries/<no>",
    "/entries/<no>/card/done",
    "/fund/rights/<contract>/<int:token_id>",
    "/listings/<code>/own",
    "/listings/<code>/taking-part/done",
    "/signin/outside",
    "/signin/outside/back",
    "/staff/admissions/<code>/enclosures/<int:enclosure_id>",
    "/staff/listings/drawings/<kind>/<int:seed>.webp",
}
"""Addresses that answer with a file or a part of a page, or lead on to a page."""


def rules() -> dict[str, str]:
    """Who is let in to each rule that answers with a page."""
    found = {}
    for line, (who, _status) in lines().items():
        method, _, rule = line.partition(" ")
        if method == "GET" and rule not in NO_PAGES and not rule.startswith("/api/v1") and not FILES.search(rule):
            found[rule] = who
    return found


def pages(town: Town) -> Iterator[tuple[Reader, str]]:
    """Each page without a parameter as somebody who is let in, and each example."""
    shown = {path.partition("?")[0] for paths in town.visits.values() for path in paths}
    for rule, who in rules().items():
        if "<" not in rule and rule not in shown:
            yield reader_of(who), rule
    for reader, paths in town.visits.items():
        for path in paths:
            yield reader, path


def one_of_each(app: Flask, town: Town) -> Iterator[tuple[Reader, str]]:
    """The first page of each rule: the same template in another state is looked at when all are (FACES=all)."""
    seen = set()
    for reader, path in pages(town):
        rule = rule_of(app, path)
        if rule not in seen:
            seen.add(rule)
            yield reader, path


def without_example(app: Flask, town: Town) -> set[str]:
    return set(rules()) - {rule_of(app, path) for _, path in pages(town)}


def rule_of(app: Flask, path: str) -> str:
    rule, _values = app.url_map.bind("", url_scheme="http").match(path.partition("?")[0], return_rule=True)
    return rule.rule.replace(" ", "")


def reader_of(who: str) -> Reader:
    if who in ("everybody", "signed in"):
        return "nobody" if who == "everybody" else "hana"
    roles = set(who.partition(": ")[2].split())
    return "admin" if "admin" in roles and not roles & {"drafter", "approver", "treasury"} else "clerk"
