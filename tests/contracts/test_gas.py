"""What each act costs is written in contracts/README.md, to the last unit."""

from tests.contracts import gas
from tests.local_chain import running


def test_the_table_of_gas_is_what_the_chain_says_today() -> None:
    with running() as chain:
        found = gas.measured(chain)
    assert gas.written(gas.README.read_text()) == gas.table(found)
