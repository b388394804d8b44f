"""Until when a right is good: for its months from the issue, unless its kind has a term that begins another day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, timedelta

from marketplace.kit.clock import jst, now
from marketplace.kit.languages import _
from marketplace.kit.refusals import Refused
from marketplace.kit.shown import full_day
from marketplace.rights.models import Kind
from marketplace.tokens.models import Token
from marketplace.tokens.rules import term_ends

Ends = Callable[[Collection[Token]], Mapping[int, datetime]]
ENDS: dict[Kind, Ends] = {}


class TermOver(Refused):
    code = "term_over"

    def __init__(self, last: date) -> None:
        super().__init__(_("この権利の期間は%(last)sで終わりました。", last=full_day(last)))


def tells_the_end(kind: Kind) -> Callable[[Ends], Ends]:
    """Register how to see when the terms of tokens of this kind are over: {token's number: the first moment after it},
    without those for which nobody has agreed on one."""

    def register(ends: Ends) -> Ends:
        ENDS[kind] = ends
        return ends

    return register


def ends_at(token: Token) -> datetime | None:
    """The first moment at which the term of a token is over. None: it has no end, or no term has begun."""
    return ends_of([token]).get(token.token_id)


def ends_of(tokens: Collection[Token]) -> dict[int, datetime]:
    """{token's number: ends_at()} of those that have an end, in one question for each kind."""
    found: dict[int, datetime] = {}
    others = defaultdict[Kind, list[Token]](list)
    for token in tokens:
        months, kind = token.right.term_months, token.right.kind
        if months is not None and token.minted_at is not None:
            if kind in ENDS:
                others[kind].append(token)
            else:
                found[token.token_id] = term_ends(token.minted_at, months)
    for kind, some in others.items():
        found.update(ENDS[kind](some))
    return found


def last_day(token: Token) -> date | None:
    """The last day of its term in Japan."""
    end = ends_at(token)
    return jst(end - timedelta(microseconds=1)).date() if end is not None else None


def over(token: Token, at: datetime | None = None) -> TermOver | None:
    """The refusal to whoever wants to do with a token what only makes sense within its term, or None."""
    end, last = ends_at(token), last_day(token)
    if end is None or last is None or (at or now()) < end:
        return None
    return TermOver(last)
