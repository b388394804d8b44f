"""From when to when: days in Japan, both of them included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from wtforms.validators import InputRequired

from marketplace.kit.clock import jst, midnight, now
from marketplace.kit.dates import era_day, fiscal_year
from marketplace.kit.forms import DayField, Form
from marketplace.kit.languages import Language, _, language
from marketplace.kit.shown import full_day

LONGEST = timedelta(days=3_700)


@dataclass(frozen=True)
class Period:
    first: date
    last: date

    @property
    def start(self) -> datetime:
        return midnight(self.first)

    @property
    def end(self) -> datetime:
        """The first moment that is no longer of it."""
        return midnight(self.last + timedelta(days=1))

    @property
    def ja(self) -> str:
        return f"{era_day(self.first)} から {era_day(self.last)} まで"

    @property
    def said(self) -> str:
        """On a page, in the language of its reader; on Japanese pages dated as papers are."""
        if language() != Language.EN:
            return self.ja
        return _("%(first)s から %(last)s まで", first=full_day(self.first), last=full_day(self.last))

    @property
    def query(self) -> str:
        return f"first={self.first}&last={self.last}"

    def covers(self, column: Any) -> sa.ColumnElement[bool]:
        """As a condition on a column of moments."""
        return sa.and_(column >= self.start, column < self.end)

    def ends(self, column: Any) -> sa.ColumnElement[bool]:
        """The same of moments at which something ended: 24時 of the last day is of it, 午前0時 of the first is not."""
        return sa.and_(column > self.start, column <= self.end)

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


def today() -> date:
    return jst(now()).date()


def year(begins: int) -> Period:
    """The fiscal year."""
    return Period(date(begins, 4, 1), date(begins + 1, 3, 31))


def month(of: date) -> Period:
    after = (of.replace(day=1) + timedelta(days=32)).replace(day=1)
    return Period(of.replace(day=1), after - timedelta(days=1))


def usual() -> list[tuple[str, Period]]:
    """The periods that are asked for most, by their names."""
    here = today()
    this = fiscal_year(here)
    before = here.replace(day=1) - timedelta(days=1)
    return [("今月", month(here)), ("先月", month(before)), ("今年度", year(this)), ("前年度", year(this - 1))]


class PeriodForm(Form):
    """Read from the address: what it asks for can be bookmarked."""

    first = DayField("はじめの日", validators=[InputRequired("はじめの日を選んでください。")])
    last = DayField("おわりの日", validators=[InputRequired("おわりの日を選んでください。")])

    class Meta(Form.Meta):
        csrf = False

    def chosen(self) -> Period | None:
        """None where the days make no period; the fault stands beside its field."""
        if not self.validate():
            return None
        first, last = self.first.data, self.last.data
        if last < first:
            self.last.errors = [*self.last.errors, "おわりの日は、はじめの日以後にしてください。"]
        elif last - first > LONGEST:
            self.last.errors = [*self.last.errors, "10年までの期間を選んでください。"]
        else:
            return Period(first, last)
        return None


def asked(arguments: object, otherwise: Period) -> tuple[PeriodForm, Period | None]:
    """The form and the period of an address; `otherwise` where it names none."""
    if not arguments:
        usual_days = {"first": otherwise.first, "last": otherwise.last}
        return PeriodForm(formdata=None, data=usual_days), otherwise
    form = PeriodForm(formdata=arguments)
    return form, form.chosen()
