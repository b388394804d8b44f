"""Paid orders into tokens: 1,000 at once, then 200 one by one. Against the way of web3's documentation, one at a time.

The orders are placed and paid by the commands that the pages call. The clock starts when all of them are paid and
nothing has been sent; it stops when the chain has mined them (`mint.thousand`), and when the follower has read them
and every order says that its token is in its buyer's hands (`mint.thousand.held`). `mint.single` is the
same for 200 orders that are paid one after the other, each sent and mined before the next. `mint.cpu` is
CPU-milliseconds of this process, the node's apart, for one of the thousand, until it is in its buyer's hands.
"""

import time
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from benchmarks import Result, chains, compared
from marketplace.chain import following, keys, register, sending
from marketplace.chain.contract import RIGHTS, artifact
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from marketplace.orders import placing, settling
from marketplace.orders.models import Order, OrderState
from marketplace.outbox import keeping
from marketplace.payments import asking
from marketplace.settings import settings
from tests import given

THOUSAND, SINGLE, PLAIN = 1_000, 200, 60


def measure() -> Iterator[Result]:
    with chains.town():
        listing_id = given.a_listing(quantity=THOUSAND + SINGLE)
        orders = [placed(listing_id, number) for number in range(THOUSAND + SINGLE)]
        for order_id in orders[:THOUSAND]:
            pay(order_id)
        began, used = time.perf_counter(), time.process_time()
        send_all()
        mined = time.perf_counter() - began
        hear_all()
        held, used = time.perf_counter() - began, time.process_time() - used
        assert issued() == THOUSAND, issued()
        single = 0.0
        for order_id in orders[THOUSAND:]:
            pay(order_id)
            began = time.perf_counter()
            send_all()
            single += time.perf_counter() - began
        hear_all()
        assert issued() == THOUSAND + SINGLE, issued()
        plain, processor = web3(get(Listing, listing_id).right.series_id + 1)
    yield compared("mint.thousand", "s", [mined], "web3", [THOUSAND * plain])
    yield compared("mint.thousand.held", "s", [held], "web3", [THOUSAND * plain])
    yield compared("mint.cpu", "CPU-ms", [1000 * used / THOUSAND], "web3", [1000 * processor])
    yield compared("mint.single", "ms", [1000 * single / SINGLE], "web3", [1000 * plain])


def placed(listing_id: int, number: int) -> int:
    """An order that waits for its money."""
    order_id = placing.place(given.an_account(f"buyer-{number}@example.jp"), listing_id)
    order = get(Order, order_id)
    pages: Any = {"success_url": "https://town.example.jp/done", "cancel_url": "https://town.example.jp/back"}
    asking.ask(order.subject, order.yen, "a right", "buyer@example.jp", expires_at=order.pay_by, **pages)
    return order_id


def pay(order_id: int) -> None:
    order = get(Order, order_id)
    payment = asking.open_payment(order.subject)
    assert payment is not None
    settling.pay(order_id, payment.id, order.yen)


def send_all() -> None:
    while register.waiting():
        sending.work()
    db.session.rollback()


def hear_all() -> None:
    while following.follow_once() + keeping.drain():
        pass


def issued() -> int:
    db.session.rollback()
    count = sa.select(sa.func.count()).select_from(Order).where(Order.state == OrderState.ISSUED)
    return db.session.scalar(count) or 0


def web3(series: int) -> tuple[float, float]:
    """Seconds and processor seconds for a right, each sent by web3's own helper and waited for."""
    from web3 import HTTPProvider, Web3  # noqa: PLC0415 -- slow to import
    from web3.middleware import SignAndSendRawMiddlewareBuilder  # noqa: PLC0415

    chains.a_series(series)
    send_all()
    account = keys.signer("issuer")._account  # type: ignore[attr-defined] # a key file's
    client = Web3(HTTPProvider(settings().chain_url))
    client.middleware_onion.inject(SignAndSendRawMiddlewareBuilder.build(account), layer=0)
    rights = client.eth.contract(
        address=client.to_checksum_address(register.address_of(RIGHTS)), abi=list(artifact(RIGHTS).abi)
    )
    db.session.rollback()
    free: Any = {"from": account.address, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0}
    began, used = time.perf_counter(), time.process_time()
    for serial in range(1, PLAIN + 1):
        item = (client.to_checksum_address(chains.wallet(serial)), serial, b"\x01" * 32)
        sent = rights.functions.issueBatch(series, [item]).transact(free)
        client.eth.wait_for_transaction_receipt(sent, poll_latency=0.002)
    return (time.perf_counter() - began) / PLAIN, (time.process_time() - used) / PLAIN
