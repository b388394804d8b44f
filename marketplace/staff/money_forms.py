"""What staff type about money: what they found, what they saw at the bank, what the town decided."""

from __future__ import annotations

from typing import Any

from wtforms import RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired

from marketplace.fund import deciding
from marketplace.fund.models import DecisionKind, DecisionState
from marketplace.fund.years import bookable
from marketplace.kit.clock import jst, now
from marketplace.kit.dates import fiscal_year_name, full_day
from marketplace.kit.forms import AtMost, DayField, Form, YenField
from marketplace.kit.money import yen


def _day(label: str, hint: str = "") -> DayField:
    return DayField(label, validators=[InputRequired("日付を選んでください。")], description=hint)


def _yen(label: str, hint: str = "") -> YenField:
    return YenField(label, validators=[InputRequired("金額を入れてください。")], description=hint)


def _words(label: str, missing: str, hint: str = "操作の記録に残ります", longest: int = 300) -> TextAreaField:
    checks = [DataRequired(missing), AtMost(longest)]
    return TextAreaField(label, validators=checks, description=hint)


def _line(label: str, longest: int, hint: str = "") -> StringField:
    return StringField(label, validators=[AtMost(longest)], description=hint)


class ExplainForm(Form):
    words = _words("わかったこと", "わかったことを書いてください。", "どうして違うのか、どう直したか")


class BankForm(Form):
    """A payout as it stands on the bank's statement."""

    yen = _yen("通帳の金額", "通帳にある数字のまま")
    on = _day("入金の日")
    remark = _line("メモ", 200, "なくてもかまいません")


class ReasonForm(Form):
    why = _words("理由", "理由を書いてください。")


class RetryForm(Form):
    """A refund that failed, tried again or paid by the bank."""

    why = _words("わかったこと", "わかったことを書いてください。", "銀行から返したときは、振込の日と方法も")


def _standing() -> list[SelectChoice]:
    return [
        SelectChoice(each.code, f"{each.document}　{yen(each.yen)}　{each.kind.ja}　{full_day(each.on)}")
        for each in deciding.approved()
        if each.state == DecisionState.APPROVED and each.kind != DecisionKind.UNDO
    ]


class UndoForm(Form):
    decision = SelectField(
        "取り消す決定", choices=_standing, validators=[InputRequired("取り消す決定を選んでください。")]
    )
    paper = _line("まちがいを直す文書", 120, "例 更正命令書 第2号")


def _years() -> list[SelectChoice]:
    return [SelectChoice(year, fiscal_year_name(year)) for year in bookable(jst(now()).date())]


class DecisionForm(Form):
    """`year` is asked for in April and May only, when the books of two years are open."""

    kind = RadioField(
        "すること",
        choices=[SelectChoice(str(kind), kind.ja) for kind in DecisionKind if kind != DecisionKind.UNDO],
        validators=[InputRequired("どれか1つを選んでください。")],
    )
    yen = _yen("金額")
    on = _day("日付", "決めた日、または支払った日")
    year = RadioField(
        "年度",
        choices=_years,
        coerce=int,
        validators=[InputRequired("どちらの年度の分かを選んでください。")],
        description="出納整理期間（5月31日まで）は、前の年度の分も書けます",
    )
    purpose = _line("使いみち", 80, "予定と支出のときだけ。基金のページに公開されます（例 通院バスの運行）")
    document = _line("もとになる文書", 120, "例 議案第12号、調定第3号、支出命令書 第34号")

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        if len(_years()) == 1:
            del self.year

    @property
    def of_year(self) -> int | None:
        """None where that of the day is the only one."""
        return self.year.data if "year" in self else None
