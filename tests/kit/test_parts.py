"""A part that many pages share is drawn once in each language, for each thing that it is given."""

from __future__ import annotations

from typing import Any

from flask import Flask
from jinja2 import DictLoader

from marketplace.kit.languages import Language, speak, speaking
from marketplace.kit.parts import icon, remember_parts


def test_a_part_is_drawn_once_for_each_language_and_each_thing_given() -> None:
    app = Flask("parts")
    speak(app)
    app.jinja_loader = DictLoader({"foot.html": "{{ town }} {{ here }} {{ _('さがす') }}"})
    asked: list[str] = []

    def town() -> str:
        asked.append("once more")
        return "<town>"

    remember_parts(app, town)
    part: Any = app.jinja_env.globals["shared_part"]
    with speaking(Language.JA):
        japanese = [part("foot.html", here="a") for _ in range(3)]
        elsewhere = part("foot.html", here="b")
    with speaking(Language.EN):
        english = part("foot.html", here="a")
    assert (set(japanese), elsewhere) == ({"&lt;town&gt; a さがす"}, "&lt;town&gt; b さがす")
    assert (english == japanese[0], english.startswith("&lt;town&gt; a "), len(asked)) == (False, True, 3)


def test_the_address_of_a_page_is_written_into_the_part_of_all_and_is_text() -> None:
    app = Flask("parts")
    speak(app)
    app.jinja_loader = DictLoader({"tools.html": "{{ town }} {{ address }}!"})
    asked: list[str] = []

    def town() -> str:
        asked.append("once more")
        return "here"

    remember_parts(app, town)
    part: Any = app.jinja_env.globals["shared_part"]
    told = [part("tools.html", address) for address in ("/listings%3Fpage%3D2", '">')]
    assert told == ["here /listings%3Fpage%3D2!", "here &#34;&gt;!"]
    assert len(asked) == 1


def test_the_name_of_an_icon_is_text() -> None:
    assert 'icons.svg#bell"/>' in icon("bell")
    assert '#&#34;&gt;&lt;"/>' in icon('"><')
