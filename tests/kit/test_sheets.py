from __future__ import annotations

import pytest

from marketplace.kit import sheets


@pytest.fixture
def own_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "SHEETS", {})


@pytest.mark.usefixtures("own_sheets")
def test_a_sheet_is_run_when_its_time_has_come_and_not_before() -> None:
    turns: list[str] = []
    sheets.sheet(every=3600, name="hourly")(lambda: turns.append("hourly"))
    sheets.sheet(every=0, name="always")(lambda: turns.append("always"))
    sheets.run_due()
    sheets.run_due()
    assert turns == ["hourly", "always", "always"]


@pytest.mark.usefixtures("own_sheets")
def test_what_asks_somebody_outside_is_run_by_the_clock_that_may_wait_for_them() -> None:
    turns: list[str] = []
    sheets.sheet(every=0, name="ours")(lambda: turns.append("ours"))
    sheets.sheet(every=0, name="theirs", asks="stripe")(lambda: turns.append("theirs"))
    sheets.run_due()
    sheets.run_due("stripe")
    assert turns == ["ours", "theirs"]


@pytest.mark.usefixtures("own_sheets")
def test_run_all_asks_for_no_time() -> None:
    turns: list[str] = []
    sheets.sheet(every=3600, name="hourly")(lambda: turns.append("hourly"))
    sheets.run_all()
    sheets.run_all()
    assert turns == ["hourly", "hourly"]


@pytest.mark.usefixtures("own_sheets")
def test_a_sheet_that_fails_is_logged_and_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    turns: list[str] = []

    @sheets.sheet(every=0, name="broken")
    def broken() -> None:
        raise OSError("torn")

    sheets.sheet(every=0, name="whole")(lambda: turns.append("whole"))
    sheets.run_all()
    assert (turns, [record.message for record in caplog.records]) == (["whole"], ["sheet broken"])
