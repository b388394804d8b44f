from datetime import UTC, datetime

from marketplace.lotteries.inflow import bars


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def test_applications_are_summed_by_the_day_in_japan_and_a_day_without_any_has_its_place() -> None:
    hours = [(at(1, 14), 3), (at(1, 15), 40), (at(2, 1), 2), (at(4, 0), 1)]  # 15:00 in UTC is the next day in Japan
    assert bars(hours) == [("11月1日", 3), ("11月2日", 42), ("11月3日", 0), ("11月4日", 1)]


def test_those_of_a_single_day_stand_by_the_hour() -> None:
    assert bars([(at(1, 0), 3), (at(1, 2), 40)]) == [("9:00", 3), ("10:00", 0), ("11:00", 40)]
