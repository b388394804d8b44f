"""Least privilege, page by page: what each kind of visitor gets from each rule of the site is written in pages.txt."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from flask import Flask

from marketplace.accounts.models import Role
from marketplace.settings import Settings
from tests import given
from tests.access.addresses import address, rules
from tests.apps import another

TABLE = Path(__file__).with_name("pages.txt")
STAFF = tuple(str(role) for role in Role)
VISITORS = ("nobody", "buyer", *STAFF)
_addresses = count(1)


def lines() -> dict[str, tuple[str, int]]:
    """{'GET /fund': (who is let in, what they get)}."""
    rows = (line.split(maxsplit=2) for line in TABLE.read_text(encoding="utf-8").splitlines() if line[:1].isalpha())
    found = {}
    for method, rule, rest in rows:
        status, who = rest.split(maxsplit=1)
        assert f"{method} {rule}" not in found, f"twice: {method} {rule}"
        found[f"{method} {rule}"] = (who, int(status))
    return found


def expected(line: str, who: str, status: int) -> dict[str, int]:
    """For each visitor. Who must sign in is sent there (303), who may not is told so (403)."""
    method = line.partition(" ")[0]
    if who == "everybody":
        return dict.fromkeys(VISITORS, status)
    if who == "signed in":
        return {visitor: 303 if visitor == "nobody" else status for visitor in VISITORS}
    kind, _, roles = who.partition(": ")
    assert kind == "staff", f"{line}: {who}?"
    named = set(roles.split()) if roles else set(STAFF) - {"auditor"}
    assert named <= set(STAFF), f"{line}: {who}?"
    let_in = named | ({"auditor"} if method == "GET" else set())
    return {"nobody": 303, "buyer": 403, **{role: status if role in let_in else 403 for role in STAFF}}


@pytest.fixture
def open_app(app: Flask, settings: Settings) -> Iterator[Flask]:
    """Without the tokens of forms: they are tested elsewhere, and would answer before the guards do."""
    with another(settings) as bare:
        bare.config["WTF_CSRF_ENABLED"] = False
        yield bare


class Guest:
    """Comes to each page with a browser and from an address of their own: no earlier page counts."""

    def __init__(self, app: Flask, who: int | None) -> None:
        self.app, self.who, self.cookie = app, who, ""

    def visit(self, line: str, path: str) -> int:
        """What they get. Signed in anew after whatever let them in to change something; a refusal changes nothing."""
        client, number, method = self.app.test_client(), next(_addresses), line.partition(" ")[0]
        if self.who is not None:
            self.cookie = self.cookie or given.a_cookie(self.app, self.who)
            client.set_cookie("hiroba", self.cookie)
        here = {"REMOTE_ADDR": f"10.0.{number // 250}.{number % 250 + 1}"}
        status = client.open(path, method=method, environ_overrides=here).status_code
        if method != "GET" and status != 403:
            self.cookie = ""
        return status


def test_each_rule_of_the_site_has_its_line_and_each_line_its_rule(app: Flask) -> None:
    found = {line for line, _ in rules(app)}
    assert {"without a line": found - set(lines()), "without a rule": set(lines()) - found} == {
        "without a line": set(),
        "without a rule": set(),
    }


def test_the_table_is_in_order() -> None:
    written = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line[:1].isalpha()]
    assert written == sorted(written, key=lambda line: (line.split()[1], line.split()[0]))


def test_each_visitor_gets_from_each_page_what_the_table_says(app: Flask, open_app: Flask) -> None:
    table = lines()
    people = {"nobody": None, "buyer": given.an_account(), **{role: given.staff(role) for role in STAFF}}
    guests = {name: Guest(open_app, who) for name, who in people.items()}
    wrong = {}
    for line, rule in rules(app):
        let_in, status = table.get(line, ("everybody", 0))
        should, path = expected(line, let_in, status), address(rule)
        got = {visitor: guest.visit(line, path) for visitor, guest in guests.items()}
        if got != should:
            wrong[line] = {name: (got[name], should[name]) for name in VISITORS if got[name] != should[name]}
    assert wrong == {}


def test_auditors_send_nothing_anywhere_at_the_desk() -> None:
    """But for the file of evidence, which they have made for them: nothing of the town's changes with it."""
    named = [line for line, (who, _) in lines().items() if who.startswith("staff") and "auditor" in who]
    assert named == ["POST /staff/evidence/<code>"]


def test_every_page_of_the_desk_is_for_staff(app: Flask) -> None:
    desk = {line: who for line, (who, _) in lines().items() if "/staff" in line}
    assert {line: who for line, who in desk.items() if not who.startswith("staff")} == {}
