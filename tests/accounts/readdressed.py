"""The letters about another mail address, and what the tests of both ways to one ask of them."""

from __future__ import annotations

import re
from datetime import timedelta

import sqlalchemy as sa

from marketplace.accounts import vouching_address
from marketplace.accounts.address_models import AddressChange, AddressChangeState
from marketplace.accounts.models import Account
from marketplace.kit.db import db, get
from marketplace.notices.models import Notice
from tests import given

OLD, NEW = "hanako@old.example.jp", "hanako@new.example.jp"
PATH = "/account/address"
DAY = timedelta(hours=25)


def code(email: str) -> str:
    """The six digits of the newest letter about a change to `email`."""
    letters = sa.select(Notice.subject).where(Notice.to_email == email, Notice.template.startswith("address_code"))
    subject = db.session.scalars(letters.order_by(Notice.id.desc())).first()
    assert subject is not None
    return str(re.findall(r"[0-9]{6}", subject)[0])


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def link() -> str:
    """The path of the newest link that the office had sent."""
    letters = sa.select(Notice.body).where(Notice.template == "address_link").order_by(Notice.id.desc())
    body = db.session.scalars(letters).first()
    assert body is not None
    found = re.search(r"/signin/address/\S+", body)
    assert found is not None
    return found.group()


def letters(email: str) -> list[str]:
    to = sa.select(Notice.template).where(Notice.to_email == email, Notice.template.startswith("address_"))
    return list(db.session.scalars(to.order_by(Notice.id)))


def email_of(account_id: int) -> str:
    db.session.rollback()
    return get(Account, account_id).email


def the_states() -> list[AddressChangeState]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(AddressChange.state).order_by(AddressChange.id)))


def vouched(account_id: int, email: str = NEW) -> int:
    """Two of the office have made sure of the person; the change's id."""
    change = vouching_address.ask(account_id, email, given.staff("treasury"), "窓口で免許証を見た")
    vouching_address.confirm(change, given.staff("approver"))
    return change
