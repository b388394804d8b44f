"""The figures count people once, and say what is asked; in public none points at somebody."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.clock import jst, now, pretending
from marketplace.kit.db import get
from marketplace.listings.models import Listing
from marketplace.perks import knowing, using
from marketplace.relations import figures, publishing
from marketplace.relations.figures import Edition, Group, Month
from tests import given
from tests.chainlogs import Chain
from tests.pages import read
from tests.perks.stage import Telephone, a_desk, a_listing, bath, confirm, lines, ref
from tests.relations.stage import a_bath, came, holders, took_part


def this_month() -> date:
    return jst(now()).date().replace(day=1)


def test_months_are_twelve_and_this_one_is_the_last() -> None:
    assert figures.months_until(date(2027, 2, 3), 3) == [date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)]
    assert len(figures.months_until(date(2027, 2, 3))) == 12


def test_a_month_counts_people_once_and_those_who_had_come_before(chain: Chain, hana: int, ken: int) -> None:
    bath_code = a_bath()
    came(bath_code, hana, days=-40)
    came(bath_code, hana, ken)
    came(bath_code, ken, days=1)
    holders(chain, given.a_listing(), 2, "東京都")
    (month,) = figures.by_month([this_month()])
    assert (month.holders, month.visits, month.visitors, month.returning) == (2, 3, 2, 2)
    (april,) = figures.by_month([date(2027, 4, 1)])
    assert (april.visits, april.visitors, april.returning) == (1, 1, 0)


def test_uses_that_were_taken_back_do_not_count(chain: Chain, hana: int) -> None:
    desk = a_desk()
    listing = a_listing(bath(desk))
    (who,) = holders(chain, listing, 1, "山形県")
    tablet, phone = desk.tablet(), Telephone(first_token(chain), who)
    confirm(tablet, knowing.by_pass(phone.shows()))
    with pretending(now() + timedelta(days=1)):
        confirm(tablet, knowing.by_pass(phone.shows()))
        using.undo(lines()[-1].ref, ref(), now(), tablet.partner_id)
    (month,) = figures.by_month([this_month()])
    assert month.uses == 1
    assert [edition.uses for edition in figures.by_edition(this_month())] == [1]


def first_token(chain: Chain) -> int:
    return next(int(log["token_id"]) for log in chain.said if log["token_id"])


def test_prefectures_are_those_that_people_said(chain: Chain, hana: int) -> None:
    tokyo = holders(chain, given.a_listing(), 2, "東京都")
    bath_code = a_bath()
    came(bath_code, hana, tokyo[0])
    took_part(tokyo[0])
    assert figures.by_prefecture(this_month()) == [
        Group("東京都", 2, 1, 1),
        Group(figures.UNKNOWN, 0, 1, 0),
    ]


def test_an_edition_has_its_holders_and_those_who_came_as_such(chain: Chain, hana: int) -> None:
    first, second = given.a_listing(title_ja="第1弾"), given.a_listing(title_ja="第2弾")
    one = holders(chain, first, 3, "東京都")
    two = holders(chain, second, 2, "")
    came(a_bath(), one[0], two[0], hana)
    took_part(one[0], one[1], hana)
    codes = [get(Listing, each).right.code for each in (first, second)]
    assert figures.by_edition(this_month()) == [
        Edition("第1弾", 3, 1, 2, 0, codes[0]),
        Edition("第2弾", 2, 1, 0, 0, codes[1]),
    ]


def test_a_program_knows_an_edition_again_when_another_has_its_name(chain: Chain, client: FlaskClient) -> None:
    def rows() -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(client.get("/relation/editions.csv").text.lstrip("\ufeff"))))

    first = given.a_listing(title_ja="朝市")
    holders(chain, first, 5, "東京都")
    before = rows()
    second = given.a_listing(title_ja="朝市")
    holders(chain, second, 6, "東京都")
    codes = [get(Listing, each).right.code for each in (first, second)]
    assert [row["right"] for row in before] == codes[:1]
    assert [row["right"] for row in rows()] == codes
    assert (before[0]["権利"], before[0]["権利"] in [row["権利"] for row in rows()]) == ("朝市", False)


def test_in_public_a_part_of_few_is_left_out_and_what_would_tell_it_too() -> None:
    month = Month(date(2027, 6, 1), holders=300, visits=12, visitors=10, returning=8, uses=4, events=2, attended=9)
    table = publishing.months([month], exact=False)
    assert table.rows == [("2027年6月", [300, None, 10, None, None, 2, 9])]
    assert publishing.months([month], exact=True).rows == [("2027年6月", [300, 12, 10, 8, 4, 2, 9])]
    groups = [Group("東京都", 20, 9, 0), Group("山形県", 3, 8, 0), Group("大阪府", 7, 0, 0)]
    shown = publishing.prefectures(groups, exact=False)
    assert shown.rows == [("東京都", [20, 9, 0]), ("山形県", [None, 8, 0]), ("大阪府", [None, 0, 0])]
    assert shown.total == [30, 17, 0]


def test_the_public_page_and_files_say_no_small_number_and_the_office_sees_all(
    app: Flask, client: FlaskClient, chain: Chain, hana: int
) -> None:
    holders(chain, given.a_listing(), 3, "東京都")
    came(a_bath(), hana)
    assert "非公表" in read(client.get("/relation")).words
    public = list(csv.reader(io.StringIO(client.get("/relation/months.csv").text)))
    assert public[-1] == ["2027年6月", "非公表", "非公表", "非公表", "非公表", "0", "0", "0", "2027-06"]
    assert client.get("/relation/nothing.csv").status_code == 404
    desk = given.signed_in(app.test_client(), given.staff("drafter"))
    exact = list(csv.reader(io.StringIO(desk.get("/staff/relations/months.csv").text)))
    assert exact[-1] == ["2027年6月", "3", "1", "1", "0", "0", "0", "0", "2027-06"]
    assert "小さい数もそのまま" in read(desk.get("/staff/relations")).words
    assert given.signed_in(client, hana).get("/staff/relations").status_code == 403


def test_a_town_without_anybody_has_its_page_too(client: FlaskClient) -> None:
    assert client.get("/relation").status_code == 200
    assert client.get("/relation/editions.csv").text.splitlines()[1:] == []
