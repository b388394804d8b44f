"""The database itself refuses to change the book: a mistake is undone by another posting.

Whoever owns the database can take the triggers away; what then is changed shows in the subtotals (subtotals.py), in
what was kept of each closed period, beside Stripe's lines (differences.py), and to whoever has an older fund-v1.
"""

from __future__ import annotations

from collections.abc import Mapping

from marketplace.fund.models import Posting, PostingLine
from marketplace.kit.guarding import guard

NEVER = "the book is never changed"


NOTHING = {"update": "", "delete": ""}
SAME_POSTING = "EXISTS (SELECT 1 FROM postings WHERE id = NEW.id)"
SAME_LINE = "EXISTS (SELECT 1 FROM posting_lines WHERE id = NEW.id OR (posting_id = NEW.posting_id AND n = NEW.n))"
"""REPLACE of SQLite deletes without asking the trigger for it. Of a posting with the same key the lines would hang."""


def _postings(dialect: str) -> Mapping[str, str]:
    return {"insert": SAME_POSTING, **NOTHING} if dialect == "sqlite" else NOTHING


def _lines(dialect: str) -> Mapping[str, str]:
    return {"insert": SAME_LINE, **NOTHING} if dialect == "sqlite" else NOTHING


guard(Posting, _postings, NEVER)
guard(PostingLine, _lines, NEVER)
