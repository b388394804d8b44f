"""The budgets of the settings: a wrong registration number must not come onto a receipt."""

import json

import pytest
from pydantic import ValidationError

from marketplace.settings import Settings
from marketplace.settings.budgets import Budget


def test_budgets_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"general": {"name": "一般会計", "registration": "T2000012345678"}, "tourism": {"name": "観光事業特別会計"}}
    monkeypatch.setenv("BUDGETS", json.dumps(told))
    assert Settings().budgets == {
        "general": Budget(name="一般会計", registration="T2000012345678"),
        "tourism": Budget(name="観光事業特別会計"),
    }


@pytest.mark.parametrize(
    "number", ["2000012345678", "T200001234567", "T9000012345678", "t2000012345678", "T２000012345678"]
)
def test_a_wrong_registration_number_does_not_start(number: str) -> None:
    with pytest.raises(ValidationError):
        Budget(name="一般会計", registration=number)


def test_a_budget_is_called_by_a_short_plain_code() -> None:
    with pytest.raises(ValidationError):
        Settings(budgets={"観光": Budget(name="観光事業特別会計")})
