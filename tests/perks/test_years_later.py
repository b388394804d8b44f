"""Ten years of rights at one counter: whose perk a slip means, and which perks a tablet still needs to know."""

from datetime import datetime, time, timedelta

import pytest
from flask.testing import FlaskClient

from marketplace.kit.clock import JST, jst, now, pretending
from marketplace.kit.db import get
from marketplace.perks import offering, slips
from marketplace.perks.models import Partner, Slip
from tests.chainlogs import Chain
from tests.pages import read, submit
from tests.perks.stage import BY, Desk, a_token, bath, lectures, lines
from tests.resale.stage import token

DAY = timedelta(days=1)


@pytest.fixture
def tablet(client: FlaskClient, desk: Desk) -> FlaskClient:
    submit(client, "/counter/", {"partner": desk.code, "pin": desk.pin})
    return client


def known(desk: Desk) -> set[str]:
    """The rights of which a tablet has the perks."""
    plans: dict[str, object] = offering.snapshot(get(Partner, desk.partner_id))["plans"]
    return set(plans)


def test_a_slip_is_no_other_perk_of_the_guest_where_that_of_another_right_was_chosen(
    tablet: FlaskClient, chain: Chain, desk: Desk, hana: int
) -> None:
    """Each right counts its perks from p1: the bath of one is the lecture of another."""
    older = token(a_token(chain, hana, bath(desk), title_ja="町の鍵"))
    newer = token(a_token(chain, hana, lectures(desk, id="p1"), bath(desk, id="p2"), title_ja="町の鍵"))
    slips.print_slips(desk.partner_id, 1, BY)
    page = tablet.get("/counter/slip").text
    assert [f"温泉の入浴（{each.right_id}-　町の鍵）" in page for each in (older, newer)] == [True, True]
    typed = {
        "code": get(Slip, 1).code,
        "number": f"{newer.right_id}-{newer.serial}",
        "on": jst(now()).date().isoformat(),
    }
    wrong = submit(tablet, "/counter/slip", typed | {"plan": f"{older.right_id}:p1"})
    assert wrong.status_code == 422
    assert read(wrong).form("/counter/slip").errors == {
        "plan": f"番号が「{newer.right_id}-」で始まる権利の特典を選んでください。"
    }
    assert lines() == []
    assert "記録しました" in submit(tablet, "/counter/slip", typed | {"plan": f"{newer.right_id}:p2"}).text
    assert len(lines()) == 1


def test_a_counter_forgets_the_perks_that_have_been_over_for_everybody_longer_than_a_slip_is_taken(
    chain: Chain, desk: Desk, hana: int, taro: int
) -> None:
    with_term = token(a_token(chain, hana, bath(desk), term_months=12))
    issued = with_term.minted_at
    assert issued is not None
    last = jst(issued).date() + 100 * DAY
    others = (
        a_token(chain, hana, bath(desk)),
        a_token(chain, hana, bath(desk, months=3)),
        a_token(chain, taro, bath(desk, ends=last)),
    )
    termed, (ever, own, dated) = str(with_term.right_id), (str(token(each).right_id) for each in others)
    noon = datetime.combine(last, time(12), JST)
    for moment, expected in (
        (issued + 80 * DAY + slips.OLDEST, {ever, termed, own, dated}),
        (noon + slips.OLDEST, {ever, termed, dated}),
        (noon + slips.OLDEST + DAY, {ever, termed}),
        (issued + 363 * DAY + slips.OLDEST, {ever, termed}),
        (issued + 367 * DAY + slips.OLDEST, {ever}),
        (issued + 3653 * DAY, {ever}),
    ):
        with pretending(moment):
            choices = dict(offering.plan_choices(get(Partner, desk.partner_id)))
            assert known(desk) == expected, moment
            assert set(choices) == {f"{each}:p1" for each in expected}
