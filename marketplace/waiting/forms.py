"""Forms of the waiting room: clicks, and what staff type for somebody on the phone."""

from __future__ import annotations

from wtforms import StringField

from marketplace.kit.forms import Form


class ClickForm(Form):
    """Nothing but the click, protected against forgery."""


class CallerForm(Form):
    email = StringField(
        "メールアドレス",
        description="お持ちでない方は空欄のまま。紙の整理券として、番号をお伝えください",
        render_kw={"autocomplete": "off", "inputmode": "email"},
    )
