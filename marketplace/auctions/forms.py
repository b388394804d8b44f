"""The sum of a bid, and the second look at it."""

from __future__ import annotations

from wtforms import BooleanField, HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from marketplace.kit.forms import Form, YenField
from marketplace.kit.money import LARGEST_CHARGE

SUM_NEEDED = "金額を入力してください。"


class BidForm(Form):
    max_yen = YenField(
        "入札する上限の金額",
        validators=[InputRequired(SUM_NEEDED)],
        largest=LARGEST_CHARGE,
    )


class EnvelopeForm(Form):
    max_yen = YenField(
        "入札する金額",
        validators=[InputRequired(SUM_NEEDED)],
        largest=LARGEST_CHARGE,
    )


class PlaceForm(Form):
    """The confirmation. The sum travels as digits and is judged anew."""

    max_yen = HiddenField(validators=[InputRequired(SUM_NEEDED)])
    agreed = BooleanField(
        "金額を確かめました。入札は取り消せないことに同意します",
        validators=[InputRequired("金額を確かめて、チェックを入れてください。")],
    )


class Witnessed(Form):
    witnesses = StringField(
        "立会人 1人目",
        validators=[InputRequired("立会人の名前を入力してください。")],
        render_kw={"autocomplete": "off"},
    )
    second = StringField(
        "立会人 2人目",
        validators=[InputRequired("立会人の名前を入力してください。")],
        render_kw={"autocomplete": "off"},
    )


class OpeningForm(Witnessed):
    """開札: who watches."""


class TieForm(Witnessed):
    digits = StringField(
        "さいころの目（20けた）",
        description="10面さいころを20回ふり、出た順に0から9の数字を続けて入力します。",
        validators=[InputRequired("20けたの数字を入力してください。")],
        render_kw={"inputmode": "numeric", "autocomplete": "off", "maxlength": 40},
    )


class SuspendForm(Form):
    why = TextAreaField(
        "一時止める理由",
        description="出品のページに公開され、入札した方にメールで届きます",
        validators=[InputRequired("理由を書いてください。"), Length(max=500, message="500文字までで書いてください。")],
    )


class CancelForm(Form):
    reason = TextAreaField(
        "中止の理由",
        description="出品のページに公開され、申し込んだ方と入札した方にメールで届きます",
        validators=[InputRequired("理由を書いてください。"), Length(max=500, message="500文字までで書いてください。")],
    )
    sure = BooleanField(
        "中止は取り消せないことを確かめました", validators=[InputRequired("確かめて、チェックを入れてください。")]
    )


class PressForm(Form):
    """Nothing but the click, protected against forgery."""
