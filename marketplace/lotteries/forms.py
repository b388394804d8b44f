"""Applying, and bringing chance in."""

from __future__ import annotations

from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired

from marketplace.kit.forms import Form

WITNESS = "立会人の名前を入力してください。"


class EntryForm(Form):
    agreed = BooleanField(
        "お1人さま1口までであることと、上の内容を確かめ、申し込みます",
        validators=[InputRequired("内容を確かめて、チェックを入れてください。")],
    )


class WithdrawForm(Form):
    """Nothing but the click, protected against forgery."""


class DiceForm(Form):
    digits = StringField(
        "さいころの目（20けた）",
        description="10面さいころを20回ふり、出た順に0から9の数字を続けて入力します。",
        validators=[InputRequired("20けたの数字を入力してください。")],
        render_kw={"inputmode": "numeric", "autocomplete": "off", "maxlength": 40},
    )
    witnesses = StringField("立会人 1人目", validators=[InputRequired(WITNESS)], render_kw={"autocomplete": "off"})
    second = StringField("立会人 2人目", validators=[InputRequired(WITNESS)], render_kw={"autocomplete": "off"})


class BeaconForm(Form):
    signature = StringField(
        "公開乱数の署名（16進数）",
        validators=[InputRequired("署名を入力してください。")],
        render_kw={"autocomplete": "off", "spellcheck": "false", "maxlength": 120},
    )
