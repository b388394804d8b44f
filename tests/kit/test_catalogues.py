"""Catalogues are read as they were written, and what is no catalogue is refused by its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.catalogues import Entry, Unreadable, read, written

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
PLACES = st.lists(st.from_regex(r"[a-z/]{1,12}\.(py|html)", fullmatch=True), max_size=3)
ENTRIES = st.lists(st.builds(Entry, TEXTS, st.just("") | TEXTS, PLACES, st.sampled_from([[], ["fuzzy"]])))


@given(ENTRIES)
def test_what_is_written_is_read_again(entries: list[Entry]) -> None:
    assert read(written("en", entries)) == entries


def test_what_a_translators_tool_has_broken_into_lines_is_one_text() -> None:
    source = '#: a.html\nmsgid ""\n"一行目\\n"\n"二行目"\nmsgstr "first\\n"\n"second"\n'
    assert read(source) == [Entry("一行目\n二行目", "first\nsecond", ["a.html"])]


@pytest.mark.parametrize("line", ['msgid_plural "x"', "msgstr", '"a"b"', "さがす"])
def test_what_is_no_catalogue_is_refused_by_its_line(line: str) -> None:
    with pytest.raises(Unreadable, match="line 2 "):
        read(f"# words\n{line}\n")


def test_a_second_translation_of_one_sentence_is_refused_and_not_added_to_the_first() -> None:
    with pytest.raises(Unreadable, match="line 3 "):
        read('msgid "さがす"\nmsgstr "Search"\nmsgstr "Search"\n')
