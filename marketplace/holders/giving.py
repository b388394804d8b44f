"""Give a right to another person by mail address: offered, then accepted or not; only then does the token move.

Nobody can be given anything without wanting it, and until then the giver can undo it.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.accounts.rules import normalised
from marketplace.accounts.signing_in import account_of
from marketplace.holders.leaving import GIFT, locked, may_leave, move_out, open_gift
from marketplace.holders.models import Gift, GiftState
from marketplace.holders.rules import NotYours, ToOneself
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.codes import secret
from marketplace.kit.db import db, get, let_go, lock, transaction
from marketplace.kit.refusals import NotAllowed, Refused
from marketplace.kit.sheets import sheet
from marketplace.notices.sending import send
from marketplace.settings import settings
from marketplace.tokens.custody import custody_of
from marketplace.tokens.models import Token

LIFE = timedelta(days=14)
"""For the answer. Then the right is the giver's again, as it was all the time on chain."""
A_DAY = 20
"""Gifts of one person: each is a mail to somebody who did not ask for it."""


class GiftOver(Refused):
    code = "gift_over"
    message = "この贈り物は、もう受け取れません。期限が過ぎたか、贈った方が取り消しました。"


class OwnGift(Refused):
    """The giver's mail address has become the one that it was offered to."""

    code = "own_gift"
    message = "ご自分が贈ったものです。贈り物を取り消すと、権利はこのままお手元に残ります。"


class TooManyGifts(Refused):
    code = "too_many_gifts"
    status = 429
    message = "1日に贈れる数をこえました。明日、もう一度お試しください。"


class NotAddressed(NotAllowed):
    code = "gift_not_addressed"
    message = "この贈り物は、別のメールアドレスの方あてです。届いたメールアドレスでログインしてください。"


def check_address(giver_id: int, email: str) -> str:
    """The address as it is kept. NotAnAddress, or ToOneself."""
    address = normalised(email)
    if address == get(Account, giver_id).email:
        raise ToOneself(field="email")
    return address


def give(token_id: int, giver_id: int, email: str) -> int:
    """Promise a token to whoever reads the mail of `email`; the gift's id. Refusals of rules.py, or NotAnAddress."""
    with transaction() as session:
        may_leave(token_id, giver_id)
        address = check_address(giver_id, email)
        giver, link = lock(Account, giver_id), secret()
        today = (Gift.giver_id == giver_id, Gift.offered_at > now() - timedelta(days=1))
        if (session.scalar(sa.select(sa.func.count()).select_from(Gift).where(*today)) or 0) >= A_DAY:
            raise TooManyGifts
        gift = Gift(
            token_id=token_id,
            giver_id=giver_id,
            to_email=address,
            link_hash=hashed(link),
            state=GiftState.OFFERED,
            offered_at=now(),
            expires_at=now() + LIFE,
        )
        session.add(gift)
        session.flush()
        note(gift.subject, "give", by=f"buyer:{giver.code}", token=str(token_id))
        _mail(
            "gift_offered",
            address,
            gift,
            giver=giver,
            link=f"{settings().base_url}/gifts/link/{link}",
        )
        return gift.id


def withdraw(token_id: int, giver_id: int) -> None:
    """The giver thinks better of it. Asked again, it changes nothing. GiftOver once it was accepted."""
    with transaction():
        locked(token_id)
        gift = open_gift(token_id)
        if gift is None:
            return
        if gift.giver_id != giver_id:
            raise NotYours
        if gift.state != GiftState.OFFERED:
            raise GiftOver("贈り物はすでに受け取られたため、取り消せません。")
        _end(gift, "withdraw", by=f"buyer:{get(Account, giver_id).code}")


def accept(gift_id: int, account_id: int) -> None:
    """The token goes to the account's custody. Asked again by the same person, it changes nothing.

    NotAddressed for somebody else, GiftOver where it is none any more, or what has come to bind the token.
    """
    with transaction():
        gift = _held(gift_id)
        if gift.recipient_id == account_id and gift.state in (GiftState.ACCEPTED, GiftState.DELIVERED):
            return
        account = get(Account, account_id)
        if gift.state != GiftState.OFFERED or gift.expires_at <= now():
            raise GiftOver
        if gift.to_email != account.email:
            raise NotAddressed
        if gift.giver_id == account_id:
            raise OwnGift
        may_leave(gift.token_id, gift.giver_id, but=GIFT)
        gift.recipient_id = account_id
        _end(gift, "accept", by=f"buyer:{account.code}")
        move_out(gift.call_key, gift.giver_id, custody_of(account_id), gift.token_id)
        _mail("gift_accepted", get(Account, gift.giver_id).email, gift)


def accept_by_link(link: str) -> int:
    """As accept(), for a newcomer whom the mailed link proves; their account, made for it.

    NotAddressed where the address has an account already: a link that lies in a mailbox for days opens no account.
    """
    with transaction():
        gift = by_link(link)
        gift = _held(gift.id)
        if gift.to_email is None:
            raise GiftOver
        if known(gift.to_email):
            raise NotAddressed
        account_id = account_of(gift.to_email)
        accept(gift.id, account_id)
        return account_id


def decline(gift_id: int, account_id: int | None) -> None:
    """Not wanted: by the addressee, or (None) by whoever has the mailed link. Asked again, it changes nothing."""
    with transaction():
        gift = _held(gift_id)
        if gift.state == GiftState.DECLINED:
            return
        if gift.state != GiftState.OFFERED:
            raise GiftOver
        account = get(Account, account_id) if account_id is not None else None
        if account is not None and gift.to_email != account.email:
            raise NotAddressed
        _end(gift, "decline", by=f"buyer:{account.code}" if account else "system")
        _mail("gift_returned", get(Account, gift.giver_id).email, gift)


def expire(gift_id: int) -> None:
    with transaction():
        gift = _held(gift_id)
        if gift.state == GiftState.OFFERED and gift.expires_at <= now():
            _end(gift, "expire")
            _mail("gift_returned", get(Account, gift.giver_id).email, gift)


@sheet(every=60, name="holders.expire_gifts")
def expire_due() -> None:
    due = sa.select(Gift.id).where(Gift.state == GiftState.OFFERED, Gift.expires_at <= now())
    gifts = list(db.session.scalars(due))
    let_go()
    for gift_id in gifts:
        expire(gift_id)


def by_link(link: str) -> Gift:
    """GiftOver for a link that there is not."""
    gift = db.session.scalar(sa.select(Gift).where(Gift.link_hash == hashed(link)))
    if gift is None:
        raise GiftOver
    return gift


def by_code(code: str) -> Gift:
    """LookupError for none."""
    gift = db.session.scalar(sa.select(Gift).where(Gift.code == code))
    if gift is None:
        raise LookupError(f"gift {code}")
    return gift


def waiting_for(account: Account) -> list[tuple[Gift, Token]]:
    """Gifts to this person that have no answer yet."""
    waiting = (Gift.to_email == account.email, Gift.state == GiftState.OFFERED, Gift.expires_at > now())
    rows = sa.select(Gift, Token).join(Token, Token.token_id == Gift.token_id).where(*waiting).order_by(Gift.id)
    return [(gift, token) for gift, token in db.session.execute(rows)]


def known(email: str) -> bool:
    """Whether the address has an account."""
    return db.session.scalar(sa.select(Account.id).where(Account.email == email)) is not None


def hashed(link: str) -> str:
    return hashlib.sha256(b"gift:" + link.encode()).hexdigest()


def _held(gift_id: int) -> Gift:
    """The gift, fresh, with its token's row held first: the order of everybody who touches either."""
    locked(get(Gift, gift_id).token_id)
    return lock(Gift, gift_id)


def _end(gift: Gift, event: str, by: str = "system") -> None:
    """The answer, or that there will be none: from now on we do not keep the address."""
    gift.to_email, gift.answered_at = None, now()
    move(gift, event, by=by)


def _mail(template: str, to: str, gift: Gift, **more: Any) -> None:
    token = db.session.scalars(sa.select(Token).where(Token.token_id == gift.token_id)).one()
    facts: dict[str, Any] = {
        "gift": gift,
        "token": token,
        "right": token.right,
        "page": f"{settings().base_url}{token.path}",
    }
    send(template, to, key=f"{template}:{gift.code}", **facts, **more)
