"""What belongs to the history of a thing: from the approval of its right to the last use of its perks.

A family is a list of queries for subjects of the journal. Of a sale it is everything that was ever done in it; of one
order, token or gift it is what led to it and what became of it, without the other buyers.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from marketplace.admissions.models import Participation
from marketplace.appointments.models import Appointment
from marketplace.collections.models import Swap
from marketplace.holders.models import Gift, Withdrawal
from marketplace.journal.models import Entry as Row
from marketplace.kit.db import db
from marketplace.listings.decisions import Cancellation, SaleAmendment
from marketplace.listings.models import Listing
from marketplace.lotteries.models import Entry, Lottery
from marketplace.metadata.models import Amendment, Pin
from marketplace.naming.models import Naming, Revocation
from marketplace.orders.models import Order
from marketplace.payments.models import Payment
from marketplace.payments.stripe_models import Dispute
from marketplace.perks.models import Use
from marketplace.resale.models import OfferRequest
from marketplace.rights.models import Right
from marketplace.tokens.models import Token

SALE = ("listing", "lottery", "auction", "waiting")
"""What is called by the code of its sale."""


class Family(NamedTuple):
    """`listing` is the sale that it belongs to; None where it belongs to none."""

    subject: str
    listing: Listing | None
    subjects: sa.ColumnElement[bool]
    """Whether a row of the journal is of this family."""


def family_of(subject: str) -> Family:
    """The family of a subject such as "listing:LST-7K3M9Q" or "order:ORD-7K3M9QXA"; alone where it has none."""
    kind, _, code = subject.partition(":")
    listing, order = _sale(kind, code), _order(kind, code)
    if listing is None:
        return Family(subject, None, Row.subject == subject)
    queries = _of_the_sale(listing)
    if kind in (*SALE, "right"):
        queries += _of_everybody(listing)
    elif order is not None:
        queries += _of_one(order)
    elif (token := _tokens(kind, code)) is not None:  # the town gave it without an order
        queries += _of_tokens(sa.select(Token.token_id).where(token))
    return Family(subject, listing, sa.or_(Row.subject == subject, *(Row.subject.in_(query) for query in queries)))


def booked(listing: Listing) -> sa.CompoundSelect[str]:
    """The subjects under which money of this sale is in the book: its orders, and the deposits of who took part."""
    return sa.union_all(
        sa.select(_called("order", Order.code)).where(Order.listing_id == listing.id),
        sa.select(_called("participation", Participation.code)).where(Participation.listing_id == listing.id),
    )


def _sale(kind: str, code: str) -> Listing | None:
    by: dict[str, sa.Select[int]] = {
        "order": sa.select(Order.listing_id).where(Order.code == code),
        "participation": sa.select(Participation.listing_id).where(Participation.code == code),
        "entry": sa.select(Lottery.listing_id).join(Entry, Entry.lottery_id == Lottery.id).where(Entry.no == code),
        "right": sa.select(Listing.id).join(Right).where(Right.code == code).order_by(Listing.id).limit(1),
        "dispute": sa.select(Order.listing_id).where(Order.code.in_(_disputed(code))),
    }
    if code.isdecimal():
        for own, decision in (("sale_amendment", SaleAmendment), ("cancellation", Cancellation)):
            by[own] = sa.select(decision.listing_id).where(decision.id == int(code))
    by |= dict.fromkeys(SALE, sa.select(Listing.id).where(Listing.code == code))
    token = _tokens(kind, code)
    if token is not None:
        by[kind] = sa.select(Listing.id).where(Listing.code.in_(sa.select(Token.listing_code).where(token)))
    return db.session.scalar(sa.select(Listing).where(Listing.id.in_(by[kind]))) if kind in by else None


def _order(kind: str, code: str) -> Order | None:
    token = _tokens(kind, code)
    found = Order.code == code if kind == "order" else sa.false()
    if token is not None:
        found = Order.code.in_(sa.select(Token.order_code).where(token))
    elif kind == "dispute":
        found = Order.code.in_(_disputed(code))
    elif kind == "entry":
        found = Order.id.in_(sa.select(Entry.order_id).where(Entry.no == code))
    return db.session.scalar(sa.select(Order).where(found))


def _tokens(kind: str, code: str) -> sa.ColumnElement[bool] | None:
    """Which token a subject is about; None where it is about none."""
    match kind:
        case "token" if code.isdecimal():
            return Token.token_id == int(code)
        case "gift":
            return Token.token_id.in_(sa.select(Gift.token_id).where(Gift.code == code))
        case "withdrawal":
            return Token.token_id.in_(sa.select(Withdrawal.token_id).where(Withdrawal.code == code))
        case "naming":
            return Token.token_id.in_(sa.select(Naming.token_id).where(Naming.code == code))
        case "revocation" if code.isdecimal():
            named = sa.select(Revocation.naming_id).where(Revocation.id == int(code))
            return Token.token_id.in_(sa.select(Naming.token_id).where(Naming.id.in_(named)))
        case "appointment":
            return Token.token_id.in_(sa.select(Appointment.token_id).where(Appointment.code == code))
        case "offer" if code.isdecimal():
            return Token.token_id.in_(sa.select(OfferRequest.token_id).where(OfferRequest.id == int(code)))
        case "use":
            return Token.token_id.in_(sa.select(Use.token_id).where(Use.ref == code))
    return None


def _disputed(dispute_id: str) -> sa.Select[str]:
    """The code of the order whose payment a bank objects to."""
    code = sa.func.replace(Payment.subject, "order:", "").label("code")
    return sa.select(code).join(Dispute, Dispute.payment_id == Payment.id).where(Dispute.id == dispute_id)


def _of_the_sale(listing: Listing) -> list[sa.Select[str]]:
    pins = sa.select(_called("pin", Pin.id)).where(Pin.right_id == listing.right_id)
    amended = sa.select(_called("amendment", Amendment.id)).where(Amendment.right_id == listing.right_id)
    own = sa.select(_called("right", Right.code)).where(Right.id == listing.right_id)
    decided = [
        sa.select(_called("sale_amendment", SaleAmendment.id)).where(SaleAmendment.listing_id == listing.id),
        sa.select(_called("cancellation", Cancellation.id)).where(Cancellation.listing_id == listing.id),
    ]
    return [own, *(sa.select(sa.literal(f"{kind}:{listing.code}")) for kind in SALE), pins, amended, *decided]


def _of_everybody(listing: Listing) -> list[sa.Select[str]]:
    tokens = sa.select(Token.token_id).where(Token.listing_code == listing.code)
    lottery = sa.select(Lottery.id).where(Lottery.listing_id == listing.id)
    return [
        sa.select(_called("order", Order.code)).where(Order.listing_id == listing.id),
        sa.select(_called("participation", Participation.code)).where(Participation.listing_id == listing.id),
        sa.select(_called("entry", Entry.no)).where(Entry.lottery_id.in_(lottery)),
        _disputes(sa.select(sa.literal("order:") + Order.code).where(Order.listing_id == listing.id)),
        *_of_tokens(tokens),
    ]


def _of_one(order: Order) -> list[sa.Select[str]]:
    own = (Participation.listing_id == order.listing_id, Participation.account_id == order.buyer_id)
    return [
        sa.select(sa.literal(order.subject)),
        sa.select(_called("participation", Participation.code)).where(*own),
        sa.select(_called("entry", Entry.no)).where(Entry.order_id == order.id),
        _disputes(sa.select(sa.literal(order.subject))),
        *_of_tokens(sa.select(Token.token_id).where(Token.order_code == order.code)),
    ]


def _disputes(paid: sa.Select[str]) -> sa.Select[str]:
    payments = sa.select(Payment.id).where(Payment.subject.in_(paid))
    return sa.select(_called("dispute", Dispute.id)).where(Dispute.payment_id.in_(payments))


def _of_tokens(tokens: sa.Select[int]) -> list[sa.Select[str]]:
    """What became of them: how they were passed on, named, used and talked about."""
    namings = sa.select(Naming.id).where(Naming.token_id.in_(tokens))
    return [
        tokens.with_only_columns(_called("token", Token.token_id)),
        sa.select(_called("gift", Gift.code)).where(Gift.token_id.in_(tokens)),
        sa.select(_called("withdrawal", Withdrawal.code)).where(Withdrawal.token_id.in_(tokens)),
        sa.select(_called("offer", OfferRequest.id)).where(OfferRequest.token_id.in_(tokens)),
        sa.select(_called("swap", Swap.code)).where(
            sa.or_(Swap.give_token_id.in_(tokens), Swap.take_token_id.in_(tokens))
        ),
        sa.select(_called("naming", Naming.code)).where(Naming.token_id.in_(tokens)),
        sa.select(_called("revocation", Revocation.id)).where(Revocation.naming_id.in_(namings)),
        sa.select(_called("appointment", Appointment.code)).where(Appointment.token_id.in_(tokens)),
        sa.select(_called("use", Use.ref)).where(Use.token_id.in_(tokens)),
    ]


def _called(kind: str, code: sa.orm.InstrumentedAttribute[int] | sa.orm.InstrumentedAttribute[str]) -> sa.Label[str]:
    return (sa.literal(f"{kind}:") + sa.cast(code, sa.String)).label("subject")
