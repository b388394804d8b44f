"""What people see while the bucket is away: whole pages, all that they typed; and nothing counts as read."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.admissions import enclosing
from marketplace.admissions.models import Participation
from marketplace.blobs.bucket import Bucket
from marketplace.blobs.models import Place
from marketplace.blobs.store import stores
from marketplace.journal.models import Entry
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from marketplace.metadata.pictures import keep
from marketplace.outbox import keeping
from marketplace.privacy import exporting
from marketplace.settings import Settings
from tests import given
from tests.admissions.test_enclosing import PDF
from tests.local_bucket import LocalBucket
from tests.local_chain import free_port
from tests.metadata import pictures as made
from tests.pages import read, submit

CLERK = "staff:ACC-TEST"


@pytest.fixture
def settings(settings: Settings, bucket: LocalBucket) -> Settings:
    return bucket.settings(settings)


def gone_away() -> None:
    bucket = stores()[Place.BUCKET]
    assert isinstance(bucket, Bucket)
    bucket.base = f"http://127.0.0.1:{free_port()}/town"


def a_sale() -> int:
    return given.a_listing("ascending", "naming", auction_rules={"taking_part": {}})


def test_while_it_answers_pictures_documents_and_exports_come_from_it(
    app: Flask, client: FlaskClient, bucket: LocalBucket
) -> None:
    picture_id = keep(made.encoded(made.photo()), CLERK)
    given.a_listing(state="published", picture_id=picture_id)
    assert client.get(f"/pictures/{picture_id}/480.webp").data[:4] == b"RIFF"
    person = given.an_account()
    enclosing.keep(a_sale(), person, PDF)
    exporting.ask(person)
    keeping.drain()
    given.signed_in(client, person)
    (link,) = [link for link in read(client.get("/account/data")).links if link.endswith(".zip")]
    assert client.get(link).data[:2] == b"PK"
    assert {key.partition("/")[0] for key in bucket.names()} == {"pictures", "enclosures", "exports"}


def test_a_picture_is_an_empty_frame_that_nobody_keeps(app: Flask, client: FlaskClient) -> None:
    picture_id = keep(made.encoded(made.photo()), CLERK)
    code = get_code(given.a_listing(state="published", picture_id=picture_id))
    gone_away()
    assert client.get(f"/listings/{code}").status_code == 200
    answer = client.get(f"/pictures/{picture_id}/480.webp")
    assert (answer.status_code, answer.content_type) == (503, "image/svg+xml")
    assert (answer.headers["Cache-Control"], "ETag" in answer.headers) == ("no-store", False)


def get_code(listing_id: int) -> str:
    return get(Listing, listing_id).code


def test_a_draft_keeps_what_was_typed_and_says_why_the_picture_was_not_taken(app: Flask, client: FlaskClient) -> None:
    gone_away()
    drafter = given.signed_in(client, given.staff("drafter"))
    path = "/staff/listings/new"
    file = (io.BytesIO(made.encoded(made.photo())), "park.png")
    answer = submit(drafter, f"{path}?template=park", {"picture": file, "title_ja": "海の見える公園"}, action=path)
    assert (answer.status_code, read(answer).form(path).value("title_ja")) == (422, "海の見える公園")
    assert "ファイルを保存する場所が、いま応答していません" in answer.text


def test_a_document_that_cannot_be_had_has_not_been_read(app: Flask, client: FlaskClient) -> None:
    sale, person = a_sale(), given.an_account()
    enclosure_id = enclosing.keep(sale, person, PDF)
    code = get(Participation, given.an_applicant(sale, person)).code
    gone_away()
    desk = given.signed_in(client, given.staff("approver"))
    answer = desk.get(f"/staff/admissions/{code}/enclosures/{enclosure_id}")
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert db.session.scalars(sa.select(Entry).where(Entry.event == "read_enclosure")).all() == []


def test_a_document_that_cannot_be_taken_is_told_beside_its_field(app: Flask, client: FlaskClient) -> None:
    sale, person = a_sale(), given.an_account()
    gone_away()
    visitor = given.signed_in(client, person)
    path = f"/listings/{get_code(sale)}/taking-part"
    file = (io.BytesIO(PDF), "a.pdf")
    answer = submit(visitor, path, {"enclosures": file, "name": "月山 一郎"}, action=path)
    assert (answer.status_code, read(answer).form(path).value("name")) == (503, "月山 一郎")
    assert "ファイルを保存する場所が、いま応答していません" in answer.text
