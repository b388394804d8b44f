"""Fingerprints of records, fixed once."""

from tests.contracts.conftest import Town

SUBJECT, ROOT = b"\x01" * 32, b"\x02" * 32


def test_a_record_is_anchored_once_and_the_same_again_changes_nothing(town: Town) -> None:
    anchor = town.anchors.functions.anchor(SUBJECT, ROOT, "ipfs://log")
    town.act(town.editor, anchor)
    assert town.act(town.editor, anchor)["logs"] == []
    assert town.events(town.anchors, "Anchored") == [{"subject": SUBJECT, "root": ROOT, "uri": "ipfs://log"}]
    assert town.anchors.functions.rootOf(SUBJECT).call() == ROOT


def test_history_is_not_rewritten(town: Town) -> None:
    town.act(town.editor, town.anchors.functions.anchor(SUBJECT, ROOT, ""))
    other = town.anchors.functions.anchor(SUBJECT, b"\x03" * 32, "")
    assert town.refused(town.editor, other) == "AnchoredAlready"
    assert town.refused(town.editor, town.anchors.functions.anchor(b"\x09" * 32, b"\0" * 32, "")) == "NoRoot"


def test_a_stranger_anchors_nothing(town: Town) -> None:
    anchor = town.anchors.functions.anchor(SUBJECT, ROOT, "")
    assert town.refused(town.stranger, anchor) == "AccessControlUnauthorizedAccount"
