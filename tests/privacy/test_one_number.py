"""What the public can join by the number under which a person's rights stand, and where that is told."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from marketplace.naming.forms import ShownForm
from tests import given
from tests.api.asking import ask
from tests.chainlogs import Chain
from tests.pages import read
from tests.resale.stage import held_token

TOLD = (
    "町がおあずかりしている権利は、お一人ごとに1つの番号にまとまります。"
    "そのうちの1つがあなたのものだと知っている人には、ほかの権利と、その売り買いもわかります。"
)


def test_the_rights_of_one_person_stand_under_one_number_and_the_page_on_privacy_says_so(
    chain: Chain, client: FlaskClient
) -> None:
    hana, ken = given.an_account(), given.an_account()
    for person in (hana, hana, ken):
        held_token(chain, person)
    owners = [item["owner"] for item in ask(client, "tokens")["items"]]
    assert (owners[0] == owners[1], len(set(owners))) == (True, 2)
    assert TOLD in read(client.get("/privacy")).words


def test_who_gives_a_name_for_a_naming_is_told_what_it_tells_of_their_other_rights(app: Flask) -> None:
    with app.test_request_context():
        assert "ほかの権利も、その方のものとわかります" in str(ShownForm(formdata=None).shown.description)
