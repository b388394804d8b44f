"""What the API tells of perks: the plans of a sale, and what everybody may know is left of them for one token.

No more than the public pages of the two show: not what the town pays a place for each use, and not whether somebody
bathed today.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import sqlalchemy as sa
from pydantic import Field

from marketplace.api.schemas import Answer
from marketplace.appointments.counting import left as uses_left
from marketplace.kit.db import db
from marketplace.listings.finding import announced
from marketplace.perks.days import last_day
from marketplace.perks.standing import standings
from marketplace.rights.plans import Plan as Kept
from marketplace.rights.plans import read_all
from marketplace.tokens.models import Token, TokenState

Day = Annotated[date, Field(description="in Japan, ISO 8601")]


class Place(Answer):
    code: str
    name: str


class Closed(Answer):
    """Days on which it can't be used, both included."""

    first: Day
    last: Day


class Plan(Answer):
    """One perk, as it was approved with the sale and frozen since."""

    id: Annotated[str, Field(description="within its right", examples=["p1"])]
    name: str
    kind: Literal["membership", "counted", "periodic", "first_holder", "rsvp"]
    places: Annotated[list[Place], Field(description="partners where it can be used")]
    issuer: Annotated[Literal["town", "partner"], Field(description="who owes the service")]
    allowed: Annotated[int | None, Field(description="uses in one period; null where there is no end to them")]
    per: Annotated[
        Literal["day", "month", "fiscal_year"] | None, Field(description="the period; null where it never begins anew")
    ]
    begins: Day | None
    ends: Day | None
    months: Annotated[int | None, Field(description="how long it can be used, from the day of issue")]
    closed: list[Closed]
    on_resale: Annotated[
        Literal["rest", "nothing"], Field(description="what the next holder gets: the rest, or nothing")
    ]


class ListingPerks(Answer):
    listing: str
    perks: list[Plan]


class Left(Answer):
    """What is left of one perk of one token. What a holder does today or this month is told to nobody."""

    plan: Plan
    left: Annotated[int | None, Field(description="of `allowed`; null where there is no end, or it is not public")]
    usable_today: bool
    why_not: Annotated[str, Field(description="in Japanese; empty where it can be used today")]
    last_day: Day | None
    passes_on: Annotated[bool, Field(description="whether a buyer of the token would get anything of it")]


class TokenPerks(Answer):
    contract: str
    token_id: int
    uses_left: Annotated[int | None, Field(description="as the chain counts too; null for rights without")]
    perks: list[Left]


def of_listing(code: str) -> ListingPerks | None:
    """None where there is no such public listing."""
    row = announced(code)
    if row is None:
        return None
    return ListingPerks(listing=row.code, perks=[_plan(plan) for plan in read_all(row.right.perk_plans)])


def of_token(contract: str, token_id: int) -> TokenPerks | None:
    """None where no such token was issued. Of a revoked one nothing is left."""
    same = (sa.func.lower(Token.contract) == contract.lower(), Token.token_id == token_id)
    row = db.session.scalar(sa.select(Token).where(*same, Token.minted_at.is_not(None)))
    if row is None or row.minted_at is None:
        return None
    held = row.state == TokenState.HELD
    return TokenPerks(
        contract=str(row.contract),
        token_id=row.token_id,
        uses_left=uses_left(row) if held and row.right.uses_per_token else None,
        perks=[
            Left(
                plan=_plan(each.plan),
                left=each.left if each.told_to_all else None,
                usable_today=not each.why_not and not (each.told_to_all and each.left == 0),
                why_not=each.why_not,
                last_day=last_day(each.plan, row),
                passes_on=each.passes_on,
            )
            for each in (standings(row) if held else [])
        ],
    )


def _plan(plan: Kept) -> Plan:
    return Plan(
        id=plan.id,
        name=plan.name,
        kind=plan.kind.value,
        places=[Place(code=place.code, name=place.name) for place in plan.places],
        issuer=plan.issuer.value,
        allowed=plan.allowed,
        per=plan.per.value if plan.per else None,
        begins=plan.begins,
        ends=plan.ends,
        months=plan.months,
        closed=[Closed(first=first, last=last) for first, last in plan.closed],
        on_resale=plan.on_resale.value,
    )
