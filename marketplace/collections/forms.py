"""What card people and the office type."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Any

from wtforms import HiddenField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Optional

from marketplace.collections.swapping import LIVES
from marketplace.kit.forms import AtMost, DayField, Form, number
from marketplace.kit.languages import _
from marketplace.kit.refusals import Invalid


class OfferForm(Form):
    give = SelectField("わたすカード", coerce=int)
    want = SelectField("ほしいカード", coerce=int)
    serial = number("番号（1つだけがほしいとき）", 1, 999_999, "どの番号でもよければ空欄")
    email = StringField(
        "お相手のメールアドレス",
        validators=[AtMost(254)],
        description="決まったお相手がいなければ空欄。空欄なら、どなたでも受けられます",
        render_kw={"inputmode": "email", "autocomplete": "off", "spellcheck": "false"},
    )
    days = RadioField("期限", coerce=int, default=14)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.days.choices = [SelectChoice(days, _("%(days)s日", days=days)) for days in LIVES]


class AcceptForm(Form):
    card = SelectField("わたすカード", coerce=int, validators=[InputRequired("わたすカードを選んでください。")])


class CreatorForm(Form):
    name = StringField(
        "クリエイターの名前",
        validators=[DataRequired("名前を入力してください。"), AtMost(60)],
        description="公開の画面に出る名前（ペンネームなど）",
        render_kw={"autocomplete": "off"},
    )
    email = StringField(
        "メールアドレス",
        description="証明書を渡すときに使います。ご本人が一度ログインしたあとに入力してください。公開されません",
        render_kw={"inputmode": "email", "autocomplete": "off", "spellcheck": "false"},
    )


class AddressForm(Form):
    """Of a creator who was taken in without one."""

    email = StringField(
        "メールアドレス",
        validators=[DataRequired("メールアドレスを入力してください。")],
        description="証明書を渡すときに使います。ご本人が一度ログインしたあとに入力してください。公開されません",
        render_kw={"inputmode": "email", "autocomplete": "off", "spellcheck": "false"},
    )


class LicenceForm(Form):
    """One more licence, or, with the number of one in `of`, that one put right."""

    of = HiddenField()
    right = SelectField("使う権利", coerce=int)
    work = StringField(
        "作品",
        validators=[DataRequired("作品を入力してください。"), AtMost(120)],
        description="例 「わらび」の原画",
    )
    terms = TextAreaField(
        "使ってよい範囲",
        validators=[DataRequired("使ってよい範囲を入力してください。")],
        description="合意した文のとおりに。例 町のトレカ・広報での利用。改変は色と大きさだけ",
    )
    share = StringField(
        "還元金のうちクリエイターの分（%）",
        validators=[DataRequired("割合を入力してください。")],
        description="町の基金に入った還元金を100%としたときの割合。0.01%きざみ。例 20",
    )
    begins_on = DayField("始まりの日", validators=[InputRequired("始まりの日を入力してください。")])
    ends_on = DayField("終わりの日", validators=[Optional()], description="決まりがなければ空欄")

    @property
    def put_right(self) -> int | None:
        return int(self.of.data) if str(self.of.data or "").isdecimal() else None

    @property
    def share_bps(self) -> int:
        """'２０．５%' → 2050. Invalid."""
        plain = re.sub(r"[\s%]", "", unicodedata.normalize("NFKC", self.share.data or ""))
        try:
            bps = Decimal(plain) * 100
            good = 0 <= bps <= 10_000 and bps == bps.to_integral_value()
        except ArithmeticError:  # no number, 'nan', '1e999999'
            raise Invalid("割合は数字で入力してください。例 20", field="share") from None
        if not good:
            raise Invalid("割合は0から100まで、0.01きざみで入力してください。", field="share")
        return int(bps)


class PeriodForm(Form):
    class Meta(Form.Meta):
        csrf = False  # it only reads

    first = DayField("から", validators=[InputRequired("始まりの日を入力してください。")])
    last = DayField("まで", validators=[InputRequired("終わりの日を入力してください。")])


class ClickForm(Form):
    """Nothing but the click, protected against forgery."""
