"""Easy Japanese says how a hard word is read, once in a sentence, wherever the sentence stands."""

import re
from pathlib import Path

from marketplace.kit.catalogues import path, read
from marketplace.kit.languages import Language

HARD = frozenset(Path(__file__).with_name("hard_words.txt").read_text("utf-8").split())
"""What the town hall says and few learners have met. A word is one where no other kanji touches it."""
LEFT_ALONE = (
    "まちの権利(?=ひろば)",  # a name
    '<span class="code">[^<]*</span>|<[^>]*>|%\\(\\w+\\)s',
    "（[ぁ-んー]+：(?:[^（）]|（[^（）]*）)*）",  # what another word means
)
FOUND = re.compile("|".join((*LEFT_ALONE, "(?P<word>[一-龥々]+)")))


def bare(sentence: str) -> set[str]:
    """Hard words that have no reading where they come first. One in brackets is the name of what was said before it."""
    met, without = set[str](), set[str]()
    for found in FOUND.finditer(sentence):
        word, rest = found["word"], sentence[found.end() :]
        if word in HARD and word not in met:
            named = sentence[: found.start()].endswith("（") and rest.startswith("）")
            without |= set[str]() if named or re.match("（[ぁ-んー]", rest) else {word}
            met.add(word)
    return without


def test_a_hard_word_has_its_reading_where_it_comes_first() -> None:
    said = [each.said for each in read(path(Language.EASY).read_text("utf-8"))]
    assert {text: bare(text) for text in said if bare(text)} == {}


def test_a_word_is_bare_once_and_not_in_a_name_a_meaning_or_brackets() -> None:
    assert bare("抽選（ちゅうせん：くじ）の抽選") == set()
    assert bare("見る人（立会人）と、入札（にゅうさつ：金額を書いて買う人を決めること）") == set()
    assert bare("まちの権利ひろばの権利と、抽選番号と、抽選") == {"権利", "抽選"}
