"""What staff type of plans and partners, and counters of guests."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from wtforms import RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Optional, ValidationError

from marketplace.kit.dates import read_day
from marketplace.kit.forms import AtMost, ChecksField, DayField, Form, YenField, number
from marketplace.rights.plans import (
    ISSUER_JA,
    ON_RESALE_JA,
    PER_JA,
    PLAN_KIND_JA,
    Issuer,
    OnResale,
    Per,
    Place,
    Plan,
    PlanKind,
)

MOST_SPANS = 30


class DaysField(TextAreaField):  # type: ignore[misc]
    """Days and spans of days, one a line: '2026-12-29から2027-01-03', '令和9年1月1日'."""

    data: list[tuple[date, date]]

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = []
        for line in str(valuelist[0] if valuelist else "").splitlines():
            if not line.strip():
                continue
            ends = [read_day(part.removesuffix("まで")) for part in re.split(r"から|〜|～|~", line.strip())]
            if len(ends) > 2 or None in ends:
                raise ValidationError(f"「{line.strip()}」が日付として読めません。例 2026-12-29から2027-01-03")
            days = [day for day in ends if day is not None]
            self.data.append((days[0], days[-1]))
        if len(self.data) > MOST_SPANS:
            raise ValidationError(f"{MOST_SPANS}行までです。")

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "\n".join(str(a) if a == b else f"{a}から{b}" for a, b in self.data or [])


def _choices(words: dict[Any, str]) -> list[SelectChoice]:
    return [SelectChoice(str(value), word) for value, word in words.items()]


class PlanForm(Form):
    name = StringField(
        "特典の名前",
        validators=[DataRequired("特典の名前を入力してください。"), AtMost(60)],
        description="例 温泉の入浴が無料",
    )
    kind = RadioField("使い方", choices=_choices(PLAN_KIND_JA), default=str(PlanKind.PERIODIC))
    places = ChecksField("使えるところ", description="ここにない提携先は、先に登録してください")
    limit = number("回数", 1, 1_000, "回数の特典では全部で、期間ごとの特典では1期間に")
    per = SelectField("何ごとの回数", choices=[SelectChoice("", "（期間ごとの特典だけ）"), *_choices(PER_JA)])
    begins = DayField("使いはじめの日", validators=[Optional()], description="お渡しの日からなら空欄")
    ends = DayField("使い終わりの日", validators=[Optional()], description="決まりがなければ空欄")
    months = number("お渡しからの期間", 1, 240, "決まりがなければ空欄")
    closed = DaysField("使えない日", description="1行に1つ。例 2026-12-29から2027-01-03")
    issuer = RadioField("サービスの責任を負うのは", choices=_choices(ISSUER_JA), default=str(Issuer.TOWN))
    on_resale = RadioField("ゆずったとき", choices=_choices(ON_RESALE_JA), default=str(OnResale.REST))
    pay_yen = YenField("町が払う補填（1回）", description="なければ空欄。月ごとの明細に出ます")

    def has_error(self, field: str | None) -> bool:
        return field is not None and bool(self[field].errors)

    def plan(self, plan_id: str, names: dict[str, str]) -> Plan | None:
        """What was typed, as far as it can be read; None without a kind. `names`: of the partners, by code."""
        if any(self[field].errors for field in ("kind", "per", "issuer", "on_resale", "places")):
            return None
        kind = PlanKind(self.kind.data)
        counts = kind in (PlanKind.COUNTED, PlanKind.PERIODIC)
        return Plan(
            id=plan_id,
            name=(self.name.data or "").strip(),
            kind=kind,
            places=tuple(Place(code, names[code]) for code in self.places.data or []),
            issuer=Issuer(self.issuer.data),
            limit=self.limit.data if counts else None,
            per=Per(self.per.data) if self.per.data and kind is PlanKind.PERIODIC else None,
            begins=self.begins.data,
            ends=self.ends.data,
            months=self.months.data,
            closed=tuple(self.closed.data or ()),
            on_resale=OnResale.NOTHING if kind is PlanKind.FIRST_HOLDER else OnResale(self.on_resale.data),
            pay_yen=self.pay_yen.data or 0,
        )


def shown(plan: Plan) -> dict[str, Any]:
    """A plan as the form shows it."""
    return {
        **{name: getattr(plan, name) for name in ("name", "limit", "begins", "ends", "months", "closed")},
        **{name: str(getattr(plan, name)) for name in ("kind", "issuer", "on_resale")},
        "per": str(plan.per or ""),
        "places": [place.code for place in plan.places],
        "pay_yen": plan.pay_yen or None,
    }


class PartnerForm(Form):
    name = StringField(
        "提携先の名前",
        validators=[DataRequired("提携先の名前を入力してください。"), AtMost(60)],
        description="例 水沢温泉館",
    )


class SlipsForm(Form):
    count = number("枚数", 1, 100, required=True)


class LookForm(Form):
    note = StringField(
        "どう確かめたか",
        validators=[
            DataRequired("どう確かめたかを書いてください。"),
            AtMost(300),
        ],
        description="例 窓口に電話で確かめた",
    )

    def of(self, use_id: int) -> LookForm:
        """Several stand on one page, each with a name of its own for its field."""
        self.note.id = f"note-{use_id}"
        return self


class ClickForm(Form):
    """Nothing but the click, protected against forgery."""
