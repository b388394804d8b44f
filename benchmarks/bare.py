"""The bid of a bare Flask application: the same statements on the same tables, and nothing around them.

No session, no forms, no CSRF, no limit, no sealing, no chain; the rules are ours. What a programmer would write who
had only this one page to serve.
"""

import os
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask, request

from marketplace.auctions import rules

app = Flask("bare")
engine = sa.create_engine(os.environ.get("DATABASE_URL", "sqlite://"))
SQLITE = engine.dialect.name == "sqlite"
TERMS = rules.Terms(1000, None, 10**9, None, [(None, 10)])

if SQLITE:

    @sa.event.listens_for(engine, "connect")
    def as_the_town_does(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=15000"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


ARRIVE = sa.text(
    "UPDATE auctions SET arrivals = arrivals + 1 WHERE id = :auction AND state = 'open' RETURNING arrivals, closes_at,"
    " price_yen, leader_id, leader_no, leader_seq, leader_secret, bid_count, TIME AS at".replace(
        "TIME", "'now'" if SQLITE else "clock_timestamp()"
    )
)
BIDDER = sa.text("SELECT id, no FROM bidders WHERE auction_id = :auction AND account_id = :account")
WRITE = sa.text(
    "INSERT INTO bids (auction_id, seq, sealed, bidder_id, bidder_no, at, t, secret, leaf, status, reason, price_yen,"
    " leader_no, close, changed) VALUES (:auction, :seq, false, :bidder, :no, :at, :t, :max, '', :status, :reason,"
    " :price, :leader, :close, :changed) RETURNING id"
)
STAND = sa.text(
    "UPDATE auctions SET price_yen = :price, leader_id = :leader_id, leader_no = :leader, leader_seq = :leader_seq,"
    " leader_secret = :leader_max, bid_count = :count WHERE id = :auction"
)


@app.get("/")
def say_hello() -> str:
    return "hello"


@app.post("/bid/<int:auction>")
def bid(auction: int) -> tuple[str, int]:
    account, yen = int(request.form["account"]), int(request.form["max_yen"])
    with engine.begin() as connection:
        book = connection.execute(ARRIVE, {"auction": auction}).one()
        at = datetime.now(UTC) if SQLITE else book.at
        bidder = connection.execute(BIDDER, {"auction": auction, "account": account}).one()
        leading = int(book.leader_secret) if book.leader_secret else None
        outcome = rules.accept(
            TERMS, rules.Standing(10**9, book.price_yen, book.leader_no, leading), rules.Bid(1, bidder.no, yen)
        )
        after = outcome.standing
        changed = (after.price, after.leader) != (book.price_yen, book.leader_no)
        row = {"auction": auction, "seq": book.arrivals, "bidder": bidder.id, "no": bidder.no, "at": at, "t": 1}
        row |= {"max": str(yen), "status": "refused" if outcome.reason else "accepted"}
        row |= {"reason": str(outcome.reason or ""), "price": after.price, "leader": after.leader, "close": 10**9}
        connection.execute(WRITE, row | {"changed": changed}).scalar_one()
        raised = outcome.accepted and after.leader == bidder.no
        stand = {"auction": auction, "price": after.price, "leader": after.leader, "count": book.bid_count + 1}
        stand |= {
            "leader_id": account if raised else book.leader_id,
            "leader_seq": book.arrivals if raised else book.leader_seq,
            "leader_max": str(after.leader_max) if raised else book.leader_secret,
        }
        connection.execute(STAND, stand)
    return (f"price {after.price}", 200) if outcome.accepted else (f"price {after.price}: {outcome.reason}", 422)
