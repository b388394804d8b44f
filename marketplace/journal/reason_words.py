"""Why something was done, where no person wrote it: what the programs write into the journal, in words for a clerk.

The journal itself keeps what was written, since its rows are chained. What is not found here was written by a person,
or is a fault in the words of whoever told it, and is shown as it is.
"""

from __future__ import annotations

import re

REASONS = {
    "24 hours without a beacon": "公開乱数が24時間とどかなかった",
    "authentication_required": "カード会社の本人確認が要る",
    "blocked": "異議になる前に止まった",
    "another refund took its place": "ほかの返金で、払った方に戻った",
    "by_staff": "職員が決めた",
    "canceled": "決済会社で取り消された",
    "card_declined": "カード会社が断った",
    "card_not_there": "カードの登録がなくなっていた",
    "changed": "内容が変わった",
    "dispute_lost": "カード会社の異議で、代金が払った方に戻った",
    "expired_card": "カードの期限切れ",
    "failed": "カードに届かなかった",
    "given back by hand at Stripe": "決済会社の管理画面で返金された",
    "given up by the buyer": "買う方がやめた",
    "insufficient_funds": "カードの残高または枠が足りない",
    "lost": "お金は戻らない",
    "needs_response": "カード会社が答えを待っている",
    "no_card": "カードの登録がない",
    "nobody came to the page": "手続きのページを開かなかった",
    "not paid in time": "期限までに支払われなかった",
    "paid after the last unit was gone": "売り切れたあとに支払われた",
    "paid after the sale was cancelled": "販売の中止のあとに支払われた",
    "paid twice": "二重に支払われた",
    "payment_disputed": "カード会社から異議が出ている",
    "prevented": "異議の前に、自動で払った方に返された",
    "refund_under_way": "返金の手続きに入っている",
    "revocation_under_way": "取り消しが決まっている",
    "refunded": "返金ずみ",
    "renewed": "新しいお預かりに替わった",
    "sale cancelled": "出品の中止",
    "same_card": "同じカードの申し込みが先にある",
    "same_person": "同じお名前とご住所の申し込みが先にある",
    "same_phone": "同じ携帯電話番号の申し込みが先にある",
    "sold out": "売り切れた",
    "the bank ended the hold": "カード会社が枠を解いた",
    "the bank ended the hold before it was taken": "収納の前に、カード会社が枠を解いた",
    "the last unit was gone": "売り切れたあとに支払われた",
    "the page is over": "手続きのページの期限が過ぎた",
    "the payment is in doubt": "支払いの内容に疑いがある",
    "the payer withdrew the dispute": "払った方が異議を取り下げた",
    "the payer's bank has taken it": "カード会社が町から引き、払った方に戻した",
    "the price was given back": "代金が、払った方に返された",
    "the sale was cancelled": "販売の中止のあとに支払われた",
    "the token was revoked on chain": "帳面の上で取り消された",
    "under_review": "カード会社が審査している",
    "warning_closed": "カード会社の問い合わせが終わった",
    "warning_needs_response": "カード会社の問い合わせ",
    "warning_under_review": "カード会社が問い合わせを調べている",
    "won": "町の言い分が通った",
}
PAID = re.compile(r"paid (\d+), owed (\d+)")


def reason_in_words(why: str | None) -> str:
    """'sold out' → '売り切れた', 'paid 900, owed 1000' → '入金 900円、未納 1,000円'."""
    if paid := PAID.fullmatch(why or ""):
        return f"入金 {int(paid[1]):,}円、未納 {int(paid[2]):,}円"
    return REASONS.get(why or "", why or "")
