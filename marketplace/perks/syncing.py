"""What a counter did without network is written down when it is back. It has happened: nothing is thrown away quietly.

A tablet may send the same entry twice, and two tablets the same guest. What does not fit the plan is flagged for the
office; only what no counter of this town can have seen (a code that is none, or another town's) is refused.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from marketplace.kit.clock import now
from marketplace.kit.refusals import Invalid, Refused
from marketplace.perks import keys, passes, using
from marketplace.perks.models import Channel, Counter
from marketplace.perks.refusals import NotHeld
from marketplace.perks.using import Asked, Outcome

log = logging.getLogger(__name__)
OLDEST = timedelta(days=31)
MOST = 500
"""Entries in one request; a tablet sends the rest after them."""


class TooOld(Refused):
    code = "too_old"
    message = "1か月より前の利用です。役場にお知らせください。"


@dataclass(frozen=True)
class Answer:
    """To one entry. `settled`: the tablet may forget it. `code` names a flag or a refusal, '' where all is well."""

    ref: str
    settled: bool
    code: str
    words: str
    left: int | None = None


def sync(counter: Counter, entries: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """An answer to each entry, in order; each is written down in a transaction of its own.

    An entry is {"do": "use", "ref", "plan", "pass"} or {"do": "undo", "ref", "use", "at"} (`at` in Unix seconds).
    """
    answers: list[Answer] = []
    for entry in entries[:MOST]:
        undone = str(entry.get("use"))[:64] if entry.get("do") == "undo" else None
        first = next((each for each in answers if each.ref == undone and not each.settled), None)
        if first is not None:  # the undo of a use that the tablet keeps is kept with it
            answers.append(replace(first, ref=str(entry.get("ref"))[:64]))
        else:
            answers.append(_answer(counter.partner_id, counter.id, entry))
    return answers


def _answer(partner_id: int, counter_id: int, entry: Mapping[str, Any]) -> Answer:
    ref = str(entry.get("ref"))[:64]
    try:
        done = _undo(partner_id, entry) if entry.get("do") == "undo" else _use(partner_id, counter_id, entry)
    except NotHeld as refusal:  # its issue is being read anew from the chain: the tablet asks again
        return Answer(ref, False, refusal.code, str(refusal))
    except Refused as refusal:
        return Answer(ref, True, refusal.code, str(refusal))
    except (LookupError, KeyError, TypeError, ValueError, OverflowError):
        return Answer(ref, True, "unreadable", "この記録は読み取れませんでした。役場にお知らせください。")
    if done.flag is not None:
        return Answer(ref, True, str(done.flag), f"{done.flag.ja}として、役場に知らせました。", done.left)
    return Answer(ref, True, "", "記録しました。", done.left)


def _use(partner_id: int, counter_id: int, entry: Mapping[str, Any]) -> Outcome:
    shown = passes.read(text(entry, "pass", 400))
    passes.verify(shown, keys.public_keys(), None)
    at = datetime.fromtimestamp(shown.begins, UTC)
    if at > now() + timedelta(seconds=passes.TOLERANCE_S):
        raise passes.ClockWrong
    if at < now() - OLDEST:
        raise TooOld
    return using.use(
        Asked(
            ref=ref_of(entry, "ref"),
            token_id=shown.certificate.token_id,
            plan_id=text(entry, "plan", 16),
            channel=Channel.OFFLINE,
            used_at=min(at, now()),
            partner_id=partner_id,
            counter_id=counter_id,
            holder=shown.certificate.holder,
            proof=shown.proof,
            afterwards=True,
        )
    )


def _undo(partner_id: int, entry: Mapping[str, Any]) -> Outcome:
    at = datetime.fromtimestamp(int(entry["at"]), UTC)
    return using.undo(ref_of(entry, "use"), ref_of(entry, "ref"), min(at, now()), partner_id)


def text(entry: Mapping[str, Any], key: str, longest: int) -> str:
    value = entry[key]
    if not isinstance(value, str) or len(value) > longest:
        raise Invalid
    return value


def ref_of(entry: Mapping[str, Any], key: str) -> str:
    """32 hex digits, made by the tablet."""
    value = text(entry, key, 32)
    if len(value) != 32 or any(character not in "0123456789abcdef" for character in value):
        raise Invalid
    return value
