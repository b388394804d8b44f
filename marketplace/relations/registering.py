"""Evidence for a register of residents by choice (ふるさと住民登録): of those who agreed, and of nobody else.

Each export says what it is for, and the journal keeps that it was made: by whom, for what, of how many people.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.gatherings.models import Rsvp
from marketplace.gatherings.visits import Visit
from marketplace.holders.owned import owned
from marketplace.journal.writing import note
from marketplace.kit.clock import jst, now
from marketplace.kit.db import db, get, insert_once, lock, transaction
from marketplace.kit.refusals import Invalid
from marketplace.kit.tables import Row
from marketplace.perks.models import UNDONE, Act, Use
from marketplace.relations.models import Agreement

HEADER = (
    *("登録番号", "お名前", "メールアドレス", "都道府県", "同意した日"),
    *(
        "お持ちの権利",
        "最初にお渡しした日",
        "来町の日数（1年）",
        "最後に来た日",
        "特典の利用（1年）",
        "催しの参加（1年）",
    ),
)
YEAR = timedelta(days=365)


class NotIntroduced(Invalid):
    code = "not_introduced"
    message = "先に「設定」で、お名前と都道府県を登録してください。"


@dataclass(frozen=True)
class Evidence:
    """What shows that somebody is close to the town; days and numbers of the last year."""

    account: Account
    agreed_at: datetime
    rights: str
    since: date | None
    visits: int
    last_visit: date | None
    uses: int
    events: int

    @property
    def row(self) -> Row:
        who = (self.account.code, self.account.name, self.account.email, self.account.prefecture)
        return (
            *(*who, jst(self.agreed_at).date(), self.rights, self.since),
            *(self.visits, self.last_visit, self.uses, self.events),
        )


def agree(account_id: int) -> None:
    """Somebody wants to be known as close to the town. Said again, it changes nothing. NotIntroduced."""
    with transaction():
        account = lock(Account, account_id)
        if not account.name or not account.prefecture:
            raise NotIntroduced
        if insert_once(Agreement, {"account_id": account_id, "agreed_at": now()}) is not None:
            note(f"account:{account.code}", "agree_to_register", by=f"buyer:{account.code}")


def take_back(account_id: int) -> None:
    """They do not want it any more: the next export is without them. Said again, it changes nothing."""
    with transaction() as session:
        account = lock(Account, account_id)
        gone = session.execute(
            sa.delete(Agreement).where(Agreement.account_id == account_id).returning(Agreement.account_id)
        )
        if gone.first() is not None:
            note(f"account:{account.code}", "take_back_agreement", by=f"buyer:{account.code}")


def agreed(account_id: int) -> Agreement | None:
    return db.session.get(Agreement, account_id)


def export(purpose: str, by: str) -> list[Evidence]:
    """The evidence of all who agree at this moment. Invalid without a purpose."""
    purpose = purpose.strip()
    if not purpose:
        raise Invalid("使う目的を入力してください。記録に残ります。", field="purpose")
    with transaction() as session:
        rows = list(session.scalars(sa.select(Agreement).order_by(Agreement.account_id)))
        found = [evidence(row) for row in rows]
        note("relations", "export_register", by=by, why=purpose, people=len(found))
        return found


def evidence(agreement: Agreement) -> Evidence:
    """Of one person, as it is now."""
    account, since = get(Account, agreement.account_id), now() - YEAR
    tokens = owned(account.id)
    days = sa.select(sa.func.count(Visit.day.distinct()), sa.func.max(Visit.day))
    visits, last = db.session.execute(days.where(Visit.account_id == account.id, Visit.day >= jst(since).date())).one()
    used = (Use.act == Act.USE, Use.id.not_in(UNDONE), Use.used_at >= since)
    ids = [token.token_id for token in tokens]
    uses = db.session.scalar(sa.select(sa.func.count()).where(*used, Use.token_id.in_(ids)))
    themselves = (Rsvp.account_id == account.id, Rsvp.companion == 0, Rsvp.attended_at >= since)
    events = db.session.scalar(sa.select(sa.func.count(Rsvp.id)).where(*themselves))
    minted = [token.minted_at for token in tokens if token.minted_at is not None]
    return Evidence(
        account=account,
        agreed_at=agreement.agreed_at,
        rights="、".join(f"{token.right.title_ja} {token.serial}番" for token in tokens),
        since=jst(min(minted)).date() if minted else None,
        visits=int(visits),
        last_visit=last,
        uses=uses or 0,
        events=events or 0,
    )
