import json
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from ipfs import resolver
from ipfs.blockstore import SqlBlockstore
from ipfs.cid import CID
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Invalid, Refused, WrongState
from marketplace.listings.models import Listing
from marketplace.metadata import amending, auditing, documents
from marketplace.metadata.models import Amendment, AmendmentState, Document, Pin, blocks
from marketplace.outbox import keeping
from marketplace.rights.models import Right
from marketplace.settings import Settings
from tests import given
from tests.apps import another
from tests.racing import at_once

WHY = "英語の名前に書きまちがいがありました"


@pytest.fixture
def right_id(app: Flask) -> int:
    return get(Listing, given.a_listing(state="published", quantity=3)).right_id


def drafter() -> int:
    return given.staff("drafter")


def approver() -> int:
    return given.staff("approver")


def corrected(right_id: int, **values: Any) -> int:
    """A correction that went through both hands and was carried out."""
    amendment_id = amending.propose(right_id, drafter(), values, WHY)
    amending.approve(amendment_id, approver())
    keeping.drain()
    return amendment_id


def frozen(right_id: int) -> int:
    amendment_id = amending.propose_freeze(right_id, drafter(), "発行が終わりました")
    amending.approve(amendment_id, approver())
    keeping.drain()
    return amendment_id


def read(uri: str, path: str) -> Any:
    store = SqlBlockstore(db.session.connection(), blocks)
    root = CID.parse(uri.removeprefix("ipfs://").removesuffix("/"))
    return json.loads(b"".join(resolver.read(store, resolver.resolve(store, root, path).cid)))


def uri(right_id: int) -> str:
    db.session.rollback()
    found = get(Right, right_id).metadata_uri
    assert found
    return found


def test_a_correction_is_a_new_tree_that_names_the_one_it_corrects(right_id: int) -> None:
    before, terms = uri(right_id), get(Right, right_id).terms_cid
    corrected(right_id, title_en="Digital Resident: Four Seasons", lead_ja="町を応援する、町の外の方の証です。")
    after = uri(right_id)
    assert after != before
    document, old = read(after, "2.json"), read(before, "2.json")
    documents.check(document)
    assert document["properties"].pop("amends") == before
    assert document["properties"] == old["properties"]
    assert document["attributes"] == old["attributes"]
    assert document["name"] == "デジタル住民票 第3弾「四季」 #2 / Digital Resident: Four Seasons #2"
    assert document["description"].startswith("町を応援する、町の外の方の証です。")
    base, _, path = document["localization"]["uri"].removeprefix("ipfs://").partition("/")
    assert read(base, path.replace("{locale}", "en"))["name"] == "Digital Resident: Four Seasons #2"
    assert get(Right, right_id).terms_cid == terms, "what was approved and sold stays"
    assert read(after, "terms.json") == read(before, "terms.json")


def test_the_old_tree_stays_kept_with_its_documents(right_id: int) -> None:
    before = uri(right_id)
    corrected(right_id, title_en="Corrected once")
    corrected(right_id, title_en="Corrected twice")
    pins = list(db.session.scalars(sa.select(Pin).order_by(Pin.edition)))
    assert [(pin.edition, pin.is_current) for pin in pins] == [(1, False), (2, False), (3, True)]
    assert read(before, "1.json")["name"].endswith("Digital Resident, Third Edition: Four Seasons #1")
    assert read(uri(right_id), "1.json")["properties"]["amends"] == f"ipfs://{pins[1].root}/"
    counted = sa.select(Document.edition, sa.func.count()).group_by(Document.edition).order_by(Document.edition)
    assert db.session.execute(counted).all() == [(1, 7), (2, 7), (3, 7)]


def test_each_edition_can_be_made_again_to_the_byte(right_id: int) -> None:
    corrected(right_id, title_en="Corrected once")
    corrected(right_id, picture_id=given.a_picture("#aa2211"))
    roots = list(db.session.scalars(sa.select(Pin.root).order_by(Pin.edition)))
    assert [str(amending.recompose(right_id, edition).root) for edition in (1, 2, 3)] == roots


def test_a_town_that_calls_its_fund_another_name_changes_no_terms_that_were_sold(
    right_id: int, settings: Settings
) -> None:
    before = uri(right_id)
    with another(settings.model_copy(update={"fund_name": "あたらしい名前の基金"})):
        amending.approve(amending.propose(right_id, drafter(), {"title_en": "Corrected"}, WHY), approver())
        keeping.drain()
        old, new = (read(each, "1.json")["properties"]["terms"] for each in (before, uri(right_id)))
        assert (old, get(Right, right_id).terms_cid) == (new, new.removeprefix("ipfs://"))
        assert f"ipfs://{amending.recompose(right_id, 1).root}/" == before
        assert [auditing.audit(pin) for pin in db.session.scalars(sa.select(Pin.id)).all()] == [0, 0]


def test_the_audit_mends_old_editions_too(right_id: int) -> None:
    corrected(right_id, title_en="Corrected once")
    with transaction() as session:
        session.execute(sa.delete(blocks))
    assert [auditing.audit(pin) for pin in db.session.scalars(sa.select(Pin.id)).all()] == [0, 0]


def test_a_picture_can_be_corrected_and_is_shown_from_then_on(right_id: int) -> None:
    old = read(uri(right_id), "1.json")["image"]
    corrected(right_id, picture_id=given.a_picture("#aa2211"))
    assert read(uri(right_id), "1.json")["image"] != old


def test_nothing_changes_before_a_second_person_says_yes(right_id: int) -> None:
    before = uri(right_id)
    amendment_id = amending.propose(right_id, drafter(), {"title_en": "Other"}, WHY)
    keeping.drain()
    with pytest.raises(amending.SamePerson):
        amending.approve(amendment_id, drafter())
    assert (uri(right_id), get(Amendment, amendment_id).state) == (before, AmendmentState.PROPOSED)


def test_a_proposal_that_was_taken_back_cannot_be_approved(right_id: int) -> None:
    amendment_id = amending.propose(right_id, drafter(), {"title_en": "Other"}, WHY)
    amending.withdraw(amendment_id, drafter())
    with pytest.raises(WrongState):
        amending.approve(amendment_id, approver())
    amending.propose(right_id, drafter(), {"title_en": "Another"}, WHY)


def test_one_correction_waits_at_a_time(app: Flask, right_id: int) -> None:
    by = drafter()
    outcomes = at_once(app, 4, lambda n: amending.propose(right_id, by, {"title_en": f"Title {n}"}, WHY))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["OneIsWaiting"] * 3 + ["int"]


def test_carrying_it_out_several_times_at_once_makes_one_edition(app: Flask, right_id: int) -> None:
    amendment_id = amending.propose(right_id, drafter(), {"title_en": "Corrected"}, WHY)
    amending.approve(amendment_id, approver())
    assert at_once(app, 4, lambda number: amending.carry_out(amendment_id)) == [None] * 4
    assert db.session.scalars(sa.select(Pin.edition).order_by(Pin.edition)).all() == [1, 2]


@pytest.mark.parametrize(
    ("values", "why", "field"),
    [
        pytest.param({"title_en": "Other"}, " ", "why", id="without a reason"),
        pytest.param({}, WHY, "title_ja", id="with nothing in it"),
        pytest.param({"title_ja": "デジタル住民票 第3弾「四季」 "}, WHY, "title_ja", id="of nothing but a space"),
        pytest.param({"title_ja": ""}, WHY, "title_ja", id="that takes the name away"),
        pytest.param({"lead_ja": "必ず上がる権利です"}, WHY, "lead_ja", id="that promises a rise"),
        pytest.param({"title_en": "x" * 161}, WHY, "title_en", id="that is too long"),
    ],
)
def test_no_correction(right_id: int, values: dict[str, Any], why: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        amending.propose(right_id, drafter(), values, why)
    assert refused.value.field == field
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Amendment)) == 0


def test_terms_and_numbers_are_no_matter_of_correction(right_id: int) -> None:
    for field, value in {"terms": [], "royalty_bps": 0, "transferable": False, "quantity": 5}.items():
        with pytest.raises(amending.NothingToCorrect):
            amending.propose(right_id, drafter(), {field: value}, WHY)


def test_before_the_documents_are_published_there_is_nothing_to_correct(app: Flask) -> None:
    right_id = get(Listing, given.a_listing(state="draft")).right_id
    with pytest.raises(amending.NotPublished):
        amending.propose(right_id, drafter(), {"title_en": "Other"}, WHY)


def test_a_frozen_right_is_never_corrected_again(right_id: int) -> None:
    frozen(right_id)
    assert get(Right, right_id).metadata_frozen_at is not None
    attempts: list[Any] = [
        lambda: amending.propose(right_id, drafter(), {"title_en": "Other"}, WHY),
        lambda: amending.propose_freeze(right_id, drafter(), WHY),
    ]
    for attempt in attempts:
        with pytest.raises(amending.Frozen):
            attempt()


def test_freezing_takes_two_persons_too(right_id: int) -> None:
    amendment_id = amending.propose_freeze(right_id, drafter(), WHY)
    with pytest.raises(Refused):
        amending.approve(amendment_id, drafter())
    keeping.drain()
    assert get(Right, right_id).metadata_frozen_at is None


def test_the_database_itself_refuses_one_person_in_both_parts(right_id: int) -> None:
    amendment_id = amending.propose(right_id, drafter(), {"title_en": "Other"}, WHY)
    with pytest.raises(sa.exc.IntegrityError), transaction() as session:
        session.execute(sa.update(Amendment).where(Amendment.id == amendment_id).values(approved_by=drafter()))
