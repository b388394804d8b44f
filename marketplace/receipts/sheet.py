"""A receipt as PDF.

What a simplified qualified invoice must say (消費税法 57条の4第2項): who issues it and their number, the day, what, the
sum and the tax for each rate; with the addressee it is a qualified invoice (1項). A return invoice (3項) says besides
of which sale the money goes back.
"""

from __future__ import annotations

from marketplace.kit.dates import era_day
from marketplace.kit.money import yen, yen_words
from marketplace.listings.models import Tax
from marketplace.papers.paper import Paper
from marketplace.receipts.models import Print, Receipt
from marketplace.settings import settings

NO_STAMP = (
    "収入印紙ははりません。地方公共団体が作る文書には印紙税がかからず（印紙税法第5条第2号）、"
    "お支払いも電子決済（クレジットカードなど）です。"
)


def sheet(printed: Print) -> bytes:
    """The PDF of one copy: the same bytes each time."""
    receipt, town = printed.receipt, settings()
    back = receipt.refund_id is not None
    reference = f"{receipt.kind_ja} {receipt.number}"
    if printed.n > 1:
        reference += f"（再発行 {printed.n - 1}回目）"
    paper = Paper(
        receipt.kind_ja, issuer=receipt.number_ja, reference=reference, dated=f"発行日 {era_day(receipt.issued_at)}"
    )
    if printed.n > 1:
        paper.mark(f"再発行（{printed.n - 1}回目）\n{era_day(printed.at)}")
    paper.addressee(printed.addressee)
    paper.large(f"金 {yen(receipt.yen)}（{yen_words(receipt.yen)}）")
    paper.text("上記の金額をお返ししました。" if back else "上記の金額を、下記の代金として領収しました。")
    paper.table(
        ["品名", "消費税の区分", "金額（税込）" if receipt.tax.percent else "金額"],
        [[receipt.title, _line(receipt.tax), yen(receipt.yen)]],
        widths=[0.56, 0.2, 0.24],
        numbers=[2],
    )
    paper.facts([*_tax(receipt), *_money(receipt)])
    paper.heading("発行者")
    named = [("名前", f"{receipt.issuer}（{receipt.budget_name}）")]
    if receipt.registration:
        named.append(("登録番号", receipt.registration))
    contact = f"{town.town_office}　電話 {town.town_phone}（{town.town_hours}）"
    paper.facts([*named, ("所在地", town.town_address), ("お問い合わせ", contact)])
    if not back:
        paper.note(NO_STAMP)
    if printed.n > 1:
        paper.note("この紙は、前にお出ししたものと同じ取引のものです。二重にお使いにならないでください。")
    return paper.pdf()


def _line(tax: Tax) -> str:
    return f"{tax.percent}％対象" if tax.percent else tax.ja


def _tax(receipt: Receipt) -> list[tuple[str, str]]:
    line = _line(receipt.tax)
    if not receipt.tax.percent:
        return [("消費税", f"{line}（税額 0円）")]
    return [(f"{line} 計", f"{yen(receipt.yen)}（うち消費税 {yen(receipt.tax_yen)}）")]


def _money(receipt: Receipt) -> list[tuple[str, str]]:
    said = [("注文の受付番号", receipt.order.code)]
    if receipt.refund_id is not None:
        return [
            *said,
            ("もとの取引の日", era_day(receipt.sold_at)),
            ("返金の手続きの日", era_day(receipt.moved_at)),
            ("返金の方法", "お支払いのカードなどへ返金"),
        ]
    said += [("受領した日", era_day(receipt.moved_at)), ("お支払いの方法", "電子決済（クレジットカードなど）")]
    if receipt.deposit_yen:
        said.append(("うち入札保証金から", f"{yen(receipt.deposit_yen)}（代金に充当）"))
    return said
