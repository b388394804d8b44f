"""A reader switches furigana on: kanji carry their readings, and nothing else of a page changes."""

import re
from pathlib import Path

import pytest
import words
from flask import Flask
from flask.testing import FlaskClient

from marketplace.admissions.pledge import CURRENT, pledge, translation
from marketplace.kit import furigana
from marketplace.kit.catalogues import path, read
from marketplace.kit.furigana import LIST, over
from marketplace.kit.languages import Language
from marketplace.kit.readings import Readings, Unreadable, lines, without_readings, word
from marketplace.settings import Settings
from tests import given

RUBY = re.compile("<ruby>(.*?)<rp>（</rp><rt>(.*?)</rt><rp>）</rp></ruby>")
OURS = Readings(lines(LIST.read_text("utf-8")))
DEMO = Path(furigana.__file__).parents[1] / "demo/readings.txt"


def plain(html: str) -> str:
    """With the readings in square brackets."""
    return RUBY.sub(r"\1[\2]", html).replace("<bdi>", "").replace("</bdi>", "")


def told(text: str) -> str:
    return plain(OURS.over(text))


def without(html: str) -> str:
    return RUBY.sub(r"\1", html).replace("<bdi>", "").replace("</bdi>", "")


def test_every_sentence_of_the_pages_can_be_read_to_its_end() -> None:
    said = [*words.sentences(), *(entry.said for entry in read(path(Language.EASY).read_text("utf-8")))]
    said += [pledge().text, translation(CURRENT, Language.EASY)]
    filled = {text: re.sub(r"%\(\w+\)s", "5", re.sub("<[^>]*>", " ", text)) for text in said}
    unread = {row: text for text, shown in filled.items() for row in OURS.unread(shown)}
    assert unread == {}, "add them to translations/readings.txt"


@pytest.mark.parametrize("file", [LIST, DEMO])
def test_each_line_of_a_list_is_a_word_with_its_reading_and_no_two_disagree(file: Path) -> None:
    found = [word(line) for line in lines(file.read_text("utf-8"))]
    places = [(each.before, each.text, each.after) for each in found]
    assert [place for place in places if places.count(place) > 1] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("番号を入れると、入札に入ります", "番号[ばんごう]を入[い]れると、入札[にゅうさつ]に入[はい]ります"),
        ("取り置きの期限切れ", "取[と]り置[お]きの期限切[きげんぎ]れ"),
        ("手続き中、まちの中", "手続[てつづ]き中[ちゅう]、まちの中[なか]"),
        ("もう一度送る", "もう一度[いちど]送[おく]る"),
        ("30分と12分、1分", "30分[ぷん]と12分[ふん]、1分[ぷん]"),
        ("1人と11人、2人で5日たつ", "1人[ひとり]と11人[にん]、2人[ふたり]で5日[いつか]たつ"),
        ("2026年11月1日（日）", "2026年[ねん]11月1日[がつついたち]（日[にち]）"),
        ("12月6日(日)、4月20日(月)", "12月[がつ]6日[むいか](日[にち])、4月[がつ]20日[はつか](月[げつ])"),
        ("第2回", "第[だい]2回[かい]"),
        ("空の欄が消えたら消す", "空[から]の欄[らん]が消[き]えたら消[け]す"),
    ],
)
def test_a_word_is_read_by_what_stands_around_it(text: str, shown: str) -> None:
    assert told(text) == shown


@pytest.mark.parametrize("name", ["高橋花子さん", "大山", "山本一郎", "空く", "金子", "上野"])
def test_what_the_lists_do_not_know_to_its_end_stays_as_it_is(name: str) -> None:
    assert told(name) == name


def test_easy_japanese_that_says_the_reading_itself_gets_no_second_one() -> None:
    assert told("番号（ばんごう）と番号（6けた）") == "番号（ばんごう）と番号[ばんごう]（6けた）"
    assert told("個人情報（こじんじょうほう）") == "個人情報（こじんじょうほう）"
    assert told("決済手数料（てすうりょう：払うお金）") == "決済[けっさい]手数料（てすうりょう：払[はら]うお金[かね]）"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("お名前（またはニックネーム）", "お名前[なまえ]（またはニックネーム）"),
        ("個人情報（くわしい方向け）", "個人[こじん]情報[じょうほう]（くわしい方向[かたむ]け）"),
        ("5名（うち12名）", "5名[めい]（うち12名[めい]）"),
        (
            "さいころの目（または公開（こうかい：みんなが見る）乱数）",
            "さいころの目[め]（または公開（こうかい：みんなが見[み]る）乱数[らんすう]）",
        ),
        (
            "「番号（ばんごう）」と「番号（ほかの番号）」",
            "「番号（ばんごう）」と「番号[ばんごう]（ほかの番号[ばんごう]）」",
        ),
    ],
)
def test_a_remark_in_brackets_that_begins_with_kana_is_no_reading(text: str, shown: str) -> None:
    assert told(text) == shown


def test_easy_japanese_without_its_readings_has_none_of_their_brackets_left() -> None:
    text = "手数料（てすうりょう）と整理券（せいりけん：順番の札（ふだ））、くじ（1人1口）"
    assert without_readings(text) == "手数料と整理券、くじ（1人1口）"
    said = [entry.said for entry in read(path(Language.EASY).read_text("utf-8"))]
    assert [text for text in said if left_open(without_readings(text)) != left_open(text)] == []


def left_open(text: str) -> int:
    return text.count("（") - text.count("）")


def test_the_town_goes_first_and_its_slips_cost_one_reading_only(tmp_path: Path) -> None:
    file = tmp_path / "readings.txt"
    assert plain(furigana.known(file).over("大山町の番号")) == "大山町の番号[ばんごう]"
    file.write_text("\ufeff// 町の名\n大山町 おおやまちょう\n番号 ばんこう\n山\n", "utf-8")
    assert plain(furigana.known(file).over("大山町の番号")) == "大山町[おおやまちょう]の番号[ばんこう]"


@pytest.mark.parametrize("line", ["番号", "番号 number", "送り おくる", "ばんごう", "番 号 ばんごう"])
def test_a_line_that_is_no_word_with_its_reading_is_refused(line: str) -> None:
    with pytest.raises(Unreadable):
        word(line)


def test_only_the_words_of_the_text_are_touched() -> None:
    page = (
        '<!doctype html><title>番号</title><p title="番号">番号&amp;番号<br><!-- 番号 --><b>3</b>件</p>'
        "<option>番号</option><textarea>番号</textarea><svg><text>番号</text></svg>"
        '<a lang="zh">番号</a><code>番号</code><script src="番号"></script><input value="番号" disabled>'
    )
    shown = over(page, OURS)
    assert without(shown) == page
    assert RUBY.findall(shown) == [("番号", "ばんごう")] * 2 + [("件", "けん")]


def test_a_page_with_furigana_is_the_same_page(app: Flask, client: FlaskClient) -> None:
    bare = client.get("/help")
    assert client.get("/display?furigana=on&next=/help").headers["Location"] == "/help"
    read_aloud = client.get("/help", headers={"If-None-Match": bare.headers["ETag"]})
    assert (read_aloud.status_code, read_aloud.headers["ETag"] != bare.headers["ETag"]) == (200, True)
    assert len(RUBY.findall(read_aloud.text)) > 300
    switch = re.compile(r'<li><a href="/display\?furigana=.*?</li>', re.S)
    assert switch.sub("", without(read_aloud.text)) == switch.sub("", bare.text)
    client.get("/display?furigana=off")
    assert "<ruby>" not in client.get("/help").text


def test_another_reading_makes_another_page(app: Flask, client: FlaskClient, settings: Settings) -> None:
    client.get("/display?furigana=on")
    before = client.get("/help").headers["ETag"]
    (settings.data_dir / "readings.txt").write_text("番号 ばんこう\n", "utf-8")
    assert client.get("/help", headers={"If-None-Match": before}).status_code == 200


def test_english_pages_and_those_of_clerks_have_none(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("admin"))
    client.get("/display?furigana=on")
    assert "ruby" not in client.get("/staff").text
    client.get("/display?language=en")
    assert "furigana" not in client.get("/help").text.replace("next=/help", "")
