"""scripts/strips joins what was seen of a journey into one picture that a page of text can hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import stripping
from PIL import Image

PHONE, DESK = (390, 844), (1280, 900)


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(stripping, "DOCS", tmp_path / "docs")
    (tmp_path / "docs").mkdir()
    return tmp_path / "docs"


def seen(folder: Path, journey: str, steps: int, size: tuple[int, int] = PHONE) -> None:
    folder.mkdir(exist_ok=True)
    for n in range(1, steps + 1):
        frame = folder / f"{journey}-{n}.png"
        Image.new("RGB", size, (n, 0, 0)).save(frame)
        frame.with_suffix(".json").write_text(json.dumps(f"step {n} of {journey}"))


def test_a_row_holds_five_telephones_or_two_desks_and_never_more_than_its_width() -> None:
    for size, in_a_row in ((PHONE, 5), (DESK, 2)):
        one, full, more = (stripping.joined([Image.new("RGB", size)] * n) for n in (1, in_a_row, in_a_row + 1))
        assert (full.height, more.height > full.height, more.width) == (one.height, True, full.width)
        assert full.width <= stripping.ROW + stripping.GAP


def test_frames_keep_their_shape() -> None:
    for size in (PHONE, DESK):
        small = stripping.small(Image.new("RGB", size))
        assert abs(small.width / small.height - size[0] / size[1]) < 0.01


def test_the_page_tells_each_journey_in_the_order_of_its_steps(docs: Path, tmp_path: Path) -> None:
    for journey in stripping.JOURNEYS:
        seen(tmp_path / "seen", journey, 11 if journey == "buy" else 1)
    stripping.main(tmp_path / "seen")
    page = (docs / "journeys.md").read_text(encoding="utf-8")
    steps = [line for line in page.splitlines() if line.endswith("of buy")]
    assert steps == [f"{n}. step {n} of buy" for n in range(1, 12)]
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        f"## {title}" for title in stripping.JOURNEYS.values()
    ]
    assert {path.name for path in (docs / "journeys").iterdir()} == {f"{name}.webp" for name in stripping.JOURNEYS}


def test_a_journey_of_which_nothing_was_seen_is_no_page(docs: Path, tmp_path: Path) -> None:
    seen(tmp_path / "seen", "buy", 1)
    with pytest.raises(SystemExit, match="nothing was seen of bid"):
        stripping.main(tmp_path / "seen")
    assert not (docs / "journeys.md").exists()
