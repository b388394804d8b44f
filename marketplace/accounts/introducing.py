"""People say how they want to be called."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.accounts.rules import Town, check_self
from marketplace.journal.writing import note
from marketplace.kit.db import db, lock, transaction
from marketplace.kit.languages import Language
from marketplace.notices.sending import tells_languages
from marketplace.settings import settings


def introduce(account_id: int, name: str, nickname: str, prefecture: str) -> None:
    """Keep what a person says of themselves; empty is fine. The journal learns that it changed, not what it is."""
    name, nickname = (unicodedata.normalize("NFC", text).strip() for text in (name, nickname))
    about = settings()
    town = Town((about.town_name, about.town_name_en), (about.town_office, about.town_office_en))
    check_self(name, nickname, prefecture, town)
    with transaction():
        account = lock(Account, account_id)
        if (account.name, account.nickname, account.prefecture) == (name, nickname, prefecture):
            return
        account.name, account.nickname, account.prefecture = name, nickname, prefecture
        note(f"account:{account.code}", "introduce", by=f"buyer:{account.code}")


def prefer(account_id: int, language: Language) -> None:
    """Letters to this person are written in `language` from now on."""
    with transaction():
        lock(Account, account_id).language = language


@tells_languages
def preferred_by(email: str) -> Language | None:
    """What the person with this address wants to read; None for a stranger."""
    found: Language | None = db.session.scalar(sa.select(Account.language).where(Account.email == email))
    return found
