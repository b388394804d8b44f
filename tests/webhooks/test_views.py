"""The desk of webhooks: registering, the secret shown once, the log, and who may press what."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.db import db
from marketplace.outbox import keeping
from marketplace.webhooks.models import Delivery, Endpoint
from tests import given
from tests.pages import read
from tests.webhooks.partner import Partner, listening
from tests.webhooks.test_sending import registered
from tests.webhooks.test_signing import accepted

FORM = {"name": "観光協会", "url": "https://hooks.example.com/town", "topics": ["listing.opened"], "why": "協定による"}


@pytest.fixture(autouse=True)
def _without_csrf(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture
def partner(app: Flask) -> Iterator[Partner]:
    with listening() as found:
        yield found


def at_the_desk(app: Flask, role: str) -> FlaskClient:
    return given.signed_in(app.test_client(), given.staff(role))


def path() -> str:
    db.session.rollback()
    return f"/staff/webhooks/{db.session.scalars(sa.select(Endpoint.code)).one()}"


def test_one_registers_another_approves_and_the_secret_is_shown_once(app: Flask, partner: Partner) -> None:
    drafter, approver = at_the_desk(app, "drafter"), at_the_desk(app, "approver")
    answer = drafter.post("/staff/webhooks", data=FORM | {"url": partner.url})
    assert (answer.status_code, answer.headers["Location"]) == (303, path())
    assert "観光協会へお知らせを送る" in read(approver.get("/staff")).words
    assert drafter.post(f"{path()}/approve").status_code == 403
    assert approver.post(f"{path()}/approve").status_code == 303
    assert '<span class="badge badge--warn">鍵がまだです</span>' in drafter.get(path()).text
    shown = drafter.post(f"{path()}/secret")
    (secret,) = {word for word in read(shown).words.split() if word.startswith("whsec_")}
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert secret not in drafter.get(path()).text
    assert drafter.post(f"{path()}/ping").status_code == 303
    keeping.drain()
    ((headers, body),) = partner.got
    assert accepted(headers, body, secret)
    assert "届きました" in read(drafter.get(path())).words


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"name": ""}, "name"), ({"url": "http://x"}, "url"), ({"topics": []}, "topics"), ({"why": ""}, "why")],
)
def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(
    app: Flask, changed: dict[str, object], field: str
) -> None:
    answer = at_the_desk(app, "drafter").post("/staff/webhooks", data={**FORM, **changed})
    form = read(answer).form("/staff/webhooks")
    assert (answer.status_code, list(form.errors)) == (422, [field])
    assert form.value("url") == {**FORM, **changed}["url"]


def test_a_message_is_sent_anew_from_the_log(app: Flask, partner: Partner) -> None:
    registered(partner, ("listing.published",))
    given.a_listing()
    drafter = at_the_desk(app, "drafter")
    code = db.session.scalars(sa.select(Delivery.code)).one()
    assert drafter.post(f"{path()}/deliveries/{code}/replay").status_code == 303
    keeping.drain()
    assert len(partner.got) == 2
    assert drafter.post(f"{path()}/deliveries/MSG-NONE/replay").status_code == 404


def test_of_one_that_has_ended_nothing_is_promised_to_be_sent_again(app: Flask, partner: Partner) -> None:
    registered(partner, ("listing.published",))
    given.a_listing()
    drafter = at_the_desk(app, "drafter")
    code = db.session.scalars(sa.select(Delivery.code)).one()
    again = f"{path()}/deliveries/{code}/replay"
    assert again in [form.action for form in read(drafter.get(path())).forms]
    drafter.post(f"{path()}/end")
    assert again not in [form.action for form in read(drafter.get(path())).forms]
    drafter.post(again)
    assert "もう一度送ります" not in read(drafter.get(path())).words
    db.session.rollback()
    assert db.session.scalars(sa.select(Delivery.state)).one() == "delivered"


def test_a_stop_needs_a_reason_which_stands_on_the_page_and_on_the_sheet(app: Flask, partner: Partner) -> None:
    registered(partner)
    drafter = at_the_desk(app, "drafter")
    assert drafter.post(f"{path()}/stop", data={"why": ""}).status_code == 422
    assert drafter.post(f"{path()}/stop", data={"why": "相手の点検のため"}).status_code == 303
    assert "相手の点検のため" in read(drafter.get(path())).words
    assert "観光協会へのお知らせが止まっています" in read(drafter.get("/staff")).words
    assert drafter.post(f"{path()}/resume").status_code == 303
    assert drafter.post(f"{path()}/end").status_code == 303


def test_an_auditor_sees_the_log_and_no_button(app: Flask, partner: Partner) -> None:
    registered(partner)
    page = read(at_the_desk(app, "auditor").get(path()))
    assert [form.action for form in page.forms if form.action.startswith("/staff/webhooks")] == []
