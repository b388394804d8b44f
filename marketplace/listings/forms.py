"""Fields of the forms in which chance is brought in before witnesses."""

from __future__ import annotations

from wtforms import StringField
from wtforms.validators import InputRequired


def witness(label: str) -> StringField:
    needed = InputRequired("立会人の名前を入力してください。")
    return StringField(label, validators=[needed], render_kw={"autocomplete": "off"})


def dice() -> StringField:
    """Twenty throws, as a person types them."""
    return StringField(
        "さいころの目（20けた）",
        description="10面さいころを20回ふり、出た順に0から9の数字を続けて入力します。",
        validators=[InputRequired("20けたの数字を入力してください。")],
        render_kw={"inputmode": "numeric", "autocomplete": "off", "maxlength": 40},
    )
