"""The shop of a bare Flask application: the same rows by SQLAlchemy's ORM, in Jinja templates of its own.

No accounts, no menu, no rules of sales, no journal, no mails, no tax: the floor of what such pages and orders can cost.
"""

import hashlib
import hmac
import os
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from jinja2 import DictLoader
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

app = Flask("bare shop")
engine = sa.create_engine(os.environ.get("DATABASE_URL", "sqlite://"))
SHOWN = 20

if engine.dialect.name == "sqlite":

    @sa.event.listens_for(engine, "connect")
    def as_the_town_does(connection: Any, _record: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=15000"):
            connection.execute(f"PRAGMA {pragma}")


class Base(DeclarativeBase):
    pass


class Right(Base):
    __tablename__ = "rights"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    title_ja: Mapped[str]
    lead_ja: Mapped[str]
    body_ja: Mapped[str]
    terms: Mapped[list[Any]] = mapped_column(sa.JSON)
    picture_id: Mapped[int]
    picture_alt: Mapped[str]


class Listing(Base):
    __tablename__ = "listings"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    right_id: Mapped[int] = mapped_column(sa.ForeignKey("rights.id"))
    right: Mapped[Right] = relationship(lazy="joined")
    mode: Mapped[str]
    state: Mapped[str]
    price_yen: Mapped[int]
    quantity: Mapped[int]
    closes_at: Mapped[datetime]


class Unit(Base):
    __tablename__ = "units"
    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int]
    serial: Mapped[int]
    state: Mapped[str]


class Order(Base):
    __tablename__ = "bare_orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listings.id"))
    listing: Mapped[Listing] = relationship()
    unit_id: Mapped[int] = mapped_column(unique=True)
    buyer: Mapped[str]
    yen: Mapped[int]
    at: Mapped[datetime]


class Event(Base):
    __tablename__ = "bare_events"
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    body: Mapped[dict[str, Any]] = mapped_column(sa.JSON)


def make_own_tables(engine: sa.Engine) -> None:
    """Those that the town has not; the others are the town's."""
    Base.metadata.create_all(engine, tables=[Base.metadata.tables[name] for name in ("bare_orders", "bare_events")])


HEAD = """<!doctype html><html lang="ja"><head><meta charset="utf-8"><title>{% block title %}{% endblock %}</title>
<link rel="stylesheet" href="/static/shop.css"></head><body><header><a href="/">町の店</a></header>
<main>{% block main %}{% endblock %}</main></body></html>"""
CATALOGUE = """{% extends "head.html" %}{% block title %}権利をさがす{% endblock %}{% block main %}
<h1>権利をさがす</h1><ul>{% for each in listings %}<li>
<img src="/pictures/{{ each.right.picture_id }}/480.webp" alt="{{ each.right.picture_alt }}">
<p>{{ each.mode }} {{ each.right.kind }}</p><h2><a href="/rights/{{ each.code }}">{{ each.right.title_ja }}</a></h2>
<p>{{ "{:,}".format(each.price_yen) }}円</p><p>のこり {{ free.get(each.id, 0) }} / {{ each.quantity }}</p>
<p>{{ each.closes_at.strftime("%m月%d日 %H:%M") }}まで</p></li>
{% endfor %}</ul>{% endblock %}"""
RIGHT = """{% extends "head.html" %}{% block title %}{{ it.right.title_ja }}{% endblock %}{% block main %}
<img src="/pictures/{{ it.right.picture_id }}/960.webp" alt="{{ it.right.picture_alt }}">
<h1>{{ it.right.title_ja }}</h1><p>{{ it.right.lead_ja }}</p><p>{{ it.right.body_ja }}</p>
<p>{{ "{:,}".format(it.price_yen) }}円 のこり {{ free }}</p>
<ul>{% for line in it.right.terms %}<li>{{ line.ja }}</li>{% endfor %}</ul>
<form method="post" action="/rights/{{ it.code }}/order"><input name="buyer"><button>買う</button></form>
{% endblock %}"""
ORDER = """{% extends "head.html" %}{% block title %}ご注文{% endblock %}{% block main %}<h1>ご注文 {{ it.id }}</h1>
<p>{{ it.listing.right.title_ja }} {{ "{:,}".format(it.yen) }}円 {{ it.buyer }}</p>{% endblock %}"""
app.jinja_loader = DictLoader(
    {"head.html": HEAD, "catalogue.html": CATALOGUE, "right.html": RIGHT, "order.html": ORDER}
)


@app.get("/")
def catalogue() -> str:
    with Session(engine) as session:
        query = sa.select(Listing).where(Listing.state == "open").order_by(Listing.closes_at, Listing.id).limit(SHOWN)
        listings = session.scalars(query).all()
        return render_template("catalogue.html", listings=listings, free=_free(session, [it.id for it in listings]))


@app.get("/rights/<code>")
def right(code: str) -> str:
    with Session(engine) as session:
        listing = _listing(session, code)
        return render_template("right.html", it=listing, free=_free(session, [listing.id]).get(listing.id, 0))


@app.post("/rights/<code>/order")
def order(code: str) -> ResponseReturnValue:
    with Session(engine) as session, session.begin():
        listing = _listing(session, code)
        free = sa.select(Unit.id).where(Unit.listing_id == listing.id, Unit.state == "free").order_by(Unit.serial)
        first = free.limit(1).with_for_update(skip_locked=True).scalar_subquery()
        taken = session.scalar(sa.update(Unit).where(Unit.id == first).values(state="sold").returning(Unit.id))
        if taken is None:
            abort(409)
        placed = Order(listing_id=listing.id, unit_id=taken, buyer=request.form["buyer"], yen=listing.price_yen)
        placed.at = datetime.now(UTC).replace(tzinfo=None)
        session.add(placed)
        session.flush()
        return redirect(f"/orders/{placed.id}", 303)


@app.get("/orders/<int:number>")
def show(number: int) -> str:
    with Session(engine) as session:
        return render_template("order.html", it=session.get_one(Order, number))


@app.post("/webhook")
def webhook() -> ResponseReturnValue:
    """Stripe's scheme, checked by hand: HMAC-SHA256 over "<t>.<body>"."""
    parts = dict(part.split("=", 1) for part in request.headers["Stripe-Signature"].split(","))
    signed = f"{parts['t']}.".encode() + request.get_data()
    secret = os.environ["STRIPE_WEBHOOK_SECRETS"].encode()
    if not hmac.compare_digest(hmac.new(secret, signed, hashlib.sha256).hexdigest(), parts["v1"]):
        abort(400)
    event = request.get_json()
    with Session(engine) as session, session.begin():
        session.add(Event(id=event["id"], kind=event["type"], body=event))
    return "", 200


def _listing(session: Session, code: str) -> Listing:
    return session.scalars(sa.select(Listing).where(Listing.code == code)).first() or abort(404)


def _free(session: Session, listing_ids: list[int]) -> dict[int, int]:
    query = sa.select(Unit.listing_id, sa.func.count()).where(Unit.listing_id.in_(listing_ids), Unit.state == "free")
    return {listing_id: count for listing_id, count in session.execute(query.group_by(Unit.listing_id))}  # noqa: C416
