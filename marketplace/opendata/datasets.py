"""The datasets of the town: each with its files at addresses that stay, and what the columns mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa

from marketplace.auctions.models import MAXIMA_PUBLIC, Auction
from marketplace.kit.db import db
from marketplace.listings.models import ANNOUNCED, Listing
from marketplace.lotteries.models import Draw, Lottery
from marketplace.opendata import columns
from marketplace.opendata.columns import Column

CSV, JSON = "text/csv", "application/json"
CONTINUOUS, DAILY = "UPDATE_CONT", "DAILY"
"""Of http://publications.europa.eu/resource/authority/frequency/, as DCAT-AP says it."""


@dataclass(frozen=True)
class File:
    """`rule` is the path, as routes write it: '/listings/<code>/draw.csv' is one file for each sale."""

    rule: str
    media_type: str = JSON
    ja: str = ""

    @property
    def label(self) -> str:
        """As a link: 表（CSV）, JSON（検算用）."""
        kind = "表（CSV）" if self.media_type == CSV else "JSON"
        return f"{kind}（{self.ja}）" if self.ja else kind

    @property
    def many(self) -> bool:
        return "<" in self.rule


@dataclass(frozen=True)
class Dataset:
    name: str
    title_ja: str
    title_en: str
    about: str
    files: tuple[File, ...]
    columns: tuple[Column, ...] = ()
    keywords: tuple[str, ...] = ()
    frequency: str = CONTINUOUS
    personal: str = "個人の情報はふくみません。"
    themes: tuple[str, ...] = field(default=("GOVE",))
    """Of http://publications.europa.eu/resource/authority/data-theme/."""

    @property
    def path(self) -> str:
        return f"/data/{self.name}"

    @property
    def by_sale(self) -> bool:
        """Whether each sale has files of its own."""
        return all(file.many for file in self.files)


DATASETS = (
    Dataset(
        "listings",
        "販売の一覧",
        "Listings",
        "町が公告したすべての販売の、価格・数・日程・いまの状態。",
        (File("/data/listings.csv", CSV), File("/api/v1/listings", ja="1ページ50件ずつ")),
        columns.LISTINGS,
        ("権利", "公告", "抽選", "オークション"),
    ),
    Dataset(
        "sales",
        "終わった販売の記録",
        "Closed sales",
        "終わった販売ごとの、人の数、希望の数、当選・落札、支払い、お渡し、代金。",
        (File("/records.csv", CSV), File("/records.json")),
        columns.SALES,
        ("結果", "落札", "当選", "代金"),
        themes=("GOVE", "ECON"),
    ),
    Dataset(
        "draws",
        "抽選の記録",
        "Draws",
        "抽選ごとの、順位と結果。公開乱数から、だれでも同じ結果を計算できます（draw-v1）。",
        (File("/listings/<code>/draw.csv", CSV), File("/listings/<code>/draw.json", ja="検算用")),
        columns.DRAWS,
        ("抽選", "検算"),
        personal="個人の情報はふくみません。受付番号は、その販売だけのものです。",
    ),
    Dataset(
        "bids",
        "入札の記録",
        "Bids",
        "オークションと入札ごとの、届いた順の記録。だれでも同じ結果を計算できます（auction-v1）。",
        (File("/listings/<code>/bids.csv", CSV), File("/listings/<code>/bids.json", ja="検算用")),
        columns.BIDS,
        ("オークション", "入札", "検算"),
        personal="個人の情報はふくみません。入札者の番号は、その販売だけのものです。",
    ),
    Dataset(
        "tokens",
        "お渡しした権利",
        "Tokens",
        "発行した権利の番号と、いまの持ち主の番地。",
        (File("/data/tokens.csv", CSV), File("/api/v1/tokens", ja="動いた記録をふくむ、1ページ50件ずつ")),
        columns.TOKENS,
        ("デジタル住民票", "トークン", "台帳"),
        personal="個人の情報はふくみません。持ち主は、公開の台帳にある番地だけで示します。",
    ),
    Dataset(
        "resales",
        "二次流通の取引",
        "Resales",
        "お持ちの方どうしの、すべての売り買いと、基金への還元金。",
        (File("/api/v1/resales.csv", CSV), File("/api/v1/resales"), File("/api/v1/market", ja="権利ごとの数字")),
        columns.RESALES,
        ("二次流通", "還元金"),
        personal="個人の情報はふくみません。売り手と買い手は、公開の台帳にある番地だけで示します。",
        themes=("GOVE", "ECON"),
    ),
    Dataset(
        "fund",
        "基金と、代金ひとつひとつの行き先",
        "The fund and the way of each price",
        "いただいた代金が、歳入、積立、基金、支出のどこまで進んだか。",
        (
            File("/fund/entries.csv", CSV),
            File("/fund/entries.json", ja="検算用"),
            File("/api/v1/fund", ja="合計と仕訳の残高"),
        ),
        columns.FUND_ENTRIES,
        ("基金", "歳入", "決算", "検算"),
        themes=("GOVE", "ECON"),
    ),
    Dataset(
        "relation-months",
        "町とのつながり（月ごと）",
        "The relation by month",
        "持っている人、来町、特典の利用、催しの、月ごとの数。",
        (File("/relation/months.csv", CSV),),
        columns.RELATION_MONTHS,
        ("関係人口", "来町"),
        DAILY,
        "少ない数は示しません（4人以下）。",
        ("GOVE", "REGI"),
    ),
    Dataset(
        "relation-prefectures",
        "町とのつながり（都道府県ごと）",
        "The relation by prefecture",
        "お住まいを教えてくださった方の、都道府県ごとの数。",
        (File("/relation/prefectures.csv", CSV),),
        columns.RELATION_PREFECTURES,
        ("関係人口", "都道府県"),
        DAILY,
        "少ない数は示しません（4人以下）。",
        ("GOVE", "REGI"),
    ),
    Dataset(
        "relation-editions",
        "町とのつながり（権利ごと）",
        "The relation by edition",
        "権利ごとの、持っている人と、来町・催し・特典の数。",
        (File("/relation/editions.csv", CSV),),
        columns.RELATION_EDITIONS,
        ("関係人口",),
        DAILY,
        "少ない数は示しません（4人以下）。",
        ("GOVE", "REGI"),
    ),
    Dataset(
        "journal",
        "操作の記録の封",
        "Heads of the journal",
        "職員とシステムのすべての操作の記録の、毎日のおわりの印。あとから書きかえられていないことを確かめられます。",
        (File("/journal.csv", CSV), File("/journal.json", ja="検算用")),
        columns.JOURNAL_DAYS,
        ("監査", "検算"),
        DAILY,
        "個人の情報はふくみません。印から、もとの記録は読めません。",
    ),
)


def find(name: str) -> Dataset | None:
    return next((each for each in DATASETS if each.name == name), None)


def paths(file: File, codes: Iterable[str]) -> list[str]:
    """The addresses of a file: one, or one for each that codes_of() tells."""
    asked = [code.partition("?") for code in codes]
    return (
        [file.rule.replace("<code>", code) + mark + query for code, mark, query in asked] if file.many else [file.rule]
    )


def codes_of(dataset: Dataset) -> list[str]:
    """The sales whose record is complete, of a dataset with a file for each; the newest first. Where groups were drawn
    apart, each draw: LST-7K3M9Q?group=town."""
    shown = sa.select(Listing.code).where(ANNOUNCED).order_by(Listing.id.desc())
    if dataset.name == "draws":
        drawn = shown.add_columns(Draw.group).join(Lottery, Lottery.listing_id == Listing.id).join(Draw)
        rows = db.session.execute(drawn.where(Draw.seed.is_not(None)).order_by(Draw.id))
        return [f"{code}?group={group}" if group else code for code, group in rows]
    if dataset.name == "bids":
        query = shown.join(Auction, Auction.listing_id == Listing.id).where(Auction.state.in_(MAXIMA_PUBLIC))
        return list(db.session.scalars(query))
    return []
