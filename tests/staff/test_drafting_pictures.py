"""The picture of a draft: drawn from a number, or sent."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from tests import given
from tests.pages import read, send, submit
from tests.staff.drafted import everything, only


@pytest.fixture
def drafter(app: Flask, client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.staff("drafter"))


class TestThePicture:
    def test_it_is_drawn_from_the_number_where_none_was_sent(self, drafter: FlaskClient) -> None:
        submit(drafter, "/staff/listings/new?template=card")
        right = only().right
        page = drafter.get(f"/staff/listings/{only().code}/preview").text
        assert (right.picture_id, f'src="/pictures/{right.code}/960.webp"' in page) == (None, True)

    def test_it_can_be_looked_at_without_saving(self, drafter: FlaskClient) -> None:
        path, file = "/staff/listings/new", (io.BytesIO(a_png()), "park.png")
        sent = submit(drafter, f"{path}?template=card", {"picture": file, "title_ja": ""})
        drawn = send(drafter, read(sent).form(path), {"only_draw": "y", "art_seed": "2"})
        assert (drawn.status_code, read(drawn).form(path).value("picture_id"), everything()) == (200, "", [])
        (address,) = re.findall(r'src="(/staff/listings/drawings/[^"]+)"', drawn.text)
        assert (address, drafter.get(address).mimetype) == ("/staff/listings/drawings/card/2.webp", "image/webp")

    @pytest.mark.parametrize("what", ["weapon/1", "card/0", "card/1000000000"])
    def test_nothing_else_is_drawn(self, drafter: FlaskClient, what: str) -> None:
        assert drafter.get(f"/staff/listings/drawings/{what}.webp").status_code == 404

    def test_one_that_was_sent_is_kept_though_another_field_is_wrong(self, drafter: FlaskClient) -> None:
        path = "/staff/listings/new"
        file = (io.BytesIO(a_png()), "park.png")
        answer = submit(drafter, f"{path}?template=park", {"picture": file, "title_ja": ""})
        form = read(answer).form(path)
        assert (answer.status_code, list(form.errors)) == (422, ["title_ja"])
        kept = form.value("picture_id")
        assert send(drafter, form, {"title_ja": "湖畔の公園"}).status_code == 303
        assert str(only().right.picture_id) == kept

    def test_what_is_no_picture_is_refused_beside_the_field(self, drafter: FlaskClient) -> None:
        file = (io.BytesIO(b"MZ not a picture"), "park.png")
        answer = submit(drafter, "/staff/listings/new?template=park", {"picture": file})
        assert (answer.status_code, list(read(answer).form("/staff/listings/new").errors)) == (422, ["picture"])
        assert everything() == []


def a_png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "#88aa66").save(out, "PNG")
    return out.getvalue()
