"""What the tests of perks start from: a partner with a counter, a token with plans in somebody's hands, a telephone."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from nacl.signing import SigningKey

from marketplace.kit.clock import now
from marketplace.kit.db import db, get
from marketplace.listings import approving, drafting
from marketplace.perks import certifying, keys, knowing, partnering, passes, signing_in, using
from marketplace.perks.models import Allowance, Counter, Partner, Use
from marketplace.perks.standing import unexplained
from marketplace.perks.using import Asked, Outcome
from marketplace.rights.plans import OnResale, Per, Place, Plan, PlanKind
from tests import given
from tests.chainlogs import Chain
from tests.resale.stage import held_token

BY = "staff:ACC-TEST"


@dataclass
class Desk:
    """A partner, and one tablet signed in on it."""

    partner_id: int
    pin: str
    counter_ids: list[int] = field(default_factory=list)

    @property
    def place(self) -> Place:
        partner = get(Partner, self.partner_id)
        return Place(partner.code, partner.name)

    @property
    def code(self) -> str:
        return self.place.code

    def tablet(self) -> Counter:
        """One more tablet."""
        found = signing_in.counter_of(signing_in.sign_in(self.code, self.pin))
        assert found is not None
        return found


def a_desk(name: str = "水沢温泉館") -> Desk:
    return Desk(*partnering.take_in(name, BY))


def bath(desk: Desk, **more: Any) -> Plan:
    """Once a day."""
    usual: dict[str, Any] = {"id": "p1", "name": "温泉の入浴", "kind": PlanKind.PERIODIC, "limit": 1, "per": Per.DAY}
    return Plan(**{**usual, "places": (desk.place,), "pay_yen": 300, **more})


def lectures(desk: Desk, limit: int = 12, **more: Any) -> Plan:
    """So many times, counted on chain."""
    usual: dict[str, Any] = {"id": "p2", "name": "町長の講演", "kind": PlanKind.COUNTED, "limit": limit}
    return Plan(**{**usual, "places": (desk.place,), **more})


def first_only(desk: Desk, **more: Any) -> Plan:
    usual: dict[str, Any] = {"id": "p3", "name": "記念の手ぬぐい", "kind": PlanKind.FIRST_HOLDER}
    return Plan(**{**usual, "places": (desk.place,), "on_resale": OnResale.NOTHING, **more})


def a_listing(*plans: Plan, **more: Any) -> int:
    """On sale, with these perks approved and frozen."""
    drafter = given.staff("drafter")
    listing_id = drafting.draft(drafter, given.values(**more))
    drafting.plan_perks(listing_id, drafter, plans)
    drafting.submit(listing_id, drafter)
    approving.approve(listing_id, given.staff("approver"))
    given.published(listing_id)
    given.opened(listing_id)
    return listing_id


def a_token(chain: Chain, account_id: int, *plans: Plan, serial: int = 1, **more: Any) -> int:
    return held_token(chain, account_id, a_listing(*plans, **more), serial)


class Telephone:
    """A holder's device: it made its keys itself, and the town certified the public one."""

    def __init__(self, token_id: int, account_id: int) -> None:
        self.key = SigningKey.generate()
        public = bytes(self.key.verify_key).hex()
        self.issued = certifying.certify(token_id, account_id, public)

    def shows(self, at: datetime | None = None) -> str:
        """The code on its screen at that moment, by default now."""
        return passes.show(self.key, self.issued.certificate, passes.window_of((at or now()).timestamp()))

    def digits(self, at: datetime | None = None) -> str:
        return passes.digits(self.issued.digits_key, passes.window_of((at or now()).timestamp()))


def ref() -> str:
    return secrets.token_hex(16)


def scan(tablet: Counter, code: str, plan: str = "p1", ref_: str | None = None) -> Outcome:
    """What a counter that is online does with a code."""
    known = knowing.by_pass(code)
    return confirm(tablet, known, plan, ref_)


def confirm(tablet: Counter, known: knowing.Known, plan: str = "p1", ref_: str | None = None) -> Outcome:
    return using.use(
        Asked(
            ref=ref_ or ref(),
            token_id=known.token_id,
            plan_id=plan,
            channel=known.channel,
            used_at=now(),
            partner_id=tablet.partner_id,
            counter_id=tablet.id,
            holder=known.holder,
            proof=known.proof,
        )
    )


def entry(code: str, plan: str = "p1", ref_: str | None = None) -> dict[str, Any]:
    """What a counter without network keeps of a code that it let in."""
    return {"do": "use", "ref": ref_ or ref(), "plan": plan, "pass": code}


def undo_entry(use: str, at: datetime | None = None, ref_: str | None = None) -> dict[str, Any]:
    return {"do": "undo", "ref": ref_ or ref(), "use": use, "at": int((at or now()).timestamp())}


def counts(token_id: int, plan: str = "p1") -> list[tuple[str, int, int]]:
    """(period, used, over) of each allowance; and the ledger explains each."""
    db.session.rollback()
    rows = list(db.session.scalars(sa.select(Allowance).where(Allowance.token_id == token_id)))
    assert unexplained() == []
    return sorted((row.period, row.used, row.over) for row in rows if row.plan_id == plan)


def lines() -> list[Use]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Use).order_by(Use.id)))


def town_public_key() -> bytes:
    (key,) = keys.public_keys().values()
    return key
