from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from wtforms import StringField

from marketplace.kit.forms import Form, JSTDateTimeField, YenField
from marketplace.kit.refusals import Invalid, Refused


class SaleForm(Form):
    name = StringField("名前")
    price = YenField("価格")
    opens_at = JSTDateTimeField("開始")


def typed(app: Flask, **fields: str) -> SaleForm:
    with app.test_request_context(method="POST", data=fields):
        form = SaleForm(meta={"csrf": False})
        form.validate()
        return form


def test_a_price_is_read_as_people_type_it(app: Flask) -> None:
    assert typed(app, price="１，３００円").price.data == 1_300


def test_a_price_that_is_none_stays_in_its_box_with_the_reason_beside_it(app: Flask) -> None:
    form = typed(app, price="せんえん")
    assert (form.price.data, form.price._value()) == (None, "せんえん")
    assert form.errors == {"price": ["金額は数字で入力してください（例 1,300）。"]}


def test_a_stored_price_is_shown_with_commas(app: Flask) -> None:
    with app.test_request_context():
        assert SaleForm(data={"price": 1_300_000}).price._value() == "1,300,000"


def test_a_moment_is_typed_in_japan_time_and_kept_in_utc(app: Flask) -> None:
    assert typed(app, opens_at="2026-12-01T09:00").opens_at.data == datetime(2026, 12, 1, 0, 0, tzinfo=UTC)


def test_a_stored_moment_is_shown_in_japan_time(app: Flask) -> None:
    with app.test_request_context():
        shown = SaleForm(data={"opens_at": datetime(2026, 12, 1, 0, 0, tzinfo=UTC)}).opens_at._value()
    assert shown == "2026-12-01T09:00"


def test_an_empty_moment_is_no_moment(app: Flask) -> None:
    form = typed(app, opens_at="")
    assert (form.opens_at.data, form.errors) == (None, {})


def test_what_is_no_moment_is_said_in_japanese(app: Flask) -> None:
    form = typed(app, opens_at="2026-13-45T99:00")
    assert (form.errors, form.opens_at._value()) == ({"opens_at": ["日時を選び直してください。"]}, "2026-13-45T99:00")


def test_a_refusal_is_shown_beside_the_field_it_names_or_above_the_form(app: Flask) -> None:
    form = typed(app, name="a")
    form.refuse(Invalid("名前が長すぎます。", field="name"))
    form.refuse(Refused("受付は終わりました。"))
    assert form.errors == {"name": ["名前が長すぎます。"], "": ["受付は終わりました。"]}


@pytest.mark.parametrize("body", ["[]", '"text"', "1", "null", "{", '{"name": "a"}'])
def test_json_is_no_form(app: Flask, body: str) -> None:
    with app.test_request_context(method="POST", data=body, content_type="application/json"):
        form = SaleForm(meta={"csrf": False})
        assert (form.validate(), form.name.data) == (True, None)
