"""scripts/audit holds slither's findings against what is written of them. (The run itself: scripts/check.)"""

import auditing

REPORT = {
    "success": True,
    "results": {
        "detectors": [
            {
                "check": "timestamp",
                "elements": [{"name": "buy", "type_specific_fields": {"parent": {"name": "ResaleMarket"}}}],
            },
            {"check": "pragma", "elements": [{"name": "Anchors.sol"}]},
        ]
    },
}
README = """## What slither finds

| detector | where | why it stays |
|---|---|---|
| `timestamp` | `ResaleMarket.buy`, `ResaleMarket.isLive` | dates |

## Another

| `pragma` | `Anchors.sol` | not in the table |
"""


def test_what_nobody_explained_and_what_nothing_needs_any_more_are_both_faults() -> None:
    assert auditing.differences(auditing.found(REPORT), auditing.explained(README)) == [
        "slither: pragma in Anchors.sol: not explained in contracts/README.md",
        "slither: timestamp in ResaleMarket.isLive: explained in contracts/README.md, and found no more",
    ]


def test_where_everything_is_explained_there_is_no_fault() -> None:
    findings = {("timestamp", "ResaleMarket.buy"), ("timestamp", "ResaleMarket.isLive")}
    assert auditing.differences(findings, auditing.explained(README)) == []


def test_nothing_found_is_nothing_to_explain() -> None:
    assert auditing.found({"success": True, "results": {}}) == set()
