"""A reader chooses a language once; pages, letters and caches follow."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts import closing
from marketplace.accounts.models import Account
from marketplace.kit.db import get, transaction
from marketplace.kit.languages import Language, speaking
from marketplace.listings.models import Listing
from marketplace.notices.sending import language_of
from tests import given
from tests.pages import read, submit


def tag(client: FlaskClient, path: str = "/about") -> str:
    return client.get(path).text.split('<html lang="')[1].split('"')[0]


def language_cookie(client: FlaskClient) -> str | None:
    cookie = client.get_cookie("language")
    return cookie.value if cookie else None


def test_the_choice_is_kept_and_the_reader_comes_back(app: Flask, client: FlaskClient) -> None:
    answer = client.get("/display?language=en&next=/listings?kind=card")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/listings?kind=card")
    assert (tag(client), tag(client, "/listings"), tag(client, "/no-such-page")) == ("en", "en", "en")
    client.get("/display?language=ja&next=/")
    assert tag(client) == "ja"


def test_easy_japanese_is_japanese_to_a_screen_reader(app: Flask, client: FlaskClient) -> None:
    client.get("/display?language=easy")
    assert (tag(client), language_cookie(client)) == ("ja", "easy")


@pytest.mark.parametrize("query", ["/display?language=fr", "/about?lang=fr", "/about?lang=EN", "/about?lang="])
def test_a_language_that_there_is_not_changes_nothing(app: Flask, client: FlaskClient, query: str) -> None:
    client.get(query)
    assert (tag(client), language_cookie(client)) == ("ja", None)


def test_an_address_can_name_the_language_and_the_visit_goes_on_in_it(app: Flask, client: FlaskClient) -> None:
    answer = client.get("/about?lang=en")
    assert '<html lang="en"' in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert tag(client) == "en"
    assert client.get("/about?lang=en").headers["Cache-Control"] == "public, max-age=1"


def test_each_page_names_itself_in_the_other_languages(app: Flask, client: FlaskClient) -> None:
    links = [
        line
        for line in client.get("/listings?kind=card&lang=ja").text.splitlines()
        if "hreflang=" in line and "<link" in line
    ]
    assert [line.split('hreflang="')[1].split('"')[0] for line in links] == ["ja", "ja-x-easy", "en"]
    assert links[2].endswith(f'href="{app.config["BASE_URL"]}/listings?kind=card&amp;lang=en">')


def test_a_page_in_one_language_is_never_the_answer_for_another(app: Flask, client: FlaskClient) -> None:
    japanese = client.get("/about")
    client.get("/display?language=en")
    english = client.get("/about", headers={"If-None-Match": japanese.headers["ETag"]})
    assert (english.status_code, english.headers["Vary"]) == (200, "Cookie, HX-Request")
    assert english.headers["ETag"] != japanese.headers["ETag"]


@pytest.mark.parametrize("path", ["/listings.atom", "/market.atom"])
def test_a_feed_is_the_same_for_everybody(app: Flask, client: FlaskClient, path: str) -> None:
    given.a_listing()
    japanese = client.get(path)
    client.get("/display?language=en")
    assert client.get(path).data == client.get(f"{path}?lang=easy").data == japanese.data


def test_a_calendar_file_in_one_language_is_never_the_answer_for_another(app: Flask, client: FlaskClient) -> None:
    path = f"/listings/{get(Listing, given.a_listing(state='published')).code}/open.ics"
    japanese = client.get(path)
    client.get("/display?language=en")
    english = client.get(path)
    assert (english.data == japanese.data, english.headers["Vary"]) == (False, "Cookie")


def test_clerks_partners_and_machines_read_japanese(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("admin"))
    client.get("/display?language=en")
    page = client.get("/staff")
    assert '<html lang="ja"' in page.text
    assert not [link for link in read(page).links if "language=" in link]


def test_a_language_chosen_before_signing_in_is_the_language_of_letters(app: Flask, client: FlaskClient) -> None:
    client.get("/display?language=en")
    address = "reader@example.jp"
    submit(client, "/signin", {"email": address})
    submit(client, "/signin/code", {"code": given.mailed_code(address)})
    assert (language_of(address), tag(client, "/mypage")) == (Language.EN, "en")


def test_a_new_browser_takes_the_language_that_the_person_chose_elsewhere(app: Flask, client: FlaskClient) -> None:
    account = get(Account, given.an_account())
    given.signed_in(client, account.id).get("/display?language=easy")
    other = app.test_client()
    submit(other, "/signin", {"email": account.email})
    submit(other, "/signin/code", {"code": given.mailed_code(account.email)})
    assert language_cookie(other) == "easy"


def test_a_stranger_is_written_to_in_the_language_of_the_page_and_else_in_japanese(app: Flask) -> None:
    assert language_of("stranger@example.jp") == Language.JA
    with speaking(Language.EN):
        assert language_of("stranger@example.jp") == Language.EN


def test_an_account_that_is_closed_says_nothing_of_its_language(app: Flask, client: FlaskClient) -> None:
    account = get(Account, given.an_account())
    given.signed_in(client, account.id).get("/display?language=en")
    with transaction():
        closing.close(account.id)
    assert account.language == Language.JA
