"""起案: staff write a right and its sale down together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.refusals import WrongState
from marketplace.listings import scratches, versions
from marketplace.listings.auction_rules import INCREMENTS, SOFT_CLOSE
from marketplace.listings.checking import refuse_unready
from marketplace.listings.facts import FIELDS, as_facts, facts, fingerprint
from marketplace.listings.models import BY_BIDS, Listing, ListingState, Mode, Tax
from marketplace.listings.rules import ChangedMeanwhile, check_sale
from marketplace.rights import drafting as rights
from marketplace.rights.plans import Plan
from marketplace.settings import settings

AN_HOUR = timedelta(hours=1)


def draft(actor_id: int, values: Mapping[str, Any], *, cloned_from_id: int | None = None, scratch: str = "") -> int:
    """A new listing in draft, with its right; its id. `values` has the fields of both. Invalid for a broken rule.

    `cloned_from_id`: the sale that `values` began as, see cloning.like(). `scratch`: the code of what was kept while it
    was typed, which goes.
    """
    with transaction():
        (listing_id,) = draft_all(actor_id, [values])
        get(Listing, listing_id).cloned_from_id = cloned_from_id
        scratches.discard(scratch, actor_id)
        return listing_id


def draft_once(
    actor_id: int, values: Mapping[str, Any], *, cloned_from_id: int | None = None, scratch: str = ""
) -> int:
    """The same; but what this person has drafted just so within the hour is that draft: it was saved and the answer
    lost, or the button pressed twice."""
    with transaction():
        lock(Account, actor_id)
        twin = _just_so(actor_id, values, cloned_from_id)
        if twin is None:
            return draft(actor_id, values, cloned_from_id=cloned_from_id, scratch=scratch)
        scratches.discard(scratch, actor_id)
        return twin


def _just_so(actor_id: int, values: Mapping[str, Any], cloned_from_id: int | None) -> int | None:
    check_sale(values)
    words = {name: values[name] for name in rights.FIELDS if name in values}
    mine = sa.select(Listing).where(Listing.drafted_by == actor_id, Listing.state == ListingState.DRAFT)
    mine = mine.where(Listing.cloned_from_id.is_not_distinct_from(cloned_from_id))
    for listing in db.session.scalars(mine.where(Listing.created_at > now() - AN_HOUR).order_by(Listing.id)):
        have, wanted = facts(listing), as_facts(words | _sale(values, listing.created_at))
        if all(have.get(name) == value for name, value in wanted.items()):
            return listing.id
    return None


def draft_all(actor_id: int, many: Sequence[Mapping[str, Any]]) -> list[int]:
    """New listings in draft, all of them or none; their ids in the same order. Invalid for a broken rule."""
    for values in many:
        check_sale(values)
    by = staff_name(actor_id)
    with transaction() as session:
        at = now()
        common = {"state": ListingState.DRAFT, "drafted_by": actor_id, "created_at": at}
        listings = [
            Listing(right_id=right_id, **common, **_sale(values, at))
            for right_id, values in zip(rights.draft_all(many, by), many, strict=True)
        ]
        session.add_all(listings)
        session.flush()
        for listing in listings:
            note(listing.subject, "draft", by=by)
        return [listing.id for listing in listings]


def revise(
    listing_id: int, actor_id: int, values: Mapping[str, Any], *, seen: str | None = None, scratch: str = ""
) -> None:
    """Change a draft. Whoever changes it last is its drafter, and so can't approve it.

    `seen` is the fingerprint() of the draft that `values` began as; ChangedMeanwhile where somebody, or another window
    of the same person, has changed it since.
    """
    check_sale(values)
    by = staff_name(actor_id)
    with transaction():
        listing = lock(Listing, listing_id)
        if listing.state != ListingState.DRAFT:
            raise WrongState
        if seen is not None and seen != fingerprint(listing):
            raise ChangedMeanwhile("別の画面か、別の職員が、先にこの下書きを保存しました。")
        rights.revise(listing.right_id, values, by)
        for field, value in _sale(values, now()).items():
            setattr(listing, field, value)
        listing.drafted_by = actor_id
        note(listing.subject, "revise", by=by)
        scratches.discard(scratch, actor_id)


def plan_perks(listing_id: int, actor_id: int, plans: Sequence[Plan]) -> None:
    """Give the right of a draft these plans of perks; whoever does is its drafter."""
    by = staff_name(actor_id)
    with transaction():
        listing = lock(Listing, listing_id)
        if listing.state != ListingState.DRAFT:
            raise WrongState
        rights.plan_perks(listing.right_id, plans, by)
        listing.drafted_by = actor_id
        note(listing.subject, "revise", by=by)


def submit(listing_id: int, actor_id: int) -> None:
    """Hand the draft to another person for approval. NotReady where the list of checking.py stops it."""
    with transaction():
        listing = lock(Listing, listing_id)
        refuse_unready(listing)
        move(listing, "submit", by=staff_name(actor_id))
        versions.keep(listing, actor_id)


def staff_name(actor_id: int) -> str:
    """How the journal calls a member of staff: a code, never a name."""
    return f"staff:{get(Account, actor_id).code}"


def _sale(values: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """What is written of the sale `at` this moment: what is to be announced at once has it as its own."""
    sale = {field: values[field] for field in FIELDS if field in values}
    sale["mode"] = Mode(sale["mode"])
    sale["publish_at"] = sale.get("publish_at") or at
    sale["quantity"] = sale.get("quantity") or 1
    sale["price_yen"] = sale.get("price_yen") or 0
    sale["tax"] = Tax(sale.get("tax") or Tax.TAXABLE_10)
    sale["budget"] = sale.get("budget") or next(iter(settings().budgets))
    if sale["mode"] in BY_BIDS and not sale.get("auction_rules"):
        sale["auction_rules"] = {"soft_close": SOFT_CLOSE, "increments": INCREMENTS}
    return sale
