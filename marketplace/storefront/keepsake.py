"""What a holder keeps in a drawer: a letter from the mayor, and a certificate of the right, on paper."""

from __future__ import annotations

from marketplace.accounts.models import Account
from marketplace.kit.dates import era_day
from marketplace.papers.paper import Paper, unprintable
from marketplace.rights.models import KIND_JA, Kind
from marketplace.settings import settings
from marketplace.tokens.models import Token

NOT_THIS = {
    Kind.RESIDENT: "法律上の住民票ではありません。選挙権や税金とは関係がありません。",
    Kind.NAMING: "土地や建物の所有権をあらわすものではありません。",
}
"""What each kind of paper could be taken for."""


def keepsake(token: Token, holder: Account) -> bytes:
    """A PDF of two pages for whoever holds the token. The same token and name give the same bytes."""
    town, right = settings(), token.right
    whole = [name for name in (holder.name, holder.nickname) if name and not unprintable(name)]
    name = f"{whole[0] if whole else 'お客'} 様"  # rather no name than one with holes
    assert token.minted_at is not None, "what is held was issued"
    paper = Paper(
        f"{town.town_name}から、ごあいさつ",
        issuer=town.town_representative,
        reference=f"{right.title_ja} 第{token.serial}号",
        dated=era_day(token.minted_at),
    )
    paper.addressee(name)
    paper.text(
        f"このたびは「{right.title_ja}」をお持ちくださり、ありがとうございます。\n\n"
        "遠くに住む方が町を気にかけ、ときどき訪ねてくださることが、町に暮らす者の力になります。\n\n"
        "お納めいただいた代金は、決済の手数料を除いて"
        f"「{town.fund_name}」に積み立て、町のお年寄りの暮らしに使います。使いみちは1円単位で公開しています。\n\n"
        "どうぞ、季節の変わり目にお越しください。お帰りなさい、と言ってお迎えします。"
    )
    paper.text(f"{town.town_representative}　（{town.town_office}）")
    paper.new_page()
    paper.mark(f"第{token.serial}号")
    paper.large("証書")
    paper.addressee(name)
    paper.large(right.title_ja)
    paper.text(f"上記の権利の第{token.serial}号をお持ちであることを証します。")
    paper.facts(
        [
            ("種類", KIND_JA[right.kind]),
            ("番号", f"{token.serial} / {token.max_supply:,}"),
            ("お渡しした日", era_day(token.minted_at)),
            ("発行", town.town_name),
        ]
    )
    paper.code(f"{settings().base_url}{token.path}", "上の模様を読むと、この番号のいまの記録が開きます。")
    paper.note("この紙は、受け取った日の記録の写しです。だれの番号かは、町の公開の帳面が正しいものです。")
    if right.kind in NOT_THIS:
        paper.note(NOT_THIS[right.kind])
    paper.note(f"お問い合わせ　{town.town_office}　電話 {town.town_phone}（{town.town_hours}）")
    return paper.pdf()
