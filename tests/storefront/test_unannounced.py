"""A sale that was cancelled before its notice: nobody outside ever hears of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.auctions import stopping
from marketplace.continuity import exporting
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing, ListingState
from marketplace.metadata.models import Pin
from marketplace.orders import cancelling
from marketplace.outbox import keeping
from tests import given

TITLE, WHY = "まだ秘密の権利", "まちがえて承認したため"


@pytest.fixture(params=["fixed", "ascending"])
def code(client: FlaskClient, request: pytest.FixtureRequest) -> str:
    """Of a sale that was approved, and cancelled then."""
    kind = "naming" if request.param == "ascending" else "resident"
    listing_id = given.a_listing(request.param, kind, state="approved", title_ja=TITLE)
    if request.param == "ascending":
        stopping.cancel(listing_id, given.staff("approver"), WHY)
    else:
        asked = cancelling.request(listing_id, given.staff("drafter"), WHY)
        cancelling.approve(asked, given.staff("approver"))
    keeping.drain()
    assert get(Listing, listing_id).state == ListingState.CANCELLED
    return get(Listing, listing_id).code


def test_no_page_and_no_file_has_it(client: FlaskClient, code: str) -> None:
    at = f"/listings/{code}"
    own = (at, f"{at}/sale.json", f"{at}/law", f"{at}/bids", f"{at}/embed", f"/api/v1{at}", f"/api/v1{at}/perks")
    assert {path: client.get(path).status_code for path in own} == dict.fromkeys(own, 404)
    lists = (
        *("/", "/listings?state=ended", f"/listings?state=ended&q={TITLE}", "/records", "/listings.atom"),
        *("/api/v1/listings", "/data/listings.csv", "/sitemap.xml"),
    )
    answers = [client.get(path) for path in lists]
    assert [(answer.status_code, code in answer.text) for answer in answers] == [(200, False)] * len(lists)


def named(client: FlaskClient) -> list[bool]:
    """Whether its documents are named by the API, and by the page: who knows the name of a tree can read it."""
    root = db.session.scalars(sa.select(Pin.root)).one()
    told = client.get("/api/v1/status").json
    assert told is not None
    return [told["ipfs"]["roots"] == [root], root in client.get("/status").text]


def test_its_documents_are_named_to_nobody(client: FlaskClient, code: str) -> None:
    assert named(client) == [False, False]


@pytest.mark.parametrize("state", ["approved", "published"])
def test_documents_are_named_from_the_notice_on(client: FlaskClient, state: str) -> None:
    given.a_listing(state=state, title_ja=TITLE)
    assert named(client) == [state == "published"] * 2


def test_it_is_not_in_the_kit(code: str, tmp_path: Path) -> None:
    exporting.export(tmp_path / "kit")
    files = [path for path in (tmp_path / "kit").rglob("*") if path.is_file()]
    assert [path.name for path in files if code in path.name or code.encode() in path.read_bytes()] == []


def test_who_drafted_it_is_told_that_it_is_not_public(client: FlaskClient, code: str) -> None:
    page = given.signed_in(client, given.staff("drafter")).get(f"/staff/listings/{code}/preview")
    assert (page.status_code, "公告の前に中止したため" in page.text) == (200, True)
    assert f'href="/listings/{code}"' not in page.text
