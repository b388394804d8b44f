"""One picture of a pass, read more than once by counters without network: at one place a use, at two places two."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from marketplace.kit.clock import jst, now
from marketplace.kit.db import get
from marketplace.perks import syncing
from marketplace.perks.flagging import open_flags
from marketplace.perks.models import Counter, Flag
from marketplace.perks.refusals import ReadAgain
from marketplace.perks.statements import statement
from tests.chainlogs import Chain
from tests.perks.stage import (
    Desk,
    Telephone,
    a_desk,
    a_token,
    bath,
    counts,
    entry,
    lines,
    ref,
    scan,
    undo_entry,
)
from tests.racing import at_once


@pytest.fixture
def inn(desk: Desk) -> Desk:
    return a_desk("海野の湯")


def today() -> str:
    return jst(now()).date().isoformat()


def test_a_picture_of_a_pass_at_another_place_is_paid_there_and_goes_to_the_office(
    chain: Chain, desk: Desk, inn: Desk, hana: int
) -> None:
    token_id = a_token(chain, hana, bath(desk, places=(desk.place, inn.place)))
    shown = Telephone(token_id, hana).shows()
    first, second = (syncing.sync(each.tablet(), [entry(shown)])[0] for each in (desk, inn))
    assert (first.code, second.code) == ("", "double")
    assert counts(token_id) == [(today(), 1, 1)]
    assert [(line.partner_id, line.flag) for line in lines()] == [
        (desk.partner_id, None),
        (inn.partner_id, Flag.DOUBLE),
    ]
    assert [statement(each.tablet().partner, today()[:7]).total for each in (desk, inn)] == [300, 300]
    assert [line.partner_id for line in open_flags()] == [inn.partner_id]


def test_tablets_of_both_places_that_sync_at_once_write_one_use_for_each_place(
    app: Flask, chain: Chain, desk: Desk, inn: Desk, hana: int
) -> None:
    token_id = a_token(chain, hana, bath(desk, places=(desk.place, inn.place)))
    shown, tablets = Telephone(token_id, hana).shows(), [each.tablet().id for each in (desk, inn) for _ in range(2)]

    def send(n: int) -> bool:
        (answer,) = syncing.sync(get(Counter, tablets[n]), [entry(shown)])
        return answer.settled

    assert at_once(app, 4, send) == [True] * 4
    assert counts(token_id) == [(today(), 1, 1)]
    assert {line.partner_id for line in lines()} == {desk.partner_id, inn.partner_id}


def test_what_one_tablet_took_back_and_another_let_in_is_not_lost(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    shown, mistaken = Telephone(token_id, hana).shows(), ref()
    syncing.sync(desk.tablet(), [entry(shown, ref_=mistaken), undo_entry(mistaken)])
    kept = [entry(shown)]
    for _ in range(2):  # the answer was lost on the way, and the tablet asks again
        assert [answer.code for answer in syncing.sync(desk.tablet(), kept)] == [""]
    assert (counts(token_id), len(lines())) == ([(today(), 1, 0)], 3)


def test_with_network_a_picture_is_taken_at_no_other_place(chain: Chain, desk: Desk, inn: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk, limit=2, places=(desk.place, inn.place)))
    shown = Telephone(token_id, hana).shows(now() + timedelta(seconds=30))
    scan(desk.tablet(), shown)
    with pytest.raises(ReadAgain):
        scan(inn.tablet(), shown)
    assert counts(token_id) == [(today(), 1, 0)]
