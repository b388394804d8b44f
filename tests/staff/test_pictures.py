from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage

from marketplace.kit.db import db
from marketplace.listings.models import Listing
from marketplace.metadata.models import Picture
from marketplace.metadata.pictures import url
from tests import given
from tests.metadata import pictures as made
from tests.pages import read, submit

NEW = "/staff/listings/new?template=park"


@pytest.fixture
def drafter(app: Flask, client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.staff("drafter"))


def upload(data: bytes, name: str = "看板.jpg") -> FileStorage:
    return FileStorage(io.BytesIO(data), name)


def only_picture() -> Picture:
    return db.session.scalars(sa.select(Picture)).one()


def test_an_uploaded_picture_is_cleaned_kept_and_shown(drafter: FlaskClient) -> None:
    assert submit(drafter, NEW, {"picture": upload(made.photo_with_place())}).status_code == 303
    listing = db.session.scalars(sa.select(Listing)).one()
    assert listing.right.picture_id == only_picture().id
    assert drafter.get(url(listing.right, 480)).content_type == "image/webp"


def test_what_is_no_picture_is_told_beside_the_field_and_what_was_typed_stays(drafter: FlaskClient) -> None:
    page = b"<html><script>alert(1)</script></html>"
    answer = submit(drafter, NEW, {"picture": upload(page, "p.png"), "title_ja": "新しい名前"})
    form = read(answer).form("/staff/listings/new")
    assert answer.status_code == 422
    assert form.errors == {"picture": "写真の形式は PNG・JPEG・WebP のどれかでお願いします。"}
    assert form.value("title_ja") == "新しい名前"
    assert list(db.session.scalars(sa.select(Listing))) == []


def test_a_picture_is_not_asked_for_again_when_another_field_was_wrong(drafter: FlaskClient) -> None:
    answer = submit(drafter, NEW, {"picture": upload(made.photo_with_place()), "title_ja": ""})
    form = read(answer).form("/staff/listings/new")
    assert form.errors == {"title_ja": "名前を入力してください。"}
    assert form.value("picture_id") == str(only_picture().id)
