"""The documents by which strangers read and check what we publish, as they stand in docs/."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


@dataclass(frozen=True)
class Format:
    name: str
    ja: str
    in_kit: bool = True
    """Something in the continuity kit is checked by it."""

    @property
    def file(self) -> str:
        return f"{self.name}.md"

    def text(self) -> bytes:
        return (DOCS / self.file).read_bytes()


FORMATS = (
    Format("draw-v1", "抽選の計算のしかた"),
    Format("lottery-proof", "抽選を確かめる1ページのプログラム"),
    Format("auction-v1", "オークションと入札の記録のたどり方"),
    Format("auction-proof", "オークションを確かめる1ページのプログラム"),
    Format("waiting-v1", "待合室の順番の決め方"),
    Format("fund-proof", "基金を足し直す1ページのプログラム"),
    Format("journal-v1", "操作の記録の封"),
    Format("receipt-v1", "署名つきの受付票", in_kit=False),
    Format("pass-v1", "特典パス", in_kit=False),
    Format("webhooks-v1", "ほかのしくみへのお知らせ（Webhook）", in_kit=False),
)
