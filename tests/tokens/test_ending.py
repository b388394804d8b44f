"""The end of a right: what is used, offered and shown up to it, and not after it, by whatever page or counter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.appointments import counting
from marketplace.collections import swapping
from marketplace.gatherings import booking, polling
from marketplace.gatherings.rules import NotInvited
from marketplace.kit.clock import JST, pretending
from marketplace.kit.refusals import Refused
from marketplace.naming import ending as naming_ends
from marketplace.naming.models import NamingState
from marketplace.perks import syncing
from marketplace.perks.models import Flag
from marketplace.perks.refusals import NotNow
from marketplace.perks.standing import standings
from marketplace.resale import offering
from marketplace.staff import calendar
from marketplace.tokens import ending
from tests import given
from tests.appointments.stage import mayors_talks
from tests.chainlogs import Chain, somebody
from tests.gatherings.stage import BY, a_gathering, values
from tests.gatherings.test_polling import a_poll, a_question, followed
from tests.holders.stage import refusal as refused
from tests.naming.stage import announced, naming
from tests.pages import read
from tests.perks.stage import Telephone, a_desk, a_token, bath, entry, lines, scan
from tests.resale.stage import calls, custody, heard, held_token, request, token

OVER = datetime(2027, 6, 21, tzinfo=JST)
"""Of fourteen months from 20 April 2026, on which the chain of these tests issues (民法140条・143条)."""
TERM: dict[str, Any] = {"term_months": 14}
SECOND = timedelta(seconds=1)


@pytest.fixture
def hana(app: Flask) -> int:
    return given.an_account("hana@example.jp")


def refusal(token_id: int, account_id: int) -> str:
    with pytest.raises(Refused) as caught:
        offering.offer(token_id, account_id, 5_000)
    return str(caught.value)


def test_a_term_ends_with_the_day_that_answers_to_that_of_the_issue(chain: Chain, hana: int) -> None:
    token_id = held_token(chain, hana, **TERM)
    assert (ending.ends_at(token(token_id)), str(ending.last_day(token(token_id)))) == (OVER, "2027-06-20")
    assert ending.over(token(token_id), OVER - SECOND) is None
    assert str(ending.over(token(token_id), OVER)) == "この権利の期間は2027年6月20日(日)で終わりました。"
    assert ending.ends_at(token(held_token(chain, hana))) is None


def test_a_perk_without_an_end_of_its_own_ends_with_the_right(chain: Chain, hana: int) -> None:
    desk = a_desk()
    token_id = a_token(chain, hana, bath(desk), **TERM)
    with pretending(OVER - timedelta(hours=1)):
        assert scan(desk.tablet(), Telephone(token_id, hana).shows()).nth == 1
    with pretending(OVER):
        phone, tablet = Telephone(token_id, hana), desk.tablet()
        with pytest.raises(NotNow, match="使える期間は2027年6月20日"):
            scan(tablet, phone.shows())
        assert [each.passes_on for each in standings(token(token_id))] == [False]


def test_what_a_counter_without_network_did_on_the_last_day_counts_and_a_day_later_is_for_the_office(
    chain: Chain, hana: int
) -> None:
    desk = a_desk()
    token_id = a_token(chain, hana, bath(desk), **TERM)
    with pretending(OVER - timedelta(hours=1)):
        phone = Telephone(token_id, hana)
    with pretending(OVER + timedelta(days=3)):
        tablet = desk.tablet()
        kept = [entry(phone.shows(OVER - timedelta(hours=1))), entry(phone.shows(OVER + timedelta(hours=1)))]
        syncing.sync(tablet, kept)
    assert [line.flag for line in lines()] == [None, Flag.OUTSIDE]


def test_a_lecture_is_agreed_on_for_no_day_after_the_term(chain: Chain, hana: int) -> None:
    planned = token(mayors_talks(chain, hana, **TERM).token_id)
    alone = token(mayors_talks(chain, hana, planned=False, **TERM).token_id)
    for each in (planned, alone):
        assert counting.why_not_on(each, OVER - SECOND) == ""
        assert "2027年6月20日" in counting.why_not_on(each, OVER)


def test_a_right_that_is_over_is_not_for_sale_and_no_offer_outlives_it(chain: Chain, hana: int) -> None:
    token_id = held_token(chain, hana, **TERM)
    with pretending(OVER - timedelta(days=30)):
        assert request(offering.offer(token_id, hana, 5_000)).expires_at == OVER
        assert calls("offer:")[1][3][-1] == int(OVER.timestamp())
    other = held_token(chain, hana, **TERM)
    with pretending(OVER):
        assert refusal(other, hana) == "この権利の期間は2027年6月20日(日)で終わりました。"


def test_nor_does_one_that_is_made_again(chain: Chain, hana: int) -> None:
    """No two of a right have the same last moment, by which the chain's words of each are told apart."""
    token_id = held_token(chain, hana, **TERM)
    ends = []
    for number in (1, 2, 3):
        with pretending(OVER - timedelta(days=30)):
            asked = request(offering.offer(token_id, hana, 5_000))
        ends.append(asked.expires_at)
        chain.listed(token_id, custody(hana), 5_000, block=2 * number, number=number, expires=asked.expires_at)
        chain.cancelled(token_id, block=2 * number + 1, number=number)
        heard(chain, token_id)
    assert ends == [OVER, OVER - SECOND, OVER - 2 * SECOND]


def test_its_page_says_until_when_it_is_good_and_sells_it_no_more(
    app: Flask, chain: Chain, client: FlaskClient, hana: int
) -> None:
    token_id = held_token(chain, hana, **TERM)
    path = token(token_id).path or ""
    over = "この権利の期間は2027年6月20日(日)で終わりました。"
    with pretending(OVER - timedelta(days=1)):
        given.signed_in(client, hana)
        page = read(client.get(path))
        assert ("2027年6月20日(日)まで" in page.words, over in page.words, f"{path}/offer" in page.links) == (
            True,
            False,
            True,
        )
    with pretending(OVER):
        page = read(client.get(path))
        assert (over in page.words, f"{path}/offer" in page.links, f"{path}/give" in page.links) == (True, False, True)
        assert over in read(client.get(f"{path}/offer")).words


def test_a_wallet_is_given_no_offer_that_outlives_the_right(app: Flask, chain: Chain, client: FlaskClient) -> None:
    token_id = held_token(chain, given.an_account(), **TERM)
    chain.transfer(token_id, custody(token(token_id).account_id), somebody("own"), block=3)
    heard(chain, token_id)
    written = f"{int(OVER.timestamp()):064x}"
    with pretending(OVER - timedelta(days=2)):
        assert written in client.get(token(token_id).path or "").text
    with pretending(OVER):
        assert "data-wallet-sell" not in client.get(token(token_id).path or "").text


def test_to_an_event_for_holders_come_those_whose_right_is_good_on_that_day(chain: Chain, hana: int) -> None:
    token_id = held_token(chain, hana, **TERM)
    right_id = token(token_id).right_id
    with pretending(OVER - timedelta(days=10)):
        booking.ask(a_gathering(right_ids=[right_id]), hana)
        later = values(right_ids=[right_id])
        times = {name: later[name] + timedelta(days=7) for name in ("begins_at", "ends_at", "ask_until")}
        with pytest.raises(NotInvited):
            booking.ask(a_gathering(right_ids=[right_id], **times), hana)


def test_a_right_whose_term_is_over_has_no_voice_and_one_that_is_good_has(chain: Chain, hana: int) -> None:
    ended, good = held_token(chain, hana, **TERM), held_token(chain, hana)
    with pretending(OVER - timedelta(days=8)):
        before = a_poll()
    with pretending(OVER):
        assert polling.roll(a_poll())[0] == 1
        followed(4)
        alone = polling.draft(a_question(right_ids=[token(ended).right_id]), BY)
        assert refused(lambda: polling.open_poll(alone, BY)) == "invalid"
    assert [voice.token_id for voice in polling.voices_of(before, hana)] == [ended, good]


def test_a_card_whose_term_is_over_is_exchanged_for_no_other(chain: Chain, hana: int) -> None:
    """Neither offered, nor given for one, nor moved where it was offered before."""
    ken, first = given.an_account("ken@example.jp"), given.a_listing(kind="card", **TERM)
    hers, another = (held_token(chain, hana, first, serial) for serial in (1, 2))
    his = held_token(chain, ken, given.a_listing(kind="card", title_ja="うど"))
    right_id, wanted = token(hers).right_id, token(his).right_id
    with pretending(OVER - timedelta(days=1)):
        offered = swapping.offer(hers, hana, wanted, None, None, 7)
    with pretending(OVER):
        asked = swapping.offer(his, ken, right_id, None, None, 7)
        assert [
            refused(lambda: swapping.accept(offered, ken, his)),
            refused(lambda: swapping.accept(asked, hana, another)),
            refused(lambda: swapping.offer(another, hana, wanted, None, None, 7)),
        ] == ["term_over"] * 3


def in_calendar() -> list[datetime]:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    return [each.at for each in calendar.events(begin, begin + timedelta(days=5_000)) if each.kind == "term"]


def test_the_months_of_a_naming_right_are_counted_from_its_agreement(chain: Chain, hana: int) -> None:
    token_id = held_token(chain, hana, mode="ascending", kind="naming")
    assert (ending.ends_at(token(token_id)), in_calendar()) == (None, [])
    row = naming(announced(chain, hana))
    end = ending.ends_at(row.token)
    assert row.ends_on is not None
    assert end == datetime.combine(row.ends_on + timedelta(days=1), datetime.min.time(), JST)
    assert in_calendar() == [end]
    with pretending(end - timedelta(days=40)):
        assert request(offering.offer(row.token_id, hana, 5_000)).expires_at == end
    with pretending(end):
        naming_ends.terms()
        assert naming(row.id).state == NamingState.ENDED
        assert str(ending.over(naming(row.id).token)).startswith("この権利の期間は")
