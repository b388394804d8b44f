"""The journal reads as Japanese: no event and no state of any office is without a word."""

import ast
import re
from inspect import unwrap
from pathlib import Path

from flask import Flask

import marketplace
from marketplace.holders.rules import Disputed, DisputeLost, Refunded, RefundUnderWay, RevocationUnderWay
from marketplace.journal.event_words import EVENTS, event_in_words
from marketplace.journal.reason_words import REASONS, reason_in_words
from marketplace.journal.words import PAGES, STATES, SUBJECTS, state_in_words, subject_in_words
from marketplace.kit.db import Base

REASON = re.compile(r'\b(?:move|note|close_sale|unfix)\([^()]*\bwhy="([ -~]+)"')
"""A reason that a program writes, in English."""
PASSED_ON = re.compile(
    r'(?:\bwhy: str = |\b(?:drop|expire_if_unpaid|_give_up|promise_release|unverify)\([^"\n]+, '
    r'(?:f"[^"\n]*", |"[a-z ]+" if \w+ else )?)"([a-z][a-z ]+)"'
)
"""One that goes through the hands of whoever writes it down."""
NOTED = re.compile(r'\bnote\(\s*[^,()]+(?:\([^()]*\))?,\s*"([a-z_.]+)"')

SUBJECT = re.compile(r'(?:def subject\(self\) -> str:\n(?: +"""[^"]*"""\n)? +return|\bnote\(\s*) ?f?"([a-z_-]+):')


def tables(app: Flask) -> list[dict[str, dict[object, object]]]:
    """The tables of moves of every office."""
    assert app
    return [kind.class_.MOVES.moves for kind in Base.registry.mappers if hasattr(kind.class_, "MOVES")]


def test_every_event_has_a_word(app: Flask) -> None:
    moves = {event for table in tables(app) for event in table}
    sources = Path(marketplace.__path__[0]).rglob("*.py")
    noted = {event for source in sources for event in NOTED.findall(source.read_text("utf-8"))}
    assert len(noted) > 15
    assert sorted((moves | noted) - set(EVENTS)) == []


def test_a_reason_that_a_program_writes_is_read_in_japanese() -> None:
    sources = Path(marketplace.__path__[0]).rglob("*.py")
    texts = [source.read_text("utf-8") for source in sources]
    written, passed_on = ({reason for text in texts for reason in rule.findall(text)} for rule in (REASON, PASSED_ON))
    assert (len(written) > 4, len(passed_on) > 4) == (True, True)
    frozen = (Disputed, DisputeLost, Refunded, RefundUnderWay, RevocationUnderWay)
    taken_back_for = {refusal.code for refusal in frozen}  # an offer
    assert sorted((written | passed_on | taken_back_for) - set(REASONS)) == []
    assert reason_in_words("paid 900, owed 1000") == "入金 900円、未納 1,000円"
    assert (reason_in_words("会場が使えないため"), reason_in_words(None)) == ("会場が使えないため", "")


def test_no_two_events_are_called_the_same() -> None:
    alike = {word: [event for event in EVENTS if EVENTS[event] == word] for word in EVENTS.values()}
    assert {word: events for word, events in alike.items() if len(events) > 1} == {}


def test_every_state_has_a_word(app: Flask) -> None:
    steps = [step for table in tables(app) for steps in table.values() for step in steps.items()]
    assert sorted({str(state) for step in steps for state in step} - set(STATES)) == []


def test_every_subject_has_a_word() -> None:
    sources = [source.read_text("utf-8") for source in Path(marketplace.__path__[0]).rglob("*.py")]
    kinds = {kind for source in sources for kind in SUBJECT.findall(source)}
    assert len(kinds) > 40
    assert sorted(kinds - set(SUBJECTS)) == []


def showing_many(source: str) -> set[str]:
    """The functions of a module that note a look at several people at once, by themselves or by one that they call."""
    functions = {each.name: each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.FunctionDef)}
    calls = {
        name: {call.func.id: call for call in ast.walk(each) if isinstance(call, ast.Call) and hasattr(call.func, "id")}
        for name, each in functions.items()
    }
    found = {
        name
        for name, made in calls.items()
        if "look_at" in made and any(isinstance(given, ast.Starred) for given in made["look_at"].args)
    }
    while more := {name for name, made in calls.items() if made.keys() & found} - found:
        found |= more
    return found


def test_every_page_that_shows_several_people_has_words(app: Flask) -> None:
    root = Path(marketplace.__path__[0])
    by_module = {
        f"marketplace.{'.'.join(source.relative_to(root).with_suffix('').parts)}": showing_many(text)
        for source in root.rglob("*.py")
        if "look_at(*" in (text := source.read_text("utf-8"))
    }
    pages = {
        endpoint
        for endpoint, view in app.view_functions.items()
        if unwrap(view).__name__ in by_module.get(unwrap(view).__module__, ())
    }
    assert pages == set(PAGES)
    assert subject_in_words("page:admissions_desk.index") == "名簿の画面「参加申込」"


def test_what_has_no_word_is_shown_as_it_stands() -> None:
    assert (event_in_words("unheard_of"), state_in_words("unheard_of"), state_in_words(None)) == (
        "unheard_of",
        "unheard_of",
        "",
    )
