"""個人情報ファイル簿: a draft of what the town must make and publish (個人情報の保護に関する法律75条1項, 同施行令21条).

From 1,000 persons on; smaller files are shown too, and marked.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from marketplace.kit.db import db
from marketplace.privacy.register import FILES, File, filled
from marketplace.settings import settings

FROM = 1_000
"""Persons: 同施行令20条2項."""
_PERSONS = {
    "members": "SELECT count(*) FROM accounts WHERE closed_at IS NULL",
    "staff": "SELECT count(DISTINCT account_id) FROM staff_names",
    "payments": "SELECT count(DISTINCT email) FROM payments WHERE email <> ''",
    "entries": "SELECT count(DISTINCT account_id) FROM entries",
    "participants": "SELECT count(DISTINCT account_id) FROM participations WHERE name <> ''",
    "exclusions": "SELECT count(*) FROM exclusions WHERE lifted_at IS NULL",
    "letters": "SELECT count(DISTINCT to_email) FROM notices",
    "uses": "SELECT count(DISTINCT token_id) FROM perk_uses",
    "namings": "SELECT count(DISTINCT account_id) FROM namings",
    "meetings": "SELECT count(DISTINCT account_id) FROM appointments",
    "guests": "SELECT count(*) FROM (SELECT account_id FROM rsvps UNION SELECT account_id FROM visits) AS guests",
    "witnesses": "SELECT 0",
}


@dataclass(frozen=True)
class Filed:
    file: File
    persons: int

    @property
    def must_be_published(self) -> bool:
        return self.persons >= FROM


def filed() -> list[Filed]:
    """Each file of the register and how many persons are in it now."""
    return [Filed(file, int(db.session.execute(sa.text(_PERSONS[file.key])).scalar_one())) for file in FILES]


def rows() -> list[dict[str, str]]:
    """The draft, item by item as the law names them."""
    town = settings()
    return [
        {
            "個人情報ファイルの名称": each.file.title,
            "行政機関等の名称": town.town_representative,
            "個人情報ファイルが利用に供される事務をつかさどる組織の名称": town.town_office,
            "個人情報ファイルの利用目的": each.file.purpose,
            "記録項目": "、".join(each.file.items),
            "記録範囲": each.file.scope,
            "記録情報の収集方法": each.file.gathered,
            "要配慮個人情報が含まれるときは、その旨": "含まない",
            "記録情報の経常的提供先": each.file.given_to,
            "開示請求等を受理する組織の名称及び所在地": f"{town.town_office}　{town.town_address}",
            "訂正及び利用停止に関する他の法令の規定による特別の手続等": "なし",
            "個人情報ファイルの種別": "電子計算機用ファイル（法60条2項1号）",
            "本人の数": f"{each.persons:,}人",
            "作成と公表": "必要（1,000人以上）" if each.must_be_published else "1,000人未満のため不要",
            "備考": f"保存期間: {filled(each.file.keeps)}",
        }
        for each in filed()
    ]
