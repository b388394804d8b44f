"""How a town stands, whatever way it came there: what must be equal after any trouble, and one hash of it.

People are named by their addresses, and sales by their mode: the story has one of each. Left out is what may differ
between two good endings: numbers of rows, codes, moments, which of equal units somebody has, orders that ended unpaid,
money that came and went back, and bids that were too low because somebody else had been quicker.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from marketplace.accounts.models import Account as Person
from marketplace.auctions.logs import bids_of
from marketplace.auctions.models import Auction
from marketplace.chain import register
from marketplace.chain.models import Call, Lane, LaneState, Log, Tx, TxState
from marketplace.chain.settling import fallen_back
from marketplace.fund.models import Account, Assessment, Posting, PostingLine
from marketplace.fund.statements import balanced, balances
from marketplace.journal.checking import check_here
from marketplace.kit.db import db
from marketplace.kit.published import canon
from marketplace.listings.models import Listing, ListingState, Mode, Unit
from marketplace.lotteries import draw
from marketplace.lotteries.bundles import bundle_of, result_of
from marketplace.lotteries.models import Draw, Entry, Lottery
from marketplace.metadata.models import Replica
from marketplace.naming.models import Naming
from marketplace.notices.models import Notice
from marketplace.orders.models import OPEN, Order, OrderState
from marketplace.outbox.models import Message
from marketplace.payments.models import Payment, PaymentState
from marketplace.payments.refund_models import Refund, RefundState
from marketplace.payments.stripe import Transaction
from marketplace.payments.stripe_models import BalanceLine
from marketplace.tokens.checking import check
from marketplace.tokens.models import Token, Transfer

OVER = (OrderState.EXPIRED, OrderState.CANCELLED, OrderState.REFUNDED)
NEVER_PAID = (PaymentState.EXPIRED, PaymentState.FAILED)
PROMISED_LETTERS = ("paid", "issued")
"""Letters of which each order that lives has exactly one."""


COMPARED = {
    *("accounts", "listings", "units", "orders", "payments", "postings", "posting_lines", "stripe_balance_lines"),
    *("assessments", "tokens", "transfers", "chain_logs", "chain_calls", "chain_txs", "journal", "draws", "entries"),
    *("lotteries", "auctions", "bids", "bidders", "notices", "outbox", "namings", "replicas"),
}
"""Tables of which a difference makes another hash, or stands in what is wrong."""
LEFT_OUT: dict[str, set[str]] = {
    "written before the troubles begin, and not in the story": {
        *("blobs", "stored_bytes", "pictures", "picture_files", "rights", "documents", "ipfs_blocks", "pins"),
        *("listing_versions", "staff_roles", "staff_names", "chain_contracts", "chain_genesis", "fund_books"),
    },
    "how far somebody has read, counted or sealed, which follows from what is compared": {
        *("chain_blocks", "chain_cursors", "chain_lanes", "stripe_cursors", "journal_head", "journal_days"),
    },
    "by which way, how often or in which turn something was heard of": {"stripe_events", "auction_told", "waves"},
    "an address for each account: the chain's count in what is wrong goes by it": {"custody_addresses"},
    "kept for pages and tries, gone soon": {"rate_counts", "operating_rounds", "operating_troubles", "program_starts"},
}


def fingerprint(state: dict[str, Any]) -> str:
    """SHA-256, hex, of the canonical JSON of what standing() says."""
    return sha256(canon(state)).hexdigest()


def standing(at_stripe: Iterable[Transaction]) -> dict[str, Any]:
    """The town as it stands. `at_stripe`: the lines of Stripe's own balance, to which the books must be equal."""
    db.session.rollback()
    found = {
        "sales": _sales(),
        "orders": _orders(),
        "payments": _payments(),
        "ledger": _ledger(),
        "tokens": _tokens(),
        "draws": [_draw(fixed) for fixed in db.session.scalars(sa.select(Draw).order_by(Draw.id))],
        "entries": _listed(sa.select(Entry.no, Entry.rank, Entry.state)),
        "lotteries": _listed(sa.select(Lottery.code, Lottery.state)),
        "auctions": [_auction(each) for each in db.session.scalars(sa.select(Auction).order_by(Auction.id))],
        "letters": _letters(),
        "assessments": _assessments(),
        "namings": _listed(
            sa.select(Person.email, Naming.state).select_from(Naming).join(Person, Person.id == Naming.account_id)
        ),
        "replicas": _listed(sa.select(Replica.node.is_not(None), Replica.state)),
        "wrong": _differences(at_stripe),
    }
    db.session.rollback()
    return found


def unfinished() -> dict[str, object]:
    """What is to be done still, by the name of who has to; empty at the end. Asks the chain: Unavailable."""
    states = (*OPEN, OrderState.PAID, OrderState.REFUND_PENDING)
    found: dict[str, object] = {
        "sales": _listed(sa.select(Listing.code, Listing.state).where(Listing.state != ListingState.COMPLETED)),
        "orders": _listed(sa.select(Order.code, Order.state).where(Order.state.in_(states))),
        "outbox": _listed(sa.select(Message.handler, Message.attempts, Message.error).where(Message.done_at.is_(None))),
        "sender": register.waiting(),
    }
    db.session.rollback()
    found["chain"] = fallen_back()
    return {name: what for name, what in found.items() if what}


def alike(state: dict[str, Any]) -> dict[str, Any]:
    """What two towns with the same story have in common, whose codes and receipts, and so whose draws, differ."""
    winners = {email for mode, email, *_rest in state["orders"] if mode == Mode.LOTTERY}

    def plain(rows: Iterable[Any]) -> list[Any]:
        return sorted((["a winner" if each in winners else each for each in row] for row in rows), key=str)

    return {
        **{name: plain(state[name]) for name in ("sales", "orders", "payments", "tokens", "letters")},
        **{name: state[name] for name in ("auctions", "wrong")},
        "ledger": {**state["ledger"], "paid": plain(state["ledger"]["paid"].items())},
        "draws": [drawn.get("recomputed") for drawn in state["draws"]],
        "entries": sorted(state for _no, _rank, state in state["entries"]),
        "lotteries": [state for _code, state in state["lotteries"]],
    }


def _listed(query: Any) -> list[list[Any]]:
    return sorted([list(row) for row in db.session.execute(query)], key=str)


def _sales() -> list[list[Any]]:
    about = (Listing.mode, Listing.state, Unit.state)
    return _listed(sa.select(*about, sa.func.count()).join(Unit, Unit.listing_id == Listing.id).group_by(*about))


def _orders() -> list[list[Any]]:
    query = sa.select(Listing.mode, Person.email, Order.state, Order.yen, Order.origin)
    query = query.join(Order, Order.listing_id == Listing.id).join(Person, Person.id == Order.buyer_id)
    return _listed(query.where(Order.state.not_in(OVER)))


def _payments() -> list[list[Any]]:
    kept = sa.select(Payment.email, Payment.state, Payment.yen - Payment.refunded_yen)
    return _listed(kept.where(Payment.state.not_in(NEVER_PAID), Payment.refunded_yen < Payment.yen))


def _ledger() -> dict[str, Any]:
    """What each payer has paid and not got back, by the book; and whether the book is sound."""
    owner = dict(
        db.session.execute(
            sa.select(sa.literal("order:").concat(Order.code), Person.email).join(Person, Person.id == Order.buyer_id)
        ).all()
    )
    by_subject = (
        sa.select(Posting.subject, sa.func.sum(PostingLine.yen))
        .join(PostingLine)
        .where(PostingLine.account.in_((Account.COLLECTED, Account.REFUNDS)))
        .group_by(Posting.subject)
    )
    paid = Counter[str]()
    for subject, yen in db.session.execute(by_subject):
        paid[owner.get(subject, subject)] -= int(yen)
    now = balances()
    return {
        "paid": {email: yen for email, yen in sorted(paid.items()) if yen},
        "kept": -now["collected"] - now["refunds"],
        "unexplained": now["other"],
        "sum": sum(now.values()),
        "balanced": balanced(),
    }


def _tokens() -> list[list[Any]]:
    """Who holds how many of what, by our register, and how often the chain moved them."""
    moves = sa.select(sa.func.count()).where(Transfer.token_id == Token.token_id).scalar_subquery()
    query = sa.select(Listing.mode, Person.email, Token.state, moves).join(Token, Token.listing_code == Listing.code)
    return _listed(query.outerjoin(Person, Person.id == Token.holder_id))


def _draw(fixed: Draw) -> dict[str, Any]:
    """The draw as a stranger computes it from what is published, which must be what is written down."""
    bundle, written = bundle_of(fixed), result_of(fixed)
    if written is None:
        return {"result": None}
    recomputed = draw.record_of(draw.check(bundle))
    return {"result": written, "recomputed": recomputed == written, "bundle": sha256(canon(bundle)).hexdigest()}


def _auction(auction: Auction) -> dict[str, Any]:
    """Winner and price, and whether the published log replays to them."""
    result = (bids_of(auction.code) or {}).get("result") or {}
    winner = sa.select(Person.email).join(Order, Order.buyer_id == Person.id).where(Order.id == auction.order_id)
    return {
        "state": str(auction.state),
        "winner": db.session.scalar(winner),
        "yen": auction.winner_yen,
        "replayed": (result.get("winner"), result.get("price")) == (auction.winner_no, auction.winner_yen),
    }


def _letters() -> list[list[Any]]:
    """Once written and once sent, whatever was repeated."""
    alive = sa.select(sa.literal("%:").concat(Order.code)).where(Order.state.not_in(OVER))
    about = sa.or_(*(Notice.key.like(pattern) for pattern in db.session.scalars(alive)), sa.false())
    query = sa.select(Notice.template, Notice.to_email, sa.func.count(), sa.func.count(Notice.sent_at))
    query = query.where(Notice.template.in_(PROMISED_LETTERS), about)
    return _listed(query.group_by(Notice.template, Notice.to_email))


def _assessments() -> list[list[Any]]:
    """What orders that live were told to pay, each once, and in which year it is booked."""
    told = sa.select(Person.email, Assessment.yen, Assessment.fiscal_year)
    told = told.join(Order, Assessment.subject == sa.literal("order:").concat(Order.code))
    told = told.join(Person, Person.id == Order.buyer_id)
    return _listed(told.where(Order.state.not_in(OVER), Assessment.dropped_at.is_(None)))


def _differences(at_stripe: Iterable[Transaction]) -> list[str]:
    """What no ending may show: books that differ from each other, or promises that are not kept."""
    wrong = [f"the chain: {each}" for each in check(sample=10_000)]
    wrong += unlike_stripe(at_stripe)
    issued = Counter(db.session.scalars(sa.select(Log.token_id).where(Log.name == "RightIssued")))
    if issued != Counter(db.session.scalars(sa.select(Token.token_id))):
        wrong.append(f"issued on chain: {sorted(issued.items())}")
    if fault := check_here():
        wrong.append(f"the journal: {fault}")
    if unheard := _listed(sa.select(Message.topic, Message.handler).where(Message.done_at.is_(None))):
        wrong.append(f"unheard: {unheard}")
    if waiting := register.waiting():
        wrong.append(f"{waiting} calls wait for the chain")
    states = {"mined"} ^ set(map(str, db.session.scalars(sa.select(Call.state).distinct())))
    of_a_call = sa.exists().where(Call.tx_id == Tx.id)  # what a key that was replaced had signed may be lost or refused
    counts = sa.or_(of_a_call, Tx.state.in_((TxState.SIGNED, TxState.SENT)))
    states |= {"mined"} ^ set(map(str, db.session.scalars(sa.select(Tx.state).where(counts).distinct())))
    if states:
        wrong.append(f"on their way to the chain: {sorted(states)}")
    changing = Lane.state.in_((LaneState.ANNOUNCED, LaneState.LEAVING))
    if half := _listed(sa.select(Lane.role, Lane.state).where(changing)):
        wrong.append(f"keys that are half replaced: {half}")
    if db.session.scalar(sa.select(sa.func.count()).where(Refund.state != RefundState.SUCCEEDED)):
        wrong.append("money is still on its way back")
    return wrong


def unlike_stripe(at_stripe: Iterable[Transaction]) -> list[str]:
    """How our book of Stripe's balance differs from Stripe's own, line by line and in sum."""
    told = {line.id: (line.gross, line.fee) for line in at_stripe}
    kept = {row.id: (row.gross_yen, row.fee_yen) for row in db.session.scalars(sa.select(BalanceLine))}
    wrong = [f"Stripe: {sorted(told.items() ^ kept.items())}"] if told != kept else []
    if (here := sum(gross - fee for gross, fee in told.values())) != balances()["stripe"]:
        wrong.append(f"Stripe has {here} yen, the book {balances()['stripe']}")
    return wrong
