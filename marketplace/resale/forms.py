"""What a seller types."""

from __future__ import annotations

from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired

from marketplace.kit.forms import Form, YenField
from marketplace.kit.money import LARGEST_CHARGE


class OfferForm(Form):
    """The price, then the same form once more with `sure`."""

    price_yen = YenField(
        "売る価格",
        validators=[InputRequired("価格を入力してください。")],
        description="50円以上。買う方が支払う金額です。",
        largest=LARGEST_CHARGE,
    )
    sure = HiddenField()


class PressForm(Form):
    """Nothing but the click, protected against forgery."""


class WalletForm(Form):
    to = StringField(
        "ウォレットのアドレス",
        validators=[InputRequired("アドレスを入力してください。")],
        description="0xで始まる42文字",
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class DrawForm(WalletForm):
    """The wallet, then the same form once more with `sure`: what was sent comes back from nowhere."""

    sure = HiddenField()
