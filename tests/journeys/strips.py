"""A journey as a strip of pictures for docs/journeys.md: what scripts/strips looks at while the tests of journeys run.

Where STRIPS names no folder, nothing of this happens.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

_kept: list[str] = []


@contextmanager
def strip(name: str, wanted: bool = True) -> Iterator[None]:
    """What is framed within belongs to the strip of this name."""
    if wanted:
        _kept.append(name)
    try:
        yield
    finally:
        if wanted:
            _kept.pop()


def frame(page: Page, words: str) -> None:
    """The window as it stands, and what the reader of the strip is told of it."""
    folder = os.environ.get("STRIPS")
    if not folder or not _kept:
        return
    seen = sorted(Path(folder).glob(f"{_kept[-1]}-*.png"))
    there = Path(folder) / f"{_kept[-1]}-{len(seen) + 1}.png"
    page.screenshot(path=there, animations="disabled")
    there.with_suffix(".json").write_text(json.dumps(words))
