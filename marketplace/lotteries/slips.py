"""The receipt on paper: a PDF with a code that leads to its check."""

from __future__ import annotations

from marketplace.kit.clock import jst
from marketplace.kit.dates import full_day, full_until, full_when
from marketplace.listings.models import Listing
from marketplace.lotteries import receipts
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.states import EntryState
from marketplace.papers.paper import Paper
from marketplace.settings import settings

KEEP = (
    "この番号は、申し込みがあなたのものだと示すときに使います。町は控えを持っていません。ほかの人に見せず、"
    "結果が出るまで保管してください。"
)


def slip(entry: Entry, lottery: Lottery, listing: Listing, secret: str = "") -> bytes:
    """The PDF. `secret`: the code that was shown once, where whoever prints still has it."""
    town, receipt = settings(), receipts.signed(entry, lottery.code)
    paper = Paper(
        "抽選申込 受付票", issuer=town.town_name, reference=f"受付番号 {entry.no}", dated=full_day(entry.entered_at)
    )
    paper.large(f"受付番号　{entry.no}")
    if entry.state == EntryState.VOID and entry.void_reason is not None:
        paper.note(f"この申し込みは抽選の対象になりません（{entry.void_reason.ja}）。")
    paper.facts(
        [
            ("権利", listing.right.title_ja),
            ("受け付けた日時", f"{full_day(entry.entered_at)} {jst(entry.entered_at):%H:%M:%S}（日本時間）"),
            ("申し込み", f"{entry.channel.ja}　{entry.lots}口"),
            ("価格", f"{listing.price_yen:,}円（税込。当選したときだけ）"),
            ("受付の終わり", full_until(lottery.closes_at)),
            ("抽選", full_when(lottery.draw_at)),
            ("誓約", f"{entry.pledge}版に同意ずみ"),
        ]
    )
    if secret:
        paper.heading("ひみつの番号")
        paper.large(secret)
        paper.note(KEEP)
    paper.heading("この受付票が本物かどうかを確かめる")
    paper.code(
        receipts.address(receipt),
        "上の模様をスマートフォンで読むと、町が出した受付票かどうかと、抽選の結果のページが開きます。",
    )
    paper.facts([("しるし（ch）", entry.ch), ("町の署名", receipt["signature"]), ("町の鍵", receipt["key"])])
    paper.note(f"お問い合わせ　{town.town_office}　電話 {town.town_phone}（{town.town_hours}）")
    return paper.pdf()
