"""The part of the drafting form that is about lotteries: the chance, and what is asked of those who apply."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, SelectChoice, SelectField

from marketplace.kit.forms import Form, number
from marketplace.listings.models import Listing
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
    least_age = number("応募できる年齢", 1, 120, "問わないなら空欄")
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
    retain_days = number("個人情報を消すまでの日数", 1, 1_825, "抽選の日から。買われなかった方の分を消します")


USUAL: dict[str, Any] = {"chance": "dice", "asks_address": True, "age_by": "word", "retain_days": RETAIN_DAYS}


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
    return {"draw": form.chance.data, "entry": entry}


def shown(listing: Listing) -> dict[str, Any]:
    """Listing.auction_rules as the form shows it."""
    rules = listing.auction_rules or {}
    terms = terms_of(listing.per_person_limit, rules)
    return {
        "chance": rules.get("draw", "dice"),
        "asks_address": terms.asks_address,
        "least_age": terms.least_age,
        "age_by": "birth" if terms.age_by_birth else "word",
        "asks_sms": terms.asks_sms,
        "asks_card": terms.asks_card,
        "retain_days": terms.retain_days,
    }
