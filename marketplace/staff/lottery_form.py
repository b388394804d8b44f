"""The part of the drafting form that is about lotteries: the chance, and what is asked of those who apply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms import BooleanField, IntegerField, SelectChoice, SelectField, ValidationError

from marketplace.kit.forms import Form, number
from marketplace.lotteries.groups import quota
from marketplace.lotteries.rules import RETAIN_DAYS, terms_of


class LotteryPart(Form):
    """The fields; ListingForm has them too."""

    chance = SelectField(
        "抽選の乱数",
        choices=[
            SelectChoice("dice", "立会人の前でふるサイコロ"),
            SelectChoice("drand", "公開されている乱数（drand）"),
        ],
        description="どちらも、だれでも検算できます",
    )
    asks_address = BooleanField(
        "応募する方の名前と住所を聞く",
        description="同じ方の2回目の申し込みを見つけ、ご家族の分の申し込みも受けられます",
    )
    least_age = number("応募できる年齢", 1, 120, "問わないなら空欄", unit="歳以上")
    age_by = SelectField(
        "年齢の確かめかた",
        choices=[SelectChoice("word", "本人の申告（チェック）"), SelectChoice("birth", "生年月日（保存しません）")],
    )
    asks_sms = BooleanField("携帯電話番号の確認（SMS）を求める", description="1つの番号で1回だけ応募できます")
    asks_card = BooleanField(
        "応募のときにカードを登録してもらう",
        description="登録のない応募は締め切りで無効になり、当選した方のカードから代金を自動でいただきます。"
        "カードが使えないときは、支払いのリンクをメールで送ります",
    )
    town_units = number("町内の方の枠", 1, 999_999, "数のうち、町内の方だけで抽選する分。分けないなら空欄")
    waiting = number("補欠の人数", 0, 999_999, "枠ごと。これより後の方は落選です。全員を補欠にするなら空欄", unit="名")
    promote_days = number("繰り上げの期間", 1, 365, "抽選の日から。過ぎると、繰り上げを終わります", unit="日")
    retain_days = number(
        "個人情報を消すまでの日数", 1, 1_825, "抽選の日から。買われなかった方の分を消します", unit="日"
    )

    def validate_town_units(self, field: IntegerField) -> None:
        """Something must be left for the others: without them there is no need of a quota."""
        quantity = self["quantity"].data if "quantity" in self else None
        if field.data is not None and quantity is not None and field.data >= quantity:
            raise ValidationError("数より少なくしてください。")


USUAL: dict[str, Any] = {"chance": "dice", "asks_address": True, "age_by": "word", "retain_days": RETAIN_DAYS}
DRAWN = ("waiting", "promote_days")
"""Rules of the draw that stand in the sale only where they are not the usual ones."""


def typed(form: Any) -> dict[str, Any]:
    """Listing.auction_rules out of the form."""
    entry = {
        "address": form.asks_address.data,
        "least_age": form.least_age.data,
        "age_by": form.age_by.data,
        "sms": form.asks_sms.data,
        "card": form.asks_card.data,
        "retain_days": form.retain_days.data or RETAIN_DAYS,
    }
    drawn = {name: form[name].data for name in DRAWN if form[name].data is not None}
    if form.town_units.data:
        drawn["groups"] = quota(form.town_units.data, form.quantity.data)
    return {"draw": form.chance.data, "entry": entry, **drawn}


def shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """Listing.auction_rules, out of the values of a sale, as the form shows it."""
    rules = values["auction_rules"] or {}
    terms = terms_of(values["per_person_limit"], rules)
    return {
        "chance": rules.get("draw", "dice"),
        "asks_address": terms.asks_address,
        "least_age": terms.least_age,
        "age_by": "birth" if terms.age_by_birth else "word",
        "asks_sms": terms.asks_sms,
        "asks_card": terms.asks_card,
        "retain_days": terms.retain_days,
        "town_units": next((group["units"] for group in rules.get("groups") or ()), None),
        **{name: rules.get(name) for name in DRAWN},
    }
