"""What holders type."""

from __future__ import annotations

from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from marketplace.kit.forms import Form


class GiveForm(Form):
    """The address, then the same form once more with `sure`."""

    email = StringField(
        "贈る相手のメールアドレス",
        validators=[InputRequired("メールアドレスを入力してください。")],
        description="例 taro@example.jp。このサイトを使ったことのない方でもかまいません。",
        # no type="email": a browser would refuse what was typed in full width, and the server reads it
        render_kw={"inputmode": "email", "autocomplete": "off", "spellcheck": "false"},
    )
    spelt = HiddenField()
    """The address that looked mistyped when it was sent; sent again, it is meant so."""
    sure = HiddenField()


class WalletForm(Form):
    address = StringField(
        "ウォレットの住所（アドレス）",
        validators=[InputRequired("ウォレットの住所を入力してください。")],
        description="0xで始まる42文字。ウォレットの画面から写してください。",
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class ProofForm(Form):
    message = TextAreaField(
        "署名する文",
        validators=[InputRequired("署名する文がありません。もう一度はじめからお願いします。")],
        description="1文字も変えずに、そのまま署名してください。英語なのは、世界共通の決まり（EIP-4361）だからです。",
        render_kw={"readonly": True, "spellcheck": "false"},
    )
    signature = StringField(
        "署名",
        validators=[InputRequired("署名を貼りつけてください。")],
        description="ウォレットが作った、0xで始まる文字（ふつうは132文字）",
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class WithdrawForm(Form):
    """The wallet, then the same form once more with `sure` and what was read."""

    wallet = SelectField("どのウォレットへ移しますか", coerce=int)
    read = BooleanField("上の4つのことを読み、わかりました")
    sure = HiddenField()


class PressForm(Form):
    """Nothing but the click, protected against forgery."""
