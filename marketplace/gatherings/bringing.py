"""人数の変更: whoever has a booking brings more or fewer people than they first said."""

from __future__ import annotations

from marketplace.gatherings.booking import (
    asked_for,
    by_buyer,
    check_may_ask,
    check_open,
    leave,
    most_at_once,
    take_seats,
)
from marketplace.gatherings.models import UNDECIDED, Gathering, Rsvp, RsvpState
from marketplace.gatherings.moving_up import free_seats, move_up
from marketplace.gatherings.parties import party_of
from marketplace.gatherings.reminding import tell_booked
from marketplace.gatherings.rules import MoreWait, NoSeatForMore, TooManyTogether
from marketplace.kit.db import lock, transaction
from marketplace.kit.refusals import WrongState


def bring(gathering_id: int, account_id: int, together: int) -> None:
    """So many come in all, the person counted. Said again, it changes nothing.

    Fewer: the last companions' seats go on, and whoever waits keeps the place. More: only where seats are free, and of
    a party that has its own. HasBegun, CalledOff, TooManyTogether, NoSeatForMore, MoreWait, TooLateToAsk; WrongState.
    """
    with transaction():
        gathering, party = lock(Gathering, gathering_id), party_of(gathering_id, account_id)
        if not party:
            raise WrongState
        check_open(gathering)
        if together > len(party):
            _more(gathering, party, together)
        elif together < len(party):
            _fewer(gathering, party, together)


def _more(gathering: Gathering, party: list[Rsvp], together: int) -> None:
    account_id = party[0].account_id
    by = by_buyer(account_id)
    check_may_ask(gathering, account_id)
    most = most_at_once(gathering)
    if together > most:
        raise TooManyTogether(most)
    if party[0].state in (RsvpState.WAITING, RsvpState.OFFERED):
        raise MoreWait(field="together")
    free = free_seats(gathering.id)
    if len(free) < together - len(party):
        raise NoSeatForMore(len(free))
    here = {rsvp.companion for rsvp in party}
    numbers = [number for number in range(together) if number not in here][: together - len(party)]
    more = [asked_for(gathering, account_id, number, by) for number in numbers]
    take_seats(more, free, by)
    tell_booked(party_of(gathering.id, account_id))


def _fewer(gathering: Gathering, party: list[Rsvp], together: int) -> None:
    """The person themselves stays, and whoever was stamped at the door."""
    going = [rsvp for rsvp in party if rsvp.companion and rsvp.state in UNDECIDED]
    surplus = len(party) - together
    if together < 1 or len(going) < surplus:
        raise WrongState
    leave(going[-surplus:], by_buyer(party[0].account_id))
    move_up(gathering)
