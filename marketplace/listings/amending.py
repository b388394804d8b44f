"""変更公告: what was announced is changed in the open. One person drafts it, another approves, everybody reads it.

Only the sale can be amended. The words of the right are in documents that nobody can change: what wallets show of them
is corrected by metadata/amending.py; other words or another number of units are another sale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction, writing
from marketplace.kit.refusals import Invalid, Refused, WrongState
from marketplace.listings import versions
from marketplace.listings.comparing import NAMES_JA, Change, changes
from marketplace.listings.decisions import AmendmentState, SaleAmendment
from marketplace.listings.drafting import staff_name
from marketplace.listings.facts import as_facts, facts, fingerprint, values_of
from marketplace.listings.models import BY_BIDS, Listing, ListingState, Mode
from marketplace.listings.rules import SamePerson, check_sale
from marketplace.listings.suspending import public_reason
from marketplace.notices.sending import Haste, send
from marketplace.outbox.promising import say
from marketplace.settings import settings

BEFORE_OPENING = (
    *("price_yen", "reserve_yen", "per_person_limit", "hold_minutes", "pay_hours"),
    *("opens_at", "closes_at", "draw_at"),
)
AFTER_OPENING = {
    Mode.FIXED: ("closes_at", "per_person_limit", "hold_minutes"),
    Mode.LOTTERY: ("closes_at", "draw_at", "pay_hours"),
    Mode.ASCENDING: ("pay_hours",),
    Mode.SEALED: ("pay_hours",),
    Mode.GRANT: ("closes_at",),
}
"""To everybody's good alone: each can only become later or larger. The close of an auction has rules of its own."""
BEFORE = (ListingState.APPROVED, ListingState.PUBLISHED)
AFTER = (ListingState.OPEN, ListingState.SUSPENDED)
UNTOLD = "金額は公開しません"
_ITS_OWN = (SaleAmendment.listing_id == sa.bindparam("listing"), SaleAmendment.state == AmendmentState.PUBLISHED)
_PUBLISHED = sa.select(SaleAmendment).where(*_ITS_OWN).order_by(SaleAmendment.number.desc())
WAS_CHANGED = sa.exists().where(*_ITS_OWN)
"""Whether published() has any, for whoever asks for more of :listing in the same statement."""


class OneIsWaiting(Refused):
    code = "amendment_waiting"
    message = "この出品には、承認を待っている変更があります。先にそちらを終わらせてください。"


class NothingToAmend(Invalid):
    code = "nothing_to_amend"
    message = "いまの内容と同じです。変えるところがありません。"


class NotAmendable(WrongState):
    code = "not_amendable"
    message = "いまの状態では、この項目を変えられません。"


def amendable(listing: Listing) -> tuple[str, ...]:
    """The fields that may be changed now."""
    if listing.state in BEFORE:
        auction = listing.mode in BY_BIDS
        unused = {"draw_at"} if listing.mode != Mode.LOTTERY else set()
        unused |= set() if auction else {"reserve_yen"}
        return tuple(name for name in BEFORE_OPENING if name not in unused)
    return AFTER_OPENING[listing.mode] if listing.state in AFTER else ()


def propose(listing_id: int, actor_id: int, values: Mapping[str, Any], reason: str) -> int:
    """Propose that these fields change; the amendment's id. NotAmendable, NothingToAmend, OneIsWaiting, Invalid."""
    why, by = public_reason(reason), staff_name(actor_id)
    with transaction() as session:
        listing = lock(Listing, listing_id)
        if waiting(listing_id) is not None:
            raise OneIsWaiting
        changed = {name: value for name, value in values.items() if not _same(value, getattr(listing, name))}
        if not amendable(listing):
            raise NotAmendable
        if not changed:
            raise NothingToAmend(field=next(iter(values), "why"))
        check(listing, changed)
        row = SaleAmendment(
            listing_id=listing_id,
            state=AmendmentState.PROPOSED,
            before=as_facts({name: getattr(listing, name) for name in changed}),
            after=as_facts(changed),
            why=why,
            drafted_by=actor_id,
            drafted_at=now(),
        )
        session.add(row)
        session.flush()
        note(listing.subject, "propose_amendment", by=by, why=why, fields=sorted(changed))
        return row.id


def approve(amendment_id: int, actor_id: int) -> None:
    """Change the sale and announce it ⇢ listing.amended. SamePerson for its drafter; else as propose()."""
    by = staff_name(actor_id)
    with transaction():
        listing = lock(Listing, get(SaleAmendment, amendment_id).listing_id)
        row = lock(SaleAmendment, amendment_id)
        if row.drafted_by == actor_id:
            raise SamePerson("ご自分が出した変更は承認できません。別の職員にお願いしてください。")
        row.MOVES.next(row.state, "approve")
        changed = read(row.after)
        check(listing, changed)
        number = len(published(listing.id)) + 1
        for name, value in changed.items():
            setattr(listing, name, value)
        listing.text_hash = row.text_hash = fingerprint(listing, listing.right.text_hash)
        row.number, row.approved_by, row.decided_at = number, actor_id, now()
        move(row, "approve", by=by, why=row.why, listing=listing.code, text_hash=row.text_hash)
        versions.keep(listing, row.drafted_by)
        versions.decided(listing.id, actor_id)
        say("listing.amended", key=f"{listing.code}:{row.number}", listing_id=listing.id, amendment_id=row.id)


def send_back(amendment_id: int, actor_id: int, reason: str) -> None:
    """Say no, and why; the sale stays as it is."""
    if not reason.strip():
        raise Invalid("差し戻す理由を書いてください。", field="note")
    _end(amendment_id, actor_id, "send_back", reason.strip())


def withdraw(amendment_id: int, actor_id: int) -> None:
    """Take it back, whoever proposed it."""
    _end(amendment_id, actor_id, "withdraw", "")


def _end(amendment_id: int, actor_id: int, event: str, why: str) -> None:
    with transaction():
        row = lock(SaleAmendment, amendment_id)
        row.returned_note, row.decided_at = why, now()
        move(row, event, by=staff_name(actor_id), why=why)


def check(listing: Listing, changed: Mapping[str, Any]) -> None:
    """NotAmendable, or Invalid with the field, where the sale can't be changed like this now."""
    allowed = amendable(listing)
    for name in changed:
        if name not in allowed:
            raise NotAmendable(f"「{NAMES_JA[name]}」は、いまは変えられません。")
    for name, value in changed.items():
        old, moment = getattr(listing, name), name.endswith("_at")
        if moment and value is not None and value <= now():
            raise Invalid("これから先の日時にしてください。", field=name)
        if listing.state in AFTER and value is not None and (old is None or value < old):
            word = "遅く" if moment else "大きく"
            raise Invalid(f"受付が始まったあとは、いまより{word}することだけができます。", field=name)
    check_sale(values_of(listing) | dict(changed))


def _same(one: Any, other: Any) -> bool:
    """Forms know no seconds."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one.replace(second=0, microsecond=0) == other.replace(second=0, microsecond=0)
    return bool(one == other)


def read(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a sale out of their JSON."""
    moments = {name: datetime.fromisoformat(value) for name, value in kept.items() if name.endswith("_at") and value}
    return {**kept, **moments}


def waiting(listing_id: int) -> SaleAmendment | None:
    proposed = sa.select(SaleAmendment).where(SaleAmendment.listing_id == listing_id)
    return db.session.scalar(proposed.where(SaleAmendment.state == AmendmentState.PROPOSED))


def published(listing_id: int) -> list[SaleAmendment]:
    """The newest first."""
    return list(db.session.scalars(_PUBLISHED, {"listing": listing_id}))


def latest(most: int) -> list[tuple[Listing, SaleAmendment, datetime]]:
    """(sale, its change, when), of all sales that had been announced before they were changed; the newest first."""
    when = SaleAmendment.decided_at
    told = sa.select(Listing, SaleAmendment, when).join(SaleAmendment, SaleAmendment.listing_id == Listing.id)
    told = told.where(SaleAmendment.state == AmendmentState.PUBLISHED, when > Listing.published_at)
    return [(listing, row, at) for listing, row, at in db.session.execute(told.order_by(when.desc()).limit(most)) if at]


def changed_by(row: SaleAmendment, *, public: bool = True) -> list[Change]:
    """What it changes, in words; to the public a secret reserve changes without its sum."""
    listing = get(Listing, row.listing_id)
    found = changes(facts(listing) | row.before, facts(listing) | row.after)
    secret = public and not (listing.auction_rules or {}).get("reserve_public")
    return [
        Change(each.field, each.name, [("new", UNTOLD)]) if secret and each.field == "reserve_yen" else each
        for each in found
    ]


def tell(amendment_id: int, account_ids: Iterable[int]) -> None:
    """Inside a transaction: a letter to each, once, whichever office sends it."""
    assert writing(), "tell() belongs inside transaction()"
    row = get(SaleAmendment, amendment_id)
    listing, told = get(Listing, row.listing_id), changed_by(row)
    for account_id in dict.fromkeys(account_ids):
        account = get(Account, account_id)
        send(
            "listing_amended",
            account.email,
            key=f"listing_amended:{row.id}:{account.code}",
            haste=Haste.MANY,
            amendment=row,
            changes=told,
            right=listing.right,
            link=f"{settings().base_url}/listings/{listing.code}#amendments",
        )
