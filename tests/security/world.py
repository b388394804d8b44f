"""A town with something in every place, and one person who may open all of it: for tests that try every address."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.accounts.introducing import introduce
from marketplace.accounts.models import Role
from marketplace.admissions import enclosing
from marketplace.kit.db import Base, db
from marketplace.kit.forms import Form
from marketplace.lotteries.entering import enter
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from tests import given
from tests.access.addresses import PARAMETER, cut, filled, rules
from tests.admissions.test_enclosing import PDF
from tests.chainlogs import Chain, deploy
from tests.gatherings.stage import a_gathering
from tests.lotteries.applied import a_lottery, somebody
from tests.naming.stage import a_naming
from tests.perks.stage import a_desk

NAMES = ("code", "no", "contract", "cid", "name", "number")
"""Columns by which addresses name rows."""


HERE = Path(__file__).parents[2] / "marketplace"
ASKED = re.compile(r"(?:request\.(?:args|form|values)(?:\.get(?:list)?\(|\[)|asked_row\()\"(\w+)\"")


class World(NamedTuple):
    person: int
    """Somebody with every role, who bought, entered, asked and holds."""
    words: list[str]
    numbers: list[str]

    def __call__(self, client: FlaskClient) -> dict[str, str]:
        """{'GET /listings/<code>': '/listings/LST-…'} for each rule: with something that is there, where it is found.

        Rules that begin alike, up to what they name, are about the same thing: it is looked for once.
        """
        known: dict[str, str] = {}
        found = {}
        for line, rule in rules(client.application):
            begin, named, rest = cut(rule.rule)
            if named and begin + named not in known:
                known[begin + named] = self._look_for(client, line, begin, named, rest)
            path = known[begin + named] + rest if named else rule.rule
            found[line] = PARAMETER.sub(lambda each: filled(each[0]), path)
        return found

    def _look_for(self, client: FlaskClient, line: str, begin: str, named: str, rest: str) -> str:
        if not line.startswith("GET ") or PARAMETER.search(rest):
            return begin + filled(named)
        for word in self.numbers if named.startswith("<int:") else self.words:
            with client.get(f"{begin}{word}{rest}") as answer:
                if answer.status_code != 404:
                    return begin + word
        return begin + filled(named)


def build(**more: Any) -> World:
    """By the commands that build a real one. `more`: words of the listings that are to be found on pages."""
    person = given.staff(*map(str, Role), email="chiyo@example.jp")
    introduce(person, more.get("name", "最上 千代"), more.get("nickname", "ちよ"), "山形県")
    titled = {name: text for name, text in more.items() if name not in ("name", "nickname")}
    deploy()
    chain = Chain()
    place(person, given.a_listing(**titled))
    sale = given.a_listing("ascending", "naming", auction_rules={"taking_part": {}}, **titled)
    enclosing.keep(sale, person, PDF)
    given.an_applicant(sale, person)
    enter(a_lottery().id, person, somebody("もがみ ちよ"))
    a_naming(chain, person, **titled)
    a_gathering(**({"title": more["title_ja"]} if "title_ja" in more else {}))
    a_desk()
    given.a_listing(state="draft", **titled)
    keeping.drain()
    return World(person, sorted(_kept(sa.String)), sorted(_kept(sa.Integer))[:12])


def _kept(kind: type[sa.types.TypeEngine[Any]]) -> set[str]:
    found: set[str] = set()
    for table in Base.metadata.sorted_tables:
        for column in table.c:
            wanted = column.name in NAMES if kind is sa.String else column.primary_key or column.name == "token_id"
            if wanted and isinstance(column.type, kind):
                found |= set(map(str, db.session.scalars(sa.select(column).where(column.is_not(None)).limit(5))))
    return found


def asked_for() -> list[str]:
    """Every name that a view reads from an address or a form: by its own hand, or by a form's fields."""
    by_hand = {name for file in HERE.rglob("*.py") for name in ASKED.findall(file.read_text())}
    kinds, fields = [Form], set()
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        fields |= {name for name in dir(kind) if type(getattr(kind, name, None)).__name__ == "UnboundField"}
    return sorted(by_hand | fields)
