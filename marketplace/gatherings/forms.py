"""What staff and guests type of events."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired

from marketplace.gatherings.for_whom import RightsField
from marketplace.gatherings.polling import Question
from marketplace.gatherings.rules import MOST_TOGETHER
from marketplace.kit.forms import AtMost, Form, JSTDateTimeField, number


class GatheringForm(Form):
    title = StringField(
        "催しの名前",
        validators=[DataRequired("催しの名前を入力してください。"), AtMost(80)],
        description="例 雪かき体験と温泉の集い",
    )
    body = TextAreaField("ご案内の文", validators=[DataRequired("ご案内の文を入力してください。")])
    place = StringField(
        "場所",
        validators=[DataRequired("場所を入力してください。"), AtMost(120)],
        description="例 交流センター2階、オンライン（ビデオ会議）",
    )
    entrance = StringField(
        "参加する方だけにお伝えすること",
        validators=[AtMost(300)],
        description="オンラインの入り口のアドレスや集合場所など。予約した方の画面とメールにだけ出ます",
    )
    begins_at = JSTDateTimeField("始まり", validators=[InputRequired("始まりの日時を入力してください。")])
    ends_at = JSTDateTimeField("終わり", validators=[InputRequired("終わりの日時を入力してください。")])
    ask_until = JSTDateTimeField("申し込みの締め切り", validators=[InputRequired("締め切りの日時を入力してください。")])
    seats = number("席の数", 1, 2_000, "定員です。満席になると、空席待ちになります", required=True)
    answer_hours = number(
        "空席のお返事を待つ時間", 1, 336, "この時間お返事がなければ、つぎの方にご案内します", required=True
    )
    most_together = number(
        "1回の予約の人数",
        1,
        MOST_TOGETHER,
        "ご本人を含めて、1人が申し込める席の数の上限です。1なら、お1人1席です",
        required=True,
    )
    right_ids = RightsField("参加できる方", description="どれにもしるしを付けなければ、どなたでも参加できます")
    perk = SelectField("使う特典", description="「予約して参加」の特典があれば、出席を1回の利用として記録します")

    def values(self) -> dict[str, Any]:
        filled = {name: getattr(self, name).data for name in ("begins_at", "ends_at", "ask_until", "seats")}
        words = {name: (getattr(self, name).data or "").strip() for name in ("title", "body", "place", "entrance")}
        chosen = sorted(self.right_ids.data or [])
        return {
            **filled,
            **words,
            "answer_hours": self.answer_hours.data,
            "most_together": self.most_together.data,
            "right_ids": chosen,
            "perk": (self.perk.data or None) if chosen else None,
        }


class TogetherForm(Form):
    together = SelectField("人数（ご本人を含む）", coerce=int)

    def up_to(self, most: int, least: int = 1) -> TogetherForm:
        self.together.choices = [(number, str(number)) for number in range(least, most + 1)]
        return self


class CallOffForm(Form):
    why = TextAreaField(
        "中止の理由",
        validators=[DataRequired("中止の理由を入力してください。お申し込みの方にお知らせします。")],
        description="例 大雪のため。お申し込みの方みなさんにメールでお知らせします",
    )


class PassForm(Form):
    shown = StringField(
        "特典パス",
        validators=[DataRequired("特典パスを読み取ってください。")],
        description="読み取り機を当てると入ります",
        render_kw={"autocomplete": "off", "spellcheck": "false", "autofocus": True},
    )


class ClickForm(Form):
    """Nothing but the click, protected against forgery."""


class PollForm(Form):
    title = StringField(
        "お題",
        validators=[DataRequired("お題を入力してください。"), AtMost(80)],
        description="例 つぎの春の集いは、どこで開きますか",
    )
    body = TextAreaField("説明", description="決まったことをどう使うか、いつ知らせるか")
    choices = TextAreaField(
        "選ぶもの", validators=[DataRequired("選ぶものを入力してください。")], description="1行に1つ。2から10まで"
    )
    right_ids = RightsField("投票できる権利", description="どれにもしるしを付けなければ、すべての権利")
    secret = RadioField(
        "投票のしかた",
        choices=[
            SelectChoice("secret", "秘密の投票（だれがどれを選んだかは、町にも残りません）"),
            SelectChoice("named", "公開の投票（締め切りのあと、権利の番号ごとに選んだものを公開します）"),
        ],
        default="secret",
    )
    closes_at = JSTDateTimeField("締め切り", validators=[InputRequired("締め切りの日時を入力してください。")])

    def question(self) -> Question:
        assert self.closes_at.data is not None, "it is required"
        return Question(
            title=self.title.data or "",
            body=self.body.data or "",
            choices=(self.choices.data or "").splitlines(),
            right_ids=self.right_ids.data or (),
            secret=self.secret.data == "secret",
            closes_at=self.closes_at.data,
        )


class VoteForm(Form):
    choice = RadioField("選ぶもの", coerce=int, validators=[InputRequired("1つ選んでください。")])
    sure = HiddenField()


class StampForm(Form):
    number = StringField(
        "きょうの番号",
        description="受付にある4けたの番号",
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )
    code = HiddenField()


class CircularForm(Form):
    title = StringField("件名", validators=[DataRequired("件名を入力してください。"), AtMost(80)])
    body = TextAreaField("本文", validators=[DataRequired("本文を入力してください。")])
    right_ids = RightsField("お送りする方", description="どれにもしるしを付けなければ、権利をお持ちの方みなさん")
