from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing
from marketplace.metadata.models import Amendment, AmendmentState, PictureFile, Pin, blocks
from marketplace.outbox import keeping
from marketplace.rights.models import Right
from tests import given
from tests.metadata import pictures as made
from tests.pages import read, submit


@pytest.fixture
def right(app: Flask) -> Right:
    return get(Listing, given.a_listing(quantity=2)).right


def drafter(app: Flask) -> FlaskClient:
    return given.signed_in(app.test_client(), given.staff("drafter"))


def approver(app: Flask) -> FlaskClient:
    return given.signed_in(app.test_client(), given.staff("approver"))


def states() -> list[AmendmentState]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Amendment.state).order_by(Amendment.id)))


def test_the_button_has_a_lost_block_put_back(app: Flask, right: Right) -> None:
    with transaction() as session:
        session.execute(sa.delete(blocks))
    visitor = given.signed_in(app.test_client(), given.staff("drafter"))
    answer = submit(visitor, "/staff/metadata", action="/staff/metadata/audit")
    assert (answer.status_code, answer.location) == (303, "/staff/metadata")
    keeping.drain()
    page = read(visitor.get("/staff/metadata")).words
    assert ("そろっています" in page, "に直しました" in page, "ありません（町のサーバーだけ）" in page) == (True,) * 3


def test_what_cannot_be_put_back_is_on_todays_sheet(app: Flask, right: Right) -> None:
    with transaction() as session:
        session.execute(sa.delete(blocks))
        session.execute(sa.delete(PictureFile))
    visitor = approver(app)
    submit(visitor, "/staff/metadata", action="/staff/metadata/audit")
    keeping.drain()
    assert "の内容の控えが欠けています" in read(visitor.get("/staff")).words
    assert "1個が欠けています" in read(visitor.get("/staff/metadata")).words


def test_two_persons_correct_a_name_and_everybody_reads_of_it(app: Flask, client: FlaskClient, right: Right) -> None:
    path = f"/staff/metadata/{right.code}"
    values = {"title_en": "Digital Resident: Four Seasons", "why": "英語の書きまちがい"}
    answer = submit(drafter(app), path, values, action=f"{path}/corrections")
    assert (answer.status_code, answer.location, states()) == (303, path, [AmendmentState.PROPOSED])
    assert "の訂正" in read(approver(app).get("/staff")).words
    answer = submit(approver(app), path, action=f"{path}/corrections/1/approve")
    assert answer.status_code == 303
    keeping.drain()
    assert states() == [AmendmentState.DONE]
    code = db.session.scalars(sa.select(Listing.code)).one()
    page = read(client.get(f"/listings/{code}")).words
    root = db.session.scalars(sa.select(Pin.root).where(Pin.edition == 2)).one()
    for words in ("訂正のお知らせ", "名前（英語）", "理由: 英語の書きまちがい", f"ipfs://{root}/"):
        assert words in page, words


def test_the_one_who_proposed_it_has_no_button_and_is_refused(app: Flask, right: Right) -> None:
    both = given.signed_in(app.test_client(), given.staff("drafter", "approver"))
    path = f"/staff/metadata/{right.code}"
    submit(both, path, {"title_en": "Other", "why": "理由"}, action=f"{path}/corrections")
    assert f"{path}/corrections/1/approve" not in [form.action for form in read(both.get(path)).forms]
    token = read(both.get(path)).form(f"{path}/corrections/1/withdraw").value("csrf_token")
    answer = both.post(f"{path}/corrections/1/approve", data={"csrf_token": token})
    assert (answer.status_code, states()) == (403, [AmendmentState.PROPOSED])


def test_a_proposal_can_be_taken_back(app: Flask, right: Right) -> None:
    path, visitor = f"/staff/metadata/{right.code}", drafter(app)
    submit(visitor, path, {"title_en": "Other", "why": "理由"}, action=f"{path}/corrections")
    submit(visitor, path, action=f"{path}/corrections/1/withdraw")
    assert states() == [AmendmentState.WITHDRAWN]


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        pytest.param({"why": ""}, "why", "訂正の理由を書いてください。", id="no reason"),
        pytest.param({"why": "理由"}, "title_ja", "いまの内容と同じです。変えるところがありません。", id="no change"),
        pytest.param(
            {"why": "理由", "lead_ja": "必ず上がる"},
            "lead_ja",
            "「必ず上がる」: 将来の値段を言い切る言葉は使えません（消費者契約法 4条1項2号）。",
            id="a rise",
        ),
    ],
)
def test_a_fault_is_said_beside_its_field(
    app: Flask, right: Right, changes: dict[str, str], field: str, words: str
) -> None:
    path = f"/staff/metadata/{right.code}"
    answer = submit(drafter(app), path, changes, action=f"{path}/corrections")
    assert (answer.status_code, read(answer).form(f"{path}/corrections").errors) == (422, {field: words})
    assert states() == []


def test_a_picture_is_corrected_by_sending_another(app: Flask, right: Right) -> None:
    path = f"/staff/metadata/{right.code}"
    picture = (io.BytesIO(made.photo_with_place()), "new.jpg")
    submit(drafter(app), path, {"picture": picture, "why": "絵の取りちがえ"}, action=f"{path}/corrections")
    assert list(db.session.scalars(sa.select(Amendment)).one().values) == ["picture_id"]


def test_after_a_freeze_nothing_can_be_sent(app: Flask, client: FlaskClient, right: Right) -> None:
    path = f"/staff/metadata/{right.code}"
    submit(drafter(app), path, {"why": "発行が終わりました"}, action=f"{path}/freeze")
    submit(approver(app), path, action=f"{path}/corrections/1/approve")
    keeping.drain()
    page = read(drafter(app).get(path))
    assert ([form.action for form in page.forms], "これから先ずっと訂正しない" in page.words) == ([], True)


def test_those_who_are_not_staff_see_none_of_it(client: FlaskClient, right: Right) -> None:
    for path in ("/staff/metadata", f"/staff/metadata/{right.code}"):
        assert client.get(path).status_code == 303
