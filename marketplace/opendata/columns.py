"""What each column of each file means. A test reads the files, so that none has a column without a line here."""

from __future__ import annotations

from dataclasses import dataclass

TEXT, WHOLE, MOMENT, DAY, TRUTH, LINK = "string", "integer", "dateTime", "date", "boolean", "anyURI"
"""Datatypes of CSV on the Web (https://www.w3.org/TR/tabular-metadata/#built-in-datatypes)."""
LOCAL = {"base": "dateTime", "format": "yyyy-MM-dd HH:mm:ss"}
"""A moment as Japan's clock shows it, made for spreadsheets."""
DATATYPES_JA = {
    TEXT: "文字",
    WHOLE: "整数",
    MOMENT: "日時（日本時間、ISO 8601）",
    DAY: "日付（2026-11-25）",
    TRUTH: "true / false",
    LINK: "番地",
}


@dataclass(frozen=True)
class Column:
    """`name` stands in the file; `ja` and `means` are for people. `datatype` is one of those above."""

    name: str
    ja: str
    datatype: str | dict[str, str] = TEXT
    means: str = ""

    @property
    def datatype_ja(self) -> str:
        return DATATYPES_JA[self.datatype] if isinstance(self.datatype, str) else "日時（日本時間）"


KINDS = "resident 住民票 / card トレカ / lecture 講演権 / naming 命名権 / certificate 証明書 / experience 体験権"
MODES = "fixed 定額 / lottery 抽選 / ascending オークション / sealed 入札 / grant 交付"
STATES = "published 開始前 / open 受付中 / suspended 一時停止 / closed 受付終了 / completed 終了 / cancelled 中止"

LISTINGS = (
    Column("code", "出品番号", means="販売ごとに1つ。ほかのデータとは、この番号でつながります。"),
    Column("kind", "種類", means=KINDS),
    Column("mode", "売り方", means=MODES),
    Column("state", "状態", means=f"{STATES}。オークションの一時停止は、入札の記録にあります。"),
    Column("title_ja", "名前"),
    Column("title_en", "名前（英語）"),
    Column("price_yen", "価格（円）", WHOLE, "税込。オークションと入札では開始価格。"),
    Column("quantity", "売りに出した数", WHOLE),
    Column(
        "remaining",
        "のこり",
        WHOLE,
        "いま、だれも買わず、取り置いてもいない数。終わった販売の売れのこりも。",
    ),
    Column("held", "取り置き", WHOLE, "いま、どなたかがお支払いの途中の数。"),
    Column("sold", "売れた数", WHOLE),
    Column("per_person_limit", "お一人さまの上限", WHOLE),
    Column("published_at", "お知らせした日時", MOMENT),
    Column("opens_at", "受付開始", MOMENT),
    Column("closes_at", "受付終了", MOMENT, "公告したもの。空は、期限なし。入札での延長は、入札の記録に。"),
    Column("draw_at", "抽選の日時", MOMENT, "抽選のものだけ。"),
    Column("transferable", "ゆずれるか", TRUTH),
    Column("tradable_from", "ゆずれるようになる日時", MOMENT),
    Column("royalty_bps", "還元金の率", WHOLE, "1万分の1を単位とする数。500は5％。"),
    Column("metadata_uri", "内容の控えの場所", LINK, "IPFSの番地。"),
    Column("url", "ページの住所", LINK),
)
SALES = (
    Column("code", "出品番号"),
    Column("title_ja", "名前"),
    Column("title_en", "名前（英語）"),
    Column("kind", "種類", means=KINDS),
    Column("mode", "売り方", means=MODES),
    Column("state", "状態", means=STATES),
    Column("published_at", "お知らせした日時", MOMENT),
    Column("opened_at", "受付を始めた日時", MOMENT, "始める前に中止したものは空。"),
    Column("closed_at", "受付が終わった日時", MOMENT, "延長をふくむ、じっさいの終わり。"),
    Column("price_yen", "価格（円）", WHOLE, "税込。オークションと入札では開始価格。"),
    Column("quantity", "売りに出した数", WHOLE, "点。"),
    Column("persons", "人の数", WHOLE, "抽選は応募した人、オークションと入札は入札した人、定額は買った人。"),
    Column(
        "wanted",
        "希望の数",
        WHOLE,
        "抽選は希望の口数、オークションと入札は入札の件数、定額は注文の件数。人の数とはちがいます。",
    ),
    Column("winners", "当選・落札した人", WHOLE, "繰り上げをふくみます。定額は空。"),
    Column("paid", "支払われた数", WHOLE, "返金したものを除きます。"),
    Column("returned", "返金した数", WHOLE, "手続き中をふくみます。"),
    Column("issued", "お渡しした数", WHOLE, "台帳（ブロックチェーン）に記録された数。"),
    Column("winning_yen", "落札価格（円）", WHOLE, "オークションと入札だけ。"),
    Column("collected_yen", "いただいた代金（円）", WHOLE, "手数料や返金を引く前。"),
    Column("fees_yen", "決済の手数料（円）", WHOLE),
    Column("returned_yen", "町に残らなかった額（円）", WHOLE, "返金と、カード会社の異議によるもの。"),
    Column("url", "記録のページの住所", LINK),
    Column("proof", "検算のページの住所", LINK, "定額と、結果が決まる前は空。"),
)
TOKENS = (
    Column("contract", "台帳の番地", means="発行した契約（スマートコントラクト）。"),
    Column("token_id", "番号", WHOLE, "シリーズ番号×1,000,000＋通し番号。"),
    Column("right", "権利の番号"),
    Column("listing", "出品番号"),
    Column("serial", "通し番号", WHOLE),
    Column("state", "状態", means="held 保有中 / revoked 取り消し"),
    Column("holder", "持ち主の番地", means="人の名前ではありません。町がおあずかりしているものは、保管用の番地です。"),
    Column("metadata_uri", "内容の控えの場所", LINK),
    Column("mint_tx", "発行の記録"),
    Column("minted_at", "発行した日時", MOMENT),
)
RESALES = (
    Column("contract", "台帳の番地"),
    Column("token_id", "番号", WHOLE),
    Column("seller", "売った人の番地"),
    Column("buyer", "買った人の番地"),
    Column("price_yen", "取引の価格（円）", WHOLE),
    Column("royalty_yen", "基金への還元金（円）", WHOLE),
    Column("marketplace", "取引の場所", means="hiroba この町の市場 / seaport ほかの市場"),
    Column(
        "excluded",
        "集計から除いた理由",
        means="self 同じ番地 / round_trip 行って戻る / funded お金の出どころ。空は、集計に入れています。",
    ),
    Column("listed_at", "売りに出した日時", MOMENT),
    Column("tx", "取引の記録"),
    Column("log_index", "記録の中の順番", WHOLE),
    Column("block", "台帳のページ（ブロック）", WHOLE),
    Column("at", "取引の日時", MOMENT),
)
FUND_ENTRIES = (
    Column("number", "番号", WHOLE, "仕訳の番号。"),
    Column("date", "日付", DAY, "代金をいただいた日。"),
    Column("fiscal_year", "年度", WHOLE, "4月から翌年3月まで。"),
    Column("right", "権利の名前"),
    Column("serial", "通し番号", WHOLE),
    Column("collected_yen", "いただいた代金（円）", WHOLE),
    Column("fee_yen", "決済の手数料（円）", WHOLE),
    Column("returned_yen", "町に残らなかった額（円）", WHOLE),
    Column("collected", "収納（円）", WHOLE, "町に残った代金。"),
    Column("revenue", "歳入（円）", WHOLE, "そのうち、町の歳入にしたもの。"),
    Column("set_aside", "積立の決定（円）", WHOLE, "そのうち、基金に積み立てると決めたもの。"),
    Column("fund", "基金（円）", WHOLE, "そのうち、基金に入ったもの。"),
    Column("spent", "使った額（円）", WHOLE, "そのうち、使ったもの。"),
    Column("listing", "出品番号", means="保証金では空。名前は同じ権利がいくつもあります。"),
)
JOURNAL_DAYS = (
    Column("日", "日", DAY),
    Column("行", "行", WHOLE, "その日のおわりまでの、操作の記録の行数。"),
    Column("おわりの印", "おわりの印", means="SHA-256。次の日の記録は、この印につながります。"),
    Column("帳面での名前", "帳面での名前"),
    Column("帳面での番号", "帳面での番号"),
    Column("取引", "取引", means="ブロックチェーンに封をした記録。"),
    Column("ブロック", "ブロック", WHOLE),
)
FEW = "4人以下は「非公表」。ほかの数から分かってしまうものも「非公表」。"
FEW_TIMES = "回。4回以下は「非公表」。ほかの数から分かってしまうものも「非公表」。"
RELATION_MONTHS = (
    Column("月", "月", means="2026年1月のように。"),
    Column("持っている人", "持っている人", WHOLE, FEW),
    Column(
        "来町スタンプ",
        "来町スタンプ",
        WHOLE,
        "個。来町した人が「非公表」の月と、その人数より1から4だけ多い月は「非公表」。",
    ),
    Column("来町した人", "来町した人", WHOLE, FEW),
    Column("うち2回目以上の人", "うち2回目以上の人", WHOLE, FEW),
    Column("特典の利用", "特典の利用", WHOLE, FEW_TIMES),
    Column("催し", "催し", WHOLE, "開いた数。"),
    Column("催しの参加者", "催しの参加者", WHOLE, FEW),
    Column("month", "年月", means="2026-01のように。プログラム用。"),
)
RELATION_PREFECTURES = (
    Column("都道府県", "都道府県", means="さいごの行は「合計」。お住まいを聞いていない方は「お答えなし」。"),
    Column("持っている人", "持っている人", WHOLE, FEW),
    Column("来町した人", "来町した人", WHOLE, FEW),
    Column("催しの参加者", "催しの参加者", WHOLE, FEW),
)
RELATION_EDITIONS = (
    Column("権利", "権利", means="名前。同じ名前の権利ができると、月と番号がつきます。"),
    Column("持っている人", "持っている人", WHOLE, FEW),
    Column("来町した人", "来町した人", WHOLE, FEW),
    Column("催しの参加者", "催しの参加者", WHOLE, FEW),
    Column("特典の利用", "特典の利用", WHOLE, FEW_TIMES),
    Column("right", "権利の番号", means="変わりません。お渡しした権利のデータの right と同じ。"),
)
DRAWS = (
    Column("順位", "順位", WHOLE, "抽選で決まった順番。"),
    Column("受付番号", "受付番号", means="その販売だけの番号。"),
    Column("口数", "口数", WHOLE),
    Column("抽選番号", "抽選番号", means="順位を決める数。公開乱数から、だれでも計算できます。"),
    Column("結果", "結果", means="当選 / 補欠1番 / 落選。抽選のときのもので、あとの繰り上げは入れません。"),
)
BIDS = (
    Column("順番", "順番", WHOLE, "届いた順。"),
    Column("日時", "日時", LOCAL),
    Column("入札者", "入札者", means="その販売だけの番号。"),
    Column("受付", "受付", means="受付 / 不受理"),
    Column("理由", "理由", means="不受理の理由。"),
    Column("上限または金額（円）", "上限または金額（円）", WHOLE, "終わって結果が決まるまでは空。"),
    Column("価格（円）", "価格（円）", WHOLE, "その入札のあとの価格。"),
    Column("最高額の入札者", "最高額の入札者"),
    Column("終了", "終了", LOCAL, "その入札のあとの終了予定。"),
)
