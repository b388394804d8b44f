import pytest

from benchmarks import ordering, webhooks
from tests.databases import chosen

pytestmark = pytest.mark.skipif(chosen() != "sqlite", reason="one database is enough: the pages are the same")


def test_an_order_is_measured_from_its_page_to_the_ledger() -> None:
    """A short run of the benchmark: it raises where an order is not paid, or the ledger does not have its yen."""
    results = list(ordering.measured("sqlite", rounds=1, orders=2))
    assert [(each.name, each.unit) for each in results] == [
        ("ordering.sqlite", "CPU-ms"),
        ("ordering.sqlite.web", "CPU-ms"),
        ("ordering.sqlite.worker", "CPU-ms"),
    ]
    assert all(each.value > 0 for each in results)


def test_webhooks_are_measured_and_none_is_lost() -> None:
    """A short run, too: it raises where an event was answered and not kept."""
    assert [each.name for each in webhooks.measured("sqlite", rounds=1, seconds=0.2)] == ["webhooks.sqlite"]
