"""Rights of one name: a town sells the same thing each year, and after ten years a list must still tell them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from marketplace.kit import shown
from marketplace.kit.clock import jst
from marketplace.kit.languages import Language, language
from marketplace.rights.models import Right


def titles(rights: Collection[Right]) -> dict[int, str]:
    """What each of them is called beside the others, by its number; of one name, with month of drafting and code."""
    times = Counter(right.title for right in rights)
    return {right.id: _with_code(right) if times[right.title] > 1 else right.title for right in rights}


def _with_code(right: Right) -> str:
    drafted = jst(right.created_at)
    month = shown.month(drafted.year, drafted.month)
    if language() == Language.EN:
        return f"{right.title} ({month}, {right.code})"
    return f"{right.title}（{month} {right.code}）"
