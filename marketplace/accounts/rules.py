"""What a mail address is, and how it is compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from marketplace.kit.folding import like_the_town
from marketplace.kit.letters import dashed, typed
from marketplace.kit.mailboxes import ADDRESS
from marketplace.kit.refusals import Invalid, TooLong


class NotAnAddress(Invalid):
    code = "not_an_address"
    message = "メールアドレスの形をお確かめください（例 hanako@example.jp）。"


def normalised(address: str) -> str:
    """'　Ｈａｎａｋｏ＠ｍｙーｔｏｗｎ。ｊｐ ' → 'hanako@my-town.jp'. NotAnAddress where it is none."""
    plain = dashed(typed(address, lines=False)).replace("。", ".").strip().lower()
    if len(plain) > 254 or not plain.isascii() or not ADDRESS.fullmatch(plain):  # the mailed code is the real proof
        raise NotAnAddress(field="email")
    return plain


PREFECTURES = (
    *("北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県", "群馬県", "埼玉県"),
    *("千葉県", "東京都", "神奈川県", "新潟県", "富山県", "石川県", "福井県", "山梨県", "長野県", "岐阜県", "静岡県"),
    *("愛知県", "三重県", "滋賀県", "京都府", "大阪府", "兵庫県", "奈良県", "和歌山県", "鳥取県", "島根県", "岡山県"),
    *("広島県", "山口県", "徳島県", "香川県", "愛媛県", "高知県", "福岡県", "佐賀県", "長崎県", "熊本県", "大分県"),
    *("宮崎県", "鹿児島県", "沖縄県"),
)
"""In the order of JIS X 0401, which is the order in which people look for theirs."""


_ENDINGS = "com|net|org|info|biz|jp|io|cc|xyz|top|shop|site|online|store|link|click|app|dev"
A_LINK = re.compile(rf"://|\bwww\.|\.[a-z]{{2,}}/|[a-z0-9-]{{2,}}\.(?:{_ENDINGS})(?![a-z0-9])", re.IGNORECASE)
"""What programs for mail make a link of, a bare domain too."""
A_PHONE = re.compile(r"\d(?:[-‐−ー–() ]?\d){8,}")


class NoPrefecture(Invalid):
    code = "no_prefecture"
    message = "都道府県を選び直してください。"


class Town(NamedTuple):
    """What the town and its office are called, in each language."""

    names: Sequence[str] = ()
    offices: Sequence[str] = ()


NOWHERE = Town()


class NameOfTheTown(Invalid):
    code = "name_of_the_town"
    message = "町や役場の名前は使えません。ご自分のお名前を入力してください。"


def check_self(name: str, nickname: str, prefecture: str, town: Town = NOWHERE) -> None:
    """Invalid, with the field, where a person can't be called so.

    A name goes to strangers in the town's own letters: it leads nowhere, and is nobody's who could send them.
    """
    if len(name) > 80:
        raise TooLong(80, field="name")
    if len(nickname) > 40:
        raise TooLong(40, field="nickname")
    for field, text in (("name", name), ("nickname", nickname)):
        plain = unicodedata.normalize("NFKC", text)
        if A_LINK.search(plain):
            raise Invalid("サイトのアドレスは書けません。お名前だけを入力してください。", field=field)
        if A_PHONE.search(plain):
            raise Invalid("電話番号は書けません。お名前だけを入力してください。", field=field)
        if like_the_town(text, town.names, town.offices):
            raise NameOfTheTown(field=field)
    if prefecture and prefecture not in PREFECTURES:
        raise NoPrefecture(field="prefecture")


_SYSTEMS = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "Chromebook")),
    *(("Macintosh", "Mac"), ("Linux", "Linux")),
)
_BROWSERS = (
    *(("Line/", "LINE"), ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet")),
    *(("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari")),
)


def device_of(user_agent: str) -> str:
    """'Mozilla/5.0 (iPhone; …) … Safari/604.1' → 'iPhoneのSafari': enough for its owner to know it, and no more."""
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    return "の".join(filter(None, (system, browser))) or "わからない端末"
