"""Every fault that we know how to find, in the order of the parts. docs/operate.md prints them.

A line of the table: part.name, grade, what and remedy in English (for `doctor` and the documents) and in Japanese (for
the desk and the letters to whoever operates the town).
"""

from __future__ import annotations

from datetime import datetime

from marketplace.kit.clock import jst
from marketplace.operating import faults_here, faults_of_keys, faults_outside
from marketplace.operating.health import Fault, Finding, Grade

PARTS = {
    "settings": "設定",
    "database": "データベース",
    "disk": "ディスクの空き",
    "clock": "時計",
    "site": "町の外から見た画面",
    "keys": "署名の鍵",
    "worker": "自動の処理",
    "queue": "処理の合図（Redis など）",
    "journal": "操作の記録",
    "fund": "基金の帳簿",
    "mail": "メール",
    "stripe": "カード決済（Stripe）",
    "chain": "ブロックチェーン",
    "follower": "ブロックチェーンの読み取り",
    "ipfs": "内容の控え（IPFS）",
    "beacon": "抽選の公開乱数（drand）",
    "sms": "ショートメッセージ",
    "accounts": "外部のアカウントでのログイン",
    "files": "写真と書類の保存先",
    "backups": "バックアップ",
}
"""The parts of the house, each with its name at the desk, in the order in which they are looked at."""


def _fault(code: str, grade: str, what: str, remedy: str, what_ja: str, remedy_ja: str) -> Fault:
    part, _, name = code.partition(".")
    assert part in PARTS, code
    return Fault(part, name, Grade(grade), what, remedy, what_ja, remedy_ja)


_LINES = [_fault(*line) for line in (*faults_here.LINES, *faults_of_keys.LINES, *faults_outside.LINES)]
_UNCHECKED = [
    _fault(
        f"{part}.unchecked",
        "bad",
        "this could not be looked at: {why}",
        "Read the log of the command; if the fault is in the program, report it with the log.",
        "調べている途中で、思わぬことが起きました（{why}）",
        "記録（ログ）を添えて、システムの担当に知らせてください。",
    )
    for part in PARTS
]
FAULTS = {fault.code: fault for fault in (*_LINES, *_UNCHECKED)}
assert len(FAULTS) == len(_LINES) + len(_UNCHECKED), "a code names one fault"


def found(code: str, **seen: str | int | datetime | None) -> Finding:
    """A finding of the fault that `code` names. What is None is not known."""
    return Finding(FAULTS[code], {name: _kept(value) for name, value in seen.items() if value is not None})


def _kept(value: str | int | datetime) -> str | int:
    return jst(value).isoformat(timespec="minutes") if isinstance(value, datetime) else value
