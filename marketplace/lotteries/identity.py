"""When are two applications of the same person? Names and addresses, brought into one form for comparison. Pure.

The form is for comparison only: it is not a better spelling, and different spellings of one address must meet in it.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Iterable

from marketplace.accounts.rules import PREFECTURES
from marketplace.kit.letters import one_shape

KANA = re.compile(r"[ァ-ヺー]+")
_HYPHENS = re.compile(
    r"(?<=[\d〇一二三四五六七八九十百千目地番号])[‐‑‒–—―−─━ー〜~\-](?=[\d〇一二三四五六七八九十百千])"
)
_OLD = str.maketrans(
    "澤邊邉龍櫻條嶋嶌濱瀧舘國廣惠髙﨑齋齊壽實榮眞圓鹽", "沢辺辺竜桜条島島浜滝館国広恵高崎斎斉寿実栄真円塩"
)
_ALIKE = str.maketrans(
    {**dict.fromkeys("ヶヵガがか", "ケ"), **dict.fromkeys("ノ之の乃", "の"), "字": None, "ッ": "ツ", "ヰ": "イ"}
)
_SMALL = str.maketrans("ァィゥェォッャュョヮヵヶヂヅヲヰヱ", "アイウエオツヤユヨワカケジズオイエ")
_DIGIT = {mark: value for value, mark in enumerate("〇一二三四五六七八九")}
_UNIT = {"十": 10, "百": 100, "千": 1000}
_DISTRICT = re.compile(r"^[^市区町村]{1,5}郡(?=[^市区]{1,6}[町村])")
_N = r"(?:\d+|[〇一二三四五六七八九十百千]+)"
_JOINT = r"(?:丁目の|丁目|番地の|番地|番の|番(?!町)|号|の|-)"
_TAIL = r"(?:丁目|番地|番(?!町)|号)"
_NUMBERS = re.compile(rf"{_N}(?:{_JOINT}{_N})+{_TAIL}?|{_N}(?:{_TAIL}|(?=条|番町|線)|\Z)|\d+")
_PLACE = re.compile(r"\d+(?:-\d+)*(?![\d-]|条|番町|線|町|通)")
"""Not a number of a place's name, as in 北3条 and 三番町."""
_MOST_NUMBERS = 3  # 丁目, 番 and 号; what follows is a room


def kana_form(name: str) -> str:
    """'やまだ　はなこ' and 'ﾔﾏﾀﾞ ﾊﾅｺ' are 'ヤマダハナコ'; '' where it is not written in kana."""
    plain = "".join(unicodedata.normalize("NFKC", name).split()).replace("・", "")
    katakana = "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in plain)
    return katakana.translate(_SMALL) if KANA.fullmatch(katakana) else ""


def address_form(address: str) -> str:
    """'山形県西月見郡月見沢町大字海野五百十番地の2　コーポ雪101号' is '月見沢町海野510-2'.

    Numerals of three scripts are one, as are 丁目番地号 and hyphens; prefecture, 郡, 大字 and the room are left out:
    people write them or not.
    """
    plain = unicodedata.normalize("NFKC", one_shape(address)).translate(_OLD)
    for prefecture in PREFECTURES:
        if plain.lstrip().startswith(prefecture):
            plain = plain.lstrip()[len(prefecture) :]
            break
    plain = _DISTRICT.sub("", "".join(plain.split())).replace("大字", "")
    plain = _HYPHENS.sub("-", plain).translate(_ALIKE)
    plain = _NUMBERS.sub(lambda found: _joined(found[0]), plain)
    place = _PLACE.search(plain)
    if place is None:
        return plain
    return plain[: place.start()] + "-".join(place[0].split("-")[:_MOST_NUMBERS])


def _joined(numbers: str) -> str:
    """'三丁目2番一号' is '3-2-1'."""
    return "-".join(str(_number(each)) for each in re.findall(_N, numbers))


def _number(numeral: str) -> int:
    """'五百十' is 510, '五一〇' is 510, '0510' is 510."""
    if numeral.isdecimal():
        return int(numeral)
    if not set(numeral) & _UNIT.keys():
        return int("".join(str(_DIGIT[mark]) for mark in numeral))
    total = pending = 0
    for mark in numeral:
        if mark in _UNIT:
            total += (pending or 1) * _UNIT[mark]
            pending = 0
        else:
            pending = pending * 10 + _DIGIT[mark]
    return total + pending


def keyed(secret: bytes, lottery: str, kind: str, forms: Iterable[str]) -> str:
    """Hex HMAC-SHA256 by which two entries of one lottery are found to be alike; says nothing without the secret."""
    message = "\0".join((lottery, kind, *forms))
    return hmac.digest(secret, message.encode(), "sha256").hex()
