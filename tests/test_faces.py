"""How every page behaves: safe headers, honest caching, and polite words when something is wrong."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask, render_template
from flask.testing import FlaskClient

import marketplace
from marketplace.kit import outages
from marketplace.kit.db import transaction
from marketplace.settings import Settings
from tests import given
from tests.apps import another
from tests.faults import FAULTS
from tests.pages import read

PAGES = [
    "/",
    "/listings",
    "/about",
    "/help",
    "/law",
    "/privacy",
    "/market",
    "/fund",
    "/namings",
    "/status",
    "/journal",
    "/signin",
    "/nowhere",
]


@pytest.mark.parametrize("path", PAGES)
def test_no_page_allows_script_or_style_inside_it_or_a_frame_around_it(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert [part in policy for part in ("default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'")] == [
        True
    ] * 3
    assert (answer.headers["X-Content-Type-Options"], answer.headers["Referrer-Policy"]) == ("nosniff", "same-origin")


def test_a_page_is_kept_for_a_second_by_all_and_by_nobody_once_a_name_is_on_it(client: FlaskClient) -> None:
    assert client.get("/").headers["Cache-Control"] == "public, max-age=1"
    given.signed_in(client, given.an_account())
    assert client.get("/").headers["Cache-Control"] == "private, max-age=1"
    assert client.get("/account").headers["Cache-Control"] == "private, no-store"


def test_styles_are_asked_for_again_and_what_carries_its_version_is_kept(client: FlaskClient) -> None:
    with client.get("/static/css/base.css") as style:
        seen, caching = style.headers["ETag"], style.headers["Cache-Control"]
    with client.get("/static/css/base.css", headers={"If-None-Match": seen}) as again:
        assert (caching, again.status_code) == ("public, max-age=60", 304)
    with client.get("/static/vendor/htmx-4.0.1/htmx.min.js") as vendored:
        assert vendored.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_what_is_not_there_is_a_page_for_people_and_a_problem_for_machines(client: FlaskClient) -> None:
    page, problem = client.get("/nowhere"), client.get("/api/v1/nowhere")
    assert (page.status_code, "ページが見つかりません" in read(page).words) == (404, True)
    assert (problem.status_code, problem.content_type) == (404, "application/problem+json")
    assert {"type", "title", "status", "detail", "code"} == set(problem.get_json())


@pytest.mark.parametrize("path", ["/listings/NONE/draw.json", "/data/none/columns.json", "/none.json", "/none.jsonld"])
def test_who_asks_for_json_is_refused_in_json(client: FlaskClient, settings: Settings, path: str) -> None:
    refused = client.get(path)
    assert (refused.status_code, refused.content_type) == (404, "application/problem+json")
    assert (client.get("/journal").status_code, client.post("/journal.json").get_json()["status"]) == (200, 405)
    (settings.data_dir / "maintenance").touch()
    assert client.get(path).get_json()["status"] == 503


@pytest.mark.parametrize(
    ("fault", "status"), [(LookupError("no row"), 404), (KeyError("yen"), 500), (IndexError(0), 500)], ids=repr
)
def test_a_row_that_is_not_there_is_not_found_and_a_fault_of_ours_is_told_as_one(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture, fault: LookupError, status: int
) -> None:
    @app.get("/testing/lookup")
    def fails() -> str:
        raise fault

    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert client.get("/testing/lookup").status_code == status
    logged = [record.getMessage() for record in caplog.records]
    assert logged == (["failure at GET /testing/lookup"] if status == 500 else [])


def test_a_template_that_is_not_there_is_a_fault_of_ours(app: Flask, client: FlaskClient) -> None:
    @app.get("/testing/template")
    def fails() -> str:
        return render_template("nowhere.html")

    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert client.get("/testing/template").status_code == 500
    assert FAULTS.take() == ["failure at GET /testing/template"]


def test_the_title_of_a_page_says_that_something_on_it_is_to_be_mended(client: FlaskClient) -> None:
    def title(page: str) -> str:
        (found,) = re.findall("<title>(.*?)</title>", page)
        return str(found)

    bad = {"email": "hanako@", "csrf_token": ""}
    token = re.findall(r'name="csrf_token" value="([^"]+)"', client.get("/signin").text)[0]
    asked, refused = client.get("/signin"), client.post("/signin", data={**bad, "csrf_token": token})
    english = client.post("/signin?lang=en", data={**bad, "csrf_token": token})
    assert [title(page.text) for page in (asked, refused, english)] == [
        "ログイン | まちの権利ひろば",
        "エラー: ログイン | まちの権利ひろば",
        "Error: Sign in | Machi no Kenri Hiroba",
    ]


def test_a_part_of_a_page_that_fails_is_a_part(client: FlaskClient) -> None:
    part = client.get("/nowhere", headers={"HX-Request": "true"})
    assert (part.status_code, "<html" in part.text, "ページが見つかりません" in part.text) == (404, False, True)


def test_too_large_an_upload_is_told_in_words(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("drafter"))
    answer = client.post(
        "/staff/listings/new", data={"title_ja": "あ" * (app.config["MAX_CONTENT_LENGTH"] // 3 + 1000)}
    )
    assert (answer.status_code, "ファイルが大きすぎます" in read(answer).words) == (413, True)


def test_a_broken_database_is_a_polite_page_that_does_not_ask_it(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.an_account())
    with transaction() as session:
        session.execute(sa.text("ALTER TABLE accounts RENAME TO lost_accounts"))
    app.testing = False
    page = client.get("/mypage")
    assert (page.status_code, FAULTS.take()) == (500, ["failure at GET /mypage"])
    assert "お申し込みやお支払いの記録は失われていません。" in read(page).words
    assert client.get("/api/v1/status").status_code == 200


def test_while_the_database_does_not_answer_whoever_asks_is_told_to_come_again(
    settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People and programs; of all that one line is in the log."""
    monkeypatch.setattr(outages, "_said", {})
    nowhere = "postgresql+psycopg://hiroba@127.0.0.1:1/hiroba"
    with another(settings.model_copy(update={"database_url": nowhere})) as app:
        visitor = app.test_client()
        page, problem = visitor.get("/listings"), visitor.get("/api/v1/listings")
    assert (page.status_code, page.headers["Retry-After"], "少し待ってから" in read(page).words) == (503, "10", True)
    assert (problem.status_code, problem.content_type, problem.headers["Retry-After"]) == (
        503,
        "application/problem+json",
        "10",
    )
    (line,) = caplog.records
    assert (line.exc_info, line.getMessage().partition(": connection")[0]) == (
        None,
        "GET /listings waits for the database",
    )


def test_while_the_house_is_worked_on_every_page_says_so_without_asking_the_database(
    app: Flask, client: FlaskClient, settings: Settings
) -> None:
    with transaction() as session:
        session.execute(sa.text("ALTER TABLE listings RENAME TO lost_listings"))
    (settings.data_dir / "maintenance").touch()
    page, problem, alive = client.get("/"), client.get("/api/v1/listings"), client.get("/healthz")
    assert (page.status_code, page.headers["Retry-After"], "ただいま手入れをしています" in page.text) == (
        503,
        "600",
        True,
    )
    assert settings.town_phone in page.text
    assert (problem.status_code, problem.content_type, problem.headers["Retry-After"]) == (
        503,
        "application/problem+json",
        "600",
    )
    told = problem.get_json()
    assert f"{told['title']} {told['detail']}" in " ".join(read(page).words.split())
    with client.get("/static/css/base.css") as style:
        assert (alive.status_code, style.status_code, client.get("/readyz").status_code) == (200, 200, 200)
    (settings.data_dir / "maintenance").unlink()
    assert "ただいま手入れをしています" not in client.get("/about").text


def test_the_page_of_that_time_speaks_three_languages_and_the_desk_japanese(
    client: FlaskClient, settings: Settings
) -> None:
    (settings.data_dir / "maintenance").touch()
    first, english = client.get("/listings"), client.get("/listings?lang=en")
    assert [link for link in read(first).links if "lang=" in link] == ["?lang=ja", "?lang=easy", "?lang=en"]
    assert ('<html lang="en"' in english.text, "We are working on the site" in english.text) == (True, True)
    assert "We are working on the site" in client.get("/listings").text
    desk = client.get("/staff")
    assert ("ただいま手入れをしています" in desk.text, "lang=" in "".join(read(desk).links)) == (True, False)


def test_wherever_a_page_names_the_towns_number_a_telephone_dials_it(client: FlaskClient, settings: Settings) -> None:
    number = settings.town_phone
    for page in ("/help", "/about", "/law", "/accessibility", "/terms", "/privacy", "/nothing-here"):
        text = client.get(page).text
        assert text.count(number) == text.count(f'href="tel:0237000000">{number}</a>') > 1, page
    templates = Path(marketplace.__file__ or "").parent.rglob("*.html")
    assert [each.name for each in templates if re.search(r"town\.town_phone(?!\|phone)", each.read_text("utf-8"))] == []
