"""What the office and people type of the relation."""

from __future__ import annotations

from wtforms import RadioField, SelectChoice, StringField
from wtforms.validators import DataRequired

from marketplace.kit.forms import AtMost, Form


class RegisterForm(Form):
    purpose = StringField(
        "使う目的",
        validators=[DataRequired("使う目的を入力してください。記録に残ります。"), AtMost(200)],
        description="例 ふるさと住民登録（令和9年度）の登録資料",
    )
    shape = RadioField(
        "ファイルの形", choices=[SelectChoice("xlsx", "Excel"), SelectChoice("csv", "CSV")], default="xlsx"
    )
