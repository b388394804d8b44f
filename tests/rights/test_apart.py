"""Lists in which a town that sells the same thing each year still tells its rights apart."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from marketplace.gatherings.for_whom import RightsField
from marketplace.kit.clock import pretending
from marketplace.kit.db import get
from marketplace.kit.forms import Form
from marketplace.kit.languages import Language, speaking
from marketplace.listings.models import Listing
from marketplace.naming import placing
from marketplace.naming.forms import PlaceForm
from marketplace.rights.apart import titles
from marketplace.rights.models import Right
from tests import given


@pytest.fixture
def three(app: Flask) -> list[Right]:
    """Two of one name, drafted six years apart, and another."""
    found = []
    for year, title in ((2027, "町の鍵"), (2033, "町の鍵"), (2033, "湯の鍵")):
        with pretending(datetime(year, 3, 31, 15, 30, tzinfo=UTC)):  # 1 April in Japan
            words = {"title_ja": title, "title_en": "Key" if title == "町の鍵" else ""}
            found.append(get(Listing, given.a_listing("ascending", "naming", **words)).right)
    return found


def test_of_one_name_each_says_when_it_was_drafted_and_its_code(three: list[Right]) -> None:
    first, second, other = three
    assert titles(three) == {
        first.id: f"町の鍵（2027年4月 {first.code}）",
        second.id: f"町の鍵（2033年4月 {second.code}）",
        other.id: "湯の鍵",
    }
    assert titles([first, other]) == {first.id: "町の鍵", other.id: "湯の鍵"}
    with speaking(Language.EN):
        assert titles(three)[first.id] == f"Key (Apr 2027, {first.code})"


class Letter(Form):
    rights = RightsField("だれに")


def test_the_lists_of_the_office_have_no_two_lines_that_are_alike(app: Flask, three: list[Right]) -> None:
    with app.test_request_context():
        boxes = [box.title for box in Letter(formdata=None).rights.boxes()]
        places = [choice.label for choice in placing.filled(PlaceForm(formdata=None)).right.choices]
    for lines in (boxes, places):
        keys = [line for line in lines if "町の鍵" in line]
        assert len(keys) == len(set(keys)) == 2
