"""What only the staff see: drafts, approvals, changes, imports, people."""

from __future__ import annotations

from marketplace.accounts import vouching_address
from marketplace.accounts.models import Account
from marketplace.collections import crediting
from marketplace.collections.models import Creator
from marketplace.kit.db import get
from marketplace.listings import amending
from marketplace.listings.models import Listing
from marketplace.listings.scratches import keep
from marketplace.naming import places
from marketplace.naming.models import Place
from marketplace.staff import importing
from tests import given
from tests.faces.visits import Town
from tests.gatherings.stage import BY
from tests.staff.sheets import as_csv, row


def live(town: Town) -> None:
    draft, submitted = (town.code(given.a_listing(state=state)) for state in ("draft", "submitted"))
    on_sale_id = given.a_listing(state="published", opens_at=given.in_days(3), title_ja="条件の変わる権利")
    amending.propose(on_sale_id, given.staff("drafter"), {"price_yen": 2_500}, "材料の値段が下がったため")
    on_sale = town.code(on_sale_id)
    town.shown(*(f"/staff/listings/{draft}/{page}" for page in ("edit", "preview", "review")), to="clerk")
    town.shown(f"/staff/listings/{submitted}/review", f"/staff/listings/new/like/{on_sale}", to="clerk")
    town.shown(*(f"/staff/listings/{on_sale}/{page}" for page in ("amendments", "stop")), to="clerk")
    town.shown(f"/staff/metadata/{get(Listing, on_sale_id).right.code}", f"/staff/evidence/{on_sale}", to="clerk")
    scratch, _ = keep(town.clerk, {"title_ja": ["書きかけの権利"]})
    town.shown(f"/staff/scratch/{scratch}", to="clerk")
    sheet = importing.upload(as_csv([row("A-1"), row("A-2", **{"価格（税込）": "さんぜん円"})]), "表.csv", town.clerk)
    town.shown(f"/staff/imports/{sheet}", to="clerk")
    creator_id = crediting.take_in("山菜えかき", "", BY)
    town.shown(f"/staff/creators/{get(Creator, creator_id).code}", to="clerk")
    place_id = places.put(BY, "役場前の広場", 700, 200, None)
    town.shown(f"/staff/places/{get(Place, place_id).code}", to="clerk")
    town.shown(f"/staff/people/{get(Account, given.staff('drafter')).code}", to="admin")
    lost, found = (given.an_account(email) for email in ("lost@example.jp", "found@example.jp"))
    vouching_address.ask(lost, "new@example.jp", given.staff("treasury"), "窓口で免許証を見た")
    town.shown("/staff/addresses?q=nobody", to="clerk")
    town.shown(*(f"/staff/addresses/{get(Account, each).code}" for each in (lost, found)), to="clerk")
