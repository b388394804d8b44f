"""What the register promises to forget some years later is forgotten then, not a day sooner, and the rest adds up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.admissions import excluding
from marketplace.admissions.models import Exclusion
from marketplace.appointments import calendar
from marketplace.appointments.models import Absence
from marketplace.journal.checking import check_here
from marketplace.journal.sealing import seal
from marketplace.kit.clock import JST, now, pretending
from marketplace.kit.db import Base, db, get, transaction
from marketplace.kit.erasures import ERASURES
from marketplace.lotteries import draw
from marketplace.lotteries.applicants import Applicant
from marketplace.lotteries.drawing import draw_with_dice
from marketplace.lotteries.entering import enter
from marketplace.lotteries.models import Entry
from marketplace.naming import ending, proposing, revoking, screening, showing
from marketplace.naming.models import Appeal, Naming, ProposedName, Revocation, Screening, ShownName
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.payments import saving
from marketplace.payments.models import CardState, Payment, SavedCard
from marketplace.perks import carding, flagging, statements, using
from marketplace.perks.models import Card, Certificate, Look, Use
from marketplace.perks.standing import standings, unexplained
from marketplace.privacy.erasing import dry_run, erase_due, history
from marketplace.privacy.forgetting import kept
from marketplace.privacy.retention import GONE, accounts_end
from marketplace.receipts.issuing import print_out
from marketplace.receipts.models import Print
from marketplace.receipts.sheet import sheet
from tests import given
from tests.appointments.stage import FRIDAY, MONDAY, asked, counted, mayors_talks, row
from tests.chainlogs import Chain
from tests.ended import open_orders, paid
from tests.lotteries.applied import DICE, WITNESSES, a_lottery, after_the_close, asking, somebody
from tests.naming.stage import FELICIA, SPRING, announced, minutes, naming, proposed
from tests.pages import read
from tests.perks.stage import Telephone, a_desk, a_token, bath, counts, first_only, lectures, ref, scan
from tests.receipts.bought import paid as bought
from tests.receipts.bought import paid_for
from tests.resale.stage import token

HOUSE = "月見沢町秘密谷77"


@pytest.fixture(autouse=True)
def hana(app: Flask) -> int:
    return given.an_account("hana@example.jp")


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """What is due is erased at that moment; once more, nothing is left to do."""
    with pretending(moment):
        erase_due()
        assert [each.erasure.name for each in dry_run() if each.now] == []
        db.session.expire_all()
        yield


def kept_until(moment: datetime) -> tuple[datetime, datetime]:
    """The last minute in which papers of the account of `moment` are kept, and the first in which they are not."""
    end = accounts_end(moment)
    return end - timedelta(minutes=1), end + timedelta(minutes=1)


def how_many(*tables: type[Base]) -> list[int]:
    return [db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables]


def erased(name: str) -> int:
    return sum(each.count for each in history() if each.name == name)


def test_who_was_kept_out_is_known_until_they_may_take_part_again() -> None:
    actor, start = given.staff("approver"), now()
    excluding.exclude(actor, "other", "期限のある方", name="月山 一郎", until=start + timedelta(days=30))
    lifted = excluding.exclude(actor, "other", "解除された方", name="月山 二郎")
    excluding.exclude(actor, "organised_crime", "照会の結果", name="月山 三郎")
    excluding.lift(lifted, actor)
    for days, names in ((1, ["月山一郎", "月山三郎"]), (29, ["月山一郎", "月山三郎"]), (31, ["月山三郎"])):
        with at(start + timedelta(days=days)):
            assert list(db.session.scalars(sa.select(Exclusion.name).order_by(Exclusion.id))) == names
    keeping.drain()
    assert erased("admissions.exclusions") == 2


def test_a_receipt_forgets_whose_it_was_and_keeps_its_number_and_its_sum() -> None:
    order = bought()
    copies = [
        print_out(order.id, name, n, "buyer:ACC-TEST") for n, name in enumerate(("月山 花子 様", "月山 花 様"), 1)
    ]
    number = get(Print, copies[0]).receipt.number
    last, first = kept_until(now())
    with at(last):
        assert [get(Print, copy).addressee for copy in copies] == ["月山 花子 様", "月山 花 様"]
    with at(first):
        printed = get(Print, copies[1])
        assert (printed.addressee, printed.receipt.number, printed.receipt.yen) == (GONE, number, 1_300)
        assert sheet(printed).startswith(b"%PDF")


def test_a_card_that_stripe_has_forgotten_is_forgotten_here_too() -> None:
    until = now() + timedelta(days=1)
    cards = [
        saving.ask_card(f"participation:PRT-{n}", "保証金", f"{n}@example.jp", "http://a/", "http://a/", until)
        for n in range(2)
    ]
    face = {"method_id": "pm_1", "fingerprint": "fp", "customer_id": "cus_1", "brand": "visa", "last4": "4242"}
    with transaction() as session:
        theirs = sa.update(SavedCard).where(SavedCard.id == cards[1])
        session.execute(theirs.values(state=CardState.SAVED, **face))
    with at(kept_until(now())[1]):
        told = [(get(SavedCard, card).email, get(SavedCard, card).last4) for card in cards]
        assert told == [("", None), ("1@example.jp", "4242")]
    with transaction() as session:
        session.execute(sa.update(SavedCard).values(state=CardState.DETACHED))
    with at(kept_until(now())[1]):
        assert (get(SavedCard, cards[1]).email, get(SavedCard, cards[1]).last4) == ("", None)


def test_winners_who_bought_are_numbers_in_the_end_and_the_draw_still_verifies(client: FlaskClient) -> None:
    lottery = a_lottery(quantity=2, **asking(address=True, retain_days=30))
    for kana in ("あべ いち", "いだ に"):
        enter(lottery.id, given.an_account(), somebody(kana, HOUSE, phone="09012345678"))
    with after_the_close(lottery):
        draw_with_dice(lottery.id, DICE, WITNESSES, given.staff("approver"))
        keeping.drain()
        for order in open_orders(lottery.listing_id):
            paid(order.id)
    db.session.expire_all()
    result = draw.result(published(client, lottery.code))
    last, first = kept_until(lottery.promote_until)
    with at(last):
        assert how_many(Applicant) == [2]
    with at(first):
        assert how_many(Applicant) == [0]
        entries = list(db.session.scalars(sa.select(Entry)))
        assert {(each.person_key, each.phone_key, each.account_id is None) for each in entries} == {(None, None, False)}
        assert draw.result(published(client, lottery.code)) == result


def published(client: FlaskClient, code: str) -> Any:
    return json.loads(client.get(f"/listings/{code}/draw.json").text)


def test_uses_of_a_day_go_with_their_count_and_uses_that_never_come_back_stay_counted(chain: Chain, hana: int) -> None:
    desk = a_desk()
    plans = (bath(desk), lectures(desk, 3), first_only(desk))
    token_id = a_token(chain, hana, *plans, kind="lecture", uses_per_token=3)
    used = now()
    phone, tablet, mistaken = Telephone(token_id, hana), desk.tablet(), ref()
    scan(tablet, phone.shows(), "p1", ref_=mistaken)
    using.undo(mistaken, ref(), now(), desk.partner_id)
    scan(tablet, phone.shows(now() + timedelta(seconds=30)), "p1")
    scan(tablet, phone.shows(), "p2")
    with transaction() as session:
        flagged = session.scalars(sa.select(Use).where(Use.plan_id == "p1").order_by(Use.id.desc())).first()
        assert flagged is not None
        use_id = flagged.id
    flagging.look(use_id, given.staff("drafter"), "窓口に確かめた")
    carding.print_card(token_id, hana, "buyer:ACC-TEST")
    carding.print_card(token_id, hana, "buyer:ACC-TEST")
    assert how_many(Certificate, Card) == [1, 2]
    with at(used + timedelta(days=37)):
        assert how_many(Certificate, Card) == [1, 1]
    with at(used + timedelta(days=39)):
        assert how_many(Certificate, Card) == [0, 1]
    last, first = kept_until(used)
    with at(last):
        assert (how_many(Use, Look), len(counts(token_id))) == ([4, 1], 1)
        assert len(statements.months(desk.partner_id)) == 1
    with at(first):
        assert (how_many(Use, Look), counts(token_id), counts(token_id, "p2")) == ([1, 0], [], [("ever", 1, 0)])
        (line,) = db.session.scalars(sa.select(Use))
        assert (line.plan_id, line.proof, unexplained()) == ("p2", None, [])
        assert [each.left for each in standings(token(token_id))] == [1, 2, 1]
        assert statements.months(desk.partner_id) == []


def test_names_that_were_not_taken_and_what_was_said_of_them_go_and_what_was_announced_stays(
    chain: Chain, client: FlaskClient, hana: int
) -> None:
    standing = announced(chain, hana)
    showing.show(naming(standing), hana, "花子")
    ends_on = naming(standing).ends_on
    assert ends_on is not None
    revoked = proposed(chain, hana, FELICIA, title_ja="池の名")
    screening.decide(revoked, given.staff("drafter"), minutes(None, names=1))
    proposing.appeal(revoked, hana, "町の人が望んでいます。")
    screening.decide(revoked, given.staff("drafter"), minutes(names=1))
    revoking.ask(revoked, given.staff("drafter"), "協定第8条による。")
    revoking.confirm(revoked, given.staff("approver"))
    begun = now()
    with pretending(datetime.combine(ends_on, datetime.min.time(), begun.tzinfo) - timedelta(days=20)):
        ending.talked(standing, given.staff("drafter"), "続けない")
    with at(datetime.combine(ends_on, datetime.min.time(), begun.tzinfo) + timedelta(days=2)):
        ending.terms()
    whole = [3, 1, 3, 1, 1]
    tables = (ProposedName, Appeal, Screening, Revocation, ShownName)
    with at(kept_until(begun)[0]):
        assert (how_many(*tables), naming(revoked).name) == (whole, FELICIA.name)
    with at(kept_until(begun)[1]):
        row_ = db.session.get_one(Naming, revoked)
        assert (row_.name, row_.reading, row_.meaning) == ("", "", "")
        assert how_many(*tables) == [2, 0, 3, 1, 1]
        assert list(db.session.scalars(sa.select(Revocation.reason))) == [GONE]
    ended_at = db.session.get_one(Naming, standing).ended_at
    assert ended_at is not None
    with at(kept_until(ended_at)[1]):
        assert how_many(*tables) == [1, 0, 3, 1, 0]
        meetings = list(db.session.scalars(sa.select(Screening)))
        assert {(each.minutes, tuple(each.members), tuple(each.results)) for each in meetings} == {("", (), ())}
        page = read(client.get(naming(standing).path)).words
        assert [word in page for word in (FELICIA.name, "町の景色によく合う", SPRING.name)] == [True, True, False]
        assert naming(standing).renewal == ""


def test_what_was_told_for_a_lecture_goes_and_that_it_was_held_stays(chain: Chain, hana: int) -> None:
    with pretending(MONDAY - timedelta(days=14)):
        talks = mayors_talks(chain, hana)
        calendar.take_off(talks.lecturer_id, FRIDAY, FRIDAY + timedelta(hours=1), "通院", "staff:ACC-TEST")
        done = counted(talks)
        waiting = asked(talks, FRIDAY + timedelta(hours=2), online=False, place="月見沢町役場")
    last, first = kept_until(MONDAY)
    with at(last):
        assert (row(done).topic.startswith("地域の稼ぐ力"), how_many(Absence)) == (True, [1])
    with at(first):
        assert (row(done).topic, row(done).place, row(done).starts_at, row(done).done_uses) == (GONE, "", MONDAY, 1)
        assert (row(waiting).topic.startswith("地域の稼ぐ力"), how_many(Absence)) == (True, [0])


def test_who_deletes_an_account_is_told_the_day_on_which_the_rest_goes() -> None:
    """Ordered on the last day of a fiscal year and paid on the first of the next: it is the papers of that one."""
    with pretending(datetime(2027, 3, 31, 23, 50, tzinfo=JST)):
        buyer = given.an_account()
        order_id = place(buyer, given.a_listing(closes_at=None))
    paid_at = datetime(2027, 4, 1, 0, 5, tzinfo=JST)
    with pretending(paid_at):
        payment_id = paid_for(order_id).paid_by_payment_id
        assert payment_id is not None
        (until,) = [each.until for each in kept(buyer) if "お支払い" in each.what]
    assert until == kept_until(paid_at)[0].date()
    for moment, email in zip(kept_until(paid_at), ("hanako@example.jp", ""), strict=True):
        with at(moment):
            assert get(Payment, payment_id).email == email


def test_after_all_of_it_the_journal_is_whole(chain: Chain, hana: int) -> None:
    announced(chain, hana)
    lifted = excluding.exclude(given.staff("approver"), "other", "解除された方", name="月山 二郎")
    excluding.lift(lifted, given.staff("approver"))
    with at(now() + timedelta(days=30 * 365)):
        while seal():
            pass
        assert check_here() is None


def test_each_promise_of_the_register_to_forget_is_on_the_page_of_what_goes_by_itself(client: FlaskClient) -> None:
    words = read(client.get("/privacy")).words
    assert [each.title for each in ERASURES.values() if each.title not in words] == []
