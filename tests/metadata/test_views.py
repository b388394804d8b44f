import json

import jsonschema
import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.db import get
from marketplace.listings.models import Listing
from marketplace.metadata.pictures import keep, url
from tests import given
from tests.metadata import pictures as made


@pytest.fixture
def picture_id(app: Flask) -> int:
    return keep(made.encoded(made.photo(1200, 900)), "staff:ACC-TEST")


def test_a_picture_of_a_draft_is_for_staff_only(client: FlaskClient, picture_id: int) -> None:
    path = f"/pictures/{picture_id}/480.webp"
    assert client.get(path).status_code == 404
    assert given.signed_in(client, given.an_account()).get(path).status_code == 404
    answer = given.signed_in(client, given.staff("drafter")).get(path)
    assert (answer.status_code, answer.content_type) == (200, "image/webp")
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_published_picture_is_for_everybody_and_for_ever(client: FlaskClient, picture_id: int) -> None:
    given.a_listing(state="published", picture_id=picture_id)
    answer = client.get(f"/pictures/{picture_id}/960.webp")
    assert (answer.status_code, answer.data[:4]) == (200, b"RIFF")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    again = client.get(f"/pictures/{picture_id}/960.webp", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_right_without_a_picture_is_drawn_for_staff_and_after_publication_for_everybody(
    app: Flask, client: FlaskClient
) -> None:
    right = get(Listing, given.a_listing(state="submitted")).right
    path = url(right, 480)
    assert client.get(path).status_code == 404
    staff = given.signed_in(app.test_client(), given.staff("approver")).get(path)
    assert (staff.status_code, staff.headers["Cache-Control"]) == (200, "private, no-store")
    right = get(Listing, given.a_listing(state="published")).right
    answer = client.get(url(right, 480))
    assert (answer.status_code, answer.data) == (200, staff.data)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "path", ["/pictures/RGT-22222222/480.webp", "/pictures/77/480.webp", "/pictures/1/0.webp", "/pictures/1/481.webp"]
)
def test_what_is_not_there_is_404(client: FlaskClient, picture_id: int, path: str) -> None:
    given.a_listing(state="published", picture_id=picture_id)
    assert client.get(path).status_code == 404


def test_the_schema_is_published_as_it_is_used(app: Flask, client: FlaskClient) -> None:
    answer = client.get("/schemas/token-1.json")
    jsonschema.Draft202012Validator.check_schema(json.loads(answer.data))
    assert answer.content_type == "application/schema+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
