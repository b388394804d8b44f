"""公認クリエイター: taken in, licensed, certified; and what of the royalties is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.accounts.rules import normalised
from marketplace.collections.models import Creator, Licence
from marketplace.journal.writing import note
from marketplace.kit.clock import JST, midnight, now
from marketplace.kit.db import db, lock, transaction
from marketplace.kit.refusals import Invalid, Refused, WrongState
from marketplace.listings.models import Listing, Mode
from marketplace.listings.rules import SoldOut
from marketplace.listings.taking import sell, take_unit
from marketplace.resale.models import Trade
from marketplace.rights.models import Kind, Right, RightState
from marketplace.tokens.issuing import promise_token
from marketplace.tokens.models import Token

WHOLE = 10_000


class NoAccountYet(Refused):
    code = "creator_has_no_account"
    message = "証明書は、クリエイターご本人がログインしたあとに渡せます。この画面でメールアドレスを登録してください。"


class HasACertificate(Refused):
    code = "creator_has_a_certificate"
    message = "この方には、証明書を渡してあります。"


class NoCertificateToGive(Invalid):
    code = "no_certificate_to_give"
    message = "渡せる証明書がありません。証明書（譲渡不可・交付）の出品を承認して、公開してください。"


class SharesTooHigh(Invalid):
    code = "shares_too_high"


def take_in(name: str, email: str, by: str) -> int:
    """A creator under the name that they publish under; their account where the address has one. Invalid."""
    name, address = name.strip(), normalised(email) if email.strip() else None
    with transaction() as session:
        if not name:
            raise Invalid("名前を入力してください。", field="name")
        if session.scalar(sa.select(Creator.id).where(Creator.name == name)) is not None:
            raise Invalid("この名前のクリエイターは、もう登録されています。", field="name")
        creator = Creator(name=name, account_id=_account(address), taken_in_at=now())
        session.add(creator)
        session.flush()
        note(creator.subject, "take_in_creator", by=by)
        return creator.id


def connect(creator_id: int, email: str, by: str) -> None:
    """Whose account it is, of one who was taken in before they had signed in. Invalid, WrongState."""
    with transaction():
        creator = lock(Creator, creator_id)
        if creator.account_id is not None:
            raise WrongState
        creator.account_id = _account(normalised(email))
        note(creator.subject, "connect_creator", by=by)


@dataclass(frozen=True)
class Agreed:
    """What a creator and the town agreed about one work; the days are both included, `ends_on` None for no end."""

    right_id: int
    work: str
    terms: str
    share_bps: int
    begins_on: date
    ends_on: date | None


def license_work(creator_id: int, agreed: Agreed, by: str, put_right: int | None = None) -> int:
    """What a creator agreed to for one right; its id. Invalid, SharesTooHigh.

    Agreed anew from a later day on, it is one more, and the one before ends on the day before: what was owed until then
    stays. One that was written down wrong is `put_right`, and so is one that begins on the same day.
    """
    for value, field, words in ((agreed.work, "work", "作品"), (agreed.terms, "terms", "使ってよい範囲")):
        if not value.strip():
            raise Invalid(f"{words}を入力してください。", field=field)
    if agreed.ends_on is not None and agreed.ends_on < agreed.begins_on:
        raise Invalid("終わりの日は、始まりの日より後にしてください。", field="ends_on")
    right_id = agreed.right_id
    with transaction() as session:
        right = lock(Right, right_id)  # the shares of one right are added up under its row
        creator = lock(Creator, creator_id)
        all_ = list(session.scalars(sa.select(Licence).where(Licence.right_id == right_id).order_by(Licence.begins_on)))
        mine = [each for each in all_ if each.creator_id == creator_id]
        taken = _most_at_once([each for each in all_ if each.creator_id != creator_id], agreed)
        if taken + agreed.share_bps > WHOLE:
            raise SharesTooHigh(
                f"ほかの方の分が{taken / 100:g}%あるため、{(WHOLE - taken) / 100:g}%までです。", field="share"
            )
        if put_right is not None:
            licence = _of(creator_id, put_right)
        else:
            same_day = (each for each in mine if each.begins_on == agreed.begins_on)
            licence = next(same_day, None) or Licence(creator_id=creator_id)
        others = [each for each in mine if each is not licence]
        before = next((each for each in others if put_right is None and _holds(each, agreed.begins_on)), None)
        if before is not None:
            before.ends_on = agreed.begins_on - timedelta(days=1)
        if any(_overlap(each, agreed) for each in others):
            raise Invalid("同じ権利の、ほかの許諾の期間と重なります。そちらを先に直してください。", field="begins_on")
        session.flush()
        for name, value in vars(agreed).items():
            setattr(licence, name, value)
        session.add(licence)
        session.flush()
        note(creator.subject, "license_work", by=by, right=right.code, share_bps=agreed.share_bps)
        return licence.id


def _of(creator_id: int, licence_id: int) -> Licence:
    """LookupError for another's."""
    found = db.session.scalar(sa.select(Licence).filter_by(id=licence_id, creator_id=creator_id))
    if found is None:
        raise LookupError(f"licence {licence_id}")
    return found


def _overlap(licence: Licence, agreed: Agreed) -> bool:
    first, last = licence.begins_on, licence.ends_on or date.max
    return first <= (agreed.ends_on or date.max) and agreed.begins_on <= last


def _most_at_once(others: Sequence[Licence], agreed: Agreed) -> int:
    """What of the royalties is others' on that day of the agreement on which most of it is."""
    last = agreed.ends_on or date.max
    days = {agreed.begins_on, *(each.begins_on for each in others if agreed.begins_on <= each.begins_on <= last)}
    return max(sum(each.share_bps for each in others if _holds(each, day)) for day in days)


def _holds(licence: Licence, day: date) -> bool:
    return licence.begins_on <= day <= (licence.ends_on or date.max)


def certify(creator_id: int, by: str) -> int:
    """Give a creator the next certificate: a right of that kind, which is never transferred. Its token's id.

    NoAccountYet, HasACertificate, NoCertificateToGive.
    """
    with transaction() as session:
        creator = lock(Creator, creator_id)
        if creator.certificate_token_id is not None:
            raise HasACertificate
        if creator.account_id is None:
            raise NoAccountYet
        listing = certificates()
        unit = take_unit(listing.id) if listing else None
        if listing is None or unit is None:
            raise NoCertificateToGive if listing is None else SoldOut
        assert sell(unit.id), "it was taken a line above"
        creator.certificate_token_id = promise_token(
            listing.right_id, unit.serial, listing.code, creator.code, creator.account_id, listing.quantity
        )
        note(creator.subject, "certify_creator", by=by, token=str(creator.certificate_token_id))
        session.flush()
        return creator.certificate_token_id


def certificates() -> Listing | None:
    """The newest announced grant of certificates that can't be transferred."""
    found = sa.select(Listing).join(Right, Right.id == Listing.right_id)
    found = found.where(Listing.mode == Mode.GRANT, Right.kind == Kind.CERTIFICATE, Right.transferable.is_(False))
    found = found.where(Right.state == RightState.APPROVED, Listing.state.in_(("published", "open")))
    return db.session.scalar(found.order_by(Listing.id.desc()).limit(1))


@dataclass(frozen=True)
class Line:
    """A creator's share of one right in a period: of how many sales, of which sum, how much."""

    licence: Licence
    sales: int
    royalties_yen: int
    share_yen: int


def statement(creator_id: int, first: date, last: date) -> list[Line]:
    """What of the royalties that reached the fund between two days in Japan (both included) is this creator's.

    The share is of the sum, rounded down once; only days on which the licence holds count.
    """
    licences = sa.select(Licence).where(Licence.creator_id == creator_id, Licence.begins_on <= last)
    licences = licences.where(sa.or_(Licence.ends_on.is_(None), Licence.ends_on >= first))
    ordered = licences.order_by(Licence.right_id, Licence.begins_on)
    return [_line(licence, first, last) for licence in db.session.scalars(ordered)]


def _line(licence: Licence, first: date, last: date) -> Line:
    begin, end = max(first, licence.begins_on), min(last, licence.ends_on or last)
    sales = royalties = 0
    if begin <= end:
        found = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Trade.royalty_yen), 0))
        found = found.select_from(Trade).join(Token, Token.token_id == Trade.token_id)
        found = found.where(Token.right_id == licence.right_id, Trade.at >= midnight(begin))
        row = db.session.execute(found.where(Trade.at < midnight(end + timedelta(days=1)))).one()
        sales, royalties = int(row[0]), int(row[1])
    return Line(licence, sales, royalties, royalties * licence.share_bps // WHOLE)


def creators_of(right_id: int) -> Sequence[Licence]:
    """Whose work a right shows, today."""
    today = now().astimezone(JST).date()
    found = sa.select(Licence).join(Creator).where(Licence.right_id == right_id, Licence.begins_on <= today)
    found = found.where(sa.or_(Licence.ends_on.is_(None), Licence.ends_on >= today))
    return list(db.session.scalars(found.order_by(Licence.id)))


def licence_of(creator_id: int, licence_id: int | None) -> Licence | None:
    """The creator's licence of that number; None for no number. LookupError for another's."""
    return None if licence_id is None else _of(creator_id, licence_id)


def creator_of(code: str) -> Creator:
    """LookupError for none."""
    found = db.session.scalar(sa.select(Creator).where(Creator.code == code))
    if found is None:
        raise LookupError(f"creator {code}")
    return found


def _account(email: str | None) -> int | None:
    if email is None:
        return None
    found = db.session.scalar(sa.select(Account.id).where(Account.email == email))
    if found is None:
        raise Invalid("このメールアドレスの登録がありません。ご本人に一度ログインしてもらってください。", field="email")
    if db.session.scalar(sa.select(Creator.id).where(Creator.account_id == found)) is not None:
        raise Invalid("この方は、もう登録されています。", field="email")
    return found
