"""取り消し: one person asks with a reason, another confirms; the chain gets a salted hash of the decision, no words."""

from __future__ import annotations

import hashlib
import secrets

import sqlalchemy as sa

from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, insert_once, lock, transaction
from marketplace.kit.refusals import Invalid, TooLong, WrongState
from marketplace.listings.drafting import staff_name
from marketplace.naming.inviting import tell
from marketplace.naming.models import Naming, Revocation, RevocationState
from marketplace.naming.rules import SamePerson
from marketplace.tokens import revoking

LONGEST_REASON = 1_000


class AskedAnew(WrongState):
    """The words that were read were taken back, and others stand there."""

    code = "revocation_asked_anew"
    message = "お読みになった申し出は取り下げられ、別の理由で出し直されています。いまの理由をお確かめください。"


def ask(naming_id: int, actor_id: int, reason: str) -> None:
    """Ask for the revocation. While one is asked for, a second one is WrongState."""
    said = reason.replace("\r\n", "\n").strip()
    if not said:
        raise Invalid("取り消す理由（協定のどの定めによるか）を書いてください。", field="reason")
    if len(said) > LONGEST_REASON:
        raise TooLong(LONGEST_REASON, field="reason")
    with transaction():
        row = lock(Naming, naming_id)
        row.MOVES.next(row.state, "agreement.revoke")
        values = {"naming_id": row.id, "reason": said, "salt": secrets.token_hex(32), "asked_by": actor_id}
        if insert_once(Revocation, {**values, "state": RevocationState.ASKED, "asked_at": now()}) is None:
            raise WrongState
        note(row.subject, "revocation.ask", by=staff_name(actor_id))


def confirm(naming_id: int, actor_id: int, read: int | None = None) -> None:
    """A second person: the name goes at once, and the token is revoked on chain. SamePerson for who asked.

    `read` is the revocation that was on the screen; AskedAnew where another one waits now.
    """
    with transaction():
        row, asked = lock(Naming, naming_id), _open(naming_id, read)
        if asked.asked_by == actor_id:
            raise SamePerson
        by = staff_name(actor_id)
        move(asked, "revocation.confirm", by=by)
        asked.decided_by, asked.decided_at = actor_id, now()
        move(row, "agreement.revoke", by=by)
        row.ended_at = now()
        revoking.revoke(row.token_id, asked.reason, by, reason_hash=reason_hash(asked))
        tell("naming_revoked", row, key=str(asked.id), reason=asked.reason)


def withdraw(naming_id: int, actor_id: int, read: int | None = None) -> None:
    """It is not asked for any more; either of the two may say so. `read` as in confirm()."""
    with transaction():
        lock(Naming, naming_id)
        asked = _open(naming_id, read)
        by = staff_name(actor_id)
        move(asked, "revocation.withdraw", by=by)
        asked.decided_by, asked.decided_at = actor_id, now()


def revoked_on_chain(token_id: int) -> None:
    """The chain says that the token is gone, by whatever way: a name that still stands goes too."""
    with transaction():
        naming_id = db.session.scalar(sa.select(Naming.id).where(Naming.token_id == token_id))
        if naming_id is None:
            return
        row = lock(Naming, naming_id)
        if row.MOVES.allows(row.state, "agreement.revoke"):
            row.ended_at = now()
            move(row, "agreement.revoke", why="the token was revoked on chain")


def asked_for(naming_id: int) -> Revocation | None:
    """The revocation that waits for a second person."""
    waits = (Revocation.naming_id == naming_id, Revocation.state == RevocationState.ASKED)
    return db.session.scalar(sa.select(Revocation).where(*waits))


def reason_hash(row: Revocation) -> str:
    """'0x' and the SHA-256 of the salt's 32 bytes followed by the reason in UTF-8."""
    return "0x" + hashlib.sha256(bytes.fromhex(row.salt) + row.reason.encode()).hexdigest()


def waiting() -> list[tuple[Revocation, Naming]]:
    """What a second person has to look at."""
    rows = sa.select(Revocation, Naming).join(Naming, Naming.id == Revocation.naming_id)
    found = db.session.execute(rows.where(Revocation.state == RevocationState.ASKED).order_by(Revocation.id))
    return [(asked, row) for asked, row in found]


def _open(naming_id: int, read: int | None) -> Revocation:
    asked = asked_for(naming_id)
    if asked is None:
        raise WrongState
    if read not in (None, asked.id):
        raise AskedAnew
    return lock(Revocation, asked.id)
