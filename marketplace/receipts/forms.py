"""For whom a receipt is."""

from __future__ import annotations

from wtforms import HiddenField, RadioField, SelectChoice, StringField
from wtforms.validators import DataRequired

from marketplace.kit.forms import Form
from marketplace.kit.refusals import Refused
from marketplace.receipts import rules
from marketplace.receipts.rules import Honorific


class ReceiptForm(Form):
    addressee = StringField(
        "宛名",
        validators=[DataRequired("宛名を入力してください。")],
        description="会社や団体のお名前でも出せます",
        render_kw={"autocomplete": "off"},
    )
    honorific = RadioField(
        "敬称",
        choices=[
            SelectChoice(Honorific.PERSON.name, "様（個人の方）"),
            SelectChoice(Honorific.COMPANY.name, "御中（会社・団体）"),
            SelectChoice(Honorific.NONE.name, "付けない"),
        ],
        validate_choice=True,
    )
    copy = HiddenField()
    """Which copy the page offered: pressed twice, it is one."""

    def named(self) -> str | None:
        """The addressee with the honorific; None where something is wrong, which stands beside the field."""
        if not self.validate():
            return None
        try:
            return rules.addressee(self.addressee.data, Honorific[self.honorific.data])
        except Refused as refusal:
            self.refuse(refusal)
            return None

    @property
    def wanted(self) -> int:
        digits = str(self.copy.data or "")
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 6 else 0
