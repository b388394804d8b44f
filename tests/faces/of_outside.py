"""What is beside the sales: waiting rooms, records, cards for other sites, open data, terms, and partners' systems."""

from __future__ import annotations

from urllib.parse import urlsplit

import sqlalchemy as sa

from marketplace.accounts import readdressing, vouching_address
from marketplace.kit.db import db, get
from marketplace.notices.models import Notice
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
    readdressing.ask(town.ken, "ken@new.example.jp")
    town.shown("/account/address", to="hana")
    town.shown("/account/address", to="ken")
    lost = given.an_account("lost@old.example.jp")
    change = vouching_address.ask(lost, "lost@new.example.jp", given.staff("treasury"), "窓口で免許証を見た")
    vouching_address.confirm(change, given.staff("approver"))
    letter = db.session.scalars(sa.select(Notice.body).where(Notice.template == "address_link")).one()
    town.shown(urlsplit(next(line for line in letter.splitlines() if "/signin/address/" in line)).path)
    town.shown(f"/listings/{on_sale}/embed", f"/embed/{on_sale}", "/listings?q=紹介", "/listings?q=ありません")
    partner = registering.propose(
        town.clerk, "観光協会", "https://hooks.example.jp/town", ["listing.opened"], "協定による"
    )
    registering.approve(partner, given.staff("approver"))
    town.shown(f"/staff/webhooks/{get(Endpoint, partner).code}", to="clerk")
