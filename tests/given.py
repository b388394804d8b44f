"""The world of a test, built by the acts that build the real one, so that no impossible row is in it.

Each returns an id, as the commands do: `get(Listing, given.a_listing())` is the row.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from time import monotonic, sleep
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from marketplace.accounts import readdressing
from marketplace.accounts.address_models import open_change
from marketplace.accounts.models import Role, StaffRole, Way
from marketplace.accounts.session import open_sign_in
from marketplace.accounts.signing_in import account_of
from marketplace.admissions import applying, deciding
from marketplace.admissions.pledge import CURRENT
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, transaction
from marketplace.kit.refusals import WrongState
from marketplace.listings import approving, drafting, scheduling
from marketplace.listings.models import Listing, ListingState, Mode
from marketplace.metadata.pictures import keep
from marketplace.notices.models import Notice
from marketplace.outbox import keeping
from marketplace.rights.models import Kind

_numbers = count(1)

PATH = ("draft", "submitted", "approved", "published", "open", "closed", "completed")
"""The states that a listing goes through when nothing goes wrong."""


def an_account(email: str | None = None) -> int:
    """Somebody who signed in once."""
    return account_of(email or f"visitor-{next(_numbers)}@example.jp")


def staff(*roles: str, email: str | None = None) -> int:
    """A member of staff with these roles; the same person each time for the same roles."""
    account_id = account_of(email or f"{'-'.join(roles)}@town.example.jp")
    with transaction():
        for role in roles:
            insert_once(StaffRole, {"account_id": account_id, "role": Role(role)})
    return account_id


def a_picture(colour: str = "#8aa6c1") -> int:
    """A small picture that staff sent; one for each colour."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "PNG")
    return keep(out.getvalue(), "staff:ACC-TEST")


def values(mode: str = "fixed", kind: str = "resident", **more: Any) -> dict[str, Any]:
    """What a drafter fills in: a right and its sale, complete and without a fault. `more` replaces any of it."""
    at = now()
    filled: dict[str, Any] = {
        "kind": Kind(kind),
        "title_ja": "デジタル住民票 第3弾「四季」",
        "title_en": "Digital Resident, Third Edition: Four Seasons",
        "lead_ja": "町の外から町を応援する証です。",
        "lead_en": "Proof of being a friend of the town.",
        "body_ja": "お持ちの方は、町の温泉を無料で使えます。",
        "body_en": "Holders bathe in the town's baths for free.",
        "perks": [{"ja": "町の温泉2館の入浴が無料", "en": "Free bathing at two town baths"}],
        "terms": [{"ja": "法律上の住民票や選挙権ではありません。", "en": "Not a legal resident record or a vote."}],
        "resale_rule_ja": "販売の終わりの1週間後から、ゆずることができます。",
        "resale_rule_en": "It can be passed on from a week after the end of the sale.",
        "transferable": Kind(kind) is not Kind.CERTIFICATE,
        "royalty_bps": 500,
        "term_months": 36 if Kind(kind) is Kind.NAMING else None,
        "uses_per_token": 12 if Kind(kind) is Kind.LECTURE else None,
        "picture_id": a_picture(),
        "picture_alt": "雪の月と杉の町並み",
        "art_seed": 7,
        "mode": Mode(mode),
        "price_yen": 3_000,
        "quantity": 1 if mode in ("ascending", "sealed") else 10,
        "per_person_limit": 1,
        "publish_at": at - timedelta(hours=1),
        "opens_at": at - timedelta(minutes=1),
        "closes_at": at + timedelta(days=7),
        "draw_at": at + timedelta(days=8) if mode == "lottery" else None,
    }
    return filled | more


def a_listing(mode: str = "fixed", kind: str = "resident", state: str = "open", **more: Any) -> int:
    """A listing that went from its draft to `state` through the hands of two members of staff.

    `more` replaces what the drafter fills in: price_yen, quantity, opens_at, …; see values(). All news of it has been
    heard, but that of the close of a fixed sale, which would complete it at once.
    """
    drafter, approver = staff("drafter"), staff("approver")
    listing_id = drafting.draft(drafter, values(mode, kind, **more))
    steps: tuple[Callable[[], None], ...] = (
        lambda: drafting.submit(listing_id, drafter),
        lambda: approving.approve(listing_id, approver),
        lambda: published(listing_id),
        lambda: opened(listing_id),
        lambda: closed(listing_id),
        lambda: completed(listing_id),
    )
    for step in steps[: PATH.index(state)]:
        step()
    if (mode, state) != ("fixed", "closed"):
        keeping.drain()
    assert get(Listing, listing_id).state == ListingState(state)
    return listing_id


def published(listing_id: int) -> None:
    """An approved listing is announced: here, or by a clock that runs beside the test and was sooner."""
    metadata_published(listing_id)
    with suppress(WrongState):
        scheduling.publish(listing_id)
    assert ListingState.PUBLISHED in states_gone_through(listing_id)


def opened(listing_id: int) -> None:
    """Its sale is open: from here on, or since a clock that runs beside the test was sooner."""
    with suppress(WrongState):
        scheduling.open_sale(listing_id)
    assert get(Listing, listing_id).state == ListingState.OPEN


def closed(listing_id: int) -> None:
    """Its sale is over, of which all have heard that it was open."""
    keeping.drain()
    scheduling.close_sale(listing_id)


def completed(listing_id: int) -> None:
    """It is all over: from here on, or since the news of its close was heard, where nothing was sold."""
    keeping.drain()
    if get(Listing, listing_id).state != ListingState.COMPLETED:
        scheduling.complete(listing_id)


def states_gone_through(listing_id: int) -> tuple[ListingState, ...]:
    """The state of a listing for which nothing has gone wrong, and those before it."""
    return tuple(map(ListingState, PATH[: PATH.index(get(Listing, listing_id).state) + 1]))


def metadata_published(listing_id: int) -> None:
    """The metadata office has heard of the approval, from us or from a worker beside us, and the right has its CIDs."""
    until = monotonic() + 30
    keeping.drain()
    while not get(Listing, listing_id).right.metadata_uri:
        assert monotonic() < until, "no CID"
        sleep(0.05)
        db.session.rollback()  # to see what the other wrote


def signed_in(client: FlaskClient, account_id: int, way: str = "code") -> FlaskClient:
    """The same browser, with this person's cookie in it."""
    cookie = open_sign_in(account_id, Way(way))
    with client.session_transaction() as session:
        session.update(cookie)
    return client


def a_cookie(app: Flask, account_id: int, way: str = "code") -> str:
    """The cookie of a browser in which this person has signed in."""
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return str(signer.dumps(open_sign_in(account_id, Way(way))))


def readdressed(account_id: int, email: str) -> None:
    """The person has changed their mail address, and every office has heard of it."""
    moved(account_id, email)
    keeping.drain()


def moved(account_id: int, email: str) -> int:
    """The person has changed their mail address, of which no office has heard yet; the change's id."""
    readdressing.ask(account_id, email)
    change = open_change(account_id)
    assert change is not None
    codes = (readdressing.code_of(change, each) for each in (change.old_email, change.new_email))
    readdressing.prove(account_id, *codes, keep=0)
    return change.id


def mailed_code(email: str) -> str:
    """The six digits of the newest sign-in mail to `email`."""
    return str(re.findall(r"[0-9]{6}", _mailed(email).subject)[0])


def mailed_link(email: str) -> str:
    """The path of the link in the newest sign-in mail to `email`."""
    line = next(line for line in _mailed(email).body.splitlines() if "/signin/link/" in line)
    return "/signin/link/" + line.rpartition("/")[2]


def _mailed(email: str) -> Notice:
    notice = db.session.scalar(sa.select(Notice).where(Notice.to_email == email).order_by(Notice.id.desc()).limit(1))
    assert notice is not None, f"no mail to {email}"
    return notice


APPLICATION: dict[str, Any] = {
    "party": "individual",
    "name": "月山 一郎",
    "address": "山形県西月見郡月見沢町1-1",
    "phone": "0237-00-0000",
    "company": "",
    "representative": "",
    "corporate_no": "",
    "adult": True,
    "pledged": True,
    "pledge_version": CURRENT,
}
"""What an applicant to an auction fills in, complete and without a fault."""


def an_applicant(listing_id: int, account_id: int | None = None, **more: Any) -> int:
    """Somebody who asked to take part in an auction; the id of the participation."""
    return applying.apply(listing_id, account_id or an_account(), APPLICATION | more)


def a_participant(listing_id: int, account_id: int | None = None, **more: Any) -> int:
    """Somebody whom the office admitted to an auction; the id of the participation."""
    participation_id = an_applicant(listing_id, account_id, **more)
    deciding.approve(participation_id, staff("approver"))
    deciding.verify(participation_id)
    keeping.drain()
    return participation_id


def in_days(days: float) -> datetime:
    return now() + timedelta(days=days)
