"""How a template says a sentence."""

import pytest
from flask import Flask

from marketplace.appointments.selling import NotCountedYet
from marketplace.gatherings.polling import NoVoice, PollOver, VotedAlready
from marketplace.kit.languages import Language, speaking
from marketplace.kit.money import NotAnAmount
from marketplace.kit.refusals import Refused
from marketplace.listings.rules import AllHeld, NotYetOpen, Suspended
from marketplace.privacy.exporting import OnceADay

pytestmark = pytest.mark.on_sqlite

SAID = [
    ('{{ _("残り100%%") }}', "残り100%"),
    ('{{ _("<b>終わり</b>") }}', "<b>終わり</b>"),
    ('{{ _("%(who)s様、5%%引き", who="<花子>") }}', "&lt;花子&gt;様、5%引き"),
    ("{% trans %}5%の割引{% endtrans %}", "5%の割引"),
    ('{% trans who="<花子>" %}{{ who }}様、5%引き{% endtrans %}', "&lt;花子&gt;様、5%引き"),
    ('{% autoescape false %}{{ _("%(who)s様", who="<花子>") }}{% endautoescape %}', "<花子>様"),
    ('{{ _("%(text)s と %(where)s", text=1, where=2) }}', "1 と 2"),
]


@pytest.mark.parametrize(("template", "said"), SAID)
def test_what_is_filled_in_is_escaped_and_a_doubled_percent_sign_is_one(app: Flask, template: str, said: str) -> None:
    assert app.jinja_env.from_string(template).render() == said


def test_it_is_said_in_the_language_that_is_spoken(app: Flask) -> None:
    sentence = app.jinja_env.from_string('{{ _("支払いへ進む") }}')
    with speaking(Language.EN):
        assert sentence.render() not in ("", "支払いへ進む")


OF_BOTH = [AllHeld, NotYetOpen, Suspended, NotAnAmount, NoVoice, PollOver, VotedAlready, NotCountedYet, OnceADay]
"""Refusals of buyers and holders, in modules whose other sentences are the desk's."""


@pytest.mark.parametrize("refusal", OF_BOTH)
@pytest.mark.parametrize("language", [Language.EN, Language.EASY])
def test_who_is_refused_hears_why_in_their_language(app: Flask, refusal: type[Refused], language: Language) -> None:
    with speaking(language):
        assert str(refusal()) not in ("", refusal.message)
