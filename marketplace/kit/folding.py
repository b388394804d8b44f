"""Japanese text as people search it: what they would call the same word is spelled the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from marketplace.kit.letters import one_shape, spellings

KATAKANA = range(0x30A1, 0x30F7)
"""ァ to ヶ: each has its hiragana 0x60 before it (The Unicode Standard, blocks Hiragana and Katakana)."""
TO_HIRAGANA = {sign: sign - 0x60 for sign in KATAKANA} | {0x30FD: 0x309D, 0x30FE: 0x309E}
DASH_IN_A_WORD = re.compile(r"(?<=[ぁ-ゖー])[-‐‑‒–—―−─]")
"""What people type for the long vowel: カヌ−センタ−."""
NOWHERE = "∅"
"""No letter and no digit, and so in nothing that is folded."""
MOST_TERMS, LONGEST = 6, 40
OFFICIAL = re.compile("役場|役所|公式|office|official")
"""What makes an office of the name of a town before it."""


def folded(text: str) -> str:
    """Letters and digits alone: width (NFKC), case, katakana and hiragana, the rarer shape of a kanji and the signs
    between them do not count."""
    while (plain := _once(text)) != text:  # what a sign stood between may join now: an accent and its letter
        text = plain
    return text


def _once(text: str) -> str:
    text = unicodedata.normalize("NFKC", one_shape(text))
    plain = unicodedata.normalize("NFKC", text.casefold()).translate(TO_HIRAGANA)
    plain = DASH_IN_A_WORD.sub("ー", plain)
    return "".join(sign for sign in plain if unicodedata.category(sign)[0] in "LMN")


def terms(typed: str) -> list[str]:
    """The words of a search, folded, each once: up to MOST_TERMS, none longer than LONGEST.

    [NOWHERE] where signs alone were typed, of which no text is made: they find nothing, where no word would find all.
    """
    parts = unicodedata.normalize("NFKC", typed).split()
    words = list(dict.fromkeys(word for word in (folded(part)[:LONGEST] for part in parts) if word))[:MOST_TERMS]
    return words or ([NOWHERE] if parts else [])


def like_the_town(text: str, names: Iterable[str], offices: Iterable[str]) -> bool:
    """Whether somebody who is called `text` could be taken for the town of these names, or for one of its offices.

    '月見澤町　役場' and '【公式】月見沢町公式' could, of 月見沢町; not 月見沢町観光協会, nor who only lives there.
    """
    said = folded(text)
    for name in {folded(way) for each in names for way in spellings(each)} - {""}:
        _before, there, after = said.partition(name)
        if there and (said in (name, f"{name}長") or OFFICIAL.match(after)):
            return True
    return any(folded(office) in said for office in offices if folded(office))
