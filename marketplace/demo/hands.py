"""The hands of the demo's people: each does what a page would have done for them, through the same commands."""

from __future__ import annotations

from collections.abc import Iterable

import requests
import sqlalchemy as sa

from marketplace.accounts.appointing import appoint
from marketplace.accounts.models import Account
from marketplace.accounts.signing_in import account_of
from marketplace.admissions import applying
from marketplace.admissions.pledge import CURRENT
from marketplace.demo import counters
from marketplace.demo.painting import file_of
from marketplace.demo.people import person
from marketplace.demo.town import Clerk, Sale
from marketplace.kit.db import db, get, let_go, transaction
from marketplace.listings import approving, drafting
from marketplace.lotteries.applicants import Channel
from marketplace.lotteries.models import Lottery
from marketplace.lotteries.rules import Application, asks_who
from marketplace.metadata.pictures import keep
from marketplace.orders.models import Order, OrderState
from marketplace.orders.paying import checkout
from marketplace.payments import asking
from marketplace.payments.syncing import sync

CARD = "pm_card_visa"


def hire(clerks: Iterable[Clerk]) -> dict[str, int]:
    """{role: account id} of the office."""
    office = {}
    for clerk in clerks:
        office[clerk.role] = appoint(clerk.email, clerk.name, (clerk.role, *clerk.also))
    return office


def buyer(number: int) -> int:
    """The account of fictional person `number`."""
    who = person(number)
    with transaction():
        account = get(Account, account_of(who.email))
        account.name, account.nickname, account.prefecture = who.name, who.nickname, who.prefecture
        return account.id


def application(lottery: Lottery, number: int, channel: Channel = Channel.SELF) -> Application:
    """What fictional person `number` gives where this lottery asks for it."""
    if not asks_who(channel, lottery.terms):
        return Application(of_age=True)
    who, phone = person(number), "" if channel is Channel.SELF else "023-600-0000"
    return Application(channel=channel, name=who.name, kana=who.kana, address=who.address, phone=phone, of_age=True)


def draft(sale: Sale, office: dict[str, int]) -> int:
    picture = keep(file_of(sale).read_bytes(), drafting.staff_name(office["drafter"]))
    listing_id = drafting.draft(office["drafter"], {**sale.values(), "picture_id": picture})
    if plans := counters.plans(sale):
        drafting.plan_perks(listing_id, office["drafter"], plans)
    if sale.state != "draft":
        drafting.submit(listing_id, office["drafter"])
    return listing_id


def decide(sale: Sale, listing_id: int, office: dict[str, int]) -> None:
    if sale.state == "returned":
        approving.send_back(
            listing_id, office["approver"], "看板の費用をどちらが負担するか、本文に書き足してください。"
        )
    elif sale.state not in ("draft", "submitted"):
        approving.approve(listing_id, office["approver"], "適正と認める。")


def apply(listing_id: int, number: int) -> int:
    """参加申込 of fictional person `number`; the participation."""
    who = person(number)
    filled = {
        "party": "individual",
        "name": who.name,
        "address": f"{who.prefecture}（架空の住所）",
        "phone": "0237-00-0000",
        "adult": True,
        "pledged": True,
        "pledge_version": CURRENT,
    }
    return applying.apply(listing_id, buyer(number), filled)


def pay(order_id: int) -> None:
    """Go to Stripe's page, pay by card, come back."""
    page = checkout(order_id)
    requests.post(page, data={"card": CARD}, allow_redirects=False, timeout=20).raise_for_status()
    payment = asking.open_payment(get(Order, order_id).subject)
    assert payment is not None
    payment_id = payment.id
    let_go()
    sync(payment_id)


def unpaid(listing_id: int) -> list[int]:
    """Orders of a listing that wait for their buyers, first come first."""
    waiting = sa.select(Order.id).where(Order.listing_id == listing_id, Order.state == OrderState.AWAITING_PAYMENT)
    found = list(db.session.scalars(waiting.order_by(Order.id)))
    let_go()
    return found
