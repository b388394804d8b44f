from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.clock import now
from marketplace.kit.db import get
from marketplace.listings.models import Listing, ListingState
from marketplace.settings import Settings
from tests import given
from tests.pages import read, submit


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"notice_days_sealed": 10})


def test_doubts_stand_beside_their_fields_and_in_the_list_of_the_approver(app: Flask, client: FlaskClient) -> None:
    listing_id = given.a_listing(state="draft", lead_ja="いまだけの会員証です。")
    path = f"/staff/listings/{get(Listing, listing_id).code}"
    given.signed_in(client, given.staff("drafter"))
    said = "買うことを急がせる言葉です。"
    seen = [said in read(client.get(f"{path}/{page}")).words for page in ("edit", "preview")]
    submit(client, f"{path}/preview", action=f"{path}/submit")
    given.signed_in(client, given.staff("approver"))
    words = read(client.get(f"{path}/review")).words
    assert (seen, said in words, "契約の根拠が選ばれていません。" in words) == ([True, True], True, True)


def test_a_sealed_sale_with_a_short_notice_says_so_where_it_is_submitted(app: Flask, client: FlaskClient) -> None:
    listing_id = given.a_listing("sealed", "naming", state="draft", closes_at=now() + timedelta(days=9))
    path = f"/staff/listings/{get(Listing, listing_id).code}"
    given.signed_in(client, given.staff("drafter"))
    answer = submit(client, f"{path}/preview", action=f"{path}/submit")
    assert (answer.status_code, get(Listing, listing_id).state) == (422, ListingState.DRAFT)
    assert "10日以上にしてください" in read(answer).words
    submit(client, f"{path}/edit", {"urgent_reason": "前の入札が不調だったため"})
    assert submit(client, f"{path}/preview", action=f"{path}/submit").status_code == 303


def test_the_law_part_is_kept_as_it_was_typed(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("drafter"))
    listing = get(Listing, given.a_listing(state="draft"))
    typed = {
        "legal_basis": "small",
        "basis_note": "町の契約規則の額以下",
        "issuer": "月見沢町観光協会",
        "used_elsewhere": "y",
    }
    path = f"/staff/listings/{listing.code}/edit"
    submit(client, path, typed)
    form = read(client.get(path)).form(path)
    assert {name: form.value(name) for name in typed} == typed
    listing = get(Listing, listing.id)
    assert (listing.legal_basis, listing.issuer, listing.used_elsewhere) == ("small", "月見沢町観光協会", True)
