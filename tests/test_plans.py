"""What everybody does at once finds its rows by an index, whatever stands beside them: the plans of both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.auctions.bidding import place_bid
from marketplace.kit.db import db, get, is_sqlite, transaction
from marketplace.kit.engines import begun
from marketplace.listings.models import Listing, UnitState
from marketplace.listings.taking import counts, take_unit
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.settings import Settings
from marketplace.tokens.models import Token
from tests import given
from tests.auctions.given import an_auction
from tests.chainlogs import Chain, deploy
from tests.local_stripe import LocalStripe
from tests.orders.bought import bought, issued, token_of
from tests.resale.stage import held_token

SMALL = {
    "chain_contracts",
    "chain_cursors",
    "fund_books",
    "fund_periods",
    "fund_subtotals",
    "watches",
    "alembic_version",
}
"""Tables of a handful of rows, however large the town."""

Statement = tuple[str, Any]
Act = Callable[[], object]


@contextmanager
def recorded() -> Iterator[list[Statement]]:
    """The statements that are sent meanwhile, each once, with what was filled in."""
    seen: dict[str, Any] = {}

    def note(
        _connection: object, _cursor: object, statement: str, parameters: Any, _context: object, many: bool
    ) -> None:
        if not statement.startswith(("BEGIN", "INSERT")):  # a new row is put where it belongs without looking
            seen.setdefault(statement, parameters[0] if many else parameters)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    found: list[Statement] = []
    try:
        yield found
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
        db.session.rollback()
        found.extend(seen.items())


def scanned(statements: list[Statement]) -> set[tuple[str, str]]:
    """(table, statement) where a table is read from one end to the other though it may be long."""
    with begun(db.engine, writing=True) as connection:
        tables = _sqlite_scans if is_sqlite() else _postgresql_scans
        return {
            (table, statement)
            for statement, parameters in statements
            for table in tables(connection, statement, parameters)
            if table not in SMALL
        }


def _sqlite_scans(connection: sa.Connection, statement: str, parameters: Any) -> set[str]:
    """https://sqlite.org/eqp.html"""
    steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    named = set(sa.inspect(connection).get_table_names())
    partial = set(
        connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE%INDEX%WHERE%'").scalars()
    )
    whole = [step.split() for step in steps if step.startswith("SCAN ") and step.split()[-1] not in partial]
    return {words[1] for words in whole} & named


def _postgresql_scans(connection: sa.Connection, statement: str, parameters: Any) -> set[str]:
    """With few rows it would rather read them all: forbidden, it does so only where there is no index."""
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
    return set(_read_whole(plan if isinstance(plan, list) else json.loads(plan)))


def _read_whole(nodes: list[dict[str, Any]]) -> Iterator[str]:
    for node in nodes:
        step = node.get("Plan", node)
        if step.get("Node Type") == "Seq Scan":
            yield step["Relation Name"]
        yield from _read_whole(step.get("Plans", []))


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings, stripe_timeout_s=10, figures_kept_s=600)


def test_pages_that_everybody_reads_read_no_table_whole(app: Flask) -> None:
    chain = Chain()
    deploy()
    holder = given.an_account()
    held = held_token(chain, holder, kind="card")
    token = db.session.scalars(sa.select(Token).where(Token.token_id == held)).one().path
    codes = [get(Listing, given.a_listing(mode)).code for mode in ("fixed", "lottery", "ascending")]
    stranger, reader = app.test_client(), given.signed_in(app.test_client(), holder)
    paths = [
        *(f"/listings/{code}" for code in codes),
        f"/api/v1/listings/{codes[0]}",
        "/listings",
        "/listings?kind=card",
        "/",
        "/fund",
        "/swaps",
        "/relation",
    ]
    for path in paths:  # whoever came first added up what all others find on the shelf
        stranger.get(path)
    db.session.rollback()
    with recorded() as statements:
        for path in paths:
            assert stranger.get(path).status_code == 200, path
            assert reader.get(path).status_code == 200, path
        for path in ("/mypage", "/mypage/proceeds", *(f"{token}/{act}" for act in ("give", "offer", "withdraw"))):
            assert reader.get(path).status_code == 200, path
    assert scanned(statements) == set()


def test_an_order_from_its_page_to_the_token_reads_no_table_whole(app: Flask, stripe: LocalStripe) -> None:
    deploy()
    chain = Chain()
    with recorded() as statements:
        order = issued(chain, bought(stripe, yen=3_000))
        buyer = given.signed_in(app.test_client(), order.buyer_id)
        for path in (f"/orders/{order.code}", f"/orders/{order.code}/done", str(token_of(order).path)):
            assert buyer.get(path).status_code == 200, path
    assert scanned([each for each in statements if concerns_an_order(each[0])]) == set()


def concerns_an_order(statement: str) -> bool:
    """What `given` does to draft and announce the sale is not what everybody does at once."""
    return any(name in statement for name in ("orders", "payments", "units", "tokens", "outbox", "notices", "postings"))


def test_a_bid_an_application_and_the_worker_read_no_table_whole(app: Flask) -> None:
    auction = an_auction()
    bidder, buyer = given.an_account(), given.an_account()
    sale = given.a_listing()
    with recorded() as statements:
        place_bid(auction.id, bidder, 5_000)
        place(buyer, sale)
        keeping.drain()
        keeping.late()
    assert scanned(statements) == set()


def test_the_units_of_a_sale_are_counted_in_their_index_alone(app: Flask) -> None:
    sale = given.a_listing()
    plan = planned(lambda: counts([sale]))
    step = "units USING COVERING INDEX ix_units_state" if is_sqlite() else "Index Only Scan using ix_units_state"
    assert plan.count(step) == len(UnitState), plan


def test_the_lowest_free_unit_is_found_without_passing_those_that_are_gone(app: Flask) -> None:
    sale = given.a_listing(quantity=2_000)
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")  # what the database believes while the rush goes on: all are free
    assert planned(lambda: take(sale)).count("ix_units_state") == 1


def take(listing_id: int) -> None:
    with transaction():
        assert take_unit(listing_id) is not None


def planned(act: Act) -> str:
    """How the database goes about the one statement that this sends."""
    with recorded() as statements:
        act()
    ((statement, parameters),) = statements
    with begun(db.engine, writing=True) as connection:
        if not is_sqlite():
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
        explain = "EXPLAIN QUERY PLAN" if is_sqlite() else "EXPLAIN"
        return "\n".join(row[-1] for row in connection.exec_driver_sql(f"{explain} {statement}", parameters))
