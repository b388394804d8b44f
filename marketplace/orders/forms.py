"""What a buyer agrees to before paying."""

from __future__ import annotations

from wtforms import BooleanField
from wtforms.validators import InputRequired

from marketplace.kit.forms import Form


class OrderForm(Form):
    """Nothing but the click, protected against forgery."""


class ConfirmForm(Form):
    agreed = BooleanField(
        "上の内容を確かめ、利用条件に同意します",
        validators=[InputRequired("内容を確かめて、チェックを入れてください。")],
    )
