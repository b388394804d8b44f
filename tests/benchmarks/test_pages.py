import pytest

from benchmarks.pages import measured
from tests.databases import chosen


@pytest.mark.skipif(chosen() != "sqlite", reason="one database is enough: the pages are the same")
def test_pages_are_measured_beside_the_same_rows_in_a_bare_application() -> None:
    """A short run of the benchmark: it raises where a page is not answered with the status that it should have."""
    results = list(measured("sqlite", rounds=1, seconds=0.2))
    assert [(each.name, each.unit, each.against) for each in results] == [
        ("pages.catalogue.sqlite", "CPU-ms", "bare Flask"),
        ("pages.listing.sqlite", "CPU-ms", "bare Flask"),
        ("pages.cached.sqlite", "/CPU-s", "hello"),
        ("pages.304.sqlite", "/CPU-s", "hello"),
    ]
