"""For whom an event, a poll or a letter is: those who hold one of some rights, which the office ticks in its form."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from wtforms import SelectChoice, SelectMultipleField, widgets

from marketplace.kit.db import db
from marketplace.kit.folding import folded
from marketplace.rights.apart import titles
from marketplace.rights.models import Kind, Right, RightState

MOST_OPEN = 6
"""So many boxes are read at a glance: of more, those that are not ticked are folded by their kind."""


def rights_to_choose() -> list[Right]:
    """Approved rights, of which somebody can hold a token."""
    return list(db.session.scalars(sa.select(Right).where(Right.state == RightState.APPROVED).order_by(Right.id)))


def chosen(right_ids: Collection[int]) -> list[Right]:
    """The rights of these numbers; none where it is for everybody."""
    return [right for right in rights_to_choose() if right.id in right_ids]


def _choices() -> list[SelectChoice]:
    kinds = list(Kind)
    rights = sorted(rights_to_choose(), key=lambda right: kinds.index(right.kind))
    called = titles(rights)
    return [SelectChoice(right.id, called[right.id], optgroup=right.kind.ja) for right in rights]


@dataclass(frozen=True)
class Box:
    """One right to be ticked. `draw()` is its check box; `words` are what it is found by, folded."""

    draw: Any
    title: str
    kind: str

    @property
    def words(self) -> str:
        return folded(self.title + self.kind)


class RightsField(SelectMultipleField):  # type: ignore[misc]
    """Check boxes, one for each right. None ticked means everybody."""

    option_widget = widgets.CheckboxInput()

    def __init__(self, label: str, **more: Any) -> None:
        super().__init__(label, coerce=int, choices=_choices, **more)

    def boxes(self) -> Iterator[Box]:
        drawn = iter(self)
        for kind, choices in self.iter_groups():
            for choice in choices:
                yield Box(next(drawn), choice.label, kind)

    def open(self) -> list[Box]:
        """What stands there at once: what is ticked, or all where they are few."""
        boxes = list(self.boxes())
        return boxes if len(boxes) <= MOST_OPEN else [box for box in boxes if box.draw.checked]

    def folded(self) -> dict[str, list[Box]]:
        """All others, by the name of their kind."""
        boxes = list(self.boxes())
        groups: dict[str, list[Box]] = {}
        for box in boxes if len(boxes) > MOST_OPEN else ():
            if not box.draw.checked:
                groups.setdefault(box.kind, []).append(box)
        return groups
