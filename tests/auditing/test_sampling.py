"""A sample that nobody chose, and that anybody computes again."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given as drawn
from hypothesis import strategies as st

from marketplace.auditing.sampling import choose, ids, members, one_form
from marketplace.journal.sealing import seal
from marketplace.journal.writing import note
from marketplace.kit import dates
from marketplace.kit.clock import JST, pretending
from marketplace.kit.db import transaction
from marketplace.orders.placing import place
from tests import given
from tests.pages import read

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=JST)
DICE = "3 6 1 5 2 2 4 6"


def test_the_rule_is_the_one_that_is_published() -> None:
    people = [f"ORD-{number}" for number in range(50)]
    by_hand = sorted(people, key=lambda each: hashlib.sha256(f"sample-v1\n{DICE}\n{each}".encode()).hexdigest())
    assert [each.id for each in choose(people, DICE, 10)] == by_hand[:10]


@drawn(st.lists(st.text(), unique=True, max_size=40), st.text(), st.integers(1, 50))
def test_the_order_in_which_they_are_given_does_not_matter(population: list[str], seed: str, size: int) -> None:
    population = [each for each in population if each.isprintable()]
    seed = one_form(seed) if seed.isprintable() else ""
    chosen = choose(population, seed, size)
    assert chosen == choose(population[::-1], seed, size)
    assert len({each.id for each in chosen}) == min(size, len(population))


@drawn(st.lists(st.integers(0, 10**6).map(str), unique=True, min_size=20, max_size=60), st.integers(1, 10))
def test_a_larger_sample_has_the_smaller_in_it(population: list[str], size: int) -> None:
    assert choose(population, DICE, size + 5)[:size] == choose(population, DICE, size)


@pytest.mark.parametrize("typed", ["３　６１", " 3 61 ", "3\t61"])
def test_figures_typed_otherwise_are_the_same_seed(typed: str) -> None:
    assert one_form(typed) == "3 61"


def test_the_population_is_of_days_in_japan(app: Flask) -> None:
    for hour in (-13, -11, 11, 13):  # noon on the first of December is the middle
        with pretending(NOON + timedelta(hours=hour)), transaction():
            note("test:row", f"hour{hour}")
    seal()
    assert ids("journal", date(2026, 12, 1), date(2026, 12, 1)) == ["2", "3"]
    assert members(["2", "3"]).digest == hashlib.sha256(b"2\n3\n").hexdigest()


@pytest.fixture
def auditor(app: Flask, client: FlaskClient) -> FlaskClient:
    with pretending(NOON):
        listing_id = given.a_listing(quantity=30)
        for _ in range(30):
            place(given.an_account(), listing_id)
    seal()
    return given.signed_in(client, given.staff("auditor"))


def asked(**more: str) -> str:
    return urlencode({"of": "orders", "since": "2026-12-01", "until": "2026-12-01", "size": "5", "seed": DICE} | more)


class TestThePage:
    def test_pins_the_population_before_there_is_a_seed(self, auditor: FlaskClient) -> None:
        words = read(auditor.get(f"/staff/samples?{asked(seed='')}")).words
        population = auditor.get(f"/staff/samples/population.txt?{asked(seed='')}").text
        assert hashlib.sha256(population.encode()).hexdigest() in words
        assert ("30件" in words, "つぎは、種を出します" in words, "選ばれた5件" in words) == (True, True, False)

    def test_shows_population_seed_and_what_was_chosen_and_gives_the_same_as_a_table(
        self, auditor: FlaskClient
    ) -> None:
        page = read(auditor.get(f"/staff/samples?{asked()}"))
        population = auditor.get(f"/staff/samples/population.txt?{asked()}").text.split()
        expected = [each.id for each in choose(population, DICE, 5)]
        assert len(population) == 30
        shown = [link.removeprefix("/staff/subjects/order:") for link in page.links if "/subjects/order:" in link]
        text = auditor.get(f"/staff/samples?{asked(csv='1')}").text.removeprefix("\ufeff")
        table = list(csv.reader(io.StringIO(text, newline="")))
        assert (shown, [row[2] for row in table[1:]]) == (expected, expected)
        assert {row[6][:13] for row in table[1:]} == {"2026-12-01 12"}
        assert page.words.count(f"{dates.day(NOON)} 午後0時") == 5
        assert DICE in page.words

    @pytest.mark.parametrize("of", ["journal", "postings", "tokens"])
    def test_chooses_from_every_kind(self, auditor: FlaskClient, of: str) -> None:
        assert auditor.get(f"/staff/samples?{asked(of=of)}").status_code == 200

    @pytest.mark.parametrize(
        ("field", "value", "says"),
        [
            ("since", "いつか", "日付は 2026-11-24 のように入力してください。"),
            ("until", "2026-11-30", "「この日から」より後の日にしてください。"),
            ("size", "0", "1から200までの数字で入力してください。"),
            ("size", "", "数字を入力してください。"),
            ("size", "多く", "数字で入力してください。"),
            ("seed", "9" * 201, "200文字までで入力してください。"),
        ],
    )
    def test_what_cannot_be_is_told_beside_the_field(
        self, auditor: FlaskClient, field: str, value: str, says: str
    ) -> None:
        answer = auditor.get(f"/staff/samples?{asked(**{field: value})}")
        form = read(answer).form("/staff/samples")
        assert (answer.status_code, form.value(field)) == (422, value)
        assert form.errors == {field: says}

    @pytest.mark.parametrize(
        ("at", "since", "until"),
        [
            (NOON, "2026-04-01", "2026-11-30"),
            (datetime(2027, 4, 2, 0, 0, tzinfo=JST), "2027-04-01", "2027-04-01"),
            (datetime(2027, 4, 1, 23, 59, tzinfo=JST), "2026-04-01", "2027-03-31"),
        ],
    )
    def test_begins_with_the_budget_year_of_yesterday(
        self, auditor: FlaskClient, at: datetime, since: str, until: str
    ) -> None:
        """On the first day of a year there is nothing of it yet: the one that has ended is looked over."""
        with pretending(at):
            given.signed_in(auditor, given.staff("auditor"))
            form = read(auditor.get("/staff/samples")).form("/staff/samples")
            assert (form.value("since"), form.value("until")) == (since, until)
            assert auditor.get(f"/staff/samples?{asked(since=since, until=until)}").status_code == 200
