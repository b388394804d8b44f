"""A town with people who hold, visit and come to events."""

from __future__ import annotations

from datetime import timedelta

from marketplace.accounts.introducing import introduce
from marketplace.gatherings import booking, stamping, visiting
from marketplace.kit.clock import jst, now, pretending
from marketplace.kit.db import get
from marketplace.perks import partnering
from marketplace.perks.models import Partner
from tests import given
from tests.chainlogs import Chain
from tests.gatherings.stage import BY, a_gathering, gathering, rsvp
from tests.resale.stage import held_token


def a_bath() -> str:
    partner_id, _ = partnering.take_in("水沢温泉館", BY)
    visiting.open_point(partner_id, BY)
    return get(Partner, partner_id).code


def came(bath: str, *people: int, days: int = 0) -> None:
    """They had a stamp, so many days from now."""
    with pretending(now() + timedelta(days=days)):
        _, point = visiting.point_of(bath)
        for who in people:
            visiting.stamp(who, bath, number=visiting.number_of(point, jst(now()).date()))


def took_part(*people: int) -> None:
    """They came to an event that begins now."""
    event = a_gathering(seats=20)
    for who in people:
        booking.ask(event, who)
    with pretending(gathering(event).begins_at):
        for who in people:
            stamping.stamp(event, rsvp(event, who).code, BY)


def holders(chain: Chain, listing: int, count: int, prefecture: str, first: int = 1) -> list[int]:
    """So many people of a prefecture, each with a token of the sale."""
    found = []
    for serial in range(first, first + count):
        who = given.an_account()
        introduce(who, f"町民 {serial}", "", prefecture)
        held_token(chain, who, listing, serial)
        found.append(who)
    return found
