"""Until when a right is good: for its months from the issue, unless its kind has a term that begins another day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from marketplace.kit.clock import jst, now
from marketplace.kit.languages import _
from marketplace.kit.refusals import Refused
from marketplace.kit.shown import full_day
from marketplace.rights.models import Kind
from marketplace.tokens.models import Token
from marketplace.tokens.rules import term_ends

End = Callable[[Token], datetime | None]
ENDS: dict[Kind, End] = {}


class TermOver(Refused):
    code = "term_over"

    def __init__(self, last: date) -> None:
        super().__init__(_("この権利の期間は%(last)sで終わりました。", last=full_day(last)))


def tells_the_end(kind: Kind) -> Callable[[End], End]:
    """Register how to see when the term of a token of this kind is over: the first moment after it, None as long as
    nobody has agreed on one."""

    def register(end: End) -> End:
        ENDS[kind] = end
        return end

    return register


def ends_at(token: Token) -> datetime | None:
    """The first moment at which the term of a token is over. None: it has no end, or no term has begun."""
    months = token.right.term_months
    if months is None or token.minted_at is None:
        return None
    own = ENDS.get(token.right.kind)
    return own(token) if own is not None else term_ends(token.minted_at, months)


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
