"""What is beside the sales: waiting rooms, records, cards for other sites, open data, terms, and partners' systems."""

from __future__ import annotations

from marketplace.kit.db import get
from marketplace.waiting.joining import join
from marketplace.webhooks import registering
from marketplace.webhooks.models import Endpoint
from tests import given
from tests.faces.visits import Town
from tests.waiting.stage import a_room


def live(town: Town) -> None:
    room, _people = a_room(2, title_ja="整理券のある権利")
    join(room.id, town.hana)
    town.shown(f"/listings/{room.code}", f"/listings/{room.code}/waiting")
    town.shown(f"/listings/{room.code}/waiting", to="hana")
    town.shown(f"/staff/waiting/{room.code}", to="clerk")
    over = town.code(given.a_listing(state="completed", title_ja="記録の残る権利"))
    on_sale = town.code(given.a_listing(title_ja="ほかのサイトで紹介する権利"))
    town.shown(f"/listings/{over}/record", "/data/sales", "/terms/1")
    town.shown("/account/outside", to="hana")
    town.shown(f"/listings/{on_sale}/embed", f"/embed/{on_sale}", "/listings?q=紹介", "/listings?q=ありません")
    partner = registering.propose(
        town.clerk, "観光協会", "https://hooks.example.jp/town", ["listing.opened"], "協定による"
    )
    registering.approve(partner, given.staff("approver"))
    town.shown(f"/staff/webhooks/{get(Endpoint, partner).code}", to="clerk")
