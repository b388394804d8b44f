"""What visitors type about themselves."""

from __future__ import annotations

from wtforms import HiddenField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from marketplace.accounts.letters import LetterKind
from marketplace.accounts.models import WEIGHTY, Role
from marketplace.accounts.rules import PREFECTURES
from marketplace.accounts.second_person import LONGEST_WHY
from marketplace.kit.forms import AtMost, ChecksField, Form


class AskForm(Form):
    email = StringField(
        "メールアドレス",
        validators=[InputRequired("メールアドレスを入力してください。")],
        description="例 hanako@example.jp",
        render_kw={"type": "email", "autocomplete": "email", "inputmode": "email", "spellcheck": "false"},
    )
    sure = HiddenField()
    """The address that looked mistyped when it was sent; sent again, it is meant so."""


class CodeForm(Form):
    code = StringField(
        "ログイン番号（6けた）",
        validators=[InputRequired("メールに書いてある6けたの番号を入力してください。")],
        description="全角の数字でもかまいません",
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "maxlength": "20"},
    )


class NumberForm(Form):
    number = StringField(
        "携帯電話番号",
        validators=[InputRequired("携帯電話番号を入力してください。")],
        description="例 090-1234-5678。SMSで6けたの番号をお送りします",
        render_kw={"type": "tel", "autocomplete": "tel"},
    )


class NumberCodeForm(Form):
    code = StringField(
        "確認番号（6けた）",
        validators=[InputRequired("SMSに書いてある6けたの番号を入力してください。")],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": "20"},
    )


ROLES = [
    SelectChoice(str(role), f"{role.ja}: {role.may}{'（別の職員の確認が要ります）' if role in WEIGHTY else ''}")
    for role in Role
]


class PressForm(Form):
    """Nothing but the button, protected against forgery."""


class PasskeyForm(Form):
    name = StringField(
        "このパスキーの名前",
        validators=[AtMost(40)],
        description="どの端末のものか、あとでわかるように。例 役場のパソコン",
    )
    credential = HiddenField()
    """What the device answered, as JSON; written by the page's script."""


class RoleForm(Form):
    role = RadioField("権限", choices=ROLES, validators=[InputRequired("権限を選んでください。")])


class NameForm(Form):
    name = StringField(
        "名前（役職）",
        validators=[
            InputRequired("名前を入力してください。"),
            AtMost(80),
        ],
        description="これまでの記録にも、この名前で出ます。前の名前も、この画面に残ります",
        render_kw={"autocomplete": "off"},
    )


class PersonForm(RoleForm):
    sure = HiddenField()
    """As in AskForm."""
    email = StringField(
        "メールアドレス",
        validators=[InputRequired("メールアドレスを入力してください。")],
        description="職場のアドレス。ここにログインの番号やお知らせが届きます",
        render_kw={"type": "email", "inputmode": "email", "spellcheck": "false", "autocomplete": "off"},
    )
    name = StringField(
        "名前（役職）",
        validators=[
            InputRequired("名前を入力してください。"),
            AtMost(80),
        ],
        description="例 佐藤 みのり（主事）",
        render_kw={"autocomplete": "off"},
    )


class SelfForm(Form):
    name = StringField(
        "お名前",
        validators=[AtMost(80)],
        description="特典や命名権の手続きで、役場だけが見ます",
        render_kw={"autocomplete": "name"},
    )
    nickname = StringField(
        "ニックネーム",
        validators=[AtMost(40)],
        description="画面でのあいさつに使います",
        render_kw={"autocomplete": "nickname"},
    )
    prefecture = SelectField(
        "お住まいの都道府県",
        choices=[SelectChoice("", "えらばない"), *map(SelectChoice, PREFECTURES)],
        description="町を応援してくださる方が全国のどこにいらっしゃるかを、人数だけ集計します",
        render_kw={"autocomplete": "address-level1"},
    )


class NewAddressForm(Form):
    email = StringField(
        "新しいメールアドレス",
        validators=[InputRequired("新しいメールアドレスを入力してください。")],
        description="例 hanako@example.jp",
        render_kw={"type": "email", "autocomplete": "email", "inputmode": "email", "spellcheck": "false"},
    )
    sure = HiddenField()
    """As in AskForm."""


class BothCodesForm(Form):
    old_code = StringField(
        "いまのアドレスに届いた番号（6けた）",
        validators=[InputRequired("いまのアドレスに届いた6けたの番号を入力してください。")],
        render_kw={"autocomplete": "off", "inputmode": "numeric", "maxlength": "20"},
    )
    new_code = StringField(
        "新しいアドレスに届いた番号（6けた）",
        validators=[InputRequired("新しいアドレスに届いた6けたの番号を入力してください。")],
        render_kw={"autocomplete": "off", "inputmode": "numeric", "maxlength": "20"},
    )


class LostAddressForm(Form):
    email = StringField(
        "新しいメールアドレス",
        validators=[InputRequired("新しいメールアドレスを入力してください。")],
        description="ご本人がいま読めるアドレス。読み上げて、1字ずつ確かめてください",
        render_kw={"type": "email", "inputmode": "email", "spellcheck": "false", "autocomplete": "off"},
    )
    sure = HiddenField()
    """As in AskForm."""
    why = TextAreaField(
        "どのように本人を確かめましたか",
        validators=[
            InputRequired("本人を確かめた方法を書いてください。"),
            AtMost(LONGEST_WHY),
        ],
        description="例 窓口で運転免許証を見た。注文の番号と日付が合っていた",
    )


class LettersForm(Form):
    kinds = ChecksField(
        "受け取るお知らせ",
        choices=[SelectChoice(str(kind), kind.ja) for kind in LetterKind],
        more={str(kind): kind.more_ja for kind in LetterKind},
    )
