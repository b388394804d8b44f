"""A town with something of everything, and its continuity kit."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.opening import of_listing
from marketplace.continuity import exporting
from marketplace.journal.sealing import seal
from marketplace.kit.clock import pretending
from marketplace.kit.db import transaction
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.outbox import keeping
from tests import given
from tests.chainlogs import Chain, deploy, somebody
from tests.lotteries.applied import drawn
from tests.resale.stage import heard, held_token, token

NAME, NICKNAME = "秘密野 花子", "はなちゃん"


def a_life() -> list[int]:
    """A sale with three tokens (one resold), a drawn lottery, a decided auction, a draft; the tokens' ids."""
    deploy()
    chain = Chain()
    listing_id = given.a_listing(quantity=5, title_ja="デジタル住民票<b>")
    people = [given.an_account(f"person-{n}@example.jp") for n in range(3)]
    tokens = [held_token(chain, person, listing_id, n) for n, person in enumerate(people, start=1)]
    chain.sold(tokens[0], str(token(tokens[0]).holder_address), somebody("ken"), 3_800, block=5, number=1)
    heard(chain, tokens[0])
    drawn(4)
    auction = of_listing(given.a_listing("ascending", "naming", price_yen=1_000))
    assert auction is not None
    for person, yen in zip(people, (1_500, 2_500, 4_000), strict=True):
        place_bid(auction.id, person, yen)
    with pretending(auction.closes_at):
        run_one(SHEETS["auctions.close_due"])
        keeping.drain()
    given.a_listing(state="approved", title_ja="まだ秘密の権利")
    given.a_listing("ascending", "naming", price_yen=1_000, reserve_yen=43_210)
    with transaction() as session:
        session.execute(sa.update(Account).values(name=NAME, nickname=NICKNAME))
    while seal():
        pass
    return tokens


def a_kit(place: Path) -> Path:
    exporting.export(place)
    return place
