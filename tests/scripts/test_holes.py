"""What is locked is asked for by name and version; a hole that nobody has judged is named, and so is silence."""

from __future__ import annotations

import json
from collections.abc import Iterator

import holes
import installing
import pytest
from holes import Locked

from tests.served import Answering, serving

GOOD, BAD = Locked("PyPI", "good", "1.0"), Locked("npm", "bad", "2.0")


class Database(Answering):
    def do_POST(self) -> None:
        asked = json.loads(self.sent())["queries"]
        known = [{"vulns": [{"id": "GHSA-1"}]} if each["package"]["name"] == "bad" else {} for each in asked]
        body = {"/": json.dumps({"results": known}), "/short": '{"results": []}'}.get(self.path, "<html>").encode()
        self.answer(body=body)


@pytest.fixture
def database() -> Iterator[str]:
    with serving(Database) as url:
        yield url


def test_a_hole_is_found_in_the_version_that_is_locked(database: str) -> None:
    assert holes.holes([GOOD, BAD, GOOD], f"{database}/") == {"GHSA-1": {BAD}}


@pytest.mark.parametrize("path", ["/short", "/garbled"])
def test_an_answer_that_is_none_is_silence_and_not_good_news(database: str, path: str) -> None:
    with pytest.raises(OSError, match=r"expected|cannot be read"):
        holes.holes([GOOD], database + path)


def test_what_nobody_judged_and_what_nobody_needs_to_judge_is_named() -> None:
    found = {"GHSA-1": {BAD}}
    assert holes.differences(found, {"GHSA-1": "we never call it"}) == []
    (new,) = holes.differences(found, {})
    assert new.startswith("GHSA-1: bad 2.0 (https://osv.dev/GHSA-1): ")
    assert holes.differences({}, {"GHSA-1": "we never call it"}) == [
        "GHSA-1: is judged, and no package has it any more"
    ]


def test_every_lock_is_asked_about() -> None:
    python, npm = holes.in_python(), holes.in_npm(installing.CONTRACTS)
    assert {"flask", "sqlalchemy", "pytest"} <= {each.name for each in python}
    assert "@openzeppelin/contracts" in {each.name for each in npm}
