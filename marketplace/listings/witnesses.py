"""立会人: who watches a draw, an opening and the dice of a tie."""

from __future__ import annotations

from collections.abc import Sequence

from marketplace.kit.names import plain
from marketplace.kit.refusals import Invalid


def witnessed(names: Sequence[str]) -> list[str]:
    """At least two different names; Invalid otherwise."""
    found = [name.strip() for name in names if name.strip()]
    if len(set(map(plain, found))) < 2:
        raise Invalid("立会人は2人以上の、べつべつの名前を入力してください。", field="witnesses")
    return found
