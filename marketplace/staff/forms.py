"""What staff type: a right and its sale on one page, and the words of an approval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_wtf.file import FileField
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
from wtforms.validators import DataRequired, InputRequired, Optional

from marketplace.kit.forms import AtMost, Form, JSTDateTimeField, YenField, number
from marketplace.kit.money import LARGEST_CHARGE
from marketplace.listings import rules as sales
from marketplace.listings.checking import Check, Weight
from marketplace.listings.facts import FIELDS as SALE
from marketplace.listings.models import BY_BIDS, Mode, Tax
from marketplace.rights import rules as rights
from marketplace.rights.models import Kind
from marketplace.settings import settings
from marketplace.staff import auction_form, law_form, lottery_form
from marketplace.staff.auction_form import AuctionPart
from marketplace.staff.fields import PairsField, PercentField
from marketplace.staff.law_form import LawPart
from marketplace.staff.lottery_form import LotteryPart

LARGEST_SEED = 999_999_999
CHOICES = ("kind", "mode", "tax", "verification", "legal_basis")
"""What must have been chosen from its list before anything else can be said of the form."""


def _text(
    label: str, longest: int, hint: str = "", *, required: str = "", field: Any = StringField, id: str | None = None
) -> Any:
    checks: list[Any] = [AtMost(longest)]
    if required:
        checks.insert(0, DataRequired(required))
    return field(label, validators=checks, description=hint, id=id)


def _budgets() -> list[SelectChoice]:
    return [SelectChoice(code, budget.name) for code, budget in settings().budgets.items()]


class ListingForm(AuctionPart, LotteryPart, LawPart):
    # 種類と名前
    kind = SelectField("種類", choices=[SelectChoice(str(kind), kind.ja) for kind in Kind])
    title_ja = _text("名前", 120, "例 湖畔の公園 命名権（3年間）", required="名前を入力してください。")
    title_en = _text("名前（英語）", 160)
    # 内容
    lead_ja = _text("ひとことの説明", 300, "一覧に出ます", required="ひとことの説明を入力してください。")
    lead_en = _text("ひとことの説明（英語）", 400)
    body_ja = _text("くわしい説明", 5_000, "だれに、何が、いつまで届くのかを、やさしい言葉で", field=TextAreaField)
    body_en = _text("くわしい説明（英語）", 10_000, field=TextAreaField)
    perks = PairsField(
        "特典", description="1行に1つ。縦線 | のあとに英語（なくてもかまいません）", render_kw={"rows": "6"}
    )
    terms = PairsField(
        "利用の条件",
        description="1行に1つ。縦線 | のあとに英語",
        validators=[InputRequired("条件を1行以上書いてください。")],
        render_kw={"rows": "8"},
    )
    term_months = number("期間", 1, 1_200, "命名権では必須。期間のない権利では空欄", unit="か月")
    uses_per_token = number("使える回数", 1, 1_000, "講演権など、回数のある権利だけ", unit="回")
    transferable = BooleanField("ほかの人にゆずれる", description="証明書はゆずれません")
    resale_rule_ja = _text("ゆずるときのきまり", 300)
    resale_rule_en = _text("ゆずるときのきまり（英語）", 400)
    royalty_bps = PercentField("ゆずり渡しのときに基金へ入る割合", description="0から10まで。売れた値段のうちの割合")
    tradable_from = JSTDateTimeField("ゆずれるようになる日時", validators=[Optional()], description="すぐなら空欄")
    # 売り方と日時
    mode = RadioField("売り方", choices=[SelectChoice(str(mode), mode.ja) for mode in Mode])
    publish_at = JSTDateTimeField("公開（公告）", validators=[Optional()], description="空欄なら、承認されしだい")
    opens_at = JSTDateTimeField("受付の開始", validators=[Optional()])
    closes_at = JSTDateTimeField("受付の終了", validators=[Optional()], description="定額では、なくなるまでなら空欄")
    draw_at = JSTDateTimeField("抽選", validators=[Optional()], description="抽選のときだけ。受付の終了以後")
    waiting_room = BooleanField(
        "待合室で順番にご案内する",
        description="申し込みが一度に集まりそうな、定額の出品に。受付の開始より前に来た方は開始のときの抽選で、"
        "そのあとの方は来た順に、少しずつ購入の画面へご案内します",
    )
    # 数と価格
    price_yen = YenField("価格（税込）", description="オークションと入札では開始価格", largest=LARGEST_CHARGE)
    tax = SelectField("消費税", choices=[SelectChoice(str(tax), tax.ja) for tax in Tax], description="領収書に書きます")
    budget = SelectField(
        "会計",
        choices=_budgets,
        default=lambda: next(iter(settings().budgets)),
        description="代金が入る会計。領収書の登録番号が決まります",
    )
    reserve_yen = YenField("予定価格", description="オークションと入札だけ。届かないときは売りません。なければ空欄")
    quantity = number("数", 1, 999_999, "オークションと入札では1", required=True, unit="点")
    per_person_limit = number(
        "お一人さまの上限", 1, 1_000, "抽選では、お一人さまの口数の上限", required=True, unit="点"
    )
    hold_minutes = number(
        "取り置きの時間", 5, 1_440, "定額で、支払いの画面を開いているあいだ", required=True, unit="分"
    )
    pay_hours = number("当選・落札後の支払い期限", 1, 720, required=True, unit="時間")
    # 絵
    picture = FileField("絵のファイル", description="PNG、JPEG、WebP。10MBまで。選ばなければ、下の番号から絵を描きます")
    picture_id = HiddenField()
    copy_of = HiddenField()
    seen = HiddenField()
    scratch = HiddenField()
    scratch_no = HiddenField()
    picture_alt = _text("絵の説明", 200, "目の見えない方に読み上げられます", required="絵の説明を入力してください。")
    only_draw = SubmitField("この番号の絵を描いて見る")
    art_seed = number("絵の番号", 1, LARGEST_SEED, "同じ番号からは、いつも同じ絵ができます", required=True)
    art_per_token = BooleanField(
        "1枚ごとに番号入りの絵にする",
        description="住民票とトレカにおすすめ。買った方には、絵の番号から描いた、その番号だけの絵が届きます",
    )

    def values(self) -> dict[str, Any]:
        """What drafting.draft() takes."""
        plain = (
            *("title_ja", "title_en", "lead_ja", "lead_en", "body_ja", "body_en", "perks", "terms"),
            *("term_months", "uses_per_token", "transferable", "resale_rule_ja", "resale_rule_en", "tradable_from"),
            *("publish_at", "opens_at"),
            *("closes_at", "draw_at", "price_yen", "reserve_yen", "quantity", "per_person_limit", "hold_minutes"),
            *("pay_hours", "picture_alt", "art_seed", "art_per_token", "budget"),
        )
        return {name: self[name].data for name in plain} | {
            "kind": Kind(self.kind.data),
            "mode": Mode(self.mode.data),
            "tax": Tax(self.tax.data),
            "royalty_bps": self.royalty_bps.data or 0,
            "picture_id": int(self.picture_id.data) if str(self.picture_id.data or "").isdecimal() else None,
            "waiting_room": self.waiting_room.data and self.mode.data == Mode.FIXED,
            "auction_rules": self._auction_rules(),
            **law_form.typed(self),
        }

    def _auction_rules(self) -> dict[str, Any] | None:
        if self.mode.data == Mode.LOTTERY:
            return lottery_form.typed(self)
        return auction_form.typed(self) if self.mode.data in BY_BIDS else None

    def check(self) -> bool:
        """Every fault beside its field: those of single fields, and those that the rules find in the whole."""
        fine: bool = self.validate()
        if any(self[name].errors for name in CHOICES):
            return False
        values = self.values()
        for fault in (*rights.faults(values), *sales.faults(values)):
            if not self[fault.field or "title_ja"].errors:
                self.refuse(fault)
                fine = False
        return fine

    def weigh(self, found: Sequence[Check]) -> None:
        """Doubts that stop nobody stand beside their fields, too."""
        for check in found:
            if check.weight is not Weight.FINE:
                self[check.field].doubts = [*getattr(self[check.field], "doubts", ()), check.why]


def shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """A right and its sale, as drafting.draft() takes them, as the form shows them."""
    auctioned = values["mode"] in BY_BIDS
    return {
        **values,
        "kind": str(values["kind"]),
        "mode": str(values["mode"]),
        "tax": str(values["tax"]),
        **law_form.shown(values["legal_basis"]),
        **lottery_form.shown(values),
        **auction_form.shown((values["auction_rules"] or {}) if auctioned else None),
    }


class SubmitForm(Form):
    """Nothing but the click, protected against forgery."""


class ApproveForm(Form):
    seen = HiddenField()
    checked = BooleanField(
        "買う人の画面を最後まで確かめました", validators=[InputRequired("画面を確かめて、チェックを入れてください。")]
    )
    why = _text("コメント", 1_000, "なくてもかまいません。操作の記録に残ります", field=TextAreaField)


class SendBackForm(Form):
    note = _text("差し戻す理由", 1_000, "起案した人が読みます", field=TextAreaField)


class AmendForm(Form):
    """The fields of a sale that may change now; `allowed` comes from amending.amendable()."""

    price_yen = ListingForm.price_yen
    reserve_yen = ListingForm.reserve_yen
    per_person_limit = ListingForm.per_person_limit
    hold_minutes = ListingForm.hold_minutes
    pay_hours = ListingForm.pay_hours
    opens_at = ListingForm.opens_at
    closes_at = ListingForm.closes_at
    draw_at = ListingForm.draw_at
    why = _text(
        "変更の理由", 500, "権利のページに公開されます", required="変更の理由を書いてください。", field=TextAreaField
    )

    def __init__(self, allowed: Sequence[str], **more: Any) -> None:
        super().__init__(**more)
        self.allowed = allowed
        for name in [field.name for field in self if field.name in SALE and field.name not in allowed]:
            del self[name]

    def values(self) -> dict[str, Any]:
        return {name: self[name].data for name in self.allowed}


class StopForm(Form):
    why = _text("理由", 500, "権利のページに公開されます", required="理由を書いてください。", field=TextAreaField)


class EndForm(Form):
    """An order whose page Stripe does not close."""

    word = _text("確かめたこと", 300, "操作の記録に残ります", required="確かめたことを書いてください。")


class RefundForm(Form):
    why = _text("返金の理由", 300, "操作の記録に残ります", required="返金の理由を書いてください。")


class CorrectionForm(Form):
    """What wallets show, as it should be: amending.FIELDS, and why."""

    title_ja = _text("名前", 120, required="名前を入力してください。")
    title_en = _text("名前（英語）", 160)
    lead_ja = _text("ひとことの説明", 300)
    lead_en = _text("ひとことの説明（英語）", 400)
    picture = FileField("絵のファイル", description="絵も直すときだけ。PNG、JPEG、WebP。10MBまで")
    why = _text("訂正の理由", 300, "権利のページに公開されます", required="訂正の理由を書いてください。")


class FreezeForm(Form):
    why = _text("理由", 300, "操作の記録に残ります", required="理由を書いてください。", id="freeze-why")
