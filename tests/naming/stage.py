"""What the tests of names start from: a naming right in the hands of its first buyer, and the way to each state."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from marketplace.kit.clock import jst, now
from marketplace.kit.db import db, get
from marketplace.naming import agreeing, places, proposing, screening
from marketplace.naming.models import Naming
from marketplace.naming.rules import Check, Wish
from marketplace.outbox import keeping
from marketplace.tokens.custody import custody_of
from tests import given
from tests.chainlogs import Chain
from tests.resale.stage import custody, heard, held_token

FELICIA = Wish("フェリシア公園", "ふぇりしあこうえん", "しあわせの集まる場所に。")
SPRING = Wish("湧き水のひろば", "わきみずのひろば", "町の水の名をのこします。")
BY = "staff:ACC-TEST"


def a_naming(chain: Chain, buyer: int, **right: Any) -> int:
    """A naming right was issued to its buyer, who is invited to propose; the id of the naming."""
    token_id = held_token(
        chain, buyer, **{"mode": "ascending", "kind": "naming", "title_ja": "湧水公園 命名権", **right}
    )
    keeping.drain()
    return db.session.scalars(sa.select(Naming.id).where(Naming.token_id == token_id)).one()


def naming(naming_id: int) -> Naming:
    db.session.rollback()
    return get(Naming, naming_id)


def today() -> date:
    return jst(now()).date()


def minutes(chosen: int | None = 1, *, names: int = 2, **more: Any) -> screening.Minutes:
    """Whole and without a fault; the other names are refused with a reason."""
    usual: dict[str, Any] = {
        "held_on": today(),
        "members": ["副町長", "教育長", "観光協会の会長"],
        "text": "1案ずつ確かめた。",
        "public_text": "町の景色によく合うと認められました。",
        "chosen": chosen,
        "checks": {chosen: list(Check)} if chosen else {},
        "reasons": {rank: f"{rank}番目は、ほかの施設と似ています。" for rank in range(1, names + 1) if rank != chosen},
        "begins_on": today() + timedelta(days=7) if chosen else None,
    }
    return screening.Minutes(**(usual | more))


def proposed(chain: Chain, buyer: int, *names: Wish, **right: Any) -> int:
    naming_id = a_naming(chain, buyer, **right)
    proposing.propose(naming_id, buyer, names or (FELICIA, SPRING))
    return naming_id


def chosen(chain: Chain, buyer: int, **right: Any) -> int:
    naming_id = proposed(chain, buyer, **right)
    screening.decide(naming_id, given.staff("drafter"), minutes())
    return naming_id


def agreed(chain: Chain, buyer: int, **right: Any) -> int:
    naming_id = chosen(chain, buyer, **right)
    begins_on = naming(naming_id).begins_on
    assert begins_on is not None
    agreeing.agree(naming_id, buyer, begins_on=begins_on)
    places.put(BY, "湧水公園", 300, 500, naming(naming_id).token.right_id)
    return naming_id


def announced(chain: Chain, buyer: int, **right: Any) -> int:
    naming_id = agreed(chain, buyer, **right)
    agreeing.conclude(naming_id, given.staff("approver"))
    keeping.drain()
    return naming_id


def sold_on(chain: Chain, naming_id: int, seller: int, taker: int, block: int = 5) -> None:
    """The token went to another account's custody, and everybody has heard."""
    token_id = naming(naming_id).token_id
    chain.transfer(token_id, custody(seller), custody_of(taker), block=block)
    heard(chain, token_id)
    keeping.drain()
