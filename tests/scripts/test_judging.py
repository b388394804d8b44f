"""scripts/lighthouse judges the median, names what is not full, and looks again where a look failed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import judging
import pytest

from tests.served import Answering, serving

GOOD = {"performance": 97, "accessibility": 100, "best-practices": 100, "seo": 100}


def report(performance: float = 0.97, **audits: float | None) -> dict[str, Any]:
    """As Lighthouse writes one: each audit counts in accessibility, but for those that weigh nothing."""
    scores = {name.replace("_", "-"): score for name, score in audits.items()}
    refs = [{"id": name, "weight": 0 if name.startswith("free") else 3} for name in scores]
    categories = {name: {"score": 1, "auditRefs": []} for name in judging.BOUNDS}
    categories["performance"] = {"score": performance, "auditRefs": [{"id": "speed", "weight": 10}]}
    categories["accessibility"] = {"score": 1, "auditRefs": refs}
    return {"categories": categories, "audits": {name: {"score": score} for name, score in scores.items()}}


@pytest.fixture
def town() -> Iterator[str]:
    """Its listings, as a server tells them: each sale twice, and one page that is no sale."""

    class Listings(Answering):
        def do_GET(self) -> None:
            links = [f"/listings/LST-{name}" for name in ("A1", "A1", "B2", "C3", "D4")] + ["/listings/archive"]
            self.answer(body="".join(f'<a href="{link}">x</a>' for link in links).encode())

    with serving(Listings) as url:
        yield url


def test_the_first_three_sales_are_judged_each_once(town: str) -> None:
    sales = [path for path in judging.paths(town) if path.startswith("/listings/")]
    assert sales == ["/listings/LST-A1", "/listings/LST-B2", "/listings/LST-C3"]


def test_what_counts_and_is_not_full_is_named_but_not_the_speeds() -> None:
    seen = report(0.4, image_alt=0.5, label=0, contrast=1, no_answer=None, free_advice=0)
    assert judging.faults(seen) == ["image-alt", "label"]


def test_a_page_has_the_median_of_its_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([report(0.62), report(0.97), report(0.95)])
    monkeypatch.setattr(judging, "looked", lambda _url, _form: next(looks))
    judged = judging.judge("http://127.0.0.1:9", "/fund", "phone", rounds=3)
    assert judged == judging.Judged("/fund", "phone", {**GOOD, "performance": 95}, [])


def test_a_look_that_fails_is_taken_again_and_at_last_told(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def looked(url: str, _form: str) -> dict[str, Any]:
        tries.append(url)
        if len(tries) < judging.TRIES:
            raise RuntimeError("NO_FCP")
        return report()

    monkeypatch.setattr(judging, "looked", looked)
    assert (judging.report("http://127.0.0.1:9/", "desk"), len(tries)) == (report(), judging.TRIES)


def test_a_look_that_always_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "looked", failing)
    with pytest.raises(RuntimeError, match="NO_FCP"):
        judging.report("http://127.0.0.1:9/", "desk")


def failing(_url: str, _form: str) -> dict[str, Any]:
    raise RuntimeError("NO_FCP")
