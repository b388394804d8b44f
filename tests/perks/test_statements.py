"""月ごとの明細: every line once, in the month of its writing; what a month said stays."""

import csv
from datetime import UTC, datetime, timedelta
from io import BytesIO

from pypdf import PdfReader

from marketplace.kit import dates
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.perks import statements, syncing, using
from marketplace.perks.models import Partner
from marketplace.perks.statements import Statement, Sum
from tests.chainlogs import Chain
from tests.perks.stage import Desk, Telephone, a_token, bath, entry, lectures, ref, scan, undo_entry

LAST_MINUTE = datetime(2027, 6, 30, 14, 58, tzinfo=UTC)
"""23:58 of 30 June in Japan."""


def made(desk: Desk, month: str) -> Statement:
    db.session.rollback()
    return statements.statement(get(Partner, desk.partner_id), month)


def test_a_month_is_japans_and_says_what_is_owed(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk), lectures(desk, 3), kind="lecture", uses_per_token=3)
    with pretending(LAST_MINUTE):
        phone, tablet, mistaken = Telephone(token_id, hana), desk.tablet(), ref()
        scan(tablet, phone.shows(), "p1", mistaken)
        scan(tablet, phone.shows(), "p2")
        using.undo(mistaken, ref(), now(), desk.partner_id)
        scan(tablet, phone.shows(now() + timedelta(seconds=30)))
    with pretending(LAST_MINUTE + timedelta(minutes=3)):
        scan(tablet, phone.shows())
    assert statements.months(desk.partner_id) == ["2027-07", "2027-06"]
    june, july = made(desk, "2027-06"), made(desk, "2027-07")
    assert june.sums == [Sum("温泉の入浴", 300, 2, 1, 0), Sum("町長の講演", 0, 1, 0, 0)]
    assert july.sums == [Sum("温泉の入浴", 300, 1, 0, 0)]
    assert (june.total, july.total) == (300, 300)


def test_what_comes_late_stands_in_the_month_of_its_coming(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    with pretending(LAST_MINUTE):
        phone, tablet = Telephone(token_id, hana), desk.tablet()
        kept, used = phone.shows(), ref()
        before = made(desk, "2027-06")
    with pretending(LAST_MINUTE + timedelta(hours=2)):
        syncing.sync(tablet, [entry(kept, ref_=used), undo_entry(used, LAST_MINUTE + timedelta(minutes=3))])
    assert made(desk, "2027-06") == before
    assert [(line.act, line.pay_yen) for line in made(desk, "2027-07").lines] == [("use", 300), ("undo", 300)]
    assert made(desk, "2027-07").total == 0


def test_a_double_use_is_paid_and_marked(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    phone, tablet = Telephone(token_id, hana), desk.tablet()
    syncing.sync(tablet, [entry(phone.shows(now() - timedelta(minutes=n))) for n in (20, 10)])
    (only,) = made(desk, "2027-06").sums
    assert (only.net, only.flagged, only.yen) == (2, 1, 600)


def test_the_paper_says_the_sum_and_names_nobody(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    scan(desk.tablet(), Telephone(token_id, hana).shows())
    (used_at,) = (line.used_at for line in made(desk, "2027-06").lines)
    paper = statements.as_pdf(made(desk, "2027-06"))
    words = "".join(page.extract_text() for page in PdfReader(BytesIO(paper)).pages)
    for said in ("特典利用 明細書 2027年6月", "水沢温泉館 御中", "補填額", "300円", dates.when(used_at)):
        assert "".join(said.split()) in "".join(words.split())
    assert "hana" not in words


def test_no_cell_begins_a_formula(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk, name="=HYPERLINK(1)"))
    scan(desk.tablet(), Telephone(token_id, hana).shows())
    table = statements.as_csv(made(desk, "2027-06")).decode("utf-8-sig")
    assert "'=HYPERLINK(1)" in table


def test_the_table_has_moments_and_sums_that_a_spreadsheet_sorts_and_adds(chain: Chain, desk: Desk, hana: int) -> None:
    token_id, used = a_token(chain, hana, bath(desk)), ref()
    with pretending(LAST_MINUTE):
        scan(desk.tablet(), Telephone(token_id, hana).shows(), "p1", used)
        using.undo(used, ref(), now(), desk.partner_id)
    _, *rows = csv.reader(statements.as_csv(made(desk, "2027-06")).decode("utf-8-sig").splitlines())
    assert [(row[0][:16], row[2], row[6], row[7][:16]) for row in rows] == [
        ("2027-06-30 23:58", "利用", "300", "2027-06-30 23:58"),
        ("2027-06-30 23:58", "取り消し", "-300", "2027-06-30 23:58"),
    ]


def test_december_ends_with_the_year() -> None:
    assert statements.bounds("2026-12") == (
        datetime(2026, 11, 30, 15, tzinfo=UTC),
        datetime(2026, 12, 31, 15, tzinfo=UTC),
    )
