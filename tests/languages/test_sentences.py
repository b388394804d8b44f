"""Every sentence that readers of the public pages meet is said in each language; the catalogues hold nothing else."""

import ast
import re

import pytest
import words
from words import TRANSLATED, UNREAD

from marketplace.kit.catalogues import Entry, path, read, written
from marketplace.kit.languages import Language

KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
AS_WRITTEN = {
    "accounts/relying_party.py": "the name of the site in the browser's own window",
    "listings/comparing.py": "facts of a sale, in the words of its notice",
    "receipts/models.py": "what stands on the paper",
    "storefront/embedding.py": "what is copied into another site",
    "storefront/feed.py": "a published file",
    "storefront/keepsake.py": "what stands on the paper",
    "storefront/sharing.py": "what stands on a picture that is shared",
}


def entries(language: Language) -> list[Entry]:
    return read(path(language).read_text("utf-8"))


@pytest.mark.parametrize("language", TRANSLATED)
def test_each_sentence_has_a_translation_and_each_translation_a_sentence(language: Language) -> None:
    said, found = {entry.text: entry.said for entry in entries(language)}, words.sentences()
    assert [text for text in found if not said.get(text)] == [], "scripts/words writes them into the catalogue"
    assert [text for text in said if text not in found] == [], "scripts/words takes them out"


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_a_guess_and_none_stands_twice(language: Language) -> None:
    found = entries(language)
    assert [entry.text for entry in found if entry.flags] == []
    assert len({entry.text for entry in found}) == len(found)


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_says_the_same_again(language: Language) -> None:
    """As a merge leaves it that keeps both sides."""
    assert [each.text for each in entries(language) if re.fullmatch(r"(.{9,})\1+", each.said, re.S)] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_catalogue_is_in_the_order_of_the_code(language: Language) -> None:
    assert path(language).read_text("utf-8") == written(language, words.brought_up_to_date(language))


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_blanks_of_its_sentence(language: Language) -> None:
    different = [
        (entry.text, entry.said)
        for entry in entries(language)
        if set(PLACEHOLDER.findall(entry.text)) != set(PLACEHOLDER.findall(entry.said))
        or re.sub(r"%%|%\(\w+\)s", "", entry.said).count("%") != re.sub(r"%%|%\(\w+\)s", "", entry.text).count("%")
    ]
    assert different == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_links_of_its_sentence(language: Language) -> None:
    def links(text: str) -> set[str]:
        return set(re.findall(r'(?:href|data-[a-z]+|id)="[^"]*"', text))

    assert [entry.text for entry in entries(language) if links(entry.text) != links(entry.said)] == []


def test_english_has_no_kana() -> None:
    kept = {"の", "ァ", "ヶ"}  # parts of Japanese names, never shown alone
    said = [entry.said for entry in entries(Language.EN) if entry.text not in kept]
    assert [text for text in said if KANA.search(text)] == []


@pytest.mark.parametrize("counted", ["人", "件", "口", "名", "回", "点", "行", "部", "日分"])
def test_english_counts_without_a_word_that_would_need_a_plural(counted: str) -> None:
    """The word before the number says what it counts; in Japanese another one stands behind it."""
    assert [each.said for each in entries(Language.EN) if each.text == counted] == [" "]


def test_english_has_one_kind_of_quotation_mark_and_no_short_forms() -> None:
    odd = re.compile("[\u2018\u2019\u201c\u201d]|n't\\b")
    assert [each.said for each in entries(Language.EN) if odd.search(each.said)] == []


def test_english_writes_a_number_one_way() -> None:
    """As in "No. 1", wherever it stands: "no." reads as the end of a refusal."""
    assert [each.said for each in entries(Language.EN) if re.search(r"\bno\. ?(?:<b>)?[%\d]", each.said)] == []


def test_no_sentence_of_the_public_offices_hides_in_an_f_string() -> None:
    """Its parts could not be said in another order."""
    hidden = [
        f"{place}:{node.lineno}"
        for file in sorted(words.ROOT.glob("**/*.py"))
        if not any((place := file.relative_to(words.ROOT)).match(pattern) for pattern in (*UNREAD, *AS_WRITTEN))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.JoinedStr)
        if any(isinstance(part, ast.Constant) and words.japanese(part.value) for part in node.values)
    ]
    assert hidden == []


def test_each_exception_is_a_module() -> None:
    assert [pattern for pattern in UNREAD if not list(words.ROOT.glob(pattern))] == []


def test_each_refusal_that_is_said_of_a_module_left_out_is_there() -> None:
    assert {place: tuple(part.name for part in words.said(place)) for place in words.SAID} == words.SAID
