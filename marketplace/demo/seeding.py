"""Seed the demo town: its story is lived through once, day by day, by the real commands.

The clock of this process and that of the local Stripe server go back with the story; the chain's does not, so that
tokens are issued today. Sheets and outbox run after each act as the worker would run them.
"""

from __future__ import annotations

import logging
import shutil
import time
from pathlib import Path

import requests
import sqlalchemy as sa

from marketplace.chain import deploying, following, sending
from marketplace.demo import cards, counters, hands, hours, meetings, names, perks, trades, treasury
from marketplace.demo.history import DAY, Act, Tale
from marketplace.demo.scene import Scene
from marketplace.demo.town import story
from marketplace.foundation import break_ground
from marketplace.kit import sheets
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db
from marketplace.listings.drafting import staff_name
from marketplace.listings.models import Listing
from marketplace.outbox import keeping
from marketplace.settings import settings

log = logging.getLogger(__name__)
VISITS = 5
ISSUED = (-521, -409, -60, -29, -14, -9)
"""Days on which the chain catches up with what was bought, since what follows needs the tokens."""
READINGS = Path(__file__).parent / "readings.txt"
STORY_SHEETS = (
    *("listings.publish_due", "listings.open_due", "listings.close_due"),
    *("auctions.close_due", "orders.expire_unpaid"),
)
"""What time alone makes happen in the story. The others (chain, seals, reconciling) have their turn in settle()."""


def seed() -> None:
    """Live the story through, on an empty database. Nothing happens outside the demo, or where listings exist."""
    if not settings().demo or db.session.scalar(sa.select(sa.func.count()).select_from(Listing)):
        log.info("nothing to seed")
        return
    began = time.monotonic()
    deploying.ensure_contracts()
    stripe(faults={"drop": 1.0})  # webhooks would find nobody at home; the pages' own way back from Stripe is walked
    break_ground(settings())
    shutil.copy(READINGS, settings().data_dir / "readings.txt")
    told, today = story(), now()  # what lies ahead of it is the future, and stays open
    with pretending(min(sale.opens_at for sale in told.sales) - 12 * DAY):
        office = hands.hire(told.staff)
        counters.take_in(staff_name(office["drafter"]))
    tales = {sale.id: Tale(sale, office, first_buyer=n * 3) for n, sale in enumerate(told.sales)}
    scene = Scene(office, lambda sale: tales[sale].listing_id, settle, today)
    acts = [act for tale in tales.values() for act in tale.acts()]
    acts += [Act(scene.at(day, 8), settle) for day in ISSUED]
    for part in (perks, names, hours, meetings, cards):
        acts += part.acts(scene)
    for act in sorted((act for act in acts if act.at <= today), key=lambda act: act.at):
        live(act)
    stripe(clock={"at": int(time.time())})
    settle()
    cards.swap(scene)
    trades.trade({sale: tale.listing_id for sale, tale in tales.items()}, settle)
    perks.visit([token.token_id for token in trades.held(tales["LST-01"].listing_id)[:VISITS]])
    stripe(payout={})
    stripe(faults={"drop": 0.0})
    sheets.run_all()
    settle()
    treasury.keep_the_fund(office)
    log.info("the story of the town took %.1f s", time.monotonic() - began)


def live(act: Act) -> None:
    """One act at its moment. Where time itself is to be felt, what is due is done before and after."""
    with pretending(act.at):
        if act.quiet:
            act.do()
            return
        let_time_pass()
        if act.settle:
            stripe(clock={"at": int(now().timestamp())})
        act.do()
        keeping.drain()
        let_time_pass()


def let_time_pass() -> None:
    for name in STORY_SHEETS:
        sheets.run_one(sheets.SHEETS[name])
    keeping.drain()


def settle() -> None:
    """Let the chain catch up: send, follow, and tell whoever listens, until nothing moves any more."""
    moved = True
    while moved:
        moved = bool(sending.work()) | bool(following.follow_once()) | bool(keeping.drain())


def stripe(**controls: dict[str, int | float]) -> None:
    """Turn a knob of the local Stripe server. A Stripe of another kind has none, and is left alone."""
    base = settings().stripe_api_base
    for name, body in controls.items():
        if base:
            requests.post(f"{base}/_sim/{name}", json=body, timeout=20).raise_for_status()
