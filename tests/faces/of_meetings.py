"""Meetings, votes, letters and hours of lecturers."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from marketplace.accounts.models import Account
from marketplace.gatherings import booking, circulating, visiting
from marketplace.gatherings.letters import Circular
from marketplace.gatherings.votes import Poll
from marketplace.kit.clock import jst, now
from marketplace.kit.db import get
from marketplace.perks.models import Partner
from tests import given
from tests.appointments import stage as talks
from tests.faces.visits import Town
from tests.gatherings.stage import BY, a_gathering, gathering
from tests.gatherings.test_polling import a_poll
from tests.perks.stage import a_desk
from tests.resale.stage import token


def live(town: Town) -> None:
    meeting, full = a_gathering(), a_gathering(title="満席の集い", seats=1)
    booking.ask(full, given.an_account())
    booking.ask(full, town.hana)
    booking.ask(meeting, town.hana)
    families = a_gathering(title="親子の集い", seats=3, most_together=4)
    booking.ask(families, town.hana, 2)
    waiting = a_gathering(title="待つ集い", seats=2, most_together=2)
    booking.ask(waiting, given.an_account())
    booking.ask(waiting, town.hana, 2)
    for each in (meeting, full, families, waiting):
        code = gathering(each).code
        town.shown(f"/gatherings/{code}")
        town.shown(f"/gatherings/{code}", to="hana")
        town.shown(f"/staff/gatherings/{code}", f"/staff/gatherings/{code}/edit", to="clerk")
    poll = get(Poll, a_poll()).code
    town.shown(f"/polls/{poll}")
    town.shown(f"/polls/{poll}", to="hana")
    letters(town)
    visits(town)
    hours(town)


def letters(town: Town) -> None:
    right_id = token(town.chain.said[0]["token_id"]).right_id
    circular_id = circulating.draft("春の便り", "山菜の季節です。", [right_id], BY)
    code = get(Circular, circular_id).code
    letter = circulating.facts(get(Circular, circular_id), get(Account, town.hana))
    stop = str(letter["stop"])
    town.shown(f"/staff/circulars/{code}", f"/staff/circulars/{code}/edit", to="clerk")
    town.shown(urlsplit(stop).path)


def visits(town: Town) -> None:
    partner_id = a_desk("道の駅").partner_id
    visiting.open_point(partner_id, BY)
    code = get(Partner, partner_id).code
    _, point = visiting.point_of(code)
    visiting.stamp(town.hana, code, number=visiting.number_of(point, jst(now()).date()))
    town.shown(f"/stamp-screen/{point.screen_key}")
    town.shown(f"/visits/{code}", to="hana")


def hours(town: Town) -> None:
    monday = jst(now()) + timedelta(days=21 - jst(now()).weekday())
    start = monday.replace(hour=10, minute=0, second=0, microsecond=0)
    mayor = talks.mayors_talks(town.chain, town.hana)
    asked = talks.row(talks.asked(mayor, start, start + timedelta(days=2))).code
    fixed = talks.row(talks.fixed(mayor, start + timedelta(days=1))).code
    town.shown(f"/mypage/appointments/of/{mayor.token_id}", to="hana")
    for code in (asked, fixed):
        town.shown(f"/mypage/appointments/{code}", to="hana")
        town.shown(f"/staff/appointments/{code}", to="clerk")
