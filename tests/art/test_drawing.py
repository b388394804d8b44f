import pytest

from marketplace.art.drawing import Chance, blend, data, line, num


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "1"), (1.26, "1.3"), (-0.01, "0"), (0, "0"), (-2.5, "-2.5"), (10, "10")]
)
def test_numbers_are_short_and_keep_a_tenth(value: float, text: str) -> None:
    assert num(value) == text


def test_a_blend_goes_from_one_colour_to_the_other() -> None:
    assert [blend("#000000", "#ff8000", share) for share in (0, 0.5, 1)] == ["#000000", "#804000", "#ff8000"]


def test_path_data_is_written_once_for_points_and_for_numbers() -> None:
    assert line([(0, 0), (1.04, 2)], closed=True) == "M0 0L1 2Z"
    assert data("M{} {}h{}", 1.04, 2, -0.01) == "M1 2h0"


def test_chance_keeps_to_its_bounds_and_reaches_both_ends() -> None:
    chance = Chance("bounds")
    seen = {chance.whole(1, 3) for _ in range(200)}
    assert seen == {1, 2, 3}
    assert all(5 <= chance.between(5, 6) <= 6 for _ in range(200))


def test_a_seed_s_stream_never_changes() -> None:
    """Token pictures are addressed by their content: another stream would be other pictures for the same tokens."""
    chance = Chance("hiroba")
    assert [chance.whole(0, 99) for _ in range(6)] == [72, 60, 35, 81, 24, 63]
