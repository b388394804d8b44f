"""What applicants fill in, and what the office says to it."""

from __future__ import annotations

from typing import Any

from flask_wtf.file import MultipleFileField
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import Optional

from marketplace.admissions.models import GROUND_JA, Party
from marketplace.kit.forms import Asked, AtMost, Form, JSTDateTimeField


def _text(label: str, longest: int, hint: str = "", *, asked: bool = False, **keys: Any) -> StringField:
    checks = [AtMost(longest), *([Asked()] if asked else [])]
    return StringField(label, validators=checks, description=hint, render_kw=keys)


class ApplicationForm(Form):
    """Its faults are found by rules.faults(), which knows what belongs to whom."""

    party = RadioField(
        "どなたとして参加しますか",
        choices=[SelectChoice(str(each), each.ja) for each in Party],
        default="individual",
    )
    name = _text("お名前", 80, "会社・団体のときは、担当の方のお名前", asked=True, autocomplete="name")
    address = _text("住所", 200, "会社・団体のときは、本店の所在地", asked=True, autocomplete="address-line1")
    phone = _text(
        "電話番号", 20, "昼間に連絡のつく番号（例 0237-00-0000）", asked=True, autocomplete="tel", inputmode="tel"
    )
    company = _text("会社・団体の名前", 120, autocomplete="organization")
    representative = _text("代表者の名前", 80, autocomplete="off")
    corporate_no = _text(
        "法人番号（13けた）", 20, "国税庁の法人番号公表サイトで調べられます", autocomplete="off", inputmode="numeric"
    )
    enclosures = MultipleFileField(
        "書類",
        description="PDF（5MBまで）、JPEG、PNG（10MBまで）。5つまで、1回に合わせて10MBまで。職員だけが読みます",
        # an iPhone that is told so turns its own format into one of these
        render_kw={"accept": "application/pdf,image/jpeg,image/png"},
    )
    only_send = SubmitField("書類だけ先に送る")
    adult = BooleanField("18歳以上です", validators=[Asked()])
    pledged = BooleanField("誓約書を読み、誓います", validators=[Asked()])
    pledge_version = HiddenField()


class DropForm(Form):
    """One document is taken back."""


class ApproveForm(Form):
    """Nothing but the click, protected against forgery."""


class RefuseForm(Form):
    reason = TextAreaField(
        "お断りする理由",
        description="ご本人がメールで読みます",
        validators=[AtMost(1_000)],
    )


class ExclusionForm(Form):
    ground = SelectField(
        "理由の種類",
        choices=[SelectChoice(str(ground), ja) for ground, ja in GROUND_JA.items()],
        default="organised_crime",
    )
    email = _text(
        "メールアドレス", 254, "登録のある方。申し込みが自動で止まります", autocomplete="off", inputmode="email"
    )
    corporate_no = _text(
        "法人番号（13けた）", 20, "申し込みが自動で止まります", autocomplete="off", inputmode="numeric"
    )
    name = _text("名前", 120, "同じ名前の申し込みに、審査の画面で知らせが出ます", autocomplete="off")
    until = JSTDateTimeField("期限", validators=[Optional()], description="空欄なら、解除するまで")
    why = TextAreaField(
        "くわしい理由",
        description="職員だけが読みます",
        validators=[AtMost(1_000)],
    )


class LiftForm(Form):
    """Nothing but the click, protected against forgery."""
