"""From the invitation to the name in force: who may do what, in which order, until when."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.accounts.second_person import OwnCase
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import Invalid, Refused, WrongState
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.naming import agreeing, inviting, places, proposing, rules, screening
from marketplace.naming.models import Naming, NamingState, ProposedName, Screening
from marketplace.naming.screening import doubts
from marketplace.outbox import keeping
from marketplace.rights.models import Kind
from marketplace.staff import naming_tasks
from tests import given
from tests.chainlogs import Chain
from tests.holders.stage import mails, refusal
from tests.naming.stage import (
    BY,
    FELICIA,
    SPRING,
    a_naming,
    agreed,
    announced,
    chosen,
    minutes,
    naming,
    proposed,
    sold_on,
    today,
)
from tests.racing import at_once
from tests.resale.stage import held_token


def deadlines() -> None:
    run_one(SHEETS["naming.deadlines"])


def test_who_buys_a_naming_right_is_invited_once(chain: Chain, hana: int) -> None:
    naming_id = a_naming(chain, hana)
    inviting.invite(naming(naming_id).token_id)
    assert (naming(naming_id).state, naming(naming_id).account_id) == (NamingState.INVITED, hana)
    assert mails("hana@example.jp") == ["naming_invited"]


def test_other_rights_have_no_name_to_give(chain: Chain, hana: int) -> None:
    held_token(chain, hana, kind=str(Kind.LECTURE))
    keeping.drain()
    assert list(db.session.scalars(sa.select(Naming))) == []


def test_a_second_holder_can_not_name_and_the_first_buyer_still_can(chain: Chain, hana: int, taro: int) -> None:
    naming_id = a_naming(chain, hana)
    sold_on(chain, naming_id, hana, taro)
    with pytest.raises(rules.NotTheFirstBuyer, match="はじめに買った方だけ"):
        proposing.propose(naming_id, taro, [FELICIA])
    assert naming(naming_id).state == NamingState.INVITED
    proposing.propose(naming_id, hana, [FELICIA])
    screening.decide(naming_id, given.staff("drafter"), minutes(names=1))
    begins_on = naming(naming_id).begins_on
    assert begins_on is not None
    with pytest.raises(rules.NotTheFirstBuyer):
        agreeing.agree(naming_id, taro, begins_on=begins_on)


def test_a_name_stays_for_its_term_whoever_holds_the_right(chain: Chain, hana: int, taro: int) -> None:
    naming_id = announced(chain, hana)
    before = (naming(naming_id).name, naming(naming_id).ends_on)
    sold_on(chain, naming_id, hana, taro)
    assert (naming(naming_id).name, naming(naming_id).ends_on) == before
    assert refusal(lambda: proposing.propose(naming_id, taro, [SPRING])) == "not_the_first_buyer"
    assert refusal(lambda: proposing.propose(naming_id, hana, [SPRING])) == "wrong_state"


def test_one_to_three_names_are_proposed_once(chain: Chain, hana: int) -> None:
    naming_id = a_naming(chain, hana)
    for names in ([], [FELICIA, SPRING, FELICIA, SPRING]):
        with pytest.raises(Invalid):
            proposing.propose(naming_id, hana, names)
    proposing.propose(naming_id, hana, [FELICIA, SPRING])
    with pytest.raises(WrongState):
        proposing.propose(naming_id, hana, [SPRING])
    assert [each.name for each in proposing.proposed(naming(naming_id))] == [FELICIA.name, SPRING.name]


def test_two_windows_that_propose_at_once_are_one_proposal(app: Flask, chain: Chain, hana: int) -> None:
    naming_id = a_naming(chain, hana)
    outcomes = at_once(app, 4, lambda number: proposing.propose(naming_id, hana, [(FELICIA, SPRING)[number % 2]]))
    assert sorted(type(each).__name__ for each in outcomes) == ["NoneType", "WrongState", "WrongState", "WrongState"]
    assert len(proposing.proposed(naming(naming_id))) == 1


def test_the_committee_approves_one_name_and_the_term_follows_the_months_of_the_sale(chain: Chain, hana: int) -> None:
    naming_id = chosen(chain, hana, term_months=36)
    row = naming(naming_id)
    assert (row.state, row.name, row.reading) == (NamingState.CHOSEN, FELICIA.name, FELICIA.reading)
    assert row.begins_on is not None
    assert row.ends_on == rules.last_day_of(row.begins_on, 36)
    (meeting,) = screening.minutes_of(row)
    assert meeting.members == ["副町長", "教育長", "観光協会の会長"]
    assert [each["verdict"] for each in meeting.results] == ["approved", "refused"]
    assert mails("hana@example.jp")[-1] == "naming_chosen"


def test_a_meeting_that_is_not_written_down_whole_decides_nothing(chain: Chain, hana: int) -> None:
    naming_id, actor = proposed(chain, hana), given.staff("drafter")
    faults = {
        "held_on": minutes(held_on=today() + timedelta(days=1)),
        "members": minutes(members=["副町長"]),
        "minutes": minutes(text=" "),
        "public_minutes": minutes(public_text=""),
        "reason_2": minutes(reasons={}),
        "checks_1": minutes(checks={1: [rules.Check.MORALS]}),
        "begins_on": minutes(begins_on=today() - timedelta(days=1)),
        "chosen": minutes(3, checks={3: list(rules.Check)}, reasons={1: "似ています", 2: "似ています"}),
    }
    for field, wrong in faults.items():
        with pytest.raises(Invalid) as caught:
            screening.decide(naming_id, actor, wrong)
        assert caught.value.field == field
    assert naming(naming_id).state == NamingState.PROPOSED
    assert list(db.session.scalars(sa.select(Screening))) == []


def test_refused_names_have_reasons_and_leave_an_appeal_and_new_names(chain: Chain, hana: int) -> None:
    naming_id, actor = proposed(chain, hana), given.staff("drafter")
    screening.decide(naming_id, actor, minutes(None))
    row = naming(naming_id)
    assert row.state == NamingState.NONE_FIT
    assert row.answer_by - now() > timedelta(days=29)
    assert mails("hana@example.jp")[-1] == "naming_none_fit"
    proposing.appeal(naming_id, hana, "似ている施設はありません。")
    screening.decide(naming_id, actor, minutes(None))
    with pytest.raises(rules.AppealedAlready):
        proposing.appeal(naming_id, hana, "もう一度だけ")
    proposing.propose(naming_id, hana, [SPRING])
    screening.decide(naming_id, actor, minutes(names=1))
    assert (naming(naming_id).state, naming(naming_id).name, naming(naming_id).round) == (
        NamingState.CHOSEN,
        SPRING.name,
        2,
    )
    assert [(each.round, each.appeal) for each in screening.minutes_of(naming(naming_id))] == [
        (1, False),
        (1, True),
        (2, False),
    ]


def test_an_appeal_can_bring_the_name_through(chain: Chain, hana: int) -> None:
    naming_id, actor = proposed(chain, hana), given.staff("drafter")
    screening.decide(naming_id, actor, minutes(None))
    with pytest.raises(Invalid):
        proposing.appeal(naming_id, hana, " ")
    proposing.appeal(naming_id, hana, "商標は切れています。")
    screening.decide(naming_id, actor, minutes(2, checks={2: list(rules.Check)}))
    assert naming(naming_id).name == SPRING.name


def test_names_like_those_of_other_places_are_pointed_out(chain: Chain, hana: int, taro: int) -> None:
    announced(chain, taro)
    a_naming(chain, taro, title_ja="池の名")  # which has no name yet
    places.put(BY, "フェリシアの森", None, None, None)
    row = naming(proposed(chain, hana, SPRING, title_ja="バス停 命名権"))
    assert doubts(row, "フェリシア公園") == ["フェリシアの森", "フェリシア公園"]
    assert doubts(row, "役場前") == []


def test_who_lets_the_time_pass_is_reminded_once_and_asked_again_by_the_office(chain: Chain, hana: int) -> None:
    naming_id = a_naming(chain, hana)
    start = now()
    with pretending(start + timedelta(days=50)):
        deadlines()
        deadlines()
    with pretending(start + timedelta(days=61)):
        with pytest.raises(rules.TooLate):
            proposing.propose(naming_id, hana, [FELICIA])
        deadlines()
        deadlines()
        assert naming(naming_id).state == NamingState.LAPSED
        inviting.invite_again(naming_id, given.staff("drafter"))
        proposing.propose(naming_id, hana, [FELICIA])
    assert mails("hana@example.jp") == ["naming_invited", "naming_reminded", "naming_lapsed", "naming_invited"]


def test_an_agreement_needs_the_buyer_and_two_members_of_staff(chain: Chain, hana: int) -> None:
    naming_id = chosen(chain, hana)
    drafter, approver = given.staff("drafter"), given.staff("approver")
    with pytest.raises(WrongState):
        agreeing.agree(naming_id, hana, begins_on=today())
    assert refusal(lambda: agreeing.conclude(naming_id, approver)) == "naming_without_a_place"
    places.put(BY, "湧水公園", 300, 500, naming(naming_id).token.right_id)
    with pytest.raises(WrongState):
        agreeing.conclude(naming_id, approver)
    begins_on = naming(naming_id).begins_on
    assert begins_on is not None
    agreeing.agree(naming_id, hana, begins_on=begins_on)
    agreeing.agree(naming_id, hana, begins_on=begins_on)
    with pytest.raises(rules.SamePerson):
        agreeing.conclude(naming_id, drafter)
    agreeing.conclude(naming_id, approver)
    assert naming(naming_id).state == NamingState.IN_FORCE
    assert mails("hana@example.jp")[-1] == "naming_announced"


def test_who_chose_the_name_does_not_conclude_because_another_person_set_the_term(chain: Chain, hana: int) -> None:
    naming_id = proposed(chain, hana)
    both, drafter = given.staff("drafter", "approver"), given.staff("drafter", email="second@town.example.jp")
    screening.decide(naming_id, both, minutes())
    places.put(BY, "湧水公園", 300, 500, naming(naming_id).token.right_id)
    later = today() + timedelta(days=100)
    agreeing.set_term(naming_id, drafter, later)
    agreeing.agree(naming_id, hana, begins_on=later)
    for each in (both, drafter):
        with pytest.raises(rules.SamePerson):
            agreeing.conclude(naming_id, each)
    assert [task.badge for task in naming_tasks.namings(both)] == []
    agreeing.conclude(naming_id, given.staff("approver", email="third@town.example.jp"))
    assert naming(naming_id).state == NamingState.IN_FORCE


def test_nobody_decides_on_the_name_that_they_bought(chain: Chain) -> None:
    both, other = given.staff("drafter", "approver"), given.staff("drafter")
    naming_id = proposed(chain, both)
    with pytest.raises(OwnCase):
        screening.decide(naming_id, both, minutes())
    screening.decide(naming_id, other, minutes())
    begins_on = naming(naming_id).begins_on
    assert begins_on is not None
    agreeing.agree(naming_id, both, begins_on=begins_on)
    places.put(BY, "湧水公園", 300, 500, naming(naming_id).token.right_id)
    with pytest.raises(OwnCase):
        agreeing.conclude(naming_id, both)
    agreeing.conclude(naming_id, given.staff("approver"))


def test_the_database_itself_wants_two_persons(chain: Chain, hana: int) -> None:
    naming_id = agreed(chain, hana)
    with pytest.raises(IntegrityError, match="two_persons"), transaction() as session:
        session.execute(sa.update(Naming).values(concluded_by=Naming.chosen_by, concluded_at=now()))
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(sa.update(ProposedName).where(ProposedName.naming_id == naming_id).values(verdict="approved"))


def test_an_agreement_that_is_sent_back_is_agreed_anew(chain: Chain, hana: int) -> None:
    naming_id = agreed(chain, hana)
    drafter, approver = given.staff("drafter"), given.staff("approver")
    with pytest.raises(Invalid):
        agreeing.send_back(naming_id, approver, "")
    agreeing.send_back(naming_id, approver, "年度のはじめからにしてください。")
    later = today() + timedelta(days=100)
    agreeing.set_term(naming_id, given.staff("approver", email="another@town.example.jp"), later)
    agreeing.agree(naming_id, hana, begins_on=later)
    with pytest.raises(rules.SamePerson):
        agreeing.conclude(naming_id, drafter)  # who chose the name, though another moved its term
    agreeing.conclude(naming_id, approver)
    assert (naming(naming_id).begins_on, naming(naming_id).state) == (later, NamingState.IN_FORCE)
    with pytest.raises(WrongState):
        agreeing.set_term(naming_id, drafter, today())


def test_a_place_has_one_name_and_one_right(chain: Chain, hana: int) -> None:
    right_id = naming(a_naming(chain, hana)).token.right_id
    place_id = places.put(BY, "湧水公園", 300, 500, right_id)
    for wrong in (("湧水公園", 1, 1, None), ("別の場所", 1, 1, right_id), ("横だけ", 1, None, None), ("", 1, 1, None)):
        with pytest.raises(Refused):
            places.put(BY, *wrong)
    places.put(BY, "湧水公園（東）", 310, 500, right_id, place_id)
    assert [(place.name, place.x) for place in places.all_places()] == [("湧水公園（東）", 310)]
