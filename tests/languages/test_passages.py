"""What the town wrote in Japanese is said to be Japanese where the page around it is English."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.passages import marked
from tests import given
from tests.gatherings.stage import a_gathering, gathering


@pytest.mark.parametrize(
    "shown",
    [
        "<p>Events &amp; polls</p>",
        "<h2>[雪かき体験と温泉の集い]</h2>",
        "<p>At: [月見沢温泉館, 海野の湯 ゆったり館] and more</p>",
        "<td>[第3弾「四季」] (300)</td>",
        "<b>[𠮷田さん]</b> &amp; [ｶﾅｺ]",
        '<a title="温泉">bath</a> <img alt="Bath 温泉" src="/a"> <img src="/a" lang="ja" alt="温泉">',
        "<title>温泉</title><option>温泉</option><code>温泉</code>",
        '<script type="application/ld+json">{"a": "温泉 < 湯"}</script>',
        "<svg><text>温泉</text></svg>[温泉]<!-- 温泉 -->",
        '<a href="/" lang="ja" hreflang="ja">日本語</a>',
        "<textarea>\n温泉 &lt;b&gt;</textarea>",
    ],
)
def test_each_row_of_japanese_is_marked_and_nothing_else_is_changed(shown: str) -> None:
    """In brackets what is marked."""
    html = shown.replace("[", "").replace("]", "")
    assert marked(html).replace('<bdi lang="ja">', "[").replace("</bdi>", "]") == shown


def test_a_picture_that_is_described_in_japanese_alone_is_marked() -> None:
    html = '<img src="/a" alt="雪の月" width="4"><img alt=""><img alt="Snow">'
    assert marked(html) == html.replace("<img src", '<img lang="ja" src')


def test_an_english_page_says_what_on_it_is_japanese(app: Flask, client: FlaskClient) -> None:
    event = gathering(a_gathering())
    path = f"/gatherings/{event.code}"
    japanese, english = client.get(path).text, client.get(f"{path}?lang=en").text
    assert f"<h1>{event.title}</h1>" in japanese
    assert f'<h1><bdi lang="ja">{event.title}</bdi></h1>' in english
    assert "<bdi" not in japanese


def test_the_desk_is_japanese_altogether(app: Flask, client: FlaskClient) -> None:
    desk = given.signed_in(client, given.staff("drafter"))
    assert "<bdi" not in desk.get("/staff?lang=en").text
