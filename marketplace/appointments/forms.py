"""What holders and the office fill in about dates. What is wrong with it, rules.py says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wtforms import HiddenField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired

from marketplace.kit.forms import AtMost, Form, JSTDateTimeField, number
from marketplace.kit.languages import _

WHEN = "日時を選んでください。"


class DatesForm(Form):
    starts_1 = JSTDateTimeField("いちばんの希望", description="平日の午前9時から午後5時まで、30分ごと")
    starts_2 = JSTDateTimeField("2番目の希望", description="なければ空欄")
    starts_3 = JSTDateTimeField("3番目の希望", description="なければ空欄")

    def starts(self) -> list[datetime | None]:
        return [self.starts_1.data, self.starts_2.data, self.starts_3.data]


class AskForm(DatesForm):
    topic = TextAreaField(
        "話してほしいこと・相談したいこと", description="500文字まで。集まる人や人数も書くと早く決まります"
    )
    where = RadioField(
        "どこで",
        choices=[SelectChoice("online", "オンライン"), SelectChoice("place", "会場に来てもらう")],
        default="online",
        validate_choice=False,
    )
    place = StringField("会場", description="会場に来てもらうときだけ。住所と建物の名前")
    uses = SelectField("使う回数", validate_choice=False)

    def count(self) -> int:
        return whole(self.uses.data)


class OfferForm(DatesForm):
    starts_1 = JSTDateTimeField("1つ目の日時", description="平日の午前9時から午後5時まで、30分ごと")
    starts_2 = JSTDateTimeField("2つ目の日時", description="なければ空欄")
    starts_3 = JSTDateTimeField("3つ目の日時", description="なければ空欄")
    why = TextAreaField("ひとこと", id="offer-why", description="別の日程をお願いする理由。持ち主が読みます")


class PickForm(Form):
    starts_at = HiddenField()

    def moment(self) -> datetime | None:
        try:
            picked = datetime.fromisoformat(self.starts_at.data or "")
        except ValueError:
            return None
        return picked if picked.tzinfo else None


class RoomForm(Form):
    entrance = TextAreaField("入り方", description="オンラインの部屋のアドレスなど。持ち主にメールで送ります")


class WhyForm(Form):
    why = TextAreaField("理由", description="持ち主が読みます")


class ObjectForm(Form):
    text = TextAreaField("どこがちがいますか", description="500文字まで。職員が確かめて、ご連絡します")


class HeldForm(Form):
    uses = SelectField("使った回数", validate_choice=False)

    def count(self) -> int:
        return whole(self.uses.data)


class ClickForm(Form):
    """Nothing but the click, protected against forgery."""


class LecturerForm(Form):
    name = StringField(
        "名前",
        description="役職で。例 町長",
        validators=[DataRequired("名前を入力してください。"), AtMost(60)],
    )


class LectureForm(Form):
    right = SelectField("権利")
    lecturer = SelectField("お話しする人")
    minutes = number("1回の長さ", 30, 240, "30分ごと", required=True)


class AbsenceForm(Form):
    lecturer = SelectField("お話しする人", id="absence-lecturer")
    starts_at = JSTDateTimeField("始まり", validators=[DataRequired(WHEN)])
    ends_at = JSTDateTimeField("終わり", validators=[DataRequired(WHEN)])
    why = StringField("理由", description="職員だけが読みます", validators=[AtMost(60)])


def whole(text: str | None) -> int:
    """What was chosen of such a list; 0 for what is on none."""
    return int(text) if text and text.isdecimal() and len(text) < 6 else 0


def choices(values: range, minutes: int) -> list[Any]:
    return [
        SelectChoice(str(each), _("%(each)s回（%(minutes)s分）", each=each, minutes=each * minutes)) for each in values
    ]
