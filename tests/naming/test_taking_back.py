"""Names and appeals are taken back until the committee has decided."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.clock import pretending
from marketplace.naming import proposing, revoking, rules, screening
from marketplace.naming.models import NamingState
from marketplace.staff import naming_tasks
from tests import given
from tests.chainlogs import Chain
from tests.holders.stage import refusal
from tests.naming.stage import (
    FELICIA,
    SPRING,
    minutes,
    naming,
    proposed,
)
from tests.naming.test_naming import deadlines
from tests.pages import read
from tests.racing import at_once


def test_names_are_taken_back_until_the_committee_has_decided_and_sent_anew(chain: Chain, hana: int) -> None:
    naming_id = proposed(chain, hana, FELICIA)
    until = naming(naming_id).answer_by
    proposing.take_back(naming_id, hana)
    row = naming(naming_id)
    assert (row.state, row.answer_by, naming_tasks.namings(given.staff("drafter"))) == (NamingState.INVITED, until, [])
    assert refusal(lambda: proposing.take_back(naming_id, hana)) == "wrong_state"
    assert refusal(lambda: screening.decide(naming_id, given.staff("drafter"), minutes(names=1))) == "wrong_state"
    proposing.propose(naming_id, hana, [FELICIA, SPRING])
    row = naming(naming_id)
    assert (row.round, [each.name for each in proposing.proposed(row)]) == (2, [FELICIA.name, SPRING.name])
    screening.decide(naming_id, given.staff("drafter"), minutes())
    assert refusal(lambda: proposing.take_back(naming_id, hana)) == "wrong_state"
    assert naming(naming_id).name == FELICIA.name


def test_who_took_their_names_back_and_sends_none_lets_the_time_pass(chain: Chain, hana: int) -> None:
    naming_id = proposed(chain, hana)
    proposing.take_back(naming_id, hana)
    with pretending(naming(naming_id).answer_by + timedelta(minutes=1)):
        deadlines()
    assert naming(naming_id).state == NamingState.LAPSED


def test_names_that_nobody_could_send_anew_are_not_taken_back(chain: Chain, hana: int, taro: int) -> None:
    naming_id = proposed(chain, hana)
    assert refusal(lambda: proposing.take_back(naming_id, taro)) == "not_the_first_buyer"
    with pretending(naming(naming_id).answer_by + timedelta(minutes=1)):
        assert refusal(lambda: proposing.take_back(naming_id, hana)) == "naming_too_late"
    assert naming(naming_id).state == NamingState.PROPOSED


def test_an_appeal_that_is_taken_back_was_the_one_of_its_round(chain: Chain, hana: int) -> None:
    naming_id = proposed(chain, hana)
    screening.decide(naming_id, given.staff("drafter"), minutes(None))
    proposing.appeal(naming_id, hana, "もう一度ごらんください。")
    proposing.take_back(naming_id, hana)
    assert naming(naming_id).state == NamingState.NONE_FIT
    assert refusal(lambda: proposing.appeal(naming_id, hana, "やはり。")) == rules.AppealedAlready.code
    proposing.propose(naming_id, hana, [SPRING])
    assert (naming(naming_id).state, naming(naming_id).round) == (NamingState.PROPOSED, 2)


def test_what_was_decided_is_what_was_read_also_when_other_names_came_meanwhile(chain: Chain, hana: int) -> None:
    naming_id = proposed(chain, hana)
    proposing.take_back(naming_id, hana)
    proposing.propose(naming_id, hana, [SPRING, FELICIA])
    with pytest.raises(screening.OtherNames):
        screening.decide(naming_id, given.staff("drafter"), minutes(), read="1")
    screening.decide(naming_id, given.staff("drafter"), minutes(), read="2")
    assert naming(naming_id).name == SPRING.name


def test_what_was_read_as_the_first_screening_is_not_written_down_as_the_one_of_an_appeal(
    chain: Chain, hana: int, taro: int
) -> None:
    naming_id, clerk = proposed(chain, hana), given.staff("drafter")
    screening.decide(naming_id, clerk, minutes(None), read="1")
    proposing.appeal(naming_id, hana, "もう一度ごらんください。")
    assert refusal(lambda: screening.decide(naming_id, clerk, minutes(), read="1")) == "other_screening"
    proposing.take_back(naming_id, hana)
    assert refusal(lambda: screening.decide(naming_id, clerk, minutes(), read="1 appeal")) == "other_screening"
    assert (naming(naming_id).state, naming(naming_id).name) == (NamingState.NONE_FIT, "")


def test_the_desk_says_that_an_appeal_was_taken_back_and_of_one_that_was_decided_not(
    chain: Chain, client: FlaskClient, hana: int
) -> None:
    naming_id = proposed(chain, hana)
    clerk = given.staff("drafter")
    path = f"/staff/namings/{naming(naming_id).code}"
    given.signed_in(client, clerk)
    screening.decide(naming_id, clerk, minutes(None))
    proposing.appeal(naming_id, hana, "もう一度ごらんください。")
    asked = read(client.get(path))
    assert (asked.form(f"{path}/decide").value("stage"), "取り下げられました" in asked.words) == ("1 appeal", False)
    proposing.take_back(naming_id, hana)
    assert "不服の申し出（取り下げられました）" in read(client.get(path)).words
    proposing.propose(naming_id, hana, [SPRING])
    screening.decide(naming_id, clerk, minutes(None, names=1))
    proposing.appeal(naming_id, hana, "こちらも、もう一度。")
    screening.decide(naming_id, clerk, minutes(None, names=1))
    assert "取り下げられました" not in read(client.get(path)).words


@pytest.mark.parametrize("taken_back", [True, False])
def test_of_an_appeal_that_a_revocation_ended_the_desk_says_that_it_was_taken_back_only_where_it_was(
    chain: Chain, client: FlaskClient, hana: int, taken_back: bool
) -> None:
    naming_id, clerk = proposed(chain, hana), given.staff("drafter")
    screening.decide(naming_id, clerk, minutes(None))
    proposing.appeal(naming_id, hana, "もう一度ごらんください。")
    if taken_back:
        proposing.take_back(naming_id, hana)
    revoking.ask(naming_id, clerk, "協定第8条による。")
    revoking.confirm(naming_id, given.staff("approver"))
    words = read(given.signed_in(client, clerk).get(f"/staff/namings/{naming(naming_id).code}")).words
    assert ("もう一度ごらんください。" in words, "取り下げられました" in words) == (True, taken_back)


def test_taken_back_and_decided_at_once_one_of_them_is_refused(app: Flask, chain: Chain, hana: int) -> None:
    naming_id, clerk = proposed(chain, hana), given.staff("drafter")
    acts = (lambda: proposing.take_back(naming_id, hana), lambda: screening.decide(naming_id, clerk, minutes()))
    outcomes = at_once(app, 2, lambda number: acts[number]())
    assert sorted(type(each).__name__ for each in outcomes) == ["NoneType", "WrongState"]
