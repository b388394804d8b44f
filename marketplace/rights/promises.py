"""Words that promise, or hint at, a gain: some are never printed, some an approver must have weighed.

Sources: 景品表示法 5条2号 (有利誤認), 消費者契約法 4条1項2号 (断定的判断の提供). A right of a town is no investment.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

GAIN = "値上がりや利益を期待させる言葉は使えません。"
CERTAIN = "将来の値段を言い切る言葉は使えません（消費者契約法 4条1項2号）。"
HINT = "利益を期待させると受け取られることがあります。"
HURRY = "買うことを急がせる言葉です。日時と数を書けば伝わります。"
PLAIN = {
    "値上がり": GAIN,
    "値上り": GAIN,
    "もうかる": GAIN,
    "儲かる": GAIN,
    "儲かり": GAIN,
    "もうかり": GAIN,
    "利益が出": GAIN,
    "投資に": GAIN,
    "高く売れ": GAIN,
    "利回り": GAIN,
    "配当": GAIN,
    "元本保証": CERTAIN,
    "必ず上がる": CERTAIN,
    "必ず上がり": CERTAIN,
    "価値が上がる": CERTAIN,
    "価値が上がり": CERTAIN,
    "損をしません": CERTAIN,
    "make money": GAIN,
    "rise in value": GAIN,
    "guaranteed return": CERTAIN,
}
"""Never printed."""
DOUBTFUL = {
    "投資": HINT,
    "資産": HINT,
    "転売": HINT,
    "高騰": HINT,
    "プレミア": HINT,
    "将来性": HINT,
    "リターン": HINT,
    "お得": "何とくらべてのことかを書いてください（景品表示法 5条2号）。",
    "日本一": "根拠が要ります（景品表示法 5条1号）。",
    "今だけ": HURRY,
    "いまだけ": HURRY,
    "急いで": HURRY,
    "investment": HINT,
    "profit": HINT,
}
"""For the approver to weigh."""
DENIED = re.compile(r"ではありません|でない|しません|できません|禁止|\b(?:no|not|never)\b")
SENTENCE = re.compile(r"[。！？!?\n]|\.\s")
FIELDS = (
    *("title_ja", "title_en", "lead_ja", "lead_en", "body_ja", "body_en", "perks", "terms"),
    *("resale_rule_ja", "resale_rule_en"),
)
KATAKANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}


def _folded(text: str) -> str:
    """One spelling: full-width and half-width, katakana and hiragana, large and small are the same."""
    return unicodedata.normalize("NFKC", text).casefold().translate(KATAKANA)


SIGNS = {word: _folded(word) for word in (*PLAIN, *DOUBTFUL)}
ANY = re.compile("|".join(map(re.escape, SIGNS.values())))
"""Most texts have none of them, and a table of rights has thousands of texts: one look instead of one for each word."""


@dataclass(frozen=True, slots=True)
class Found:
    """A word, where it stands, and what is wrong with it. `plain`: it can't be printed at all."""

    field: str
    word: str
    plain: bool
    why: str


def found(values: Mapping[str, Any]) -> Iterator[Found]:
    """What the words of a right promise, field by field, each word once for a field.

    A sentence that denies the word promises nothing (値上がりを約束するものではありません); the next sentence may.
    """
    for field in FIELDS:
        lines = [line for line in map(_folded, _lines(values.get(field) or "")) if ANY.search(line)]
        sentences = [each for line in lines for each in SENTENCE.split(line)]
        covered: list[str] = []
        for words, plain in ((PLAIN, True), (DOUBTFUL, False)):
            for word, why in words.items():
                sign = SIGNS[word]
                if any(word in longer for longer in covered) or not any(_says(each, sign) for each in sentences):
                    continue
                covered.append(word)
                yield Found(field, word, plain, why)


def _says(sentence: str, sign: str) -> bool:
    """Both folded."""
    if sign not in sentence:
        return False
    before, _here, after = sentence.rpartition(sign)
    return not DENIED.search(before + after if sign.isascii() else after)


def _lines(text: str | Sequence[Mapping[str, str]]) -> list[str]:
    if isinstance(text, str):
        return text.splitlines()
    return [str(line.get(tongue) or "") for line in text for tongue in ("ja", "en")]
