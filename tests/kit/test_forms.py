from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from wtforms import SelectChoice, StringField, TextAreaField
from wtforms.i18n import get_translations
from wtforms.validators import InputRequired

from marketplace.kit.forms import AtMost, ChecksField, DayField, Form, JSTDateTimeField, YenField, locales_of, number
from marketplace.kit.refusals import Invalid, Refused
from tests.pages import Page

pytestmark = pytest.mark.on_sqlite


class SaleForm(Form):
    name = StringField("名前", validators=[AtMost(1_000)])
    note = TextAreaField("メモ", validators=[AtMost(20)])
    price = YenField("価格")
    opens_at = JSTDateTimeField("開始")
    on = DayField("審査会の日")
    seats = number("席の数", 1, 5_000)


class AskedForm(Form):
    name = StringField("名前", validators=[InputRequired("空です。")])
    price = YenField("価格", validators=[InputRequired("空です。")])
    seats = number("席の数", 1, 5_000, required=True)
    on = DayField("審査会の日", validators=[InputRequired("空です。")])
    opens_at = JSTDateTimeField("開始", validators=[InputRequired("空です。")])


class SnackForm(Form):
    snacks = ChecksField(
        "おやつ",
        choices=[SelectChoice("tea", "お茶"), SelectChoice("cake", "ケーキ")],
        more={"cake": "あまい"},
        required=True,
    )


def typed(app: Flask, **fields: str) -> SaleForm:
    with app.test_request_context(method="POST", data=fields):
        form = SaleForm(meta={"csrf": False})
        form.validate()
        return form


def test_a_price_is_read_as_people_type_it(app: Flask) -> None:
    assert typed(app, price="１，３００円").price.data == 1_300


def test_what_nobody_sees_is_not_part_of_what_was_typed_and_one_line_is_one(app: Flask) -> None:
    form = typed(app, name="山\u200b田\u202eか\u3099\u2028\x0b花子", note="一\r\n二", price="\u202a１，３００")
    assert (form.name.data, form.name._value()) == ("山田が  花子",) * 2
    assert (form.note.data, form.price.data) == ("一\n二", 1_300)


@pytest.mark.parametrize("blank", ["", " ", "\u3000", "\u00a0\u200b\r\n\t"], ids=ascii)
def test_spaces_alone_are_nothing(app: Flask, blank: str) -> None:
    """The space bar of a Japanese keyboard writes one that is as wide as a kanji."""
    asked = {name: ["空です。"] for name in ("name", "price", "on", "opens_at")}
    empty = asked | {"seats": ["数字を入力してください。"]}
    with app.test_request_context(method="POST", data=dict.fromkeys(empty, blank)):
        form = AskedForm(meta={"csrf": False})
        assert (form.validate(), form.errors) == (False, empty)


def test_a_text_is_as_long_as_the_browser_counts_it(app: Flask) -> None:
    """A line end is sent as two signs, and counted as one by maxlength."""
    assert typed(app, note="あ\r\n" * 10).errors == {}
    assert typed(app, note="あ\r\n" * 10 + "い").errors == {"note": ["20文字までで入力してください。"]}
    assert typed(app, name="あ" * 1_001).errors == {"name": ["1,000文字までで入力してください。"]}


def test_a_price_is_typed_on_the_keys_of_digits_and_the_browser_offers_none(app: Flask) -> None:
    with app.test_request_context():
        assert {'inputmode="numeric"', 'autocomplete="off"'} <= set(str(SaleForm().price()).split())


def test_a_price_that_is_none_stays_in_its_box_with_the_reason_beside_it(app: Flask) -> None:
    form = typed(app, price="せんえん")
    assert (form.price.data, form.price._value()) == (None, "せんえん")
    assert form.errors == {"price": ["金額は数字で入力してください（例 1,300）。"]}


def test_a_sum_of_more_digits_than_any_has_is_told_the_largest(app: Flask) -> None:
    assert typed(app, price="1,000,000,000,000").errors == {
        "price": ["999,999,999,999円以下の金額を入力してください。"]
    }


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


REACH = "2000年から2199年までの日を選んでください。"


@pytest.mark.parametrize("typed_at", ["0001-01-01T00:00", "1999-12-31T23:59", "2200-01-01T00:00", "9999-12-31T23:59"])
def test_a_moment_that_nobody_means_is_said_and_stays_in_its_box(app: Flask, typed_at: str) -> None:
    field = typed(app, opens_at=typed_at).opens_at
    assert (list(field.errors), field.data, field._value()) == ([REACH], None, typed_at)


def test_a_day_is_one_of_the_calendar_within_reach(app: Flask) -> None:
    forms = [typed(app, on=text) for text in ("2026-12-01", "", "2026-02-30", "きのう", "0026-12-01")]
    again = "日付を選び直してください。"
    assert [(form.on.data, list(form.on.errors)) for form in forms] == [
        *((date(2026, 12, 1), []), (None, []), (None, [again]), (None, [again]), (None, [REACH])),
    ]


def test_a_number_is_read_as_people_type_it(app: Flask) -> None:
    forms = [typed(app, seats=text) for text in ("１，０００", "1,000", " 12 ", "", "たくさん", "9" * 30)]
    no_digits, too_many = "数字で入力してください。", "1から5,000までの数字で入力してください。"
    assert [(form.seats.data, list(form.seats.errors)) for form in forms[:5]] == [
        *((1_000, []), (1_000, []), (12, []), (None, []), (None, [no_digits])),
    ]
    assert list(forms[5].seats.errors) == [too_many]


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


def test_boxes_show_what_was_ticked_what_each_means_and_the_error_beside_them(app: Flask) -> None:
    """The mark says that something has to be ticked; no box by itself asks the browser for it."""
    with app.test_request_context(method="POST", data={"snacks": "cake"}):
        form = SnackForm(meta={"csrf": False})
        assert form.validate()
        form.refuse(Refused("お茶も選んでください。", field="snacks"))
        drawn = app.jinja_env.from_string("{% from 'macros/ui.html' import field %}{{ field(f) }}")
        html = drawn.render(f=form.snacks)
    page = Page(f"<form method=post>{html}</form>")
    (only,) = page.forms
    assert (only.values, only.errors) == ({"snacks": ["cake"]}, {"snacks": "お茶も選んでください。"})
    assert "".join(page.words.split()) == "おやつ※必須お茶ケーキあまいエラー:お茶も選んでください。"
    assert " required" not in html


@pytest.mark.parametrize("tag", ["ja", "en", "de", "vi", "zh-Hant"])
def test_a_form_has_words_in_each_language_there_may_be_also_where_wtforms_has_none(tag: str) -> None:
    words = get_translations(locales_of(tag))
    assert words.gettext("This field is required.") != ""
