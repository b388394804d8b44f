"""Sums that are kept for a while, with a clock that a test moves and threads that are really two."""

from __future__ import annotations

import threading

import pytest

from marketplace.kit.kept import MOST, Shelf, kept
from marketplace.kit.languages import Language, _, speaking
from marketplace.settings import Settings
from tests.apps import another
from tests.kit.conftest import Clock


@pytest.fixture
def shelf(clock: Clock) -> Shelf:
    return Shelf(30, clock)


def test_a_sum_is_given_again_until_it_is_too_old(shelf: Shelf, clock: Clock) -> None:
    sums = iter((1, 2))
    found = []
    for clock.at in (0, 29.9, 30):
        found.append(shelf.take("sum", lambda: next(sums)))
    assert found == [1, 1, 2]


def test_what_failed_is_not_kept(shelf: Shelf) -> None:
    with pytest.raises(ZeroDivisionError):
        shelf.take("sum", lambda: 1 // 0)
    assert shelf.take("sum", lambda: 3) == 3


def test_while_somebody_adds_up_anew_the_others_get_the_old_sum_and_none_adds_up_too(
    shelf: Shelf, clock: Clock
) -> None:
    shelf.take("sum", lambda: "old")
    clock.at = 60
    begun, end, seen = threading.Event(), threading.Event(), []

    def slowly() -> str:
        begun.set()
        assert end.wait(10)
        return "new"

    def never() -> str:
        raise AssertionError("somebody is at it")

    slow = threading.Thread(target=lambda: seen.append(shelf.take("sum", slowly)))
    slow.start()
    assert begun.wait(10)
    meanwhile = shelf.take("sum", never)
    end.set()
    slow.join()
    assert (meanwhile, seen, shelf.take("sum", never)) == ("old", ["new"], "new")


def test_those_who_come_first_at_once_add_up_once(shelf: Shelf) -> None:
    together, made, found = threading.Barrier(4), [], []

    def add_up() -> int:
        made.append(1)
        return len(made)

    def come() -> None:
        together.wait(10)
        found.append(shelf.take("sum", add_up))

    people = [threading.Thread(target=come) for _each in range(4)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert (found, made) == ([1] * 4, [1])


def test_the_shelf_does_not_grow_without_end(shelf: Shelf) -> None:
    for key in range(MOST + 1):
        shelf.take(key, lambda: "old")
    assert (shelf.take(MOST, lambda: "new"), shelf.take(0, lambda: "new")) == ("old", "new")


def test_each_language_and_each_application_has_its_own(settings: Settings) -> None:
    said = []

    def price() -> str:
        said.append(_("円"))
        return said[-1]

    for _each in range(2):
        with another(settings.model_copy(update={"figures_kept_s": 60})):
            for language in (Language.JA, Language.EN, Language.JA):
                with speaking(language):
                    assert kept(price) == _("円")
    assert said == ["円", " yen"] * 2
