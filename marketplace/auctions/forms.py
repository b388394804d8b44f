"""The sum of a bid, and the second look at it."""

from __future__ import annotations

from wtforms import BooleanField, HiddenField, TextAreaField
from wtforms.validators import InputRequired

from marketplace.kit.forms import AtMost, Form, YenField
from marketplace.kit.money import LARGEST_CHARGE
from marketplace.listings.forms import dice, witness

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
    witnesses = witness("立会人 1人目")
    second = witness("立会人 2人目")


class OpeningForm(Witnessed):
    """開札: who watches."""


class TieForm(Witnessed):
    digits = dice()


class SuspendForm(Form):
    why = TextAreaField(
        "一時止める理由",
        description="出品のページに公開され、入札した方にメールで届きます",
        validators=[InputRequired("理由を書いてください。"), AtMost(500)],
    )


class CancelForm(Form):
    reason = TextAreaField(
        "中止の理由",
        description="出品のページに公開され、申し込んだ方と入札した方にメールで届きます",
        validators=[InputRequired("理由を書いてください。"), AtMost(500)],
    )
    sure = BooleanField(
        "中止は取り消せないことを確かめました", validators=[InputRequired("確かめて、チェックを入れてください。")]
    )


class PressForm(Form):
    """Nothing but the click, protected against forgery."""
