"""What is typed at a counter."""

from __future__ import annotations

from wtforms import HiddenField, PasswordField, SelectField, StringField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length

from marketplace.kit.forms import AtMost, DayField, Form
from marketplace.perks.forms import ClickForm
from marketplace.perks.numbers import token_id_of
from marketplace.perks.refusals import NoSuchNumber
from marketplace.rights.models import SERIAL_SPACE

__all__ = ["ClickForm", "SignInForm", "SlipForm", "TypedForm"]


class SignInForm(Form):
    partner = SelectField("窓口", validators=[InputRequired("窓口を選んでください。")])
    pin = PasswordField(
        "窓口の暗証番号",
        validators=[DataRequired("暗証番号を入力してください。")],
        description="役場から届いた6けたの数字",
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )


class TypedForm(Form):
    number = StringField(
        "お客さまの番号",
        validators=[DataRequired("番号を入力してください。"), AtMost(400)],
        description="特典パスかカードにある「3-427」のような番号",
        render_kw={"autocomplete": "off", "inputmode": "text"},
    )
    code = StringField(
        "6けたの番号、またはカードの暗証番号（4けた）",
        description="いま画面に出ている6けた",
        render_kw={"autocomplete": "off", "inputmode": "numeric"},
    )
    plan = HiddenField()
    ref = HiddenField(validators=[Length(min=32, max=32)])


class SlipForm(Form):
    code = StringField(
        "もぎり券の番号",
        validators=[DataRequired("もぎり券の番号を入力してください。"), AtMost(16)],
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )
    number = StringField(
        "お客さまの番号",
        validators=[DataRequired("お客さまの番号を入力してください。"), AtMost(20)],
        description="例 3-427",
        render_kw={"autocomplete": "off"},
    )
    on = DayField("使った日", validators=[InputRequired("使った日を入力してください。")])
    plan = SelectField("特典", validators=[InputRequired("特典を選んでください。")])

    @property
    def plan_id(self) -> str:
        """The choice names right and plan, since plans of two rights may be called alike."""
        return str(self.plan.data).partition(":")[2]

    def validate_plan(self, field: SelectField) -> None:
        """Plans of two rights have one id, too: a perk of another right would be booked as one of this guest's."""
        try:
            right_id, _ = divmod(token_id_of(self.number.data or ""), SERIAL_SPACE)
        except NoSuchNumber:
            return  # which is said of the number, when it is entered
        if str(field.data).partition(":")[0] != str(right_id):
            raise ValidationError(f"番号が「{right_id}-」で始まる権利の特典を選んでください。")
