"""What people confirm about their own data."""

from __future__ import annotations

from wtforms import BooleanField
from wtforms.validators import InputRequired

from marketplace.kit.forms import Form


class AskForm(Form):
    """Nothing but the button, protected against forgery."""


class GiveUpForm(Form):
    sure = BooleanField(
        "おあずけしている権利を、すべて手放します",
        validators=[InputRequired("手放すときは、しるしを付けてください。")],
        description="もとに戻せません。お金は返りません",
    )


class ForgetForm(Form):
    sure = BooleanField(
        "登録を削除することを確かめました",
        validators=[InputRequired("削除するときは、しるしを付けてください。")],
        description="もとに戻せません。同じアドレスでまた登録しても、前の記録とはつながりません",
    )
