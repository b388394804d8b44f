"""Yen: an integer, never a float. What people type is read kindly; what they see has commas."""

from __future__ import annotations

import unicodedata

from marketplace.kit.letters import typed
from marketplace.kit.refusals import Invalid

Yen = int

# Stripe takes JPY amounts of 50 to 99,999,999 (docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).
SMALLEST_CHARGE: Yen = 50
LARGEST_CHARGE: Yen = 99_999_999

LARGEST_SUM: Yen = 10**12 - 1

_DIGITS = "〇一二三四五六七八九"
_SMALL = ("", "十", "百", "千")
_LARGE = ("", "万", "億")


class NotAnAmount(Invalid):
    code = "not_an_amount"
    message = "金額は数字で入力してください（例 1,300）。"


class TooLarge(NotAnAmount):
    """A sum, but one that nobody means."""

    code = "too_large"
    message = f"{LARGEST_SUM:,}円以下の金額を入力してください。"


def parse_yen(text: str) -> Yen:
    """'１，３００円' → 1300. Full-width digits, commas, spaces, 円 and ¥, which many keyboards send as \\, are fine;
    NotAnAmount for the rest, TooLarge above LARGEST_SUM."""
    plain = unicodedata.normalize("NFKC", typed(text)).strip()
    for mark in ("円", "¥", "\\", ",", "、", "，", " "):
        plain = plain.replace(mark, "")
    if not plain.isascii() or not plain.isdigit():
        raise NotAnAmount
    if len(plain.lstrip("0")) > len(str(LARGEST_SUM)):
        raise TooLarge
    return int(plain)


def yen(amount: Yen) -> str:
    """1300 → '1,300円', -1300 → '−1,300円': the sign is as wide as a digit, and no hyphen."""
    return f"{amount:,}円".replace("-", "−")


def yen_words(amount: Yen) -> str:
    """1300000 → '百三十万円', to be read aloud before a bid. 0 ≤ amount < 10**12."""
    if not 0 <= amount < 10**12:
        raise ValueError(amount)
    if amount == 0:
        return "〇円"
    words = ""
    for power in (2, 1, 0):
        part = amount // 10 ** (4 * power) % 10_000
        if part:
            words += _below_ten_thousand(part, one_thousand=power > 0) + _LARGE[power]
    return words + "円"


def _below_ten_thousand(part: int, *, one_thousand: bool) -> str:
    """Japanese says 百, not 一百, and 千, not 一千, but 一千万."""
    words = ""
    for place in (3, 2, 1, 0):
        digit = part // 10**place % 10
        if digit == 0:
            continue
        spoken = digit > 1 or place == 0 or (place == 3 and one_thousand)
        words += (_DIGITS[digit] if spoken else "") + _SMALL[place]
    return words
