"""The words by which a listing is found. publish() writes them down once: from then on its text does not change."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from marketplace.kit.folding import folded
from marketplace.listings.models import Listing, Mode
from marketplace.rights.models import Kind

ALSO_CALLED = {
    Kind.RESIDENT: "じゅうみんひょう 町民 ちょうみん 会員証 かいいんしょう resident",
    Kind.CARD: "トレカ トレーディングカード 山菜 さんさい card",
    Kind.LECTURE: "こうえんけん そうだんけん 講師 こうし lecture",
    Kind.NAMING: "めいめいけん ネーミングライツ 愛称 あいしょう 名前 なまえ naming",
    Kind.CERTIFICATE: "しょうめいしょ 認定 にんてい certificate",
    Kind.EXPERIENCE: "たいけんけん 体験 たいけん experience",
}
"""How the kinds are read, and what people call them who do not know the town's word."""
SOLD_BY = {
    Mode.FIXED: "ていがく 即決 購入",
    Mode.LOTTERY: "ちゅうせん くじ 申し込み lottery",
    Mode.ASCENDING: "せり 競り 競売 auction",
    Mode.SEALED: "にゅうさつ 競争入札",
    Mode.GRANT: "こうふ",
}

READ_AS = {
    "温泉": "おんせん",
    "入浴": "にゅうよく",
    "割引": "わりびき",
    "無料": "むりょう",
    "住民": "じゅうみん",
    "町民": "ちょうみん",
    "町長": "ちょうちょう",
    "講演": "こうえん",
    "相談": "そうだん",
    "公園": "こうえん",
    "広場": "ひろば",
    "体育館": "たいいくかん",
    "図書館": "としょかん",
    "施設": "しせつ",
    "交流": "こうりゅう",
    "命名": "めいめい",
    "愛称": "あいしょう",
    "山菜": "さんさい",
    "四季": "しき",
    "湧水": "ゆうすい わきみず",
    "湧き水": "わきみず",
    "月山": "がっさん",
    "雪": "ゆき",
    "湖": "みずうみ",
    "沼": "ぬま",
    "川": "かわ",
    "森": "もり",
    "紅葉": "こうよう もみじ",
    "祭": "まつり",
    "花火": "はなび",
    "米": "こめ",
    "酒": "さけ",
    "農": "のう",
    "作品": "さくひん",
    "限定": "げんてい",
}
"""How the words of the town's own texts are read: who types kana finds them, too."""


def write_words(listing: Listing) -> None:
    """Write the words of a listing down, a field a line, so that no word is found across two fields."""
    right = listing.right
    perks = [words for perk in right.perks for words in (perk.get("ja", ""), perk.get("en", ""))]
    listing.search_title = _lines(right.title_ja, right.title_en)
    listing.search_text = _lines(
        *(right.title_ja, right.title_en, right.lead_ja, right.lead_en, right.body_ja, right.body_en, *perks),
        *(listing.code, listing.issuer, right.picture_alt),
        *_read(" ".join((right.title_ja, right.lead_ja, right.body_ja, *(perk.get("ja", "") for perk in right.perks)))),
        *(right.kind.ja, *ALSO_CALLED[right.kind].split(), listing.mode.ja, *SOLD_BY[listing.mode].split()),
    )


def matching(terms: Sequence[str]) -> sa.ColumnElement[bool]:
    """Has every one of these folded words."""
    return sa.and_(sa.true(), *(Listing.search_text.contains(term, autoescape=True) for term in terms))


def misses(terms: Sequence[str]) -> sa.ColumnElement[int]:
    """How many of the words are not in the title: who is named so comes first."""
    hits = [sa.case((Listing.search_title.contains(term, autoescape=True), 0), else_=1) for term in terms]
    return sum(hits, sa.literal(0))


def _read(text: str) -> list[str]:
    return [way for word, ways in READ_AS.items() if word in text for way in ways.split()]


def _lines(*fields: str) -> str:
    return "\n".join(filter(None, map(folded, fields)))
