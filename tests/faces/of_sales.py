"""Sales in every state that a reader meets: coming, open, sold out, being counted, over; drawn, won, called off."""

from __future__ import annotations

from datetime import timedelta

from marketplace.admissions.models import Participation
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.models import Auction
from marketplace.auctions.opening import of_listing
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import get
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings import scheduling
from marketplace.listings.suspending import suspend
from marketplace.lotteries import receipts
from marketplace.lotteries.entering import enter, take_down
from marketplace.lotteries.models import Entry, Lottery
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.settings import settings
from tests import given
from tests.faces.visits import Town
from tests.lotteries.applied import a_lottery, asking, drawn, somebody


def live(town: Town) -> None:
    """What is over comes first: for it the clock is turned on, which would close whatever else was open by then."""
    done, received, _accounts = drawn(6, auction_rules={"waiting": 2})
    over = won(town)
    fixed(town)
    lotteries(town, done, received[0].entry_id)
    auctions(town, over)


def fixed(town: Town) -> None:
    on_sale = town.code(given.a_listing(title_ja="デジタル住民票 第4弾「湧き水」"))
    soon = now() + timedelta(days=3)
    coming = town.code(given.a_listing(kind="card", state="published", opens_at=soon))
    sold_out_id = given.a_listing(quantity=1, title_ja="ひとつだけの権利")
    place(given.an_account(), sold_out_id)
    held = town.code(sold_out_id)
    over = town.code(given.a_listing(state="completed", title_ja="終わった販売の権利"))
    stopped = given.a_listing(title_ja="受付を止めている権利")
    suspend(stopped, given.staff("approver"), "説明の文にまちがいがあったため、確かめています。")
    given_up = given.a_listing(title_ja="中止になった権利")
    scheduling.cancel(given_up, "staff", "会場が使えなくなったため。")
    codes = [on_sale, coming, held, over, town.code(stopped), town.code(given_up)]
    codes += [
        town.code(given.a_listing(mode, "naming", "published", opens_at=soon)) for mode in ("ascending", "sealed")
    ]
    codes.append(town.code(given.a_listing("lottery", state="published", opens_at=soon)))
    town.shown(*(f"/listings/{code}" for code in codes), f"/listings/{on_sale}/law")


def lotteries(town: Town, done: Lottery, first_entry: int) -> None:
    open_ = a_lottery(per_person_limit=3, **asking(address=True, retain_days=30))
    own = enter(open_.id, town.hana, somebody())
    called = take_down(open_.id, town.clerk, somebody("さとう ふみ", phone="0237-00-1234"))
    closed = town.code(given.a_listing("lottery", state="closed", title_ja="抽選を待つ権利"))
    keeping.drain()
    for code in (open_.code, done.code, closed):
        town.shown(f"/listings/{code}", f"/listings/{code}/draw")
    paper = receipts.address(receipts.signed(get(Entry, first_entry), done.code))
    town.shown(paper.removeprefix(settings().base_url))
    town.shown(f"/listings/{open_.code}/entry", f"/listings/{open_.code}/enter/family", to="hana")
    town.shown(f"/entries/{own.no}/change", to="hana")
    town.shown(f"/listings/{open_.code}/enter", to="ken")
    for code in (open_.code, done.code):
        town.shown(f"/staff/lotteries/{code}", to="clerk")
    town.shown(*(f"/staff/lotteries/{open_.code}/{page}" for page in ("entries", "entries/new", "letters")), to="clerk")
    town.shown(f"/staff/entries/{called.no}", f"/staff/listings/{open_.code}/plan", to="clerk")


def won(town: Town) -> Auction:
    over = auction("ascending", "落札された権利")
    for person, yen in ((town.hana, 2_000), (given.an_account(), 1_500)):
        place_bid(over.id, person, yen)
    with pretending(over.closes_at):
        run_one(SHEETS["auctions.close_due"])
        keeping.drain()
    return over


def auctions(town: Town, over: Auction) -> None:
    rising = auction("ascending", "町の公園の命名権")
    others = [given.an_account() for _ in range(2)]
    for person, yen in ((others[0], 1_500), (town.hana, 2_500), (others[1], 4_000)):
        placed = place_bid(rising.id, person, yen)
        if person == town.hana:
            town.shown(f"/listings/{rising.code}/bid/{placed.bid_id}", to="hana")
    sealed = auction("sealed", "封をした入札の権利")
    gated_id = given.a_listing("ascending", "naming", auction_rules={"taking_part": {}})
    gated = town.code(gated_id)
    applied = get(Participation, given.an_applicant(gated_id, town.hana))
    town.shown(f"/staff/admissions/{applied.code}", to="clerk")
    for each in (rising, sealed, over):
        town.shown(f"/listings/{each.code}", f"/listings/{each.code}/bids")
    town.shown(f"/listings/{over.code}/result", f"/listings/{gated}")
    town.shown(*(f"/listings/{each.code}/bid" for each in (rising, sealed, over)), to="ken")
    town.shown(f"/listings/{gated}/taking-part", to="ken")
    town.shown(f"/listings/{rising.code}", f"/listings/{gated}/taking-part", to="hana")
    town.shown(f"/staff/auctions/{rising.code}", f"/staff/auctions/{over.code}", to="clerk")


def auction(mode: str, title: str) -> Auction:
    found = of_listing(given.a_listing(mode, "naming", title_ja=title, price_yen=1_000))
    assert found is not None
    return found
