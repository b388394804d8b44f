"""The part of the drafting form that is about auctions: steps, close, reserve, who may take part, and what then."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from wtforms import BooleanField, SelectChoice, SelectField, TextAreaField
from wtforms.validators import Optional, ValidationError

from marketplace.kit.forms import Form, JSTDateTimeField, WholeNumberField, YenField
from marketplace.kit.money import parse_yen, yen
from marketplace.kit.refusals import Invalid
from marketplace.listings.auction_rules import INCREMENTS, SOFT_CLOSE, AuctionRules, Verification, read
from marketplace.listings.models import Mode

ABOVE_ALL = "それ以上"


class StepsField(TextAreaField):  # type: ignore[misc]
    """One band a line, '1,000円未満: 10円', the last 'それ以上: 1,000円'; one sum alone is one step for all prices."""

    data: list[list[int | None]]

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        self.data = []
        lines = str(valuelist[0] if valuelist else "").splitlines()
        for n, line in enumerate((line for line in lines if line.strip()), 1):
            try:
                self.data.append(_band(line))
            except Invalid:
                raise ValidationError(
                    f"{n}行目を読み取れません。「1,000円未満: 10円」か「それ以上: 1,000円」の形で書いてください。"
                ) from None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "\n".join(
            f"{ABOVE_ALL if limit is None else yen(limit) + '未満'}: {yen(step or 0)}"
            for limit, step in self.data or []
        )


def _band(line: str) -> list[int | None]:
    limit, colon, step = unicodedata.normalize("NFKC", line).partition(":")
    if not colon:
        return [None, parse_yen(limit)]
    limit = limit.strip().removesuffix("未満").removesuffix("より下")
    return [None if limit == ABOVE_ALL else parse_yen(limit), parse_yen(step)]


def _span(label: str, unit: str, hint: str) -> WholeNumberField:
    wrong = "数字で入力してください。"
    return WholeNumberField(label, validators=[Optional()], invalid_value_message=wrong, description=hint, unit=unit)


class AuctionPart(Form):
    """The fields; ListingForm has them too."""

    increments = StepsField(
        "入札のきざみ",
        description="1行に1段。いまの価格が「1,000円未満: 10円」のように。最後の行は「それ以上: 1,000円」。"
        "空欄なら標準の表",
        validators=[Optional()],
    )
    soft_close = BooleanField("終了まぎわの入札で終了をのばす", description="最後の1秒をねらう入札をふせぎます")
    soft_window = _span("終了の何分前から", "分", "空欄なら5分")
    soft_extend = _span("入札から何分後までのばす", "分", "空欄なら5分")
    soft_cap = _span("はじめの終了から何分まで", "分", "空欄なら、のばす回数に限りなし")
    reserve_public = BooleanField("予定価格を公開する", description="公開しないときは、達したかどうかだけを見せます")
    second_offer = BooleanField("落札した方が払わないとき、次に高い方に1回だけ案内する")
    second_offer_hours = _span("次順位の方の支払い期限", "時間", "空欄なら、落札した方と同じ")
    taking_part = BooleanField("参加申込を受け付け、審査した方だけが入札できる")
    verification = SelectField("本人の手続き", choices=[SelectChoice(str(each), each.ja) for each in Verification])
    deposit_yen = YenField("保証金", description="見積額の5％から10％が目安です", validators=[Optional()])
    deposit_counts = BooleanField(
        "落札した方の保証金を代金の一部にあてる",
        description="選ばないときは、代金の全額が支払われたあとに枠をお返しします。あてると、決済の手数料が2回かかります",
    )
    documents = BooleanField("書類を必ず送ってもらう", description="本人確認の書類や、登記事項証明書など")
    apply_until = JSTDateTimeField("参加申込の締切", validators=[Optional()], description="空欄なら受付の終了まで")


def typed(form: Any) -> dict[str, Any]:
    """Listing.auction_rules out of the form."""
    ascending = form.mode.data == Mode.ASCENDING
    soft = {
        "window": _seconds(form.soft_window.data, SOFT_CLOSE["window"]),
        "extend": _seconds(form.soft_extend.data, SOFT_CLOSE["extend"]),
        "cap": _seconds(form.soft_cap.data, None),
    }
    return {
        "soft_close": soft if ascending and form.soft_close.data else None,
        "increments": form.increments.data or INCREMENTS,
        "reserve_public": form.reserve_public.data,
        "second_offer": form.second_offer.data,
        "second_offer_hours": form.second_offer_hours.data if form.second_offer.data else None,
        "taking_part": _taking_part(form) if form.taking_part.data else None,
    }


def _taking_part(form: Any) -> dict[str, Any]:
    until: datetime | None = form.apply_until.data
    deposit = form.verification.data == Verification.DEPOSIT
    return {
        "verification": form.verification.data,
        "deposit_yen": form.deposit_yen.data if deposit else None,
        "deposit_counts": deposit and form.deposit_counts.data,
        "documents": form.documents.data,
        "until": until.isoformat() if until else None,
    }


def _seconds(minutes: int | None, otherwise: int | None) -> int | None:
    return minutes * 60 if minutes is not None else otherwise


def shown(kept: Mapping[str, Any] | None) -> dict[str, Any]:
    """Listing.auction_rules as the form shows it; without any, what is usual."""
    rules: AuctionRules = read(kept or {})
    soft, part = rules.soft_close or SOFT_CLOSE, rules.taking_part
    return {
        "increments": rules.increments,
        "soft_close": rules.soft_close is not None,
        **{f"soft_{name}": None if soft.get(name) is None else (soft[name] or 0) // 60 for name in SOFT_CLOSE},
        "reserve_public": rules.reserve_public,
        "second_offer": rules.second_offer,
        "second_offer_hours": rules.second_offer_hours,
        "taking_part": part is not None,
        "verification": str(part.verification) if part else "none",
        "deposit_yen": part.deposit_yen if part else None,
        "deposit_counts": part.deposit_counts if part else False,
        "documents": part.documents if part else False,
        "apply_until": part.until if part else None,
    }
