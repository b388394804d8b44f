import pytest

from benchmarks.bidding import measured
from tests.databases import chosen


@pytest.mark.skipif(chosen() != "sqlite", reason="one database is enough; tests/auctions/test_racing.py has both")
def test_people_who_bid_at_once_over_http_are_all_in_the_log_in_the_order_of_the_locks(database_url: str) -> None:
    """A short run of the benchmark: it raises where an answer is missing or the log does not replay to the register."""
    results = list(measured("here", database_url, rounds=1, seconds=0.3, people=16, few=4, stretch=0.3))
    assert [(each.name, each.n) for each in results] == [
        ("bidding.here", 1),
        ("bidding.here.cpu", 1),
        ("bidding.here.p95", 1),
        ("bidding.here.stretch", 1),
        ("bidding.here.accepted", 3),
    ]
    assert all(each.value > 0 for each in results)
