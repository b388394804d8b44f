"""The holder of a resident card sees it in the season, with a tree for each stamp; others see what was issued."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from marketplace.art.visited import Season, visited_card
from marketplace.gatherings import visiting
from marketplace.kit.clock import jst, now, pretending
from marketplace.kit.db import get
from marketplace.perks import partnering
from marketplace.perks.models import Partner
from tests import given
from tests.chainlogs import Chain
from tests.resale.stage import held_token, token

BY = "staff:1"
JAPAN = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def holder(app: Flask) -> int:
    return given.an_account("hana@example.jp")


def card(token_id: int, season: Season, visits: int) -> str:
    held = token(token_id)
    return visited_card(str(held.right.art_seed), held.serial, held.max_supply, season, visits).svg()


def stamped(account_id: int, partner_id: int) -> None:
    code = get(Partner, partner_id).code
    _, point = visiting.point_of(code)
    visiting.stamp(account_id, code, number=visiting.number_of(point, jst(now()).date()))


def test_the_card_follows_the_season_and_the_stamps(chain: Chain, app: Flask, holder: int) -> None:
    token_id = held_token(chain, holder, kind="resident")
    address, mine = f"/mypage/cards/{token_id}.svg", given.signed_in(app.test_client(), holder)
    partner_id, _ = partnering.take_in("水沢温泉館", BY)
    visiting.open_point(partner_id, BY)
    year = jst(now()).year + 1
    with pretending(datetime(year, 4, 1, 9, tzinfo=JAPAN)):
        given.signed_in(mine, holder)
        spring = mine.get(address)
        assert (spring.mimetype, spring.text) == ("image/svg+xml", card(token_id, Season.SPRING, 0))
        stamped(holder, partner_id)
        grown = mine.get(address, headers={"If-None-Match": spring.headers["ETag"]})
        assert (grown.status_code, grown.text) == (200, card(token_id, Season.SPRING, 1))
    with pretending(datetime(year, 12, 31, 9, tzinfo=JAPAN)):
        given.signed_in(mine, holder)
        assert mine.get(address).text == card(token_id, Season.WINTER, 1)


def test_only_its_holder_sees_it_and_the_public_picture_is_that_which_was_issued(
    chain: Chain, app: Flask, holder: int
) -> None:
    token_id = held_token(chain, holder, kind="resident")
    address, path = f"/mypage/cards/{token_id}.svg", str(token(token_id).path)
    mine = given.signed_in(app.test_client(), holder)
    other = given.signed_in(app.test_client(), given.an_account("ken@example.jp"))
    assert [address in client.get(path).text for client in (mine, other, app.test_client())] == [True, False, False]
    assert address in mine.get("/mypage").text
    elsewhere = other.get(address)
    assert elsewhere.status_code == 302
    assert elsewhere.location in other.get(path).text
    assert mine.get("/mypage/cards/999.svg").status_code == 404


def test_a_right_of_another_kind_has_no_such_card(chain: Chain, app: Flask, holder: int) -> None:
    token_id = held_token(chain, holder, kind="lecture")
    mine = given.signed_in(app.test_client(), holder)
    assert mine.get(f"/mypage/cards/{token_id}.svg").status_code == 404
    assert "/mypage/cards/" not in mine.get(str(token(token_id).path)).text
