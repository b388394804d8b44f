"""What the first buyer sends, and what the office writes down. Names are checked by rules.py, which says why not."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Optional, ValidationError

from marketplace.kit.forms import AtMost, ChecksField, DayField, Form, number
from marketplace.naming import rules

DAY = "日付を選んでください。"


class NamesForm(Form):
    """Up to three names. What was typed is kept as it is until rules.wishes() takes it."""

    name_1 = StringField("愛称", description="1文字から40文字まで")
    reading_1 = StringField("読み", description="ひらがなかカタカナで")
    meaning_1 = TextAreaField("こめた意味", description="300文字まで。決まると公開されます")
    name_2 = StringField("愛称")
    reading_2 = StringField("読み")
    meaning_2 = TextAreaField("こめた意味")
    name_3 = StringField("愛称")
    reading_3 = StringField("読み")
    meaning_3 = TextAreaField("こめた意味")

    def typed(self) -> list[dict[str, str]]:
        parts = ("name", "reading", "meaning")
        return [{part: self[f"{part}_{number}"].data or "" for part in parts} for number in range(1, 4)]


class AppealForm(Form):
    text = TextAreaField("不服の理由", description="1,000文字まで。審査会が読みます")


class ShownForm(Form):
    shown = StringField(
        "公開してよいお名前",
        description="空にすると、保有者番号だけを出します。お名前を出すと、同じ番号でお持ちのほかの権利も、その方のものとわかります",
    )


class AgreeForm(Form):
    """The click, and the day that was on the screen."""

    begins_on = DayField("協定の始まり")


class ClickForm(Form):
    """Nothing but the click, protected against forgery."""


def _checks() -> ChecksField:
    choices = [SelectChoice(str(check), check.ja) for check in rules.Check]
    return ChecksField("確かめて、問題のなかったもの", choices=choices)


def _reason() -> TextAreaField:
    return TextAreaField(
        "認めないときの理由",
        description="買った方が読みます",
        validators=[AtMost(500)],
    )


class MinutesForm(Form):
    checks_1, checks_2, checks_3 = _checks(), _checks(), _checks()
    reason_1, reason_2, reason_3 = _reason(), _reason(), _reason()
    chosen = RadioField("審査の結果", choices=[], validate_choice=False)
    begins_on = DayField(
        "協定の始まりの日", validators=[Optional()], description="認めるときだけ。期間の月数は、販売の条件のとおりです"
    )
    stage = HiddenField()
    held_on = DayField("審査会の日", validators=[DataRequired(DAY)])
    members = TextAreaField("出席した方", description="1行に1人。役職とお名前")
    minutes = TextAreaField("議事録", description="職員だけが読みます")
    public_minutes = TextAreaField("議事録のうち公開するもの", description="愛称が決まったあと、だれでも読めます")

    def validate_chosen(self, field: RadioField) -> None:
        if field.data not in [choice.value for choice in field.choices]:
            raise ValidationError("認める案を1つ選ぶか、「どの案も認めない」を選んでください。")

    def decided(self, ranks: list[int]) -> dict[str, Any]:
        return {
            "held_on": self.held_on.data,
            "members": [line.strip() for line in (self.members.data or "").splitlines() if line.strip()],
            "text": self.minutes.data or "",
            "public_text": self.public_minutes.data or "",
            "chosen": None if self.chosen.data == "none" else int(self.chosen.data),
            "checks": {rank: [rules.Check(each) for each in self[f"checks_{rank}"].data or []] for rank in ranks},
            "reasons": {rank: self[f"reason_{rank}"].data or "" for rank in ranks},
            "begins_on": self.begins_on.data,
        }


class TermForm(Form):
    begins_on = DayField("協定の始まりの日", validators=[DataRequired(DAY)])


class SendBackForm(Form):
    why = TextAreaField("差し戻す理由", validators=[AtMost(500)])


class TalkForm(Form):
    renewal = StringField(
        "更新の相談の結果",
        description="例 更新を希望せず。看板は期間の翌日に外す",
        validators=[AtMost(300)],
    )


class StopForm(Form):
    read = HiddenField()
    why = TextAreaField("公開を止める理由", description="持ち主が読みます")


class RevokeForm(Form):
    reason = TextAreaField("取り消す理由", description="協定のどの定めによるか。買った方が読みます")


class PlaceForm(Form):
    name = StringField(
        "場所の名前",
        description="正式な名前。例 湧水公園",
        validators=[DataRequired("場所の名前を入力してください。"), AtMost(60)],
    )
    right = SelectField("看板を立てる命名権", description="命名権の場所でなければ、空のまま")
    x = number("地図の位置（横）", 0, 1000, "左のはしが0、右のはしが1000")
    y = number("地図の位置（たて）", 0, 1000, "上のはしが0、下のはしが1000")
