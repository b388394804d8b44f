"""愛称審査: what the committee decided on the names of a round, with its minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from marketplace.accounts.second_person import check_other
from marketplace.journal.writing import move
from marketplace.kit.clock import jst, now
from marketplace.kit.db import db, lock, transaction
from marketplace.kit.refusals import Invalid, WrongState
from marketplace.listings.drafting import staff_name
from marketplace.naming import rules
from marketplace.naming.inviting import tell
from marketplace.naming.models import Naming, NamingState, Place, ProposedName, Screening, Verdict
from marketplace.naming.proposing import proposed

TO_ANSWER = timedelta(days=30)
"""For an appeal or new names, where none fitted."""
LATEST_BEGIN = timedelta(days=366)
LEAST_MEMBERS = 2


@dataclass(frozen=True)
class Minutes:
    """What was decided. `chosen` is a rank, None for none; `checks` and `reasons` go by rank."""

    held_on: date
    members: Sequence[str]
    text: str
    public_text: str
    chosen: int | None
    checks: Mapping[int, Sequence[rules.Check]]
    reasons: Mapping[int, str]
    begins_on: date | None = None


class OtherNames(WrongState):
    """Those that were read were taken back, and others stand there."""

    code = "other_names"
    message = "お読みになった案は取り下げられ、別の案が出し直されています。いまの案をお確かめください。"


class OtherScreening(WrongState):
    """The same names, but what was read is not what is decided now: the first screening, or the one of an appeal."""

    code = "other_screening"
    message = (
        "お読みになったあとに、不服の申し出か取り下げがあったか、別の職員が記録しました。いまの内容をお確かめください。"
    )


def stage(row: Naming) -> str:
    """What the committee looks at now: the names of which round, and whether once more after an appeal."""
    return f"{row.round} appeal" if row.state == NamingState.APPEALED else str(row.round)


def decide(naming_id: int, actor_id: int, minutes: Minutes, read: str = "") -> None:
    """Write the minutes down; approve one name with the term of its agreement, or refuse each with its reason.

    `read` is the stage() that was on the screen; OtherNames, OtherScreening where it is another one now. Invalid names
    the field that is wrong; WrongState where no names wait for the committee; OwnCase.
    """
    with transaction() as session:
        row = lock(Naming, naming_id)
        check_other(actor_id, row.account_id)
        if read not in ("", stage(row)):
            raise OtherScreening if read.partition(" ")[0] == str(row.round) else OtherNames
        names = proposed(row)
        appeal = row.state == NamingState.APPEALED
        move(row, "name.choose" if minutes.chosen else "name.refuse", by=staff_name(actor_id), round=row.round)
        _check(minutes, names)
        for each in names:
            _judge(each, minutes)
        results = [{"name": each.name, "verdict": str(each.verdict), "reason": each.reason} for each in names]
        session.add(
            Screening(
                naming_id=row.id,
                round=row.round,
                appeal=appeal,
                held_on=minutes.held_on,
                members=list(minutes.members),
                minutes=minutes.text.strip(),
                public_minutes=minutes.public_text.strip(),
                results=results,
                recorded_by=actor_id,
                recorded_at=now(),
            )
        )
        if minutes.chosen is None:
            row.answer_by = now() + TO_ANSWER
            tell("naming_none_fit", row, key=f"{row.round}:{appeal}", names=names)
            return
        best = names[minutes.chosen - 1]
        row.name, row.reading, row.meaning, row.chosen_by = best.name, best.reading, best.meaning, actor_id
        assert minutes.begins_on is not None, "checked above"
        row.begins_on, row.ends_on = term(row, minutes.begins_on)
        tell("naming_chosen", row, key=f"{row.round}:{appeal}")


def term(row: Naming, begins_on: date) -> tuple[date, date]:
    """First and last day of the agreement, by the months that the right was sold with."""
    months = row.token.right.term_months
    assert months is not None, "a naming right has a term"
    today = jst(now()).date()
    if not today <= begins_on <= today + LATEST_BEGIN:
        raise Invalid("きょうから1年以内の日を選んでください。", field="begins_on")
    return begins_on, rules.last_day_of(begins_on, months)


def doubts(row: Naming, name: str) -> list[str]:
    """Names of public places, and of other namings, that this one might be mistaken for."""
    places = db.session.scalars(sa.select(Place.name).where(Place.right_id.is_distinct_from(row.token.right_id)))
    others = sa.select(Naming.name).where(Naming.id != row.id, Naming.state != NamingState.REVOKED)
    return rules.similar(name, dict.fromkeys([*places, *db.session.scalars(others)]))


def minutes_of(row: Naming) -> list[Screening]:
    """Oldest first."""
    return list(db.session.scalars(sa.select(Screening).where(Screening.naming_id == row.id).order_by(Screening.id)))


def _check(minutes: Minutes, names: Sequence[ProposedName]) -> None:
    if minutes.held_on > jst(now()).date():
        raise Invalid("審査会の日は、きょうまでの日です。", field="held_on")
    if len(minutes.members) < LEAST_MEMBERS:
        raise Invalid(f"出席した方を{LEAST_MEMBERS}人以上、1行に1人ずつ書いてください。", field="members")
    for field, text in (("minutes", minutes.text), ("public_minutes", minutes.public_text)):
        if not text.strip():
            raise Invalid("審査の内容を書いてください。", field=field)
    for each in names:
        if each.rank != minutes.chosen and not minutes.reasons.get(each.rank, "").strip():
            raise Invalid("認めない理由を書いてください。買った方が読みます。", field=f"reason_{each.rank}")
    if minutes.chosen is None:
        return
    if minutes.chosen not in {each.rank for each in names}:
        raise Invalid("その案はありません。", field="chosen")
    missing = set(rules.Check) - set(minutes.checks.get(minutes.chosen, ()))
    if missing:
        raise Invalid("認める案は、すべての項目を確かめてください。", field=f"checks_{minutes.chosen}")
    if minutes.begins_on is None:
        raise Invalid("協定の始まりの日を選んでください。", field="begins_on")


def _judge(each: ProposedName, minutes: Minutes) -> None:
    fits = each.rank == minutes.chosen
    each.checks = [str(check) for check in minutes.checks.get(each.rank, ())]
    each.verdict = Verdict.APPROVED if fits else Verdict.REFUSED
    each.reason = "" if fits else minutes.reasons[each.rank].strip()
