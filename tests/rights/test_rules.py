from __future__ import annotations

from typing import Any

import pytest

from marketplace.kit.refusals import Invalid
from marketplace.rights.models import Kind
from marketplace.rights.rules import check_right, cleaned, faults

GOOD: dict[str, Any] = {"kind": Kind.NAMING, "title_ja": "公園の命名権", "royalty_bps": 500, "term_months": 36}


def fields(values: dict[str, Any]) -> list[str | None]:
    return [fault.field for fault in faults(values)]


def test_a_complete_right_has_no_fault() -> None:
    check_right(GOOD)
    assert fields(GOOD) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title_ja": "　"}, "title_ja"),
        ({"title_ja": "必ず値上がりする命名権"}, "title_ja"),
        ({"lead_ja": "買えばもうかる"}, "lead_ja"),
        ({"body_ja": "一行目\n投資に向いています"}, "body_ja"),
        ({"terms": [{"ja": "必ず上がる", "en": ""}]}, "terms"),
        ({"royalty_bps": 1001}, "royalty_bps"),
        ({"royalty_bps": -1}, "royalty_bps"),
        ({"term_months": None}, "term_months"),
        ({"kind": Kind.CERTIFICATE, "transferable": True}, "transferable"),
    ],
)
def test_a_fault_is_refused_beside_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_right(GOOD | change)
    assert (refusal.value.field, refusal.value.status) == (field, 422)


def test_all_faults_are_told_at_once() -> None:
    assert fields(GOOD | {"title_ja": "", "lead_ja": "儲かる", "royalty_bps": 9_999, "term_months": None}) == [
        "title_ja",
        "lead_ja",
        "royalty_bps",
        "term_months",
    ]


def test_to_deny_a_rise_is_not_to_promise_one() -> None:
    check_right(GOOD | {"body_ja": "値上がりを約束するものではありません。"})


def test_one_text_has_one_spelling() -> None:
    assert cleaned(" か\u3099っさん\r\n月 ") == "がっさん\n月"
