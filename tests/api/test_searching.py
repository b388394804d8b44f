"""The list of listings is searched as the catalogue is."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.db import get
from marketplace.listings.models import Listing
from tests import given


@pytest.mark.parametrize(("typed", "found"), [("ｺｺﾞﾐ", True), ("トレカ こごみ", True), ("お城", False), ("%", False)])
def test_words_narrow_the_list_however_they_are_typed(app: Flask, client: FlaskClient, typed: str, found: bool) -> None:
    code = get(Listing, given.a_listing(kind="card", title_ja="山菜トレカ「こごみ」")).code
    answer: Any = client.get("/api/v1/listings", query_string={"q": typed}).json
    assert [each["code"] for each in answer["items"]] == ([code] if found else [])


@pytest.mark.parametrize("typed", ["おんせん", "オンセン 温泉", "ゆき", "じゅうみんひょう"])
def test_the_town_s_own_words_are_found_by_how_they_are_read(app: Flask, client: FlaskClient, typed: str) -> None:
    code = get(Listing, given.a_listing(title_ja="雪の住民票", body_ja="町の温泉に入れます。")).code
    answer: Any = client.get("/api/v1/listings", query_string={"q": typed}).json
    assert [each["code"] for each in answer["items"]] == [code]
