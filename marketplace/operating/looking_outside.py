"""What is outside the house: mail, Stripe, the chain, IPFS. Each is asked something small that changes nothing.

Called without a transaction; what the tables know is read first and let go of, so that a slow answer holds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime

import requests
import sqlalchemy as sa

from ipfs.errors import IpfsError
from marketplace.chain import contract, identity, pausing, register
from marketplace.chain.models import Lane, LaneState
from marketplace.chain.node import node
from marketplace.kit.clock import now
from marketplace.kit.db import db, let_go
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.metadata.models import Pin, Replica, ReplicaState
from marketplace.metadata.replicating import nodes
from marketplace.notices.mail import PAPER, mail
from marketplace.notices.models import Notice
from marketplace.operating.faults import found
from marketplace.operating.health import Finding
from marketplace.operating.looking_here import differing
from marketplace.operating.looking_inside import standing_alarms
from marketplace.payments.hearing import KINDS
from marketplace.payments.stripe import till
from marketplace.payments.stripe_models import StripeEvent
from marketplace.settings import settings
from marketplace.tokens.custody import taken

UNSENT = timedelta(minutes=15)
DAY = timedelta(days=1)
GAS = 400_000
"""Of a transaction that issues a few rights."""
ENOUGH = 200
"""Transactions that each account should be able to pay for."""
TOLD = timedelta(days=7)
"""How long what happened once, and can't be undone, is told."""
NAMED = 20
STRIPE = "https://api.stripe.com"
SECONDS = 5.0


def post_office(deep: bool) -> Iterator[Finding]:
    here = settings()
    waiting = sa.and_(
        Notice.sent_at.is_(None), Notice.promised_at < now() - UNSENT, Notice.to_email.not_like(f"%@{PAPER}")
    )
    count, oldest = db.session.execute(
        sa.select(sa.func.count(), sa.func.min(Notice.promised_at)).select_from(Notice).where(waiting)
    ).one()
    let_go()
    if here.in_public and not here.smtp_url:
        yield found("mail.files")
    try:
        mail().greet()
    except Unavailable as trouble:
        yield found("mail.no_answer", why=str(trouble))
    if count:
        yield found("mail.waiting", count=count, since=oldest)


def stripe(deep: bool) -> Iterator[Finding]:
    here = settings()
    key, url = here.stripe_secret_key.get_secret_value(), f"{here.base_url}/webhooks/stripe"
    secrets = [each.strip() for each in here.stripe_webhook_secrets.get_secret_value().split(",")]
    if not all(secret.startswith("whsec_") for secret in secrets):
        yield found("stripe.no_webhook_secret", url=url)
    yield from _lost_news(url)
    if not key and not here.stripe_api_base:
        yield found("stripe.no_key")
        return
    if key and not key.startswith(("sk_", "rk_")):
        yield found("stripe.wrong_key")
        return
    if here.in_public and here.stripe_api_base:
        yield found("stripe.stand_in")
    elif here.in_public and not here.stripe_live:
        yield found("stripe.test_key")
    try:
        next(till().news(int(now().timestamp()), KINDS), None)
    except (Unavailable, Rejected) as trouble:
        yield found("stripe.no_answer", why=str(trouble))


def _lost_news(url: str) -> Iterator[Finding]:
    """News that only the reconciler found, and none that came by itself since."""
    last = sa.select(sa.func.max(StripeEvent.received_at)).where(StripeEvent.via == "webhook")
    since = max(db.session.scalar(last) or now() - DAY, now() - DAY)
    fetched = sa.select(sa.func.count()).select_from(StripeEvent)
    count = db.session.scalar(fetched.where(StripeEvent.via == "reconciler", StripeEvent.received_at > since))
    let_go()
    if count:
        yield found("stripe.webhooks", count=count, url=url)


def their_clock(deep: bool) -> Iterator[Finding]:
    """Ours against the one that Stripe's server shows with each answer (RFC 9110 §6.6.1)."""
    base = settings().stripe_api_base or (STRIPE if settings().stripe_secret_key.get_secret_value() else "")
    if not base:
        return
    try:
        shown = requests.head(base, timeout=SECONDS, allow_redirects=False).headers.get("Date")
    except requests.RequestException:
        return  # that it does not answer is told elsewhere
    if shown:
        yield from differing(parsedate_to_datetime(shown).timestamp(), "Stripe")


def blockchain(deep: bool) -> Iterator[Finding]:
    """Ours, with our contracts' code, and with coin enough for what we send."""
    yield from standing_alarms()
    if gone := taken(now() - TOLD):
        rights = ", ".join([*map(str, gone[:NAMED]), *(["…"] if len(gone) > NAMED else [])])
        yield found("chain.taken", days=TOLD.days, rights=rights)
    here, addresses = settings().chain_id, register.contracts()
    serving = sa.select(Lane.role, Lane.signer).where(Lane.chain_id == here, Lane.state == LaneState.SERVING)
    signers = dict(db.session.execute(serving).all())
    let_go()
    try:
        if why := identity.difference():
            yield found("chain.another", why=why)
            return
        if not addresses:
            yield found("chain.no_contracts")
        for name, address in addresses.items():
            if name in contract.NAMES and not contract.artifact(name).has_code(node().code(address)):
                yield found("chain.other_code", name=name, address=address)
        paused = [name for name in contract.STOPPED if name in addresses and pausing.is_paused(name)]
        if names := sorted({*paused, *register.paused()}):
            yield found("chain.paused", names=", ".join(names))
        yield from _coin(signers)
    except (Unavailable, Rejected) as trouble:
        yield found("chain.no_answer", why=str(trouble))


def _coin(signers: dict[str, str]) -> Iterator[Finding]:
    price = node().fees()[0] * GAS
    for role, address in sorted(signers.items()):
        affordable = node().balance(address) // price if price else ENOUGH
        if affordable < ENOUGH:
            yield found("chain.poor" if affordable else "chain.empty", role=role, address=address, count=ENOUGH)


def replicas(deep: bool) -> Iterator[Finding]:
    """The copies outside, and whether what we keep ourselves is whole."""
    here = settings()
    gone = sa.select(sa.func.count()).select_from(Replica).where(Replica.state == ReplicaState.LOST)
    lost_copies = db.session.scalar(gone) or 0
    lost_blocks = db.session.scalar(sa.select(sa.func.count()).select_from(Pin).where(Pin.missing > 0)) or 0
    let_go()
    if here.min_replicas > len(nodes()):
        yield found("ipfs.too_few", wanted=here.min_replicas, count=len(nodes()))
    for name, each in nodes().items():
        try:
            each.probe()
        except IpfsError as trouble:
            yield found("ipfs.no_answer", node=name, why=str(trouble))
    if lost_copies:
        yield found("ipfs.lost_copies", count=lost_copies)
    if lost_blocks:
        yield found("ipfs.lost_blocks", count=lost_blocks)
