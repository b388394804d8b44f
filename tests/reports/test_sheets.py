from __future__ import annotations

from datetime import date, datetime, timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader

from marketplace.accounts.models import Account
from marketplace.auctions.opening import of_listing
from marketplace.kit.clock import JST, pretending
from marketplace.kit.db import db, get
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings.models import Listing
from marketplace.lotteries.closing import draws
from marketplace.outbox import keeping
from marketplace.reports import royalties as statement
from marketplace.reports.council import council
from marketplace.reports.document import Document, Part, pdf
from marketplace.reports.periods import Period, today, year
from marketplace.reports.results import results
from marketplace.reports.royalties import royalties
from marketplace.settings import settings
from tests import given
from tests.auctions.endings import ended
from tests.chainlogs import Chain, deploy, somebody
from tests.lotteries.applied import drawn
from tests.pages import read
from tests.reports.books import FEE, returned, sold
from tests.resale.stage import custody, heard, held_token
from tests.statements import counted


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def season() -> Period:
    return Period(today(), today() + timedelta(days=366))


def facts(document: Document, heading: str) -> dict[str, str]:
    (part,) = (part for part in document.parts if part.heading.startswith(heading))
    return dict(part.facts)


def words(data: bytes) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages).split())


def test_the_council_reads_what_was_sold_to_how_many_and_the_money_gross() -> None:
    listing_id, buyer = given.a_listing(price_yen=1_300, per_person_limit=2), given.an_account()
    for each in (buyer, buyer, given.an_account()):
        order = sold(listing_id, each)
    returned(order)
    report = council(season())
    assert facts(report, "売れた権利") == {"出品": "1件", "売れた数": "3点", "代金の合計": "3,900円"}
    assert facts(report, "人") == {"買った人": "2名", "うち、この期間に2回以上買った人": "1名"}
    money = facts(report, "お金")
    assert list(money.values())[:3] == ["3,900円", f"{3 * FEE}円", "1,300円"]
    sales = next(part for part in report.parts if part.heading == "売れた権利")
    assert [list(row[2:]) for row in sales.rows] == [["定額", "3 / 10", "2", "3,900"]]


def test_the_council_can_check_each_draw_and_reads_each_auction() -> None:
    lottery, _received, _accounts = drawn(5)
    ended("ascending", 5000, 9000)
    report = council(season())
    (draw,) = draws(lottery.id)
    told = facts(report, "抽選")
    assert (told["応募した人"], told["数"], told["応募の一覧の指紋"], told["抽選のたね"]) == (
        "5名",
        "2点",
        draw.root,
        draw.seed,
    )
    auctions = next(part for part in report.parts if part.heading == "オークション・入札")
    assert [list(row[1:5]) for row in auctions.rows] == [["オークション", "2", "2", "5,250"]]


def test_an_auction_that_ends_at_24_of_the_last_of_march_is_of_the_year_that_ends_with_it(client: FlaskClient) -> None:
    """However late a worker comes to close it."""
    midnight = datetime(2031, 4, 1, tzinfo=JST)
    with pretending(midnight - timedelta(days=3)):
        auction = of_listing(given.a_listing("ascending", "naming", closes_at=midnight))
    assert auction is not None
    with pretending(midnight + timedelta(hours=5)):
        run_one(SHEETS["auctions.close_due"])
        keeping.drain()
        told = read(client.get("/records")).words
        records = {each: read(client.get(f"/records?year={each}")).words.count("24時00分") for each in (2030, 2031)}
    assert ("令和12年度" in told, "令和13年度" in told, records) == (True, False, {2030: 1, 2031: 0})
    for period, number in ((year(2030), 1), (year(2031), 0)):
        assert len([part for part in results(period).parts if part.heading.startswith("オークションの結果")]) == number
        auctions = next(part for part in council(period).parts if part.heading == "オークション・入札")
        assert len(auctions.rows) == number


def test_an_empty_period_says_so() -> None:
    report = council(year(2001))
    assert [part.nothing for part in report.parts if part.nothing] == [
        "この期間に支払いのすんだ権利はありません。",
        "この期間に抽選はありません。",
        "この期間に終わったオークション・入札はありません。",
    ]
    assert results(year(2001)).parts[0].nothing


def test_results_name_numbers_and_nobody(client: FlaskClient) -> None:
    lottery, received, accounts = drawn(5)
    auction, bidders = ended("sealed", 9000, 5000)
    document = results(season())
    assert facts(document, "抽選")["当選した人"] == "2名（うち繰り上げ 0名）"
    numbers = facts(document, "抽選")["当選した受付番号"].split("　")
    assert len(numbers) == 2
    assert set(numbers) < {each.no for each in received}
    sold = get(Listing, auction.listing_id).code
    assert facts(document, "入札")["落札者"] == f"{auction.winner_no}番"
    assert facts(document, "入札")["入札の記録"] == f"{settings().base_url}/listings/{sold}/bids"
    page = client.get(f"/results?{season().query}")
    paper = client.get(f"/results.pdf?{season().query}")
    assert (page.status_code, paper.content_type) == (200, "application/pdf")
    for part in document.parts:
        for _what, how in part.facts:
            assert "".join(how.split()) in words(paper.data)
            assert "".join(how.split()) in "".join(read(page).words.split())
    assert get(Listing, lottery.listing_id).code in read(page).words
    people = [get(Account, each) for each in (*accounts, *bidders)]
    told = page.text + words(paper.data)
    assert [word for each in people for word in (each.email, each.code, each.custody_id) if word in told] == []


def test_the_results_of_two_draws_are_asked_for_as_often_as_those_of_one() -> None:
    asked = []
    for _draw in range(2):
        drawn(1)
        db.session.rollback()
        with counted() as seen:
            parts = results(season()).parts
        asked.append((len(parts), len(seen)))
    assert asked == [(1, asked[0][1]), (2, asked[0][1])]


def test_royalties_are_told_sale_by_sale_with_what_the_rate_asks() -> None:
    deploy()
    chain, seller = Chain(), given.an_account()
    listing_id = given.a_listing(quantity=100, royalty_bps=500)
    token_id = held_token(chain, seller, listing_id, 3)
    chain.sold(token_id, custody(seller), somebody("buyer"), 4_000, block=3, number=3)
    heard(chain, token_id)
    document = royalties(Period(date(2020, 1, 1), today() + timedelta(days=366)))
    told = facts(document, "合計")
    assert (told["取引"], told["取引額"], told["決まりの率で計算した額"]) == ("1件", "4,000円", "200円")
    (line,) = document.parts[1].rows
    assert list(line[1:3]) == ["No.3", "4,000"]
    assert told["受け取った還元金"] == f"{line[3]}円"


def test_what_one_statement_does_not_list_is_in_its_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement, "MOST", 2)
    deploy()
    chain, seller = Chain(), given.an_account()
    listing_id = given.a_listing(quantity=100, royalty_bps=500)
    token_ids = [held_token(chain, seller, listing_id, serial) for serial in (1, 2, 3)]
    for number, token_id in enumerate(token_ids, start=1):
        chain.sold(token_id, custody(seller), somebody(f"buyer {number}"), 4_000, block=3 + number, number=number)
    heard(chain, *token_ids)
    period = Period(date(2020, 1, 1), today() + timedelta(days=366))
    document = royalties(period)
    assert list(facts(document, "合計").values())[1:] == ["3件", "12,000円", "600円", "600円", "0円"]
    assert [len(part.rows) for part in document.parts[1:]] == [2]
    assert document.note.startswith("明細は、はじめの2件です。合計は、すべての取引のものです。")
    monkeypatch.setattr(statement, "MOST", 3)
    assert not royalties(period).note.startswith("明細は")


@pytest.mark.parametrize("name", ["council", "royalties"])
def test_the_paper_says_what_the_page_says(client: FlaskClient, name: str) -> None:
    sold()
    given.signed_in(client, given.staff("auditor"))
    query = season().query
    page, paper = (client.get(f"/staff/reports/{name}{ending}?{query}") for ending in ("", ".pdf"))
    assert (page.status_code, paper.status_code, paper.data[:5]) == (200, 200, b"%PDF-")
    document = (council if name == "council" else royalties)(season())
    seen = "".join(read(page).words.split())
    for part in document.parts:
        for text in (
            part.heading,
            part.note,
            *(how for _what, how in part.facts),
            *(cell for row in part.rows for cell in row),
        ):
            assert "".join(text.split()) in words(paper.data), text
            assert "".join(text.split()) in seen, text


def test_a_part_says_only_what_it_has() -> None:
    paper = pdf(Document("題", "期間", [Part("からっぽ"), Part("ことば", text="一\n\n二", nothing="なし")]), "x")
    told = words(paper.get_data())
    assert all(word in told for word in ("題", "からっぽ", "ことば一二なし"))


PAGES = ("", "/council", "/royalties", "/board", "/demand")


@pytest.mark.parametrize("path", [f"/staff/reports{name}" for name in PAGES])
def test_the_reports_of_the_desk_are_for_staff(app: Flask, client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 303
    given.signed_in(client, given.an_account())
    assert client.get(path).status_code == 403
    given.signed_in(client, given.staff("counter"))
    assert client.get(path).status_code == 403
    given.signed_in(client, given.staff("drafter"))
    assert client.get(path).status_code == 200


def test_wrong_days_are_told_and_the_paper_is_not_found(client: FlaskClient) -> None:
    page = client.get("/results?first=2026-12-01&last=2026-11-01")
    assert (page.status_code, read(page).form("/results").errors["last"]) == (
        422,
        "おわりの日は、はじめの日以後にしてください。",
    )
    assert client.get("/results.pdf?first=x&last=y").status_code == 404


def test_the_shelf_shows_each_what_is_theirs(client: FlaskClient) -> None:
    given.signed_in(client, given.staff("treasury"))
    assert "/staff/exports" in read(client.get("/staff/reports")).links
    given.signed_in(client, given.staff("drafter"))
    assert "/staff/exports" not in read(client.get("/staff/reports")).links
