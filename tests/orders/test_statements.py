"""An order is made of few statements: what one page needs is read once, and together."""

from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.db import get
from marketplace.listings.models import Listing
from tests import given
from tests.pages import read
from tests.statements import counted

MADE_BY_US = ("SELECT", "INSERT", "UPDATE")


def test_from_the_right_to_the_confirmation_each_page_asks_for_a_handful(app: Flask, client: FlaskClient) -> None:
    buyer = given.signed_in(client, given.an_account())
    code = get(Listing, given.a_listing(quantity=5)).code
    asked = {}

    def tell(name: str, seen: list[str]) -> None:
        asked[name] = len([each for each in seen if each.startswith(MADE_BY_US)])

    with counted() as seen:
        page = read(buyer.get(f"/listings/{code}"))
    tell("right", seen)
    token = page.forms[0].value("csrf_token")
    with counted() as seen:
        placed = buyer.post(f"/listings/{code}/order", data={"csrf_token": token})
    tell("place", seen)
    with counted() as seen:
        assert buyer.get(placed.location).status_code == 200
    tell("confirm", seen)
    with counted() as seen:
        assert buyer.get(placed.location.replace("/confirm", "")).status_code == 200
    tell("order", seen)
    assert asked == {"right": 5, "place": 8, "confirm": 3, "order": 3}
