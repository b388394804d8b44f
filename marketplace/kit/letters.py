"""What hands and clipboards make of text: signs that nobody sees, a dozen dashes, and many shapes of one kanji."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import islice, product

_DASHES = re.compile("[‐‑‒–—―−─━ー﹣－]")
"""What a Japanese keyboard writes where 1-2 was meant: - itself is two keys away."""
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
"""Word sends \x0b for a break within a paragraph, slides send U+2028; many readers take each for the end of a line."""
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f]")
"""They come along when a page is copied, and look like any space: but 山田 花子 with one is not found."""
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f"  # controls
    "\u00ad\u200b\u2060-\u2064\ufeff"  # breaks that are not there, spaces of no width
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # which way to write: it turns what stands beside it, too
    "\ufff9-\ufffb\ud800-\udfff\ufdd0-\ufdef"  # marks of notes, halves of letters, what is no letter
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)
"""In no word of any language. Joiners stay: families of emoji and Persian names are made with them."""
_COMPOSED = re.compile("[^\uf900-\ufaff\U0002f800-\U0002fa1f]+")
"""All but the kanji that NFC would replace by another shape, which is not how the person writes their name."""
_SHAPES = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def typed(text: str, *, lines: bool = True) -> str:
    """`text` as whoever sent it sees it: one kind of line end and of narrow space, accents joined to their letters, and
    no sign that is not seen. With `lines` False it is one line."""
    plain = _SPACES.sub(" ", _UNSEEN.sub("", _LINE_ENDS.sub("\n", text)))
    plain = plain if plain.isascii() else _COMPOSED.sub(lambda part: unicodedata.normalize("NFC", part[0]), plain)
    return plain if lines else plain.replace("\n", " ").replace("\t", " ")


def dashed(text: str) -> str:
    """Figures as they are compared: one width, and - for every dash. '１２３―４５６７' is '123-4567'."""
    return _DASHES.sub("-", unicodedata.normalize("NFKC", text))


def as_code(text: str) -> str:
    """A number of ours as it is kept: 'ｋ５ｋｚｇｌ ー ０００００１' is 'K5KZGL-000001'."""
    return "".join(dashed(typed(text)).split()).upper()


def one_shape(text: str) -> str:
    """Without the marks that ask for a rarer shape of the letter before them (variation selectors): 辻 in both shapes
    is one kanji, and a font that does not know the mark has nothing for it."""
    return _SHAPES.sub("", text)


_SAME = (
    *("髙高", "﨑崎碕嵜", "邉邊辺", "澤沢", "齋齊斎斉", "濵濱浜", "德徳", "廣広", "國国圀", "眞真", "嶋島嶌", "𠮷吉"),
    *("冨富", "桒桑", "栁柳", "瀨瀬", "條条", "惠恵", "龍竜", "櫻桜", "瀧滝", "舘館", "壽寿", "實実", "榮栄", "圓円"),
    *("鹽塩", "槗橋", "縣県", "學学", "禮礼", "應応", "萬万", "藏蔵", "豐豊", "關関", "傳伝", "靜静", "淸清", "曾曽"),
    *("凛凜", "遙遥"),
)
"""Kanji that families write differently and the ear hears alike: a clerk types the one that the keyboard has."""
MOST_SPELLINGS = 64


@cache
def _alike() -> dict[str, str]:
    """Every kanji with others that are the same to a clerk, with itself first."""
    groups = {sign: group for group in _SAME for sign in group}
    for number in (*range(0xF900, 0xFAFF), *range(0x2F800, 0x2FA1E)):
        plain = unicodedata.normalize("NFKC", sign := chr(number))
        if plain != sign:
            groups[plain] = groups.get(plain, plain) + sign
    return {sign: sign + group.replace(sign, "") for sign, group in groups.items()}


def spellings(name: str) -> list[str]:
    """'高橋' is also written '髙橋' and '高槗': the ways in which a name may have been given, as it was typed first."""
    ways: Iterator[tuple[str, ...]] = product(*(_alike().get(sign, sign) for sign in name))
    return ["".join(way) for way in islice(ways, MOST_SPELLINGS)]
