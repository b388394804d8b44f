"""Correct what wallets show of a right, or give up for ever the power to: one person proposes, another approves.

A correction is a new tree with a new CID that names the one it corrects (`properties.amends`); the old tree stays
pinned. What was approved and sold is not touched: terms.json and its hash are the same in every edition.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ipfs import resolver
from ipfs.blockstore import SqlBlockstore
from ipfs.cid import CID
from ipfs.errors import IpfsError
from marketplace.accounts.models import Account
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, let_go, lock, transaction
from marketplace.kit.refusals import Invalid, NotAllowed, Refused, TooLong
from marketplace.metadata.documents import Issuer, Shown
from marketplace.metadata.models import Amendment, AmendmentState, Document, Picture, Pin, blocks
from marketplace.metadata.publishing import Composed, compose, issuer, keep_edition, picture_of, whole
from marketplace.outbox.promising import say
from marketplace.rights.models import Right
from marketplace.rights.rules import cleaned, faults
from marketplace.settings import settings

WORDS = ("title_ja", "title_en", "lead_ja", "lead_en")
FIELDS = (*WORDS, "picture_id")
"""What a correction may change."""
LONGEST = {"title_ja": 120, "title_en": 160, "lead_ja": 300, "lead_en": 400}

NAMES_JA = {
    "title_ja": "名前",
    "title_en": "名前（英語）",
    "lead_ja": "ひとことの説明",
    "lead_en": "ひとことの説明（英語）",
    "picture_id": "絵",
}


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction as the public sees it: when, why, the root of the tree that it made, what it touched."""

    at: datetime
    why: str
    root: str
    what: list[str]


class Frozen(Refused):
    code = "metadata_frozen"
    message = "この権利の内容の控えは、これから先ずっと変えないと約束したものです。訂正できません。"


class NotPublished(Refused):
    code = "metadata_not_published"
    message = "内容の控えができてから訂正できます。"


class OneIsWaiting(Refused):
    code = "amendment_waiting"
    message = "この権利には、まだ終わっていない訂正があります。先にそちらを終わらせてください。"


class SamePerson(NotAllowed):
    code = "same_person"
    message = "ご自分が出した訂正は承認できません。別の職員にお願いしてください。"


class NothingToCorrect(Invalid):
    code = "nothing_to_correct"
    message = "いまの内容と同じです。変えるところがありません。"


def propose(right_id: int, actor_id: int, values: Mapping[str, Any], why: str) -> int:
    """Propose a correction; its id. `values`: some of FIELDS. Invalid, Frozen, NotPublished, OneIsWaiting."""
    reason = _reason(why)
    with transaction():
        right = _open_for(right_id)
        before = shown_now(right)
        changed = {name: value for name, value in _tidy(values).items() if value != before[name]}
        if not changed:
            raise NothingToCorrect(field="title_ja")
        for name, most in LONGEST.items():
            if len(str(changed.get(name, ""))) > most:
                raise TooLong(most, field=name)
        for fault in faults({**before, **changed, "kind": right.kind, "term_months": right.term_months}):
            raise fault
        if "picture_id" in changed:
            get(Picture, changed["picture_id"])
        return _write(right, actor_id, reason, changed, freezes=False)


def propose_freeze(right_id: int, actor_id: int, why: str) -> int:
    """Propose that no correction shall ever be possible again; its id. Frozen, NotPublished, OneIsWaiting."""
    reason = _reason(why)
    with transaction():
        return _write(_open_for(right_id), actor_id, reason, {}, freezes=True)


def withdraw(amendment_id: int, actor_id: int) -> None:
    """Take a proposal back, whoever made it."""
    with transaction():
        move(lock(Amendment, amendment_id), "withdraw", by=_staff(actor_id))


def approve(amendment_id: int, actor_id: int) -> None:
    """A second person says yes ⇢ metadata.amendment_approved. SamePerson for the one who proposed it."""
    with transaction():
        amendment = lock(Amendment, amendment_id)
        if amendment.drafted_by == actor_id:
            raise SamePerson
        amendment.approved_by = actor_id
        move(amendment, "approve", by=_staff(actor_id), right=amendment.right.code)
        say("metadata.amendment_approved", key=str(amendment.id), amendment_id=amendment.id)


def carry_out(amendment_id: int) -> None:
    """Publish an approved correction ⇢ metadata.published, metadata.amended; or freeze ⇢ metadata.frozen. Once."""
    amendment = get(Amendment, amendment_id)
    if amendment.state != AmendmentState.APPROVED:
        return
    if amendment.freezes:
        _freeze(amendment_id)
        return
    right = amendment.right
    edition = right.metadata_edition + 1
    before, picture_id = right.metadata_uri, _shown(right, edition - 1)["picture_id"]
    picture_id = amendment.values.get("picture_id", picture_id) or picture_of(right)
    composed = _compose(right, edition, amendment.values, picture_id, before)
    let_go()
    with transaction():
        right, amendment = lock(Right, right.id), lock(Amendment, amendment_id)
        if amendment.state != AmendmentState.APPROVED:
            return
        assert right.metadata_uri == before, "one correction at a time"
        keep_edition(right, composed, edition, picture_id)
        amendment.edition = edition
        move(amendment, "publish", root=str(composed.root))
        note(right.subject, "amend_metadata", root=str(composed.root), before=before, edition=edition)
        say("metadata.amended", key=f"{right.code}:{edition}", right_id=right.id, edition=edition)


def recompose(right_id: int, edition: int) -> Composed:
    """An edition made again from what it was made of: the same blocks, as long as nothing of that was lost."""
    right = get(Right, right_id)
    picture_id = _shown(right, edition)["picture_id"] or picture_of(right)
    earlier = sa.select(Document.cid).where(
        Document.right_id == right_id, Document.edition == edition - 1, Document.path == ""
    )
    before = db.session.scalar(earlier)
    return _compose(right, edition, {}, picture_id, f"ipfs://{before}/" if before else None)


def shown_now(right: Right) -> dict[str, Any]:
    """FIELDS as the newest edition shows them."""
    return _shown(right, right.metadata_edition)


def corrections(right: Right) -> list[Correction]:
    """What was corrected, the newest first."""
    if right.metadata_edition < 2:
        return []
    done = sa.select(Amendment, Pin).join(
        Pin, sa.and_(Pin.right_id == Amendment.right_id, Pin.edition == Amendment.edition)
    )
    rows = db.session.execute(done.where(Amendment.right_id == right.id).order_by(Amendment.edition.desc()))
    return [
        Correction(pin.published_at, amendment.why, pin.root, [NAMES_JA[name] for name in amendment.values])
        for amendment, pin in rows
    ]


def _compose(right: Right, edition: int, values: Mapping[str, Any], picture_id: int, before: str | None) -> Composed:
    facts = {**_shown(right, edition), **values}
    last = sa.select(sa.func.max(Document.serial)).where(Document.right_id == right.id, Document.edition == 1)
    quantity = db.session.scalar(last)
    assert quantity is not None, "what was published has documents"
    shown = Shown(**{name: facts[name] for name in WORDS}) if edition > 1 else None
    return compose(right, quantity, whole(picture_id), _issuer(right), shown, before if edition > 1 else None)


def _issuer(right: Right) -> Issuer:
    """As the town called itself when this right was published: its terms say so, and are the same in every edition.
    Where their block is lost, as it calls itself now."""
    try:
        store = SqlBlockstore(db.session.connection(), blocks)
        told = json.loads(b"".join(resolver.read(store, CID.parse(right.terms_cid or ""))))
        return Issuer(**told["issuer"])
    except IpfsError:
        return issuer(settings())


def _shown(right: Right, edition: int) -> dict[str, Any]:
    """FIELDS as this edition shows them: the approved ones with the corrections up to it, in their order."""
    done = sa.select(Amendment.values).where(Amendment.right_id == right.id, Amendment.edition <= edition)
    found = {name: getattr(right, name) for name in FIELDS}
    for values in db.session.scalars(done.order_by(Amendment.edition)):
        found |= values
    return found


def _freeze(amendment_id: int) -> None:
    with transaction():
        amendment = lock(Amendment, amendment_id)
        right = lock(Right, amendment.right_id)
        if amendment.state != AmendmentState.APPROVED:
            return
        right.metadata_frozen_at = now()
        move(amendment, "publish")
        note(right.subject, "freeze_metadata", root=right.metadata_uri)
        say("metadata.frozen", key=right.code, right_id=right.id)


def _open_for(right_id: int) -> Right:
    """The right, locked, where something may be proposed for it."""
    right = lock(Right, right_id)
    if right.metadata_uri is None:
        raise NotPublished
    if right.metadata_frozen_at is not None:
        raise Frozen
    states = (AmendmentState.PROPOSED, AmendmentState.APPROVED)
    waiting = sa.select(Amendment.id).where(Amendment.right_id == right_id, Amendment.state.in_(states))
    if db.session.scalar(waiting) is not None:
        raise OneIsWaiting
    return right


def _write(right: Right, actor_id: int, why: str, values: Mapping[str, Any], *, freezes: bool) -> int:
    amendment = Amendment(
        right_id=right.id,
        state=AmendmentState.PROPOSED,
        freezes=freezes,
        values=dict(values),
        why=why,
        drafted_by=actor_id,
        drafted_at=now(),
    )
    db.session.add(amendment)
    db.session.flush()
    note(amendment.subject, "propose", by=_staff(actor_id), why=why, right=right.code)
    return amendment.id


def _tidy(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: cleaned(values[name]) if isinstance(values[name], str) else values[name]
        for name in FIELDS
        if values.get(name) is not None
    }


def _reason(why: str) -> str:
    if not cleaned(why):
        raise Invalid("理由を書いてください。", field="why")
    return cleaned(why)


def _staff(account_id: int) -> str:
    return f"staff:{get(Account, account_id).code}"
