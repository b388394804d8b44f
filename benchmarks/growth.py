"""A town with ten times the listings, orders, tokens and bids, against the town before it grew, on both databases.

CPU-milliseconds of the web processes for the first page, the catalogue, the page of a sale, that of the fund, and for a
whole order (ordering.py): what was there already should cost those who come now next to nothing.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import sqlalchemy as sa

from benchmarks import Result, compared
from benchmarks.copies import copy
from benchmarks.ordering import costs_of
from benchmarks.pages import Page, anew
from benchmarks.places import DATABASES, let_go, town
from benchmarks.serving import served
from marketplace.accounts.models import Account
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.models import Bid
from marketplace.fund.models import Posting, PostingLine
from marketplace.fund.posting import post
from marketplace.fund.rules import stripe_lines
from marketplace.fund.subtotals import bring_forward
from marketplace.kit.clock import now
from marketplace.kit.db import db, transaction
from marketplace.listings.models import Listing, Unit
from marketplace.orders.models import Order
from marketplace.orders.placing import place
from marketplace.rights.models import SERIAL_SPACE
from marketplace.tokens.issuing import promise_token
from marketplace.tokens.models import Token
from tests import given
from tests.auctions.given import an_auction

LISTINGS, REST, TIMES = 60, 600, 10
"""How many listings there are at first, and of orders, tokens and bids each."""
ROUNDS, SECONDS = 7, 1.5
ORDER_ROUNDS, ORDERS = 3, 12


def measure() -> Iterator[Result]:
    for name in DATABASES:
        yield from pages(name)
        small, large = (costs_of(name, ORDER_ROUNDS, ORDERS, before=partial(fill, each)) for each in (1, TIMES))
        yield compared(f"growth.order.{name}", "CPU-ms", large.whole, "a tenth", small.whole)


def pages(name: str, rounds: int = ROUNDS, seconds: float = SECONDS, times: int = TIMES) -> Iterator[Result]:
    with ExitStack() as stack:
        sides = []
        for each in (1, times):
            here = stack.enter_context(town(name))
            code = fill(each)
            web = stack.enter_context(served("wsgi:app", here.env, "healthz"))
            paths = {"home": "/", "catalogue": "/listings", "listing": f"/listings/{code}", "fund": "/fund"}
            sides.append({which: Page(web, anew(path)) for which, path in paths.items()})
        for which in sides[0]:
            for side in sides:  # nothing is cold when the rounds begin
                side[which].round(min(seconds, 0.5))
                side[which].costs.clear()
            for _ in range(rounds):
                for side in sides:
                    side[which].round(seconds)
    small, large = sides
    for which in small:
        yield compared(f"growth.{which}.{name}", "CPU-ms", large[which].costs, "a tenth", small[which].costs)


def fill(times: int) -> str:
    """So many times the rows; the code of a sale of which many were sold."""
    rest = REST * times
    buyer = given.an_account()
    sale = given.a_listing(kind="card", quantity=rest + 1)
    listing = db.session.get_one(Listing, sale)
    code, right_id = listing.code, listing.right_id
    order = place(buyer, sale)
    with transaction():
        token_id = promise_token(right_id, rest + 1, code, "ORD-COPIED", buyer, rest + 1)
    auction = an_auction()
    place_bid(auction.id, given.an_account(), 5_000)
    auction_id = auction.id
    key = {
        "token": db.session.scalars(sa.select(Token.id).where(Token.token_id == token_id)).one(),
        "bid": db.session.scalars(sa.select(Bid.id).where(Bid.auction_id == auction_id)).one(),
    }
    copy(
        Account,
        buyer,
        ({"code": f"ACC-C{n}", "email": f"copy-{n}@example.jp", "custody_id": f"{n:064x}"} for n in range(rest)),
    )
    copies = sa.select(Account.id).where(Account.email.like("copy-%")).order_by(Account.id)
    people = list(db.session.scalars(copies))
    free = sa.select(Unit.id).where(Unit.listing_id == sale, Unit.state == "free").order_by(Unit.serial)
    units = list(db.session.scalars(free))
    pairs = list(zip(people, units, strict=True))
    copy(Listing, sale, ({"code": f"LST-C{n}"} for n in range(LISTINGS * times)))
    copy(Order, order, ({"code": f"ORD-C{n}", "buyer_id": who, "unit_id": unit} for n, (who, unit) in enumerate(pairs)))
    db.session.execute(sa.update(Unit).where(Unit.id.in_(units)).values(state="held"))
    numbers = ({"serial": n, "token_id": right_id * SERIAL_SPACE + n} for n in range(1, rest + 1))
    named = ({**each, "order_code": f"ORD-C{n}", "ref": f"0x{n:064x}"} for n, each in enumerate(numbers))
    copy(Token, key["token"], named)
    copy(Bid, key["bid"], ({"seq": n + 2} for n in range(rest)))
    book(rest)
    let_go()
    return code


def book(count: int) -> None:
    """What so many payments left in the book of the fund, added up as the worker does it every ten seconds."""
    post("txn_0", "charge", stripe_lines("charge", 1_000, 36), at=now(), subject="order:ORD-COPIED")
    first = db.session.scalars(sa.select(Posting.id)).one()
    copy(Posting, first, ({"key": f"txn_{n}", "subject": f"order:ORD-C{n}"} for n in range(1, count + 1)))
    lines = sa.select(Posting.id, PostingLine.n, PostingLine.account, PostingLine.yen)
    lines = lines.join(PostingLine, PostingLine.posting_id == first).where(Posting.id != first)
    with transaction() as session:
        session.execute(sa.insert(PostingLine).from_select(["posting_id", "n", "account", "yen"], lines))
    bring_forward()
