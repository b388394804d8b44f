"""What holders see: their tokens and cards, gifts, wallets, passes and names."""

from __future__ import annotations

from datetime import timedelta

from marketplace.holders import giving, withdrawing
from marketplace.kit.clock import now
from marketplace.kit.db import get
from marketplace.listings.models import Listing
from marketplace.perks import signing_in
from marketplace.perks.counter_views import COOKIE
from tests import given
from tests.chainlogs import somebody
from tests.collections.stage import Cards, an_offer, swap
from tests.faces.visits import Town
from tests.holders.stage import mailed_link, proved
from tests.naming.stage import announced, chosen, naming, proposed
from tests.perks.stage import Telephone, a_desk, bath, lectures, scan
from tests.perks.stage import a_listing as with_perks
from tests.resale.stage import heard, held_token, token
from tests.wallets import OwnWallet


def live(town: Town) -> None:
    tokens(town)
    cards(town)
    passes(town)
    names(town)


def tokens(town: Town) -> None:
    listing_id = given.a_listing(title_ja="デジタル住民票 第1弾", quantity=20, per_person_limit=9)
    kept, given_away, leaving, offered, sold = (
        held_token(town.chain, town.hana, listing_id, serial) for serial in range(1, 6)
    )
    proved(town.hana, OwnWallet("hana"))
    giving.give(given_away, town.hana, "ken@example.jp")
    withdrawing.ask(leaving, town.hana, 1)
    seller = str(token(offered).holder_address)
    town.chain.listed(offered, seller, 900, block=6, number=2, expires=now() + timedelta(days=9))
    town.chain.sold(sold, seller, somebody("mio"), 3_800, block=7, number=3)
    heard(town.chain, offered, sold)
    path = token(kept).path
    town.shown(*(str(token(each).path) for each in (kept, offered, sold)))
    town.shown(*(f"{path}/{act}" for act in ("give", "offer", "withdraw")), to="hana")
    town.shown(f"{token(given_away).path}/give", f"{token(leaving).path}/withdraw", to="hana")
    link = mailed_link("ken@example.jp")
    town.shown(link)
    town.shown(f"/gifts/{giving.by_link(link.rpartition('/')[2]).code}", to="ken")
    town.shown(f"/staff/subjects/{token(kept).subject}", to="clerk")


def cards(town: Town) -> None:
    first, second = (given.a_listing(kind="card", title_ja=name) for name in ("わらび", "うど"))
    one, other = (get(Listing, each).right_id for each in (first, second))
    hers = held_token(town.chain, town.hana, first, 1)
    his, another = (held_token(town.chain, town.ken, second, serial) for serial in (1, 2))
    made = swap(an_offer(Cards(first, second, one, other, hers, his, another), town.hana))
    town.shown(
        "/album", f"/swaps/{made.code}", *(f"/album/{get(Listing, each).right.code}" for each in (first, second))
    )
    town.shown("/mypage", "/album", to="hana")
    town.shown("/album", f"/swaps/{made.code}", "/mypage", to="ken")


def passes(town: Town) -> None:
    desk = a_desk()
    listing_id = with_perks(bath(desk), lectures(desk), title_ja="温泉に入れる住民票")
    token_id = held_token(town.chain, town.hana, listing_id)
    phone = Telephone(token_id, town.hana)
    tablet = desk.tablet()
    scan(tablet, phone.shows())
    town.shown(f"/passes/{token_id}", to="hana")
    town.cookies["tablet"] = {COOKIE: signing_in.sign_in(desk.code, desk.pin)}
    town.shown("/counter/")
    town.shown("/counter/desk", "/counter/slip", "/counter/today", to="tablet")
    town.shown(f"/staff/partners/{desk.code}", to="clerk")
    draft = town.code(given.a_listing(state="draft", title_ja="特典を決めている権利"))
    town.shown(f"/staff/listings/{draft}/perks", f"/staff/listings/{draft}/perks/new", to="clerk")


def names(town: Town) -> None:
    asked, decided, public = (
        naming(act(town.chain, town.hana, title_ja=title))
        for act, title in ((proposed, "体育館の命名権"), (chosen, "図書館の命名権"), (announced, "公園の命名権"))
    )
    town.shown(*(f"/mypage/namings/{each.code}" for each in (asked, decided, public)), to="hana")
    town.shown(*(f"/staff/namings/{each.code}" for each in (asked, decided, public)), to="clerk")
    town.shown(f"/namings/{public.code}")
