"""Numbers in the forms of a sale say what they count, once."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.db import get
from marketplace.listings.models import Listing
from tests import given


def test_a_unit_stands_once_behind_its_box_on_each_page_that_has_it(app: Flask, client: FlaskClient) -> None:
    drafter = given.signed_in(client, given.staff("drafter"))
    new = drafter.get("/staff/listings/new?template=park").text
    assert units(new) == {
        **dict.fromkeys(("price_yen", "reserve_yen", "deposit_yen"), "円"),
        **dict.fromkeys(("quantity", "per_person_limit"), "点"),
        **dict.fromkeys(("hold_minutes", "soft_window", "soft_extend", "soft_cap"), "分"),
        **dict.fromkeys(("pay_hours", "second_offer_hours"), "時間"),
        **dict.fromkeys(("promote_days", "retain_days"), "日"),
        "term_months": "か月",
        "uses_per_token": "回",
        "royalty_bps": "％",
        "least_age": "歳以上",
        "waiting": "名",
    }
    listing = get(Listing, given.a_listing(state="approved", publish_at=given.in_days(1), opens_at=given.in_days(2)))
    change = drafter.get(f"/staff/listings/{listing.code}/amendments").text
    assert units(change) == {
        "price_yen": "円",
        "per_person_limit": "点",
        "hold_minutes": "分",
        "pay_hours": "時間",
    }
    assert re.findall(r"<label[^>]*>[^<]*（(?:円|点|分|時間|日|月|か月)）", new + change) == []


def units(page: str) -> dict[str, str]:
    """{field: what stands behind its box}."""
    return dict(re.findall(r'<div class="with-unit"><input[^>]* name="(\w+)"[^>]*><span>([^<]*)</span>', page))
