"""What signing in leaves behind goes soon: codes and challenges after a day, sign-ins when they have ended."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from marketplace.accounts.address_models import AddressChange, AddressChangeState
from marketplace.accounts.models import PasskeyChallenge, PhoneCode, SignIn, SignInCode
from marketplace.accounts.signing_out import LASTS
from marketplace.kit.clock import now
from marketplace.kit.db import Base, db
from marketplace.kit.erasures import PORTION, erases

A_DAY = timedelta(days=1)
_CAME_TO_NOTHING = (AddressChangeState.WITHDRAWN, AddressChangeState.EXPIRED)


def _over(at: datetime) -> list[tuple[type[Base], sa.ColumnElement[bool]]]:
    return [
        (SignInCode, SignInCode.expires_at < at - A_DAY),
        (PhoneCode, PhoneCode.expires_at < at - A_DAY),
        (PasskeyChallenge, PasskeyChallenge.expires_at < at - A_DAY),
        (AddressChange, sa.and_(AddressChange.expires_at < at - A_DAY, AddressChange.state.in_(_CAME_TO_NOTHING))),
        (SignIn, SignIn.began_at < at - LASTS),
    ]


def due(at: datetime) -> int:
    return sum(
        db.session.scalar(sa.select(sa.func.count()).select_from(table).where(old)) or 0 for table, old in _over(at)
    )


def erase() -> int:
    for table, old in _over(now()):
        (key,) = table.__table__.primary_key
        some = sa.select(key).where(old).limit(PORTION)
        gone = db.session.execute(sa.delete(table).where(key.in_(some)).returning(key)).all()
        if gone:
            return len(gone)
    return 0


erases(
    "accounts.sign_ins",
    "ログインの番号・確認番号・ログイン中の端末",
    "使える期間が終わってから1日（端末は30日）",
    due,
    erase,
)
